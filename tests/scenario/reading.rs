//! Which lines of logs are shown, in which form, and where they are kept.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![chooses_lines, writes_lines_as_objects, shows_one_container_after_the_other, keeps_lines_when_it_is_killed];

const TALKERS: &str = r#"
services:
  api:
    image: ACTOR
    command: [say, '{"level":"info","msg":"up"}', complain, "oh no", say, level=debug a=1, say, level=error a=2]
  web:
    image: ACTOR
    command: [say, get /, say, get /health, say, post /orders, say, done]
    depends_on: { api: { condition: service_completed_successfully } }
"#;

/// Everything was written when the last container has ended.
fn talk(scenario: &Scenario) {
    scenario.compose(TALKERS);
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    events.wait_for_action("web", "die");
}

fn chooses_lines(scenario: &Scenario) {
    talk(scenario);
    let logs = |words: &[&str]| -> Vec<String> {
        let words = [&["logs", "--no-color", "--no-log-prefix"], words].concat();
        scenario.done(&words).stdout.lines().map(str::to_owned).collect()
    };
    assert_eq!(logs(&["--grep", "^get", "--not", "health"]), ["get /"]);
    assert_eq!(logs(&["--grep", "(?i)ORDERS", "-C", "1"]), ["get /health", "post /orders", "done"]);
    let mut serious = logs(&["--level", "warn"]);
    serious.sort();
    assert_eq!(serious, ["level=error a=2", "oh no"]);
    let outcome = scenario.convoke(&["logs", "--grep", "(open"]).exits_with(1);
    assert!(outcome.stderr.contains("unclosed group"), "{}", outcome.told());
    scenario.convoke(&["logs", "-C", "3"]).exits_with(1);
}

fn writes_lines_as_objects(scenario: &Scenario) {
    talk(scenario);
    let logs = scenario.done(&["logs", "--json", "--grep", "up|orders"]).stdout;
    let objects: Vec<Value> = logs.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    let [up, orders] = &objects[..] else { panic!("two lines: {logs}") };
    assert_eq!([&up["project"], &up["service"], &up["stream"]], [scenario.project.as_str(), "api", "stdout"]);
    assert_eq!((&up["replica"], &up["fields"]["msg"]), (&1.into(), &"up".into()));
    assert_eq!(orders["line"], "post /orders");
    assert!(text(&up["time"]) < text(&orders["time"]), "{logs}");
}

fn shows_one_container_after_the_other(scenario: &Scenario) {
    talk(scenario);
    let logs = scenario.done(&["logs", "--group", "--not", "level=|oh no"]).stdout;
    let expected = [
        "── api-1 ──",
        "{\"level\":\"info\",\"msg\":\"up\"}",
        "",
        "── web-1 ──",
        "get /",
        "get /health",
        "post /orders",
        "done",
    ];
    assert_eq!(logs.lines().collect::<Vec<_>>(), expected);
    scenario.variable("GITHUB_ACTIONS", "true");
    let logs = scenario.done(&["logs", "--group", "web"]).stdout;
    assert!(logs.starts_with("::group::web-1\nget /\n") && logs.ends_with("done\n::endgroup::\n"), "{logs}");
}

/// All that was shown stands in the files, also of a service that is not shown, whatever becomes of convoke.
fn keeps_lines_when_it_is_killed(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  quiet: { image: ACTOR, attach: false, command: [say, hidden, stay] }
  web:
    image: ACTOR
    command: [lines, "500", say, enough, stay]
    depends_on: [quiet]
"#,
    );
    let mut up = scenario.begin(&["up", "--no-color", "--log-dir", "kept/logs"]);
    up.until_line("enough");
    up.signal(Signal::KILL);
    let shown = up.end().stdout;
    assert!(!shown.contains("hidden"), "{shown}");
    let read = |name: &str| fs::read_to_string(scenario.path("kept/logs").join(name)).expect("a file of logs");
    let web = read("web-1.log");
    let odd: Vec<usize> = web.lines().filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect();
    let odd: Vec<usize> = odd.into_iter().filter(|number| number % 2 == 1).collect();
    assert!(odd.iter().copied().eq((1..500).step_by(2)), "{web}");
    assert_eq!(read("quiet-1.log"), "hidden\n");
    let merged = read("all.ndjson");
    let enough = merged.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    assert_eq!(enough.filter(|object| object["line"] == "enough").count(), 1, "{merged}");
}
