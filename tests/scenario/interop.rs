//! Side by side with docker compose: each takes over what the other made, as it is.

use std::process::Command;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![takes_over_from_docker_compose, hands_over_to_docker_compose];

const PROJECT: &str = r#"
services:
  web:
    image: ACTOR
    command: [stay]
    environment: { COLOUR: red }
    ports: ["127.0.0.1::8000"]
    depends_on: { db: { condition: service_healthy } }
    x-convoke-ready: { tcp: 8000 }
  db:
    image: ACTOR
    command: [stay]
    volumes: ["kept:/data"]
    healthcheck: { test: [CMD, /actor, say, well], interval: 100ms }
volumes: { kept: }
"#;

fn takes_over_from_docker_compose(scenario: &Scenario) {
    scenario.compose(PROJECT);
    docker_compose(scenario, &["up", "-d"]);
    let before = ids(scenario);
    scenario.done(&["up", "-d"]);
    assert_eq!(ids(scenario), before);
    scenario.done(&["down", "-v", "-t", "0"]);
    assert!(scenario.containers().is_empty());
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
}

fn hands_over_to_docker_compose(scenario: &Scenario) {
    scenario.compose(PROJECT);
    scenario.done(&["up", "-d"]);
    let before = ids(scenario);
    docker_compose(scenario, &["up", "-d"]);
    assert_eq!(ids(scenario), before);
    docker_compose(scenario, &["down", "-v", "-t", "0"]);
    assert!(scenario.containers().is_empty());
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
}

pub fn is_there() -> bool {
    let version = Command::new("docker").args(["compose", "version"]).output();
    version.is_ok_and(|output| output.status.success())
}

fn docker_compose(scenario: &Scenario, words: &[&str]) {
    let all = [&["compose", "-p", &scenario.project], words].concat();
    scenario.run("docker", &all).exits_with(0);
}

fn ids(scenario: &Scenario) -> Vec<String> {
    scenario.containers().iter().map(|container| text(&container["Id"]).to_owned()).collect()
}
