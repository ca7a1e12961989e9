//! The last word of an `up` that failed: one block with the first cause and its evidence, and a status for scripts.

use std::net::TcpListener;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    ends_with_one_block,
    says_which_container_has_a_port,
    says_which_process_has_a_port,
    ends_with_a_status_by_class
];

/// A service that cannot come up, how it is started, its status by class, and what the block has to say. A healthy
/// service beside it runs, and one behind it never starts.
const FAILURES: &[(&str, &[&str], i32, &[&str])] = &[
    (
        "command: [say, opening the table, complain, the table is broken, exit, '3']",
        &["up", "-d", "--wait"],
        67,
        &["exit 3", "ended      exit status 3", "opening the table", "the table is broken", "logs bad"],
    ),
    (
        "command: [hoard]\n    mem_limit: 16m",
        &["up", "-d", "--wait"],
        67,
        // An engine that has much to do misses at times that the kernel did it.
        &["exit status 137 (", "raise mem_limit of bad: it is 16"],
    ),
    (
        "command: [stay]\n    healthcheck: { test: [CMD, /actor, complain, no table yet, exit, '4'], interval: 100ms, retries: 2 }",
        &["up", "-d", "--wait"],
        67,
        &["is unhealthy", "probe      /actor complain no table yet exit 4", "answer     exit status 4", "no table yet"],
    ),
    (
        "command: [stay]\n    volumes: [{ type: bind, source: ./nowhere, target: /data, bind: { create_host_path: false } }]",
        &["up", "-d"],
        70,
        &["create container", "-bad-1: ", "bind source path does not exist", "/nowhere", "help", "create_host_path"],
    ),
    (
        "entrypoint: [no-such-program]",
        &["up", "-d"],
        67,
        &["start container", "-bad-1: ", "no-such-program", "the image has no such program"],
    ),
    ("image: '127.0.0.1:1/nobody/nothing:1'", &["up", "-d"], 66, &["127.0.0.1:1/nobody/nothing:1", "registry"]),
    (
        "command: [stay]\n    healthcheck: { test: [CMD, /actor, exit, '5'], interval: 1h, start_period: 1h }",
        &["up", "-d", "--wait", "--wait-timeout", "3"],
        75,
        &["timed out waiting for ", "bad"],
    ),
];

fn ends_with_one_block(scenario: &Scenario) {
    scenario.variable("CONVOKE_EXIT_STATUS", "class");
    for (trouble, words, status, told) in FAILURES {
        let condition =
            if trouble.contains("healthcheck:") { "service_healthy" } else { "service_completed_successfully" };
        let image = if trouble.contains("image:") { "" } else { "image: ACTOR\n    " };
        scenario.compose(&format!(
            "services:\n  behind: {{ image: ACTOR, command: [stay], depends_on: {{ bad: {{ condition: {condition} }} }} }}\n  \
             beside: {{ image: ACTOR, command: [stay] }}\n  bad:\n    {image}{trouble}\n"
        ));
        // Whatever else happens, this one is there and runs.
        scenario.done(&["up", "-d", "beside"]);
        let outcome = scenario.convoke(words).exits_with(*status);
        let block = last_block(&outcome.stderr);
        for text in told.iter().chain(&["service    bad", "not done because of that: ", "-behind-1 (", "-beside-1"]) {
            assert!(block.contains(text), "nothing about {text:?}\n{}", outcome.told());
        }
        assert_eq!(block.matches("error: ").count(), 1, "{}", outcome.told());
        scenario.done(&["down", "-t", "0"]);
    }
}

/// From the error on to the end.
fn last_block(stderr: &str) -> &str {
    let at = stderr.rfind("\nerror: ").unwrap_or_else(|| panic!("no error in\n{stderr}"));
    &stderr[at..]
}

fn says_which_container_has_a_port(scenario: &Scenario) {
    scenario.compose(
        "services:\n  first: { image: ACTOR, command: [stay], ports: ['127.0.0.1::80'] }\n  \
         second: { image: ACTOR, command: [stay], ports: ['${PORT:-0}:80'], profiles: [late] }\n",
    );
    scenario.done(&["up", "-d"]);
    let first = scenario.container("first");
    let port = text(&first["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]).to_owned();
    scenario.variable("PORT", &format!("127.0.0.1:{port}"));
    let outcome = scenario.convoke(&["up", "-d", "second"]).exits_with(1);
    let held = format!(
        "held by    container {} of project {}",
        text(&first["Name"]).trim_start_matches('/'),
        scenario.project
    );
    outcome.complains_about(&["start container", "-second-1: ", &port, &held, "same port"]);
}

fn says_which_process_has_a_port(scenario: &Scenario) {
    let holder = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = holder.local_addr().expect("a bound port").port();
    scenario.compose(&format!("services: {{ web: {{ image: ACTOR, command: [stay], ports: ['{port}:80'] }} }}\n"));
    let held = format!("held by    process {}: ", std::process::id());
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["web", &port.to_string(), &held]);
}

fn ends_with_a_status_by_class(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay], depends_on: [nobody] } }\n");
    let nowhere = format!("unix://{}", scenario.path("nowhere.sock").display());
    for (by_class, usage, project, engine) in [("one", 1, 1, 1), ("class", 64, 65, 69)] {
        scenario.variable("CONVOKE_EXIT_STATUS", by_class);
        scenario.convoke(&["up", "--no-such-flag"]).exits_with(usage);
        scenario.convoke(&["up", "-d", "--wait", "--attach", "web"]).exits_with(usage);
        scenario.convoke(&["up", "-d"]).exits_with(project);
        scenario.variable("DOCKER_HOST", &nowhere);
        scenario.convoke(&["ps"]).exits_with(engine);
        scenario.direct();
    }
    scenario.variable("CONVOKE_EXIT_STATUS", "colour");
    scenario.convoke(&["ps"]).exits_with(1).complains_about(&["CONVOKE_EXIT_STATUS", "class"]);
    scenario.variable("CONVOKE_EXIT_STATUS", "one");
}
