//! `up` that stays: its logs, Ctrl-C once and twice, and the exit status of whom it was asked about.

use rustix::process::Signal;

use crate::scenario::Scenario;
use crate::stories;

stories![
    stops_at_the_first_interrupt,
    kills_at_the_second_interrupt,
    ends_with_the_code_of_a_service,
    ends_when_one_container_exits,
    shows_every_line_in_order,
];

fn stops_at_the_first_interrupt(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web: { image: ACTOR, command: [say, open, stay], depends_on: [db] }
  db: { image: ACTOR, command: [stay] }
"#,
    );
    let mut up = scenario.begin(&["up"]);
    up.until_line("open");
    up.signal(Signal::INT);
    up.end().exits_with(130);
    assert_eq!(scenario.states(), ["db exited", "web exited"]);
    for container in scenario.containers() {
        assert_eq!(container["State"]["ExitCode"], 0, "it was asked, not killed");
    }
}

fn kills_at_the_second_interrupt(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [deaf, say, open, stay], stop_grace_period: 1h } }\n");
    let mut events = scenario.engine.events(&scenario.project);
    let mut up = scenario.begin(&["up"]);
    up.until_line("open");
    up.signal(Signal::INT);
    events.wait_for("the first signal", |event| event["Actor"]["Attributes"]["signal"] == "15");
    up.signal(Signal::INT);
    up.end().exits_with(130);
    assert_eq!(scenario.states(), ["web exited"]);
    assert_eq!(scenario.container("web")["State"]["ExitCode"], 137);
}

fn ends_with_the_code_of_a_service(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  test: { image: ACTOR, command: [say, testing, exit, "42"], depends_on: [db] }
  db: { image: ACTOR, command: [stay] }
"#,
    );
    let outcome = scenario.convoke(&["up", "--exit-code-from", "test"]).exits_with(42);
    assert!(outcome.stdout.contains("testing"), "{}", outcome.told());
    assert_eq!(scenario.states(), ["db exited", "test exited"]);
}

fn ends_when_one_container_exits(scenario: &Scenario) {
    scenario.compose(
        "services: { brief: { image: ACTOR, command: [exit, '3'] }, long: { image: ACTOR, command: [stay] } }\n",
    );
    scenario.convoke(&["up", "--abort-on-container-exit"]).exits_with(3);
    assert_eq!(scenario.states(), ["brief exited", "long exited"]);
}

fn shows_every_line_in_order(scenario: &Scenario) {
    scenario.compose("services: { many: { image: ACTOR, command: [lines, '2000'] } }\n");
    let attached = scenario.done(&["up", "--no-color"]);
    let both = [attached.stdout, attached.stderr].join("\n");
    assert_complete(&numbers(&both));
    let logs = scenario.done(&["logs", "--no-color"]).stdout;
    assert_complete(&numbers(&logs));
    let tail = scenario.done(&["logs", "--no-color", "--tail", "3"]).stdout;
    assert_eq!(numbers(&tail), numbers(&logs)[1997..]);
}

/// The numbers of the lines that the container wrote, behind whatever prefix.
fn numbers(output: &str) -> Vec<usize> {
    let texts = output.lines().filter_map(|line| line.split_once(" | "));
    texts.filter_map(|(_, text)| text.trim().strip_prefix("line ")?.parse().ok()).collect()
}

/// Every line is there, and those of each stream in the order in which they were written. The engine reads the two streams
/// side by side, so that nobody can tell how they were mixed.
#[track_caller]
fn assert_complete(seen: &[usize]) {
    for (stream, rest) in [("standard output", 1), ("standard error", 0)] {
        let seen = seen.iter().copied().filter(|number| number % 2 == rest);
        let expected = (1..=2000).filter(|number| number % 2 == rest);
        let count = seen.clone().count();
        let differs = seen.clone().zip(expected.clone()).find(|(seen, expected)| seen != expected);
        assert!(seen.eq(expected), "{stream}: {count} lines of 1000, first difference {differs:?}");
    }
}
