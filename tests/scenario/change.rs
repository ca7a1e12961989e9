//! What `up` does when something is there already: nothing, or the least.

use std::io::Read;
use std::os::unix::net::UnixListener;

use serde_json::Value;

use crate::engine::{PATIENCE, text};
use crate::scenario::Scenario;
use crate::stories;

stories![
    does_nothing_the_second_time,
    replaces_only_what_changed,
    follows_a_replaced_dependency_when_told,
    tells_the_plan_and_does_nothing,
    recreates_when_forced_and_not_when_forbidden,
    keeps_a_changed_volume_until_its_loss_is_allowed,
    takes_a_pattern_for_the_services_that_it_fits,
    replaces_what_is_to_log_elsewhere,
];

/// The price of finding out that there is nothing to do.
const CALLS_FOR_NOTHING: usize = 5;

const TWO: &str = r#"
services:
  web: { image: ACTOR, command: [stay], depends_on: [db], environment: { COLOUR: "${COLOUR:-red}" } }
  db: { image: ACTOR, command: [stay], volumes: ["kept:/data"] }
volumes: { kept: }
"#;

fn does_nothing_the_second_time(scenario: &Scenario) {
    scenario.compose(TWO);
    scenario.done(&["up", "-d"]);
    let before = lives(scenario);
    let proxy = scenario.recorded();
    scenario.done(&["up", "-d"]);
    let requests = proxy.requests();
    scenario.direct();
    assert_eq!(lives(scenario), before);
    assert_eq!(proxy.changes(), [] as [String; 0]);
    assert!((1..=CALLS_FOR_NOTHING).contains(&requests.len()), "{requests:#?}");
}

fn replaces_only_what_changed(scenario: &Scenario) {
    scenario.compose(TWO);
    scenario.done(&["up", "-d"]);
    let before = lives(scenario);
    scenario.variable("COLOUR", "blue");
    scenario.done(&["up", "-d", "-t", "0"]);
    let after = lives(scenario);
    assert_eq!(before[0], after[0], "db was not changed");
    assert_ne!(before[1], after[1], "web was changed");
    assert_eq!(scenario.states(), ["db running", "web running"]);
    let variables = scenario.container("web")["Config"]["Env"].to_string();
    assert!(variables.contains("COLOUR=blue"), "{variables}");
    assert_eq!(scenario.container("web")["Name"], format!("/{}-web-1", scenario.project).as_str());
}

fn follows_a_replaced_dependency_when_told(scenario: &Scenario) {
    let compose = |colour: &str| {
        scenario.compose(&format!(
            r#"
services:
  web: {{ image: ACTOR, command: [stay], depends_on: {{ db: {{ condition: service_started, restart: true }} }} }}
  other: {{ image: ACTOR, command: [stay], depends_on: {{ db: {{ condition: service_started }} }} }}
  db: {{ image: ACTOR, command: [stay], environment: [COLOUR={colour}] }}
"#
        ));
    };
    compose("red");
    scenario.done(&["up", "-d"]);
    let before = lives(scenario);
    compose("blue");
    scenario.done(&["up", "-d", "-t", "0"]);
    let after = lives(scenario);
    let id = |life: &String| life.split(' ').next().unwrap_or_default().to_owned();
    assert_ne!(id(&before[0]), id(&after[0]), "db was changed");
    assert_eq!(before[1], after[1], "other does not follow");
    assert_eq!(id(&before[2]), id(&after[2]), "web itself was not changed");
    assert_ne!(before[2], after[2], "web starts again after db");
}

fn tells_the_plan_and_does_nothing(scenario: &Scenario) {
    scenario.compose(TWO);
    let proxy = scenario.recorded();
    for words in [&["up", "-d", "--dry-run"][..], &["plan"]] {
        let told = scenario.done(words).told();
        for subject in ["db-1", "web-1", "kept"] {
            assert!(told.contains(subject), "nothing about {subject}\n{told}");
        }
    }
    assert_eq!(proxy.changes(), [] as [String; 0]);
    assert!(!proxy.requests().is_empty());
    scenario.direct();
    assert!(scenario.containers().is_empty());
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
    scenario.done(&["up", "-d"]);
    let before = lives(scenario);
    scenario.variable("COLOUR", "blue");
    let told = scenario.done(&["up", "-d", "--dry-run", "--force-recreate"]).told();
    assert!(told.contains("web-1"), "{told}");
    scenario.done(&["down", "--dry-run", "-v"]);
    assert_eq!(lives(scenario), before);
}

fn recreates_when_forced_and_not_when_forbidden(scenario: &Scenario) {
    scenario.compose(TWO);
    scenario.done(&["up", "-d"]);
    let before = lives(scenario);
    scenario.variable("COLOUR", "blue");
    scenario.done(&["up", "-d", "--no-recreate"]);
    assert_eq!(lives(scenario), before);
    scenario.done(&["up", "-d", "--force-recreate", "-t", "0"]);
    let after = lives(scenario);
    assert!(before.iter().all(|life| !after.contains(life)), "{before:?} {after:?}");
    assert_eq!(after.len(), 2);
}

fn keeps_a_changed_volume_until_its_loss_is_allowed(scenario: &Scenario) {
    let compose = |kind: &str| {
        scenario.compose(&format!(
            r#"
services:
  db: {{ image: ACTOR, command: [stay], volumes: ["kept:/data"] }}
volumes: {{ kept: {{ labels: {{ kind: {kind} }} }} }}
"#
        ));
    };
    let kind = || scenario.engine.volume(&format!("{}_kept", scenario.project))["Labels"]["kind"].clone();
    compose("old");
    scenario.done(&["up", "-d"]);
    let before = lives(scenario);
    compose("new");
    for words in [&["up", "-d"][..], &["up", "-d", "-y"]] {
        scenario.done(words).complains_about(&["_kept exists but is not as the file has it", "--allow-data-loss kept"]);
        assert_eq!(kind(), "old", "{words:?}");
        assert_eq!(lives(scenario), before, "{words:?}");
    }
    scenario.convoke(&["up", "-d", "--allow-data-loss", "kebt"]).exits_with(1).complains_about(&["mean kept?"]);
    scenario.done(&["up", "-d", "-t", "0", "--allow-data-loss", "kept"]);
    assert_eq!(kind(), "new");
    assert_ne!(lives(scenario), before);
    assert_eq!(scenario.states(), ["db running"]);
}

fn takes_a_pattern_for_the_services_that_it_fits(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web: { image: ACTOR, command: [stay], depends_on: [db] }
  db: { image: ACTOR, command: [stay] }
"#,
    );
    scenario.done(&["up", "-d"]);
    let before = lives(scenario);
    scenario.done(&["up", "-d", "-t", "0", "--force-recreate", "w*"]);
    let after = lives(scenario);
    assert_eq!(before[0], after[0], "db was not named");
    assert_ne!(before[1], after[1], "web fits the pattern");
}

/// Which containers there are and since when each runs, by name.
fn lives(scenario: &Scenario) -> Vec<String> {
    let life =
        |container: &Value| format!("{} since {}", text(&container["Id"]), text(&container["State"]["StartedAt"]));
    scenario.containers().iter().map(life).collect()
}

/// A place for logs: the engine connects to it, and what it sends there is read.
struct Collector(UnixListener);

impl Collector {
    fn open(scenario: &Scenario, name: &str) -> Self {
        let listener = UnixListener::bind(scenario.path(name)).expect("a socket for logs");
        listener.set_nonblocking(true).expect("a socket for logs");
        Self(listener)
    }

    /// Whether the engine came: it does before it starts a container.
    fn hears(&self, word: &str) -> bool {
        let Ok((mut engine, _)) = self.0.accept() else { return false };
        engine
            .set_nonblocking(false)
            .and_then(|()| engine.set_read_timeout(Some(PATIENCE)))
            .expect("a socket for logs");
        let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&heard).contains(word) {
            let length = engine.read(&mut piece).expect("what the engine sends");
            assert!(length > 0, "{word} was not sent");
            heard.extend_from_slice(&piece[..length]);
        }
        true
    }
}

fn replaces_what_is_to_log_elsewhere(scenario: &Scenario) {
    let compose = |driver: &str, option: &str| {
        scenario.compose(&format!(
            "services:
  web:
    image: ACTOR
    command: [say, hello, stay]
    stop_grace_period: 0s
    logging: {{ driver: {driver}, options: {{ {option} }} }}
"
        ));
    };
    let address = |name: &str| format!("fluentd-address: 'unix://{}'", scenario.path(name).display());
    let collectors = ["one", "two"].map(|name| (name, Collector::open(scenario, name)));
    let mut lives_so_far = Vec::new();
    for (name, collector) in &collectors {
        compose("fluentd", &address(name));
        scenario.done(&["up", "-d"]);
        assert!(collector.hears("hello"), "{name}");
        let life = lives(scenario);
        assert!(!lives_so_far.contains(&life), "another address is another container");
        scenario.done(&["up", "-d"]);
        assert_eq!(lives(scenario), life);
        lives_so_far.push(life);
    }
    // Where nobody listens, it does not start, and that is told.
    compose("fluentd", &address("nobody"));
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["web", "nobody"]);
    compose("json-file", "max-sise: 1m");
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["web", "max-sise"]);
}
