//! `run`: one more container for one command, with everything up that it needs, and nothing left of it.

use rustix::process::Signal;
use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    runs_a_command_once_with_what_it_needs,
    changes_one_container_as_the_flags_say,
    gives_one_container_a_terminal,
    hands_what_is_piped_in_to_one_container,
    tells_why_nothing_was_run,
    runs_hooks_and_brings_files,
    builds_each_image_once_for_one_command,
];

const SHOP: &str = r#"
services:
  task:
    image: ACTOR
    command: [say, done, exit, "3"]
    restart: always
    ports: ["127.0.0.1::8000"]
    depends_on: { db: { condition: service_healthy }, seed: { condition: service_completed_successfully } }
  db: { image: ACTOR, command: [stay], healthcheck: { test: [CMD, /actor, say, well], interval: 100ms } }
  seed: { image: ACTOR, command: [say, seeded] }
  other: { image: ACTOR, command: [stay] }
"#;

/// The containers that `run` made.
fn one_offs(scenario: &Scenario) -> Vec<Value> {
    let mut containers = scenario.containers();
    containers.retain(|container| container["Config"]["Labels"]["com.docker.compose.oneoff"] == "True");
    containers
}

fn runs_a_command_once_with_what_it_needs(scenario: &Scenario) {
    scenario.compose(SHOP);
    let plan = scenario.done(&["run", "--dry-run", "task"]).stdout;
    assert!(plan.contains("-task-run-") && plan.contains("healthy") && scenario.containers().is_empty(), "{plan}");
    let told = scenario.convoke(&["run", "task"]).exits_with(3);
    assert_eq!(told.stdout, "done\n");
    assert_eq!(scenario.states(), ["db running", "seed exited", "task exited"]);
    let container = one_offs(scenario).remove(0);
    let name = text(&container["Name"]).trim_start_matches('/').to_owned();
    let digits = name.strip_prefix(&format!("{}-task-run-", scenario.project)).expect("a name of its own");
    let labels = &container["Config"]["Labels"];
    assert_eq!(digits.len(), 12, "{name}");
    assert!(text(&labels["com.docker.compose.slug"]).starts_with(digits));
    assert_eq!(labels["com.docker.compose.container-number"], Value::Null);
    // Newer engines have a word for none.
    assert!(matches!(text(&container["HostConfig"]["RestartPolicy"]["Name"]), "" | "no"));
    assert!(container["HostConfig"]["PortBindings"].as_object().is_none_or(serde_json::Map::is_empty));
    // Its own replicas are none of its business, and what is up stays as it is.
    scenario.done(&["up", "-d", "--remove-orphans", "db", "other"]);
    let before = scenario.containers();
    let told = scenario.convoke(&["run", "--rm", "-q", "task", "say", "--help", "exit", "0"]).exits_with(0);
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), ("--help\n", ""));
    let ids = |containers: Vec<Value>| containers.iter().map(|it| text(&it["Id"]).to_owned()).collect::<Vec<_>>();
    assert!(ids(before).iter().all(|id| ids(scenario.containers()).contains(id)));
    assert!(one_offs(scenario).is_empty(), "it is gone with its end");
    scenario.done(&["down", "-t", "0"]);
    scenario.done(&["run", "--rm", "--no-deps", "task", "say", "alone"]);
    assert!(scenario.containers().is_empty());
}

fn changes_one_container_as_the_flags_say(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    command: [stay]
    ports: ["127.0.0.1::8000"]
    cap_drop: [NET_ADMIN]
    environment: { FROM_FILE: file, BOTH: file }
    networks: { back: { aliases: [shelf] } }
    volumes: ["data:/data"]
networks: { back: }
volumes: { data: }
"#,
    );
    scenario.file("more.env", "BOTH=env file\nMORE=env file\n");
    scenario.variable("FROM_SHELL", "shell");
    let flags = [
        "-e",
        "FROM_SHELL",
        "-e",
        "GIVEN=flag",
        "--env-from-file",
        "more.env",
        "-l",
        "who=me",
        "-u",
        "7:8",
        "-w",
        "/data",
        "-v",
        "./here:/here:ro",
        "-p",
        "127.0.0.1::9000",
        "--cap-add",
        "NET_ADMIN",
        "--cap-drop",
        "CHOWN",
        "--entrypoint",
        "/actor stay",
    ];
    let name = format!("{}-mine", scenario.project);
    let words = [&["run", "-d", "--name", &name][..], &flags, &["web"]].concat();
    let id = scenario.done(&words).stdout.trim().to_owned();
    let container = one_offs(scenario).remove(0);
    assert_eq!((text(&container["Id"]), text(&container["Name"])), (id.as_str(), format!("/{name}").as_str()));
    let config = &container["Config"];
    let environment: Vec<_> = config["Env"].as_array().expect("variables").iter().map(text).collect();
    for variable in ["FROM_SHELL=shell", "GIVEN=flag", "MORE=env file", "BOTH=env file", "FROM_FILE=file"] {
        assert!(environment.contains(&variable), "{variable} in {environment:?}");
    }
    assert_eq!((text(&config["User"]), text(&config["WorkingDir"])), ("7:8", "/data"));
    assert_eq!(
        (&config["Labels"]["who"], &config["Entrypoint"]),
        (&"me".into(), &serde_json::json!(["/actor", "stay"]))
    );
    let host = &container["HostConfig"];
    assert_eq!(
        (&host["CapAdd"], &host["CapDrop"]),
        (&serde_json::json!(["CAP_NET_ADMIN"]), &serde_json::json!(["CAP_CHOWN"]))
    );
    let binds: Vec<_> = host["Binds"].as_array().expect("binds").iter().map(text).collect();
    assert!(binds.iter().any(|bind| bind.ends_with("/here:/here:ro")), "{binds:?}");
    assert!(binds.iter().any(|bind| bind.contains(":/data")), "{binds:?}");
    let ports: Vec<_> = host["PortBindings"].as_object().expect("ports").keys().cloned().collect();
    assert_eq!(ports, ["9000/tcp"]);
    let aliases = |container: &Value| {
        let network = &container["NetworkSettings"]["Networks"][format!("{}_back", scenario.project)];
        network["Aliases"].to_string()
    };
    assert!(!aliases(&container).contains("shelf"), "{}", aliases(&container));
    scenario.engine.call("DELETE", &format!("/containers/{id}?force=1"), "", b"");
    scenario.done(&["run", "-d", "--use-aliases", "--service-ports", "web"]);
    let container = one_offs(scenario).remove(0);
    assert!(aliases(&container).contains("shelf") && aliases(&container).contains("web"), "{}", aliases(&container));
    let ports: Vec<_> = container["HostConfig"]["PortBindings"].as_object().expect("ports").keys().cloned().collect();
    assert_eq!(ports, ["8000/tcp"]);
}

fn gives_one_container_a_terminal(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR } }\n");
    let words = ["run", "--rm", "web", "await-window", "99x9", "ask", "now?", "exit", "6"];
    let mut seat = scenario.at_terminal(&words);
    seat.resize(99, 9);
    seat.see("now? ");
    assert!(seat.is_raw());
    seat.keys("x\r");
    seat.ends_with(6);
    assert!(one_offs(scenario).is_empty());
    let mut seat = scenario.at_terminal(&["run", "web", "say", "here", "stay"]);
    seat.see("here");
    seat.keys("\x10\x11");
    seat.ends_with(0);
    assert_eq!(scenario.states(), ["web running"], "who leaves leaves it running");
    let mut seat = scenario.at_terminal(&["run", "--rm", "web", "say", "here", "stay"]);
    seat.see("here");
    seat.signal(Signal::TERM);
    // The program ends well when it is asked to.
    seat.ends_with(0);
    let mut seat = scenario.at_terminal(&["run", "--rm", "web", "say", "here", "stay"]);
    seat.see("here");
    seat.keys("\x03");
    seat.ends_with(0);
    assert_eq!(scenario.states(), ["web running"]);
}

fn hands_what_is_piped_in_to_one_container(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR } }\n");
    let input: Vec<u8> = (0..50_000u32).flat_map(|number| format!("{number}\n").into_bytes()).collect();
    let told = scenario.fed(&["run", "--rm", "web", "repeat", "exit", "2"], &input).exits_with(2);
    assert_eq!(told.stdout.as_bytes(), input);
    let refused = scenario.fed(&["run", "-t", "--rm", "web", "repeat"], b"x").exits_with(1);
    refused.complains_about(&["cannot attach stdin to a TTY-enabled container because stdin is not a terminal"]);
    let unread = scenario.fed(&["run", "--rm", "-i=false", "web", "repeat", "say", "nothing"], b"x").exits_with(0);
    assert_eq!(unread.stdout, "nothing\n");
    assert!(scenario.containers().is_empty());
}

fn tells_why_nothing_was_run(scenario: &Scenario) {
    scenario.compose(
        "services: { web: { image: ACTOR }, db: { image: ACTOR, command: [exit, '4'] },
        late: { image: ACTOR, depends_on: { db: { condition: service_completed_successfully } } } }\n",
    );
    let wrong = scenario.convoke(&["run", "--rm", "--entrypoint", "/nowhere", "web"]).exits_with(127);
    wrong.complains_about(&["/nowhere", "no such file or directory"]);
    scenario.convoke(&["run", "--rm", "--entrypoint", "/etc", "web"]).exits_with(126);
    assert!(scenario.containers().is_empty(), "with --rm nothing stays of it");
    scenario.convoke(&["run", "wep"]).exits_with(1).complains_about(&["no such service: wep", "did you mean"]);
    scenario.convoke(&["run", "-P", "-p", "1:1", "web"]).exits_with(1).complains_about(&["are incompatible"]);
    scenario.convoke(&["run", "-v", "a:b:c:d", "web"]).exits_with(1).complains_about(&["invalid volume"]);
    scenario.convoke(&["run", "--rm", "late", "say", "x"]).exits_with(1).complains_about(&["db"]);
    assert_eq!(scenario.states(), ["db exited"]);
}

fn runs_hooks_and_brings_files(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    configs: [{ source: note, target: /note }]
    post_start: [{ command: [/actor, write, /hooked, hooked] }]
configs: { note: { content: written } }
"#,
    );
    let told = scenario.done(&["run", "-d", "web", "show", "/note", "stay"]).stdout;
    let id = told.trim();
    let logs = scenario.engine.logs(id).join("\n");
    assert!(logs.ends_with("written"), "{logs}");
    let mut seat = scenario.at_terminal(&["run", "--rm", "web", "show", "/note", "ask", "now?", "show", "/hooked"]);
    seat.see("now?");
    scenario.engine.call("DELETE", &format!("/containers/{id}?force=1"), "", b"");
    seat.keys("x\r");
    seat.see("hooked");
    seat.ends_with(0);
}

/// Whether it is the service itself that is built, what it needs, or what that needs in turn.
fn builds_each_image_once_for_one_command(scenario: &Scenario) {
    scenario.variable("DOCKER_BUILDKIT", "0");
    for name in ["app", "api", "db"] {
        let label = format!("LABEL scenario={} part={name}", scenario.project);
        let run = format!("RUN [\"/actor\", \"say\", \"made of {name}\"]");
        scenario.file(&format!("{name}/Dockerfile"), &format!("FROM ACTOR\n{label}\n{run}\n"));
    }
    scenario.compose(
        "services:
  app: { build: app, pull_policy: build, depends_on: [api], command: [say, at work] }
  api: { build: api, pull_policy: build, depends_on: [db], command: [stay], stop_grace_period: 0s }
  db: { build: db, pull_policy: build, command: [stay], stop_grace_period: 0s }
",
    );
    let run = |words: &[&str], expected: [usize; 3]| {
        let told = scenario.done(&[&["run", "--rm"], words].concat());
        assert_eq!(told.stdout, "at work\n");
        let built =
            ["app", "api", "db"].map(|name| told.stderr.matches(&format!("say\", \"made of {name}\"]\n")).count());
        assert_eq!(built, expected, "{words:?}\n{}", told.told());
        for name in ["app", "api", "db"] {
            scenario.engine.remove_image(&format!("{}-{name}", scenario.project));
        }
    };
    run(&["--build", "app"], [1, 1, 1]);
    scenario.done(&["down"]);
    run(&["app"], [1, 1, 1]);
    scenario.done(&["down"]);
    run(&["--build", "--no-deps", "app"], [1, 0, 0]);
}
