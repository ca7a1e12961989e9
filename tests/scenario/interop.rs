//! Side by side with docker compose: each takes over what the other made, as it is.

use std::process::Command;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![takes_over_from_docker_compose, hands_over_to_docker_compose, ends_as_docker_compose_does];

const PROJECT: &str = r#"
services:
  web:
    image: ACTOR
    command: [stay]
    environment: { COLOUR: red }
    ports: ["127.0.0.1::8000"]
    depends_on: { db: { condition: service_healthy } }
    x-convoke-ready: { tcp: 8000 }
    label_file: [labels]
    use_api_socket: true
    cap_add: [NET_ADMIN, sys_time]
    cap_drop: [ALL]
    security_opt: [no-new-privileges, "seccomp:profile.json"]
    ulimits: { nofile: { soft: 100, hard: 200 } }
    extra_hosts: { elsewhere: ["::1", 10.0.0.1] }
    deploy: { resources: { limits: { cpus: "0.5", memory: 64m } }, restart_policy: { condition: on-failure, max_attempts: 2 } }
    logging: { driver: json-file, options: { max-size: 1m } }
    tmpfs: [/run, "/tmp:size=1m"]
    networks: { front: { aliases: [shop] }, back: { ipv4_address: NET.9, priority: 10 } }
    secrets: [pass]
  side:
    image: ACTOR
    command: [stay]
    network_mode: "service:web"
    volumes_from: ["db:ro"]
  db:
    image: ACTOR
    command: [stay]
    volumes: ["kept:/data"]
    healthcheck: { test: [CMD, /actor, say, well], interval: 100ms }
    networks: [back]
networks:
  front: { internal: true, driver_opts: { com.docker.network.driver.mtu: 1400 } }
  back: { ipam: { config: [{ subnet: NET.0/24 }] } }
volumes: { kept: { labels: { of: shop } } }
secrets: { pass: { file: pass } }
"#;

fn takes_over_from_docker_compose(scenario: &Scenario) {
    write(scenario);
    docker_compose(scenario, &["up", "-d"]);
    let before = ids(scenario);
    scenario.done(&["up", "-d"]);
    assert_eq!(ids(scenario), before);
    scenario.done(&["down", "-v", "-t", "0"]);
    assert!(scenario.containers().is_empty());
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
}

fn hands_over_to_docker_compose(scenario: &Scenario) {
    write(scenario);
    scenario.done(&["up", "-d"]);
    let before = ids(scenario);
    docker_compose(scenario, &["up", "-d"]);
    assert_eq!(ids(scenario), before);
    docker_compose(scenario, &["down", "-v", "-t", "0"]);
    assert!(scenario.containers().is_empty());
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
}

/// The same words, the same output, the same exit status.
fn ends_as_docker_compose_does(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay] }, gone: { image: ACTOR } }\n");
    scenario.done(&["up", "-d", "web"]);
    let table: &[&[&str]] = &[
        &["exec", "-T", "web", "/actor", "say", "x", "exit", "3"],
        &["exec", "-T", "web", "/nowhere"],
        &["exec", "-T", "gone", "/actor"],
        &["exec", "-T", "--index", "2", "web", "/actor"],
        &["exec", "-d", "web", "/actor", "exit", "3"],
        &["exec", "-T", "-u", "5", "-w", "/proc", "web", "/actor", "identity", "folder"],
        &["run", "--rm", "-T", "web", "say", "x", "exit", "4"],
        &["run", "--rm", "-T", "nothing"],
        &["run", "-P", "-p", "1:1", "web"],
        &["attach", "gone"],
    ];
    for words in table {
        let all = [&["compose", "-p", &scenario.project], *words].concat();
        let (theirs, ours) = (scenario.run("docker", &all), scenario.convoke(words));
        let told = format!("{}\n{}", theirs.told(), ours.told());
        assert_eq!((ours.code(), &ours.stdout), (theirs.code(), &theirs.stdout), "{told}");
    }
}

fn write(scenario: &Scenario) {
    scenario.compose(PROJECT);
    scenario.file("labels", "FROM_FILE=1\n");
    scenario.file("pass", "sesame");
    scenario.file("profile.json", r#"{ "defaultAction": "SCMP_ACT_ALLOW" }"#);
}

pub fn is_there() -> bool {
    let version = Command::new("docker").args(["compose", "version"]).output();
    version.is_ok_and(|output| output.status.success())
}

pub fn docker_compose(scenario: &Scenario, words: &[&str]) {
    let all = [&["compose", "-p", &scenario.project], words].concat();
    scenario.run("docker", &all).exits_with(0);
}

fn ids(scenario: &Scenario) -> Vec<String> {
    scenario.containers().iter().map(|container| text(&container["Id"]).to_owned()).collect()
}
