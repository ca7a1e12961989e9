//! What comes up, and what is left when it goes.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::engine::{PATIENCE, text};
use crate::scenario::Scenario;
use crate::stories;

stories![
    answers_with_its_environment,
    keeps_a_volume_until_told_otherwise,
    goes_without_a_file,
    goes_although_its_file_is_of_no_use,
    leaves_orphans_until_told_otherwise,
    scales_up_and_down,
    builds_and_removes_its_image,
];

fn answers_with_its_environment(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    command: [serve, "8000"]
    ports: ["127.0.0.1::8000"]
    healthcheck: { test: [CMD, /actor, reach, "8000"], interval: 1h }
    env_file: web.env
    environment:
      GREETING: ${GREETING:-nothing}, world
      DOLLARS: $$5
"#,
    );
    scenario.file(".env", "GREETING=hello\n");
    scenario.file("web.env", "FROM_FILE='two words'\nGREETING=overridden\n");
    scenario.done(&["up", "-d", "--wait"]);
    let answer = ask(scenario, "web", 8000);
    for line in ["GREETING=hello, world", "DOLLARS=$5", "FROM_FILE=two words"] {
        assert!(answer.lines().any(|it| it == line), "{line} is not in\n{answer}");
    }
}

fn keeps_a_volume_until_told_otherwise(scenario: &Scenario) {
    let compose = |command: &str| {
        scenario.compose(&format!(
            "services: {{ keeper: {{ image: ACTOR, command: {command}, volumes: ['kept:/data'] }} }}\nvolumes: {{ kept: }}\n"
        ));
    };
    let volume = format!("{}_kept", scenario.project);
    compose("[write, /data/note, still here, stay]");
    scenario.done(&["up", "-d"]);
    scenario.done(&["down", "-t", "0"]);
    assert!(scenario.containers().is_empty());
    assert!(scenario.engine.networks(&scenario.project).is_empty());
    assert_eq!(scenario.engine.volumes(&scenario.project), [volume.as_str()]);
    compose("[show, /data/note]");
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    events.wait_for_action("keeper", "die");
    assert_eq!(scenario.said("keeper"), ["still here"]);
    scenario.done(&["down", "-v", "-t", "0"]);
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
}

fn goes_without_a_file(scenario: &Scenario) {
    scenario.compose(
        "services:\n  a: { image: ACTOR, command: [say, hello, stay], x-convoke-ready: { log: hello } }\n  \
        b: { image: ACTOR, command: [stay] }\n",
    );
    scenario.done(&["up", "-d", "--wait"]);
    std::fs::remove_file(scenario.path("compose.yaml")).expect("a compose file");
    let listed = scenario.done(&["ps", "-q"]).stdout;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(scenario.done(&["logs", "a"]).stdout.contains("hello"));
    scenario.done(&["down", "-t", "0"]);
    assert!(scenario.containers().is_empty());
    assert!(scenario.engine.networks(&scenario.project).is_empty());
}

fn goes_although_its_file_is_of_no_use(scenario: &Scenario) {
    const FILE: &str = "services: { a: { image: ACTOR, command: [stay], environment: { GIVEN: '${GIVEN:?}' } } }\n";
    let convoke = |words: &[&str]| scenario.run(env!("CARGO_BIN_EXE_convoke"), words);
    let ways: [(&str, &dyn Fn()); 4] = [
        ("missing", &|| std::fs::remove_file(scenario.path("compose.yaml")).expect("a compose file")),
        ("broken", &|| scenario.file("compose.yaml", "name: other\nservices: [\n")),
        ("invalid", &|| scenario.file("compose.yaml", "services: { a: { imgae: x } }\n")),
        ("without its variables", &|| {}),
    ];
    for (how, spoil) in ways {
        scenario.compose(FILE);
        scenario.variable("GIVEN", "something");
        scenario.done(&["up", "-d"]);
        scenario.variable("GIVEN", "");
        spoil();
        convoke(&["down", "-t", "1"]).exits_with(0).complains_about(&["the compose files are of no use"]);
        assert!(scenario.containers().is_empty(), "{how}");
        assert!(scenario.engine.networks(&scenario.project).is_empty(), "{how}");
    }
    // A project from a file with another name is not meant.
    scenario.file("other.yaml", "services: { a: { image: ACTOR, command: [stay] } }\n");
    scenario.done(&["-f", "other.yaml", "up", "-d"]);
    std::fs::remove_file(scenario.path("compose.yaml")).expect("a compose file");
    convoke(&["down"]).exits_with(1).complains_about(&["no configuration file provided"]);
    assert_eq!(scenario.states(), ["a running"]);
}

fn leaves_orphans_until_told_otherwise(scenario: &Scenario) {
    scenario.compose("services: { a: { image: ACTOR, command: [stay] }, old: { image: ACTOR, command: [stay] } }\n");
    scenario.done(&["up", "-d"]);
    scenario.compose("services: { a: { image: ACTOR, command: [stay] } }\n");
    scenario.done(&["up", "-d"]).complains_about(&["old", "--remove-orphans"]);
    assert_eq!(scenario.states(), ["a running", "old running"]);
    let a = scenario.container("a");
    scenario.done(&["up", "-d", "--remove-orphans", "-t", "0"]);
    assert_eq!(scenario.states(), ["a running"]);
    assert_eq!(scenario.container("a")["Id"], a["Id"]);
}

fn scales_up_and_down(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay] } }\n");
    scenario.done(&["up", "-d", "--scale", "web=3"]);
    let names: Vec<_> = scenario.containers().iter().map(|it| text(&it["Name"]).to_owned()).collect();
    assert_eq!(names, [1, 2, 3].map(|number| format!("/{}-web-{number}", scenario.project)));
    scenario.done(&["up", "-d", "--scale", "web=1", "-t", "0"]);
    assert_eq!(scenario.container("web")["Name"], names[0].as_str());
}

fn builds_and_removes_its_image(scenario: &Scenario) {
    scenario.compose(
        "services: { made: { build: { context: context, args: { WORD: built } }, command: [environment] } }\n",
    );
    scenario.file("context/Dockerfile", "FROM ACTOR\nARG WORD\nENV WORD=$WORD\nCOPY note /note\n");
    scenario.file("context/note", "a file of the context\n");
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    events.wait_for_action("made", "die");
    assert!(scenario.said("made").contains(&"WORD=built".to_owned()));
    let image = format!("/images/{}-made/json", scenario.project);
    assert_eq!(scenario.engine.call("GET", &image, "", b"").status, 200);
    scenario.done(&["down", "--rmi", "local"]);
    assert_eq!(scenario.engine.call("GET", &image, "", b"").status, 404);
}

/// What a published port of a service answers.
fn ask(scenario: &Scenario, service: &str, port: u16) -> String {
    let published = &scenario.container(service)["NetworkSettings"]["Ports"][format!("{port}/tcp")][0]["HostPort"];
    ask_port(text(published).parse().expect("a published port"), "GET", "/", "")
}

/// What a server on this machine answers: head and body.
pub fn ask_port(port: u16, method: &str, path: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("an open port");
    connection.set_read_timeout(Some(PATIENCE)).expect("a limit on waiting");
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.0\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}");
    connection.write_all(request.as_bytes()).expect("somebody who listens");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    answer
}
