//! Habits of people who know docker compose: what they rely on without thinking, in small.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    ends_all_when_one_fails,
    tells_a_killed_containers_code,
    follows_restarts_without_repeating_lines,
    leaves_what_was_not_asked_for_running,
    gives_variables_from_where_they_are,
    misses_a_network_only_where_it_is_used,
    shares_out_a_range_of_ports,
    lives_in_the_namespaces_of_another,
    knows_an_image_by_its_id,
    makes_what_nobody_uses_when_told,
    moves_to_another_volume_from_outside,
    keeps_to_the_file_that_is_named,
    builds_nothing_anew_where_nothing_changed,
    gives_up_a_build_when_interrupted,
    replaces_one_without_what_it_needs,
];

fn id(scenario: &Scenario, service: &str) -> String {
    text(&scenario.container(service)["Id"]).to_owned()
}

fn ends_all_when_one_fails(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  well: { image: ACTOR, command: [exit, "0"] }
  fails: { image: ACTOR, command: [exit, "7"], depends_on: { well: { condition: service_completed_successfully } } }
  long: { image: ACTOR, command: [say, open, stay] }
"#,
    );
    scenario.convoke(&["up", "--abort-on-container-failure"]).exits_with(7);
    assert_eq!(scenario.states(), ["fails exited", "long exited", "well exited"]);
    // What `run` makes is none of the containers whose end counts.
    let mut up = scenario.begin(&["up", "--abort-on-container-exit", "long"]);
    up.until_line("open");
    scenario.done(&["run", "--rm", "long", "exit", "0"]);
    assert!(scenario.states().contains(&"long running".to_owned()));
    up.signal(Signal::INT);
    up.end().exits_with(130);
}

fn tells_a_killed_containers_code(scenario: &Scenario) {
    scenario.compose(
        "services: { web: { image: ACTOR, command: [deaf, stay] }, brief: { image: ACTOR, command: [exit, '0'] } }\n",
    );
    scenario.convoke(&["up", "-t", "0", "--exit-code-from", "web"]).exits_with(137);
}

fn follows_restarts_without_repeating_lines(scenario: &Scenario) {
    scenario
        .compose("services: { web: { image: ACTOR, command: [say, alive, exit, '1'], restart: 'on-failure:2' } }\n");
    let told = scenario.done(&["up"]);
    assert_eq!(told.stdout.matches("alive").count(), 3, "{}", told.told());
}

fn leaves_what_was_not_asked_for_running(scenario: &Scenario) {
    scenario.compose("services: { old: { image: ACTOR, command: [stay] } }\n");
    scenario.done(&["up", "-d"]);
    scenario.compose(
        r#"
services:
  app: { image: ACTOR, command: [say, open, stay], depends_on: [db] }
  db: { image: ACTOR, command: [stay] }
"#,
    );
    let mut up = scenario.begin(&["up", "app"]);
    up.until_line("open");
    up.signal(Signal::INT);
    up.end().exits_with(130);
    assert_eq!(scenario.states(), ["app exited", "db running", "old running"]);
    // Nor does a container of a service go whose neighbour is taken down.
    scenario.done(&["down", "-t", "0", "db"]);
    assert_eq!(scenario.states(), ["app exited", "old running"]);
}

fn gives_variables_from_where_they_are(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    command: [environment, stay]
    environment: [FROM_SHELL, FROM_FILE, NOWHERE]
    env_file: [{ path: raw.env, format: raw }]
  other: { image: ACTOR, command: [stay], env_file: [missing.env] }
"#,
    );
    scenario.file(".env", "FROM_FILE=file # and a remark\nFROM_SHELL=file\n");
    scenario.file("raw.env", "RAW='quoted' $FROM_SHELL # no remark\n");
    scenario.variable("FROM_SHELL", "shell");
    // A file that another service lacks is that service's trouble.
    scenario.done(&["up", "-d", "web"]);
    scenario.done(&["ps"]);
    let container = scenario.container("web");
    let variables: BTreeSet<&str> =
        container["Config"]["Env"].as_array().expect("variables").iter().map(text).collect();
    for variable in ["FROM_SHELL=shell", "FROM_FILE=file", "RAW='quoted' $FROM_SHELL # no remark"] {
        assert!(variables.contains(variable), "{variable} in {variables:?}");
    }
    assert!(!variables.iter().any(|variable| variable.starts_with("NOWHERE=")), "{variables:?}");
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["missing.env"]);
}

fn misses_a_network_only_where_it_is_used(scenario: &Scenario) {
    scenario.compose(&format!(
        "services:
  near: {{ image: ACTOR, command: [stay] }}
  far: {{ image: ACTOR, command: [stay], networks: [away] }}
networks: {{ away: {{ external: true, name: {}-away }} }}
",
        scenario.project
    ));
    scenario.done(&["up", "-d", "near"]);
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["-away"]);
    assert_eq!(scenario.states(), ["near running"]);
}

fn shares_out_a_range_of_ports(scenario: &Scenario) {
    // Nobody else is likely to be there, and another scenario has another range.
    let first = 20_000 + scenario.project.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 900) * 10;
    scenario.compose(&format!(
        "services: {{ web: {{ image: ACTOR, command: [stay], ports: ['127.0.0.1:{first}-{}:8000'] }} }}\n",
        first + 9
    ));
    scenario.done(&["up", "-d", "--scale", "web=5"]);
    let ports: BTreeSet<u32> = scenario
        .containers()
        .iter()
        .map(|container| {
            text(&container["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"]).parse().expect("a port")
        })
        .collect();
    assert_eq!(ports.len(), 5, "{ports:?}");
    assert!(ports.iter().all(|port| (first..first + 10).contains(port)), "{ports:?}");
}

fn lives_in_the_namespaces_of_another(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  base: { image: ACTOR, command: [stay], ipc: shareable, volumes: [/shared] }
  guest:
    image: ACTOR
    command: [stay]
    network_mode: "service:base"
    ipc: "service:base"
    pid: "service:base"
    volumes_from: [base]
"#,
    );
    scenario.done(&["up", "-d"]);
    let (base, guest) = (id(scenario, "base"), scenario.container("guest"));
    for space in ["NetworkMode", "IpcMode", "PidMode"] {
        assert_eq!(text(&guest["HostConfig"][space]), format!("container:{base}"), "{space}");
    }
    assert!(guest["Mounts"].as_array().expect("mounts").iter().any(|mount| mount["Destination"] == "/shared"));
    assert_eq!(scenario.done(&["run", "--rm", "-q", "guest", "say", "here"]).stdout, "here\n");
    // Without whom it lives with, it cannot be made.
    scenario.done(&["rm", "-s", "-f", "-v"]);
    let alone = scenario.convoke(&["up", "-d", "--no-deps", "guest"]);
    alone.exits_with(1).complains_about(&["cannot share network namespace with service base: container missing"]);
}

fn knows_an_image_by_its_id(scenario: &Scenario) {
    let image = scenario.engine.get(&format!("/images/{}/json", scenario.image));
    scenario.compose(&format!("services: {{ web: {{ image: '{}', command: [stay] }} }}\n", text(&image["Id"])));
    scenario.done(&["up", "-d"]);
    let before = id(scenario, "web");
    scenario.done(&["up", "-d"]);
    assert_eq!(id(scenario, "web"), before);
}

fn makes_what_nobody_uses_when_told(scenario: &Scenario) {
    scenario
        .compose("services: { web: { image: ACTOR, command: [stay] } }\nnetworks: { spare: }\nvolumes: { shelf: }\n");
    scenario.done(&["up", "-d"]);
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
    scenario.done(&["--all-resources", "up", "-d"]);
    assert_eq!(scenario.engine.volumes(&scenario.project), [format!("{}_shelf", scenario.project)]);
    assert!(scenario.engine.networks(&scenario.project).contains(&format!("{}_spare", scenario.project)));
}

/// Volumes that the project did not make, and that go with this.
struct Outside<'s>(&'s Scenario<'s>, [String; 2]);

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        self.0.convoke(&["down", "-t", "0"]);
        for name in &self.1 {
            self.0.engine.call("DELETE", &format!("/volumes/{name}"), "", b"");
        }
    }
}

fn moves_to_another_volume_from_outside(scenario: &Scenario) {
    let outside = Outside(scenario, ["one", "two"].map(|name| format!("{}-{name}", scenario.project)));
    for name in &outside.1 {
        let body = serde_json::json!({ "Name": name }).to_string();
        scenario.engine.call("POST", "/volumes/create", "application/json", body.as_bytes());
    }
    let mounted = || {
        let container = scenario.container("web");
        let mounts = container["Mounts"].as_array().cloned().unwrap_or_default();
        mounts.iter().map(|mount: &Value| text(&mount["Name"]).to_owned()).collect::<Vec<_>>()
    };
    for name in &outside.1 {
        scenario.up(&format!(
            "services: {{ web: {{ image: ACTOR, command: [stay], stop_grace_period: 0s, volumes: ['data:/data'] }} }}
volumes: {{ data: {{ external: true, name: {name} }} }}
"
        ));
        assert_eq!(mounted(), std::slice::from_ref(name));
    }
    scenario.done(&["down", "-v", "-t", "0"]);
    for name in &outside.1 {
        assert_eq!(scenario.engine.call("GET", &format!("/volumes/{name}"), "", b"").status, 200, "it is not ours");
    }
}

fn keeps_to_the_file_that_is_named(scenario: &Scenario) {
    for service in ["one", "two"] {
        scenario.file(
            &format!("{service}.yaml"),
            &format!("services: {{ {service}: {{ image: ACTOR, command: [stay], stop_grace_period: 0s }} }}\n"),
        );
        scenario.done(&["-f", &format!("{service}.yaml"), "up", "-d"]);
    }
    scenario.done(&["-f", "one.yaml", "stop"]);
    assert_eq!(scenario.states(), ["one exited", "two running"]);
    scenario.done(&["-f", "one.yaml", "start"]);
    scenario.done(&["-f", "two.yaml", "stop"]);
    assert_eq!(scenario.states(), ["one running", "two exited"]);
}

fn builds_nothing_anew_where_nothing_changed(scenario: &Scenario) {
    scenario.variable("DOCKER_BUILDKIT", "0");
    // Each has layers of its own: the engine takes any that fits from its cache.
    for name in ["base", "web"] {
        let label = format!("LABEL scenario={} part={name}", scenario.project);
        scenario.file(&format!("{name}/Dockerfile"), &format!("FROM ACTOR\n{label}\nCOPY note /note\n"));
        scenario.file(&format!("{name}/note"), "one");
    }
    scenario.compose(
        "services:
  web: { build: web, command: [show, /note, stay], depends_on: [base], stop_grace_period: 0s }
  base: { build: base, pull_policy: build, command: [stay], stop_grace_period: 0s }
",
    );
    scenario.done(&["up", "-d", "--build"]);
    let before = (id(scenario, "web"), id(scenario, "base"));
    scenario.done(&["up", "-d", "--build"]);
    assert_eq!((id(scenario, "web"), id(scenario, "base")), before);
    // What has to be built in any case is, and only whoever has something new is replaced.
    for name in ["base", "web"] {
        scenario.file(&format!("{name}/note"), "two");
    }
    scenario.done(&["up", "-d", "web"]);
    assert_eq!(id(scenario, "web"), before.0);
    assert_ne!(id(scenario, "base"), before.1);
}

fn gives_up_a_build_when_interrupted(scenario: &Scenario) {
    scenario.variable("DOCKER_BUILDKIT", "0");
    scenario.file(
        "app/Dockerfile",
        &format!("FROM ACTOR\nLABEL scenario={}\nRUN [\"/actor\", \"say\", \"on it\", \"stay\"]\n", scenario.project),
    );
    scenario.compose("services: { web: { build: app } }\n");
    let build = scenario.begin(&["build"]);
    build.until_complaint("on it");
    build.signal(Signal::INT);
    build.end().exits_with(130);
}

fn replaces_one_without_what_it_needs(scenario: &Scenario) {
    scenario.up(r#"
services:
  web: { image: ACTOR, command: [stay], depends_on: [db], stop_grace_period: 0s }
  db: { image: ACTOR, command: [stay], stop_grace_period: 0s }
"#);
    let (web, db) = (id(scenario, "web"), id(scenario, "db"));
    scenario.done(&["up", "-d", "--force-recreate", "--no-deps", "web"]);
    assert_ne!(id(scenario, "web"), web);
    assert_eq!(id(scenario, "db"), db);
    // A restart brings back what has ended, in its own container.
    scenario.done(&["kill", "web"]);
    let web = id(scenario, "web");
    scenario.done(&["restart", "web"]);
    assert_eq!((id(scenario, "web"), scenario.states()), (web, vec!["db running".into(), "web running".into()]));
}
