//! What goes wrong: one clear message, a status, nothing half told, and the next command puts it right.

use std::net::TcpListener;

use crate::engine::text;
use crate::proxy::Fate;
use crate::scenario::Scenario;
use crate::stories;

stories![
    points_at_mistakes_in_the_file,
    stops_the_dependents_of_a_failure,
    stops_the_dependents_of_the_unhealthy,
    says_which_port_is_taken,
    says_which_image_does_not_exist,
    says_which_engine_does_not_answer,
    survives_an_engine_that_goes_away,
];

/// A compose file, the place of its mistake, and words that have to be said about it.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("services:\n  web: { image: [\n", "compose.yaml:", &[]),
    ("services:\n  web:\n    imgae: a\n", "compose.yaml:3:5", &["imgae", "image"]),
    ("services:\n  web:\n    image: a\n    ports: yes\n", "compose.yaml:4:12", &["ports"]),
    ("services:\n  web:\n    image: ${NEEDED:?say which}\n", "compose.yaml:3:", &["NEEDED", "say which"]),
    ("services:\n  web:\n    image: a\n    networks: [nowhere]\n", "compose.yaml:4:", &["nowhere"]),
    ("services:\n  web:\n    image: a\n    volumes: ['kept:/data']\n", "compose.yaml:4:", &["kept"]),
    ("services:\n  web:\n    image: a\n    depends_on: [nobody]\n", "compose.yaml:4:", &["nobody"]),
    (
        "services:\n  a:\n    image: a\n    depends_on: [b]\n  b:\n    image: a\n    depends_on: [a]\n",
        "compose.yaml:4:",
        &["\n7 |", "cycle"],
    ),
];

fn points_at_mistakes_in_the_file(scenario: &Scenario) {
    let proxy = scenario.recorded();
    for (file, place, words) in MISTAKES {
        scenario.compose(file);
        scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&[place]).complains_about(words);
    }
    assert_eq!(proxy.changes(), [] as [String; 0]);
    scenario.compose("services: {}\n");
    scenario.direct();
}

fn stops_the_dependents_of_a_failure(scenario: &Scenario) {
    let compose = |code: u8| {
        scenario.compose(&format!(
            r#"
services:
  web:
    image: ACTOR
    command: [stay]
    depends_on: {{ seed: {{ condition: service_completed_successfully }} }}
  behind: {{ image: ACTOR, command: [stay], depends_on: [web] }}
  aside: {{ image: ACTOR, command: [stay] }}
  seed:
    image: ACTOR
    command: [say, opening the table, complain, the table is broken, exit, "{code}"]
"#
        ));
    };
    compose(7);
    let outcome = scenario.convoke(&["up", "-d"]).exits_with(1);
    outcome.complains_about(&["seed", "7", "opening the table", "the table is broken", "web"]);
    for container in scenario.containers() {
        let service = crate::engine::service(&container);
        assert!(service != "web" && service != "behind" || container["State"]["Status"] == "created", "{container}");
    }
    compose(0);
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["aside running", "behind running", "seed exited", "web running"]);
}

fn stops_the_dependents_of_the_unhealthy(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web: { image: ACTOR, command: [stay], depends_on: { db: { condition: service_healthy } } }
  db:
    image: ACTOR
    command: [say, the disk is full, stay]
    healthcheck: { test: [CMD, /actor, exit, "1"], interval: 100ms, retries: 2 }
"#,
    );
    let outcome = scenario.convoke(&["up", "-d"]).exits_with(1);
    outcome.complains_about(&["db", "unhealthy", "the disk is full", "web"]);
    assert!(!scenario.states().contains(&"web running".to_owned()));
}

fn says_which_port_is_taken(scenario: &Scenario) {
    let holder = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = holder.local_addr().expect("a bound port").port();
    scenario.compose(&format!("services: {{ web: {{ image: ACTOR, command: [stay], ports: ['{port}:80'] }} }}\n"));
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["web", &port.to_string()]);
    assert!(!scenario.states().contains(&"web running".to_owned()));
    drop(holder);
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["web running"]);
}

fn says_which_image_does_not_exist(scenario: &Scenario) {
    // Nothing listens on port 1: the registry cannot be reached, whatever network there is.
    scenario.compose(
        "services: { web: { image: '127.0.0.1:1/nobody/nothing:1' }, db: { image: ACTOR, command: [stay] } }\n",
    );
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["127.0.0.1:1/nobody/nothing:1"]);
    assert!(scenario.states().iter().all(|state| !state.starts_with("web")));
}

fn says_which_engine_does_not_answer(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay] } }\n");
    let nowhere = format!("unix://{}", scenario.path("nowhere.sock").display());
    scenario.variable("DOCKER_HOST", &nowhere);
    for words in [&["up", "-d"][..], &["ps"], &["logs"], &["down"]] {
        scenario.convoke(words).exits_with(1).complains_about(&[&nowhere]);
    }
    scenario.done(&["config", "-q"]);
    scenario.direct();
}

fn survives_an_engine_that_goes_away(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web: { image: ACTOR, command: [stay], depends_on: [db] }
  db: { image: ACTOR, command: [stay], volumes: ["kept:/data"] }
volumes: { kept: }
"#,
    );
    let is_start = |request: &str| request.starts_with("POST ") && request.ends_with("/start");
    let proxy = scenario.met_by(|request| {
        let is_start = request.starts_with("POST ") && request.ends_with("/start");
        if is_start { Fate::Cut } else { Fate::Pass }
    });
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["db-1"]);
    assert!(proxy.requests().iter().any(|request| is_start(request)));
    scenario.direct();
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    let second = scenario.container("db");
    scenario.done(&["up", "-d"]);
    assert_eq!(text(&scenario.container("db")["Id"]), text(&second["Id"]));
}
