//! What only newer engines can do: an older one is not asked for it, and that is said; a newer one does it.

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![checks_health_faster_at_first, mounts_an_image, names_a_networks_interface];

/// Whether the engine speaks an API of at least this version.
fn speaks(scenario: &Scenario, wanted: (u32, u32)) -> bool {
    let version = scenario.engine.get("/version");
    let spoken = text(&version["ApiVersion"]).split_once('.').expect("a version with a dot");
    let number = |text: &str| text.parse::<u32>().expect("a number");
    (number(spoken.0), number(spoken.1)) >= wanted
}

/// An older engine checks all the same, as often as later on; `up` looks by itself meanwhile whether it is well.
fn checks_health_faster_at_first(scenario: &Scenario) {
    let compose = |period: &str| {
        scenario.compose(&format!(
            "services:
  web:
    image: ACTOR
    command: [stay]
    healthcheck: {{ test: [CMD, /actor, say, well], interval: 1h, start_interval: 1s{period} }}
"
        ));
    };
    compose("");
    let refused = scenario.convoke(&["up", "-d"]).exits_with(1);
    refused
        .complains_about(&["healthcheck.start_interval requires healthcheck.start_period to be set", "compose.yaml:"]);
    assert!(scenario.containers().is_empty());
    compose(", start_period: 1h");
    let mut events = scenario.engine.events(&scenario.project);
    let told = scenario.done(&["up", "-d", "--wait"]);
    let check = scenario.container("web")["Config"]["Healthcheck"].clone();
    let warning = "does not know healthcheck.start_interval";
    if speaks(scenario, (1, 44)) {
        assert!(!told.stderr.contains(warning), "{}", told.told());
        assert_eq!(check["StartInterval"], 1_000_000_000);
        events.wait_for_action("web", "health_status: healthy");
    } else {
        told.complains_about(&[warning]);
        assert_eq!(check.get("StartInterval"), None);
    }
    assert_eq!(check["StartPeriod"], 3_600_000_000_000_u64);
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["web running"]);
}

/// One that another service builds on the way; and another one when that is built anew.
fn mounts_an_image(scenario: &Scenario) {
    let source = format!("{}-shelf:1", scenario.project);
    scenario.variable("DOCKER_BUILDKIT", "0");
    let compose = |subpath: &str| {
        scenario.compose(&format!(
            "services:
  web:
    image: ACTOR
    command: [show, /mnt/note, stay]
    stop_grace_period: 0s
    volumes: [{{ type: image, source: '{source}', target: /mnt, image: {{ subpath: {subpath} }} }}]
  shelf: {{ image: '{source}', build: shelf, command: [stay], stop_grace_period: 0s }}
"
        ));
    };
    let dockerfile =
        format!("FROM ACTOR\nLABEL scenario={}\nCOPY one /one/note\nCOPY two /two/note\n", scenario.project);
    scenario.file("shelf/Dockerfile", &dockerfile);
    scenario.file("shelf/one", "first shelf\n");
    scenario.file("shelf/two", "second shelf\n");
    compose("one");
    if !speaks(scenario, (1, 48)) {
        let refused = scenario.convoke(&["up", "-d"]).exits_with(1);
        refused.complains_about(&["volume with type=image requires Docker Engine 28 or later", "compose.yaml:6:"]);
        assert!(scenario.containers().is_empty());
        return;
    }
    let up = |words: &[&str], said: &str| {
        scenario.done(&[&["up", "-d"], words].concat());
        scenario.until_said("web", &[said]);
        text(&scenario.container("web")["Id"]).to_owned()
    };
    let first = up(&[], "first shelf");
    assert_eq!(up(&["--build"], "first shelf"), first);
    scenario.file("shelf/one", "new first shelf\n");
    assert_ne!(up(&["--build"], "new first shelf"), first);
    scenario.file("shelf/one", "newer first shelf\n");
    scenario.done(&["build", "-q", "shelf"]);
    up(&["web"], "newer first shelf");
    compose("two");
    up(&[], "second shelf");
}

fn names_a_networks_interface(scenario: &Scenario) {
    scenario.compose(
        "services:
  web:
    image: ACTOR
    command: [show, /sys/class/net/shop0/operstate, stay]
    networks: { front: { interface_name: shop0 } }
networks: { front: }
",
    );
    if speaks(scenario, (1, 49)) {
        scenario.done(&["up", "-d"]);
        scenario.until_said("web", &["up"]);
    } else {
        let refused = scenario.convoke(&["up", "-d"]).exits_with(1);
        refused.complains_about(&["interface_name requires Docker Engine 28.1 or later", "compose.yaml:5:"]);
        assert!(scenario.containers().is_empty());
    }
}
