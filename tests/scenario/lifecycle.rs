//! Verbs that move containers from state to state, and make none.

use serde_json::{Value, json};

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    stops_and_starts_the_same_containers,
    starts_only_what_exists,
    makes_nothing_where_every_service_is_off,
    restarts_whoever_restarts_along,
    pauses_and_goes_on,
    sends_signals,
    removes_what_has_ended_after_a_question,
    scales_one_service,
    finds_its_containers_when_the_file_is_broken,
    shows_what_a_verb_would_do,
    says_who_keeps_a_network,
];

const SHOP: &str = r#"
services:
  db:
    image: ACTOR
    command: [stay]
    healthcheck: { test: [CMD, /actor, say, well], interval: 100ms }
  web:
    image: ACTOR
    command: [stay]
    depends_on: { db: { condition: service_healthy, restart: true } }
  idle:
    image: ACTOR
    command: [stay]
    profiles: [tools]
"#;

fn ids(scenario: &Scenario) -> Vec<String> {
    scenario.containers().iter().map(|container| text(&container["Id"]).to_owned()).collect()
}

fn started_at(container: &Value) -> String {
    text(&container["State"]["StartedAt"]).to_owned()
}

fn makes_nothing_where_every_service_is_off(scenario: &Scenario) {
    scenario.compose("services: { idle: { image: ACTOR, command: [stay], profiles: [tools] } }\n");
    assert_eq!(scenario.done(&["create"]).stderr, "");
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["no service selected"]);
    scenario.convoke(&["start"]).exits_with(1).complains_about(&["no container found", "up or create"]);
    scenario.done(&["--profile", "tools", "create"]);
    let started = scenario.by_file(&["start"]).exits_with(0);
    assert_eq!(started.stderr, "", "its container is there, and is none of those that are meant");
    assert_eq!(scenario.states(), ["idle created"]);
}

fn stops_and_starts_the_same_containers(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.done(&["up", "-d"]);
    let before = ids(scenario);
    scenario.by_file(&["stop", "web"]).exits_with(0).complains_about(&["web-1", "Stopped"]);
    assert_eq!(scenario.states(), ["db running", "web exited"]);
    assert_eq!(scenario.done(&["stop", "web"]).stderr, "", "there is nothing left to stop");
    scenario.done(&["stop"]);
    assert_eq!(scenario.states(), ["db exited", "web exited"]);
    scenario.by_file(&["start", "--wait", "web"]).exits_with(0).complains_about(&["db-1", "web-1", "Started"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    assert_eq!(scenario.container("db")["State"]["Health"]["Status"], "healthy");
    assert_eq!(scenario.done(&["start"]).stderr, "", "all of it runs");
    assert_eq!(ids(scenario), before);
    let late = scenario.container("web");
    assert!(started_at(&late) > started_at(&scenario.container("db")));
}

fn starts_only_what_exists(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.convoke(&["start"]).exits_with(1).complains_about(&["no container found", "up"]);
    scenario.by_file(&["start", "idle"]).exits_with(1).complains_about(&["service \"idle\" has no container to start"]);
    scenario.by_file(&["stop", "wbe"]).exits_with(1).complains_about(&["no such service: wbe", "did you mean web?"]);
    scenario.done(&["up", "-d"]);
    scenario.convoke(&["stop", "wbe"]).exits_with(0).complains_about(&["no such service: wbe"]);
    scenario.convoke(&["restart", "wbe"]).exits_with(1).complains_about(&["no such service: wbe"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    scenario.convoke(&["start", "--wait", "--wait-timeout", "-1"]).exits_with(1);
}

fn restarts_whoever_restarts_along(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.done(&["up", "-d"]);
    let times = || ["db", "web"].map(|service| started_at(&scenario.container(service)));
    let [db, web] = times();
    scenario.by_file(&["restart", "-t", "0", "db"]).exits_with(0).complains_about(&["db-1", "web-1", "Restarted"]);
    let [db_again, web_again] = times();
    assert!(db_again > db && web_again > web && web_again > db_again);
    scenario.done(&["restart", "--no-deps", "-t", "0", "db"]);
    let [db_alone, web_still] = times();
    assert!(db_alone > db_again && web_still == web_again);
    scenario.done(&["stop", "-t", "0"]);
    scenario.done(&["restart", "db"]);
    assert_eq!(scenario.states(), ["db running", "web running"], "what has ended is started");
}

fn pauses_and_goes_on(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.done(&["pause"]);
    scenario.done(&["up", "-d"]);
    scenario.done(&["pause", "web"]);
    assert_eq!(scenario.states(), ["db running", "web paused"]);
    scenario.convoke(&["pause", "web"]).exits_with(1).complains_about(&["already paused"]);
    scenario.convoke(&["start"]).exits_with(1).complains_about(&["paused", "unpause web"]);
    scenario.by_file(&["unpause", "w*"]).exits_with(0).complains_about(&["web-1", "Unpaused"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    scenario.convoke(&["unpause", "web"]).exits_with(1).complains_about(&["not paused"]);
    scenario.by_file(&["pause", "nobody"]).exits_with(1).complains_about(&["no such service: nobody"]);
}

fn sends_signals(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.convoke(&["kill"]).exits_with(0).complains_about(&["No container to kill"]);
    scenario.done(&["up", "-d"]);
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["kill", "-s", "TERM", "web"]);
    events.wait_for_action("web", "die");
    assert_eq!(scenario.container("web")["State"]["ExitCode"], 0, "it heeds the signal");
    scenario.convoke(&["kill", "-s", "NONSENSE"]).exits_with(1).complains_about(&["NONSENSE"]);
    scenario.compose("services: { other: { image: ACTOR } }\n");
    scenario.by_file(&["kill"]).exits_with(0).complains_about(&["No container to kill"]);
    scenario.by_file(&["kill", "--remove-orphans"]).exits_with(0).complains_about(&["db-1", "Killed"]);
    events.wait_for_action("db", "die");
    assert_eq!(scenario.container("db")["State"]["ExitCode"], 137);
}

fn removes_what_has_ended_after_a_question(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.convoke(&["rm"]).exits_with(0).complains_about(&["No stopped containers"]);
    scenario.done(&["up", "-d"]);
    scenario.done(&["stop", "-t", "0", "web"]);
    let web = format!("Going to remove {}-web-1", scenario.project);
    for typed in ["", "n\n", "maybe\n"] {
        let asked = scenario.answered(&["rm"], typed).exits_with(0);
        assert!(asked.stdout.starts_with(&web), "{}", asked.told());
    }
    assert_eq!(scenario.states(), ["db running", "web exited"]);
    scenario.answered(&["rm"], "y\n").exits_with(0).complains_about(&["Removed"]);
    assert_eq!(scenario.states(), ["db running"]);
    scenario.convoke(&["rm", "-f"]).exits_with(0).complains_about(&["No stopped containers"]);
    let forced = scenario.by_file(&["rm", "-sfv"]).exits_with(0);
    assert_eq!(forced.stdout, format!("Going to remove {}-db-1\n", scenario.project));
    assert!(scenario.containers().is_empty());
    assert_eq!(scenario.engine.networks(&scenario.project).len(), 1, "the network is not its business");
}

fn scales_one_service(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.done(&["up", "-d"]);
    let before = ids(scenario);
    scenario.done(&["scale", "web=3"]);
    assert_eq!(scenario.states(), ["db running", "web running", "web running", "web running"]);
    assert!(before.iter().all(|id| ids(scenario).contains(id)));
    scenario.done(&["scale", "--no-deps", "web=1"]);
    assert_eq!(ids(scenario), before);
    for wrong in ["web", "web=many"] {
        scenario.convoke(&["scale", wrong]).exits_with(1).complains_about(&["invalid scale specifier"]);
    }
    scenario.convoke(&["scale", "wbe=1"]).exits_with(1).complains_about(&["no such service: wbe"]);
}

/// Without `-p`, so that the file is what tells the name: as long as it can be read.
fn finds_its_containers_when_the_file_is_broken(scenario: &Scenario) {
    scenario.compose(&format!("name: {}\n{SHOP}", scenario.project));
    let convoke = |words: &[&str]| scenario.nameless(words).exits_with(0);
    convoke(&["up", "-d"]);
    scenario.file("compose.yaml", "services: { web: [ }\n");
    convoke(&["stop", "-t", "0"]).complains_about(&["of no use"]);
    assert_eq!(scenario.states(), ["db exited", "web exited"]);
    convoke(&["start"]);
    convoke(&["restart", "-t", "0", "web"]);
    convoke(&["pause", "web"]);
    convoke(&["unpause", "web"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    convoke(&["kill", "web"]);
    convoke(&["rm", "-f", "web"]);
    assert_eq!(scenario.states(), ["db running"]);
    convoke(&["down", "-t", "0"]);
    assert!(scenario.containers().is_empty());
}

fn shows_what_a_verb_would_do(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.done(&["up", "-d"]);
    let before = (ids(scenario), scenario.states());
    let web = format!("container {}-web-1", scenario.project);
    for (verb, action) in
        [("stop", "stop"), ("restart", "restart"), ("pause", "pause"), ("unpause", "unpause"), ("kill", "kill")]
    {
        let dry = scenario.done(&["--dry-run", verb, "web"]).stdout;
        assert!(dry.contains(&format!("{web}  {action}")) && dry.contains("as asked"), "{dry}");
        assert_eq!(scenario.done(&["plan", verb, "web"]).stdout, dry);
        scenario.convoke(&["plan", verb, "--detailed-exitcode", "web"]).exits_with(2);
    }
    for (words, action) in [(["rm", "-s", "web"], "remove"), (["scale", "--no-deps", "web=2"], "create")] {
        let dry = scenario.done(&[&["--dry-run"][..], &words].concat()).stdout;
        assert!(dry.contains(action), "{dry}");
        assert_eq!(scenario.done(&[&["plan"][..], &words].concat()).stdout, dry);
    }
    assert_eq!(scenario.done(&["plan", "start"]).stdout, "nothing to do\n");
    assert_eq!((ids(scenario), scenario.states()), before);
}

/// A container of no project on a project's network, for as long as this is there.
struct Stranger<'s>(&'s Scenario<'s>, String);

impl<'s> Stranger<'s> {
    fn on(scenario: &'s Scenario<'s>, network: &str) -> Self {
        let stranger = Self(scenario, format!("{}-stranger", scenario.project));
        let body = json!({ "Image": scenario.image, "Cmd": ["stay"], "HostConfig": { "NetworkMode": network } });
        let path = format!("/containers/create?name={}", stranger.1);
        let made = scenario.engine.call("POST", &path, "application/json", body.to_string().as_bytes());
        assert_eq!(made.status, 201);
        let started = scenario.engine.call("POST", &format!("/containers/{}/start", stranger.1), "", b"");
        assert_eq!(started.status, 204);
        stranger
    }
}

impl Drop for Stranger<'_> {
    fn drop(&mut self) {
        self.0.engine.call("DELETE", &format!("/containers/{}?force=1", self.1), "", b"");
    }
}

fn says_who_keeps_a_network(scenario: &Scenario) {
    scenario.up("services: { web: { image: ACTOR, command: [stay] } }\n");
    let network = format!("{}_default", scenario.project);
    let stranger = Stranger::on(scenario, &network);
    let down = scenario.done(&["down", "-t", "0"]);
    down.complains_about(&[&format!("Resource is still in use by {}", stranger.1)]);
    assert_eq!(scenario.engine.networks(&scenario.project), [network]);
}
