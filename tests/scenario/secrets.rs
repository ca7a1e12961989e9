//! Configs and secrets: what containers find of them, whose it is, and what becomes of a change.

use std::io::Read;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![gives_files_as_they_are_asked_for, replaces_who_was_given_something_else, leaves_nothing_of_what_was_given];

const GRANTED: &str = r#"
services:
  plain: &service
    image: ACTOR
    command: [show, /run/secrets/token, show, /run/secrets/key, show, /etc/shop/motd, show, /run/secrets/copy, stay]
    secrets:
      - token
      - key
      - { source: key, target: copy, uid: "7", gid: "8", mode: 0400 }
    configs: [{ source: motd, target: /etc/shop/motd, mode: 0644 }]
  sealed: { <<: *service, read_only: true }
  volatile: { <<: *service, tmpfs: [/run] }
  other: { image: ACTOR, command: [stay] }
secrets:
  token: { environment: TOKEN }
  key: { file: key }
configs:
  motd: { content: "welcome to ${SHOP}" }
"#;

fn granted(scenario: &Scenario) {
    scenario.compose(GRANTED);
    scenario.file("key", "skeleton\n");
    scenario.variable("TOKEN", "hunter2");
    scenario.variable("SHOP", "the shop");
}

fn gives_files_as_they_are_asked_for(scenario: &Scenario) {
    granted(scenario);
    scenario.done(&["up", "-d"]);
    for service in ["plain", "sealed", "volatile"] {
        scenario.engine.wait_for_listed(&scenario.project, service, "running");
        let id = text(&scenario.container(service)["Id"]).to_owned();
        let expected = ["hunter2", "skeleton", "welcome to the shop", "skeleton"];
        scenario.until_said(service, &expected);
        let whose = |path: &str| {
            let answer = scenario.engine.call("GET", &format!("/containers/{id}/archive?path={path}"), "", b"");
            let mut archive = tar::Archive::new(&answer.body[..]);
            let mut entry = archive.entries().expect("an archive").next().expect("a file").expect("a file");
            let mut content = String::new();
            entry.read_to_string(&mut content).expect("text");
            let header = entry.header();
            let number = |value: std::io::Result<u64>| value.expect("a number");
            let mode = header.mode().expect("a mode") & 0o777;
            format!("{}:{} {mode:o} {}", number(header.uid()), number(header.gid()), content.trim_end())
        };
        // What lies in memory cannot be read through the engine, but what hides it can.
        assert_eq!(whose("/run/secrets/token"), "0:0 444 hunter2", "{service}");
        assert_eq!(whose("/run/secrets/copy"), "7:8 400 skeleton", "{service}");
        assert_eq!(whose("/etc/shop/motd"), "0:0 644 welcome to the shop", "{service}");
    }
}

fn replaces_who_was_given_something_else(scenario: &Scenario) {
    granted(scenario);
    scenario.done(&["up", "-d"]);
    scenario.done(&["plan"]).says("nothing to do");
    let before = scenario.container("other");
    scenario.file("key", "master\n");
    let planned = scenario.done(&["plan"]);
    assert_eq!(planned.stdout.matches("the content of secret key changed").count(), 3, "{}", planned.told());
    scenario.done(&["up", "-d", "-t", "0"]);
    scenario.until_said("sealed", &["hunter2", "master", "welcome to the shop", "master"]);
    assert_eq!(scenario.container("other")["Id"], before["Id"]);
    scenario.done(&["plan"]).says("nothing to do");
    // Every start gets them anew, also what was stopped before they changed.
    scenario.done(&["-f", "compose.yaml", "stop", "-t", "0", "plain"]);
    scenario.variable("TOKEN", "sesame");
    scenario.done(&["-f", "compose.yaml", "start", "plain"]);
    let said =
        ["hunter2", "master", "welcome to the shop", "master", "sesame", "master", "welcome to the shop", "master"];
    scenario.until_said("plain", &said);
}

fn leaves_nothing_of_what_was_given(scenario: &Scenario) {
    granted(scenario);
    scenario.done(&["up", "-d"]);
    let volumes: Vec<String> = ["sealed", "volatile"]
        .iter()
        .flat_map(|service| scenario.container(service)["Mounts"].as_array().expect("mounts").clone())
        .filter(|mount| mount["Type"] == "volume")
        .map(|mount| text(&mount["Name"]).to_owned())
        .collect();
    assert_eq!(volumes.len(), 3, "two folders of one that is read-only, and one in memory");
    scenario.done(&["down", "-t", "0"]);
    for volume in volumes {
        assert_eq!(scenario.engine.call("GET", &format!("/volumes/{volume}"), "", b"").status, 404, "{volume}");
    }
}
