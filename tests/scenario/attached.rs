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
    ends_with_whom_it_was_asked_for,
    tells_everything_that_is_said_while_it_stops,
    tells_what_a_new_run_says_first,
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

fn ends_with_whom_it_was_asked_for(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web: { image: ACTOR, command: [say, hello], depends_on: { db: { condition: service_started }, seed: { condition: service_completed_successfully } } }
  db: { image: ACTOR, command: [stay], stop_grace_period: 0s }
  seed: { image: ACTOR, command: [say, sown] }
  other: { image: ACTOR, command: [say, never] }
"#,
    );
    let told = |words: &[&str]| scenario.done(words).stdout;
    let shown = told(&["up", "--no-color", "--attach-dependencies", "web"]);
    for line in ["web-1   | hello", "seed-1  | sown", "Attaching to db-1, seed-1, web-1", "web-1 exited with code 0"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert_eq!(scenario.states(), ["db running", "seed exited", "web exited"]);
    let shown = told(&["up", "--no-color", "web"]);
    assert_eq!(shown.lines().filter(|line| line.contains(" | ")).collect::<Vec<_>>(), ["web-1  | hello"]);
    assert_eq!(scenario.states(), ["db running", "seed exited", "web exited"]);
}

fn tells_everything_that_is_said_while_it_stops(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  brief: { image: ACTOR, command: [sleep, "100"] }
  long:
    image: ACTOR
    command: [drip, "1000000"]
    pre_stop: [{ command: [/actor, sleep, "200", say, farewell] }]
"#,
    );
    let told = scenario.done(&["up", "--no-color", "--abort-on-container-exit"]);
    assert!(told.stdout.contains("long-1 ->  | farewell"), "{}", told.told());
    assert_eq!(scenario.states(), ["brief exited", "long exited"]);
    let mut shown = numbers(&[told.stdout, told.stderr].join("\n"));
    shown.sort_unstable();
    let kept = scenario.said("long").len();
    assert!(kept > 2 && shown.iter().copied().eq(1..=kept), "{kept} lines, and these are shown: {shown:?}");
}

/// However short the run is, and whatever the one before it said.
fn tells_what_a_new_run_says_first(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  job: { image: ACTOR, command: [say, hello] }
  web: { image: ACTOR, command: [await-file, /go, say, gone, stay], stop_grace_period: 0s }
  other: { image: ACTOR, command: [stay] }
"#,
    );
    scenario.done(&["create", "job"]);
    for _ in 0..4 {
        assert_eq!(scenario.done(&["up", "--no-log-prefix", "job"]).stdout.matches("hello\n").count(), 1);
    }
    scenario.done(&["up", "-d", "web", "other"]);
    // It has said nothing yet that could be gone back to. While the other one runs, nobody takes a restart for the end.
    let proxy = scenario.recorded();
    let mut up = scenario.begin(&["up", "web", "other"]);
    let mut logs = scenario.begin(&["logs", "-f", "--tail", "0"]);
    scenario.direct();
    // Each follows what web says.
    proxy.until("two that follow", |requests| requests.iter().filter(|it| it.contains("/logs?")).count() == 4);
    scenario.file("go", "");
    scenario.done(&["cp", "go", "web:/go"]);
    up.until_line("gone");
    scenario.done(&["restart", "web"]);
    up.until_line("gone");
    for _ in 0..2 {
        scenario.done(&["start", "job"]);
        logs.until_line("hello");
        scenario.engine.wait_for_listed(&scenario.project, "job", "exited");
    }
    up.signal(Signal::INT);
    up.end().exits_with(130);
    logs.signal(Signal::INT);
    logs.end();
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
