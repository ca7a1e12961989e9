//! `--wait`: what counts as ready, what is said meanwhile, and when it is enough.

use crate::engine::text;
use crate::proxy::Fate;
use crate::scenario::Scenario;
use crate::stories;

stories![
    waits_for_jobs_to_end_well,
    tells_which_job_failed,
    says_that_the_engine_is_silent,
    looks_from_outside_whether_it_is_ready,
    says_what_it_sees_from_outside,
];

fn waits_for_jobs_to_end_well(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  once: { image: ACTOR, command: [sleep, "300", say, done], healthcheck: &never { test: [CMD, /actor, exit, "1"], interval: 1h } }
  tried: { image: ACTOR, command: [sleep, "300"], restart: on-failure, healthcheck: *never }
  web: { image: ACTOR, command: [stay] }
"#,
    );
    scenario.done(&["up", "--wait"]);
    assert_eq!(scenario.states(), ["once exited", "tried exited", "web running"]);
}

fn tells_which_job_failed(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  seed:
    image: ACTOR
    command: [sleep, "300", complain, "no such table: orders", exit, "3"]
    healthcheck: { test: [CMD, /actor, exit, "1"], interval: 1h }
  web: { image: ACTOR, command: [stay] }
"#,
    );
    let outcome = scenario.convoke(&["up", "--wait"]);
    assert!(!outcome.succeeded(), "{}", outcome.told());
    outcome.complains_about(&["seed-1 exited (3)", "no such table: orders"]);
}

/// The engine takes the question for its networks and never answers it.
fn says_that_the_engine_is_silent(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay] } }\n");
    let silent = |request: &str| if request.contains("/networks") { Fate::Mute } else { Fate::Pass };
    let proxy = scenario.met_by(silent);
    let outcome = scenario.convoke(&["up", "-d", "--wait-timeout", "11"]);
    assert!(!outcome.succeeded(), "{}", outcome.told());
    let said = ["has not answered for 10 seconds: list networks", "timed out waiting for the engine"];
    outcome.complains_about(&said);
    assert_eq!(proxy.changes(), [""; 0]);
    scenario.direct();
    assert!(scenario.containers().is_empty());
}

/// Nothing in the containers is asked: their images need nothing but the program itself.
fn looks_from_outside_whether_it_is_ready(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  last:
    image: ACTOR
    command: [stay]
    depends_on:
      hidden: { condition: service_healthy }
      published: { condition: service_healthy }
      told: { condition: service_healthy }
      beside: { condition: service_healthy }
  hidden:
    image: ACTOR
    command: [sleep, "400", say, now, serve, "8000"]
    x-convoke-ready: { tcp: 8000 }
  published:
    image: ACTOR
    command: [sleep, "400", say, now, serve, "8000"]
    ports: ["127.0.0.1::8000"]
    x-convoke-ready: { http: ":8000/health" }
  told:
    image: ACTOR
    command: [sleep, "400", say, now, stay]
    x-convoke-ready: { log: ^now$ }
  beside:
    image: ACTOR
    command: [sleep, "200", say, now, serve, "9000"]
    network_mode: service:hidden
    x-convoke-ready: { http: 9000, status: 200 }
"#,
    );
    scenario.done(&["up", "-d"]);
    let services = ["hidden", "published", "told", "beside"];
    let started = moment(text(&scenario.container("last")["State"]["StartedAt"]));
    for service in services {
        let log = scenario.engine.logs(text(&scenario.container(service)["Id"]));
        let now = log.iter().find(|line| line.ends_with(" now")).and_then(|line| line.split(' ').next());
        assert!(moment(now.expect("a line with a time")) <= started, "last did not wait for {service}");
    }
    let before: Vec<_> = scenario.containers();
    scenario.done(&["up", "-d", "--wait"]);
    let ids = |containers: &[serde_json::Value]| containers.iter().map(|it| it["Id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&scenario.containers()), ids(&before));
}

fn says_what_it_sees_from_outside(scenario: &Scenario) {
    let ready = |command: &str, ready: &str| {
        scenario.compose(&format!(
            "services: {{ web: {{ image: ACTOR, command: {command}, x-convoke-ready: {ready}, \
             ports: ['127.0.0.1::8000'] }} }}\n"
        ));
        // It runs when the time for the wait begins.
        scenario.done(&["up", "-d", "-t", "0"]);
        let outcome = scenario.convoke(&["up", "--wait", "--wait-timeout", "4"]);
        assert!(!outcome.succeeded(), "{}", outcome.told());
        outcome
    };
    // The engine takes connections for whom it publishes, whether somebody listens inside or not.
    ready("[stay]", "{ tcp: 8000 }").complains_about(&["timed out", "web-1: 127.0.0.1:"]);
    ready("[serve, '8000']", "{ http: 8000, status: 404 }").complains_about(&["answered with 200 OK, not 404"]);
    ready("[say, other, stay]", "{ log: ^ready }").complains_about(&["no line of its log matches ^ready"]);
    let lonely =
        "services: { web: { image: ACTOR, command: [stay], network_mode: none, x-convoke-ready: { tcp: 80 } } }\n";
    scenario.compose(lonely);
    let outcome = scenario.convoke(&["up", "--wait"]);
    assert!(!outcome.succeeded(), "{}", outcome.told());
    outcome.complains_about(&["port 80 of container", "it is on no network", "healthcheck"]);
}

fn moment(time: &str) -> jiff::Timestamp {
    time.parse().expect("a time of the engine")
}
