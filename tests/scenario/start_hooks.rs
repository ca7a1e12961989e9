//! Hooks: before the first start, after a start, and before a stop.

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![runs_hooks_around_a_life, holds_a_service_back_when_its_hook_fails];

fn runs_hooks_around_a_life(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    command: [show, /data/first, show, /data/second, stay]
    scale: 2
    environment: { WHO: web }
    volumes: ["kept:/data"]
    pre_start:
      - { command: [write, /data/first, made first] }
      - { command: [show, /data/first, environment, write, /data/second, made second], environment: { STEP: "2" } }
    post_start:
      - { command: [/actor, write, started, after start], working_dir: /data, user: "0" }
    pre_stop:
      - { command: [/actor, write, /data/stopped, before stop] }
volumes: { kept: }
"#,
    );
    scenario.done(&["up", "-d"]);
    let names: Vec<_> = scenario.containers().iter().map(|it| text(&it["Name"]).to_owned()).collect();
    assert_eq!(names, [1, 2].map(|number| format!("/{}-web-{number}", scenario.project)));
    for container in scenario.containers() {
        scenario.until_logged(text(&container["Id"]), &["made first", "made second"]);
    }
    scenario.done(&["plan"]).says("nothing to do");
    scenario.done(&["up", "-d", "--scale", "web=3"]);
    // Only the file knows of hooks.
    scenario.done(&["-f", "compose.yaml", "down", "-t", "0"]);
    scenario.compose(
        "services: { look: { image: ACTOR, command: [show, /data/started, show, /data/stopped, stay], \
         volumes: ['kept:/data'] } }\nvolumes: { kept: }\n",
    );
    scenario.done(&["up", "-d"]);
    scenario.until_said("look", &["after start", "before stop"]);
}

fn holds_a_service_back_when_its_hook_fails(scenario: &Scenario) {
    let compose = |status: &str| {
        scenario.compose(&format!(
            "services: {{ web: {{ image: ACTOR, command: [stay], \
             pre_start: [{{ command: [complain, no such table, exit, '{status}'] }}] }} }}\n"
        ));
    };
    compose("3");
    let outcome = scenario.convoke(&["up", "-d"]);
    assert!(!outcome.succeeded(), "{}", outcome.told());
    outcome.complains_about(&["pre_start hook of web failed", "exited (3)", "no such table"]);
    assert_eq!(scenario.states(), ["web created", "web exited"]);
    scenario.done(&["ps", "-a", "-q"]);
    compose("0");
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["web running"]);
}
