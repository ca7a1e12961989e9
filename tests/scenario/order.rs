//! Who starts when: the three conditions, and waiting that is no longer than it has to be.

use jiff::Timestamp;
use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![starts_by_condition, does_not_wait_for_the_interval, waits_no_longer_than_told, starts_what_was_stopped];

fn starts_by_condition(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    command: [stay]
    depends_on:
      db: { condition: service_healthy }
      seed: { condition: service_completed_successfully }
  early:
    image: ACTOR
    command: [stay]
    depends_on: [db]
  seed:
    image: ACTOR
    command: [sleep, "200", say, seeded]
    depends_on:
      db: { condition: service_healthy }
  db:
    image: ACTOR
    command: [sleep, "200", write, /ready, "yes", say, ready, stay]
    healthcheck: { test: [CMD, /actor, show, /ready], interval: 10s }
"#,
    );
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["db running", "early running", "seed exited", "web running"]);
    let [db, early, seed, web] = ["db", "early", "seed", "web"].map(|service| scenario.container(service));
    assert_eq!(seed["State"]["ExitCode"], 0);
    let log = scenario.engine.logs(text(&db["Id"]));
    let ready: Timestamp = log[0].split(' ').next().and_then(|time| time.parse().ok()).expect("a line with a time");
    assert!(ready <= moment(&seed, "StartedAt"), "seed did not wait for a healthy db");
    assert!(moment(&seed, "FinishedAt") <= moment(&web, "StartedAt"), "web did not wait for seed to complete");
    assert!(moment(&db, "StartedAt") <= moment(&early, "StartedAt"), "early did not wait for db to start");
}

/// With the engine's own checks alone, the first one would come after an hour.
fn does_not_wait_for_the_interval(scenario: &Scenario) {
    scenario.compose(
        r#"
x-service: &service
  image: ACTOR
  command: [write, /ready, "yes", stay]
  healthcheck: { test: [CMD, /actor, show, /ready], interval: 1h }
services:
  third: { <<: *service, depends_on: { second: { condition: service_healthy } } }
  second: { <<: *service, depends_on: { first: { condition: service_healthy } } }
  first: *service
"#,
    );
    scenario.done(&["up", "-d", "--wait"]);
    assert_eq!(scenario.states(), ["first running", "second running", "third running"]);
}

fn waits_no_longer_than_told(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  never:
    image: ACTOR
    command: [stay]
    healthcheck: { test: [CMD, /actor, exit, "1"], interval: 1h }
"#,
    );
    scenario.done(&["up", "-d"]);
    let outcome = scenario.convoke(&["up", "-d", "--wait", "--wait-timeout", "1"]);
    outcome.exits_with(1).complains_about(&["timed out", "never"]);
    assert_eq!(scenario.states(), ["never running"]);
}

fn starts_what_was_stopped(scenario: &Scenario) {
    scenario.compose("services: { once: { image: ACTOR, command: [say, hello] } }\n");
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    events.wait_for_action("once", "die");
    let before = scenario.container("once");
    scenario.done(&["up", "-d"]);
    events.wait_for_action("once", "start");
    let after = scenario.container("once");
    assert_eq!(before["Id"], after["Id"]);
    assert!(moment(&before, "StartedAt") < moment(&after, "StartedAt"));
}

fn moment(container: &Value, which: &str) -> Timestamp {
    text(&container["State"][which]).parse().expect("a time of the engine")
}
