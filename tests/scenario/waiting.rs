//! `--wait`: what counts as ready, what is said meanwhile, and when it is enough.

use crate::proxy::Fate;
use crate::scenario::Scenario;
use crate::stories;

stories![waits_for_jobs_to_end_well, tells_which_job_failed, says_that_the_engine_is_silent];

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
