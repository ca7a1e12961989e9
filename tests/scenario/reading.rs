//! Which lines of logs are shown, in which form, and where they are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    loses_no_line,
    chooses_lines,
    writes_lines_as_objects,
    shows_one_container_after_the_other,
    waits_for_a_reader_who_stops,
    ends_quietly_when_nobody_reads_any_more,
    keeps_lines_when_it_is_killed,
    tells_where_the_time_went,
];

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

/// Nothing gathers in memory while nobody reads, and nothing is lost.
fn waits_for_a_reader_who_stops(scenario: &Scenario) {
    const LINES: u64 = 200_000;
    const MEBIBYTES: u64 = 40;
    scenario.compose(&format!(
        "services: {{ web: {{ image: ACTOR, command: [await-file, /gate/open, lines, '{LINES}'], volumes: ['gate:/gate'] }} }}\n\
         volumes: {{ gate: }}\n"
    ));
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    let mut logs = scenario.begin(&["logs", "-f", "--json"]);
    scenario.done(&["exec", "-T", "web", "/actor", "write", "/gate/open", ""]);
    logs.until_line("\"line 1\"");
    events.wait_for_action("web", "die");
    logs.until_line(&format!("\"line {}\"", LINES / 2));
    let peak = logs.peak();
    assert!(peak < MEBIBYTES, "{peak} MiB");
    let shown = logs.end().exits_with(0);
    let seen = &lines_by_service(&shown.stdout)["web"];
    assert!(seen.keys().copied().eq(1..=LINES), "{} of {LINES} lines", seen.len());
    assert!(seen.values().all(|places| places.len() == 1), "some are doubled");
}

fn ends_quietly_when_nobody_reads_any_more(scenario: &Scenario) {
    scenario.up("services: { web: { image: ACTOR, command: [lines, '20000', say, enough, stay] } }\n");
    // Whoever has seen the last line leaves while there is nothing to write.
    for (words, last) in [
        (&["logs", "-f"][..], "enough"),
        (&["logs"], "line 1"),
        (&["logs", "-f"], "line 1"),
        (&["logs", "--json"], "line 1"),
        (&["logs", "-f", "--tail", "1"], "enough"),
    ] {
        let mut logs = scenario.begin(words);
        logs.until_line(last);
        assert_eq!(logs.leave().exits_with(0).stderr, "", "{words:?}");
    }
}

/// Ten containers that write ten thousand lines each, break off and are restarted by the engine; one is replaced in the
/// middle of it. Whoever follows sees each line once, and so does whoever looks afterwards.
fn loses_no_line(scenario: &Scenario) {
    const SERVICES: usize = 10;
    const LINES: u64 = 10_000;
    let compose = |half: &str| {
        let mut text = "services:\n".to_owned();
        for number in 0..SERVICES {
            let command = match number {
                // As long as one of them runs there is something to follow.
                0 => format!("[count, /count/s0, '{LINES}', stay]"),
                3 => half.to_owned(),
                _ => format!("[count, /count/s{number}, '{LINES}']"),
            };
            writeln!(
                text,
                "  s{number}: {{ image: ACTOR, command: {command}, restart: on-failure, volumes: ['count:/count'] }}"
            )
            .expect("text grows");
        }
        scenario.compose(&(text + "volumes: { count: }\n"));
    };
    compose("[count, /count/s3, '5000', stay]");
    let mut up = scenario.begin(&["up", "--no-color", "--json"]);
    let mut ended = BTreeSet::new();
    up.until("the end of the others", |line| {
        ended.extend(ended_well(line));
        ended.len() == SERVICES - 2
    });
    compose("[count, /count/s3, '10000']");
    // What goes with a container can only be read while somebody reads on.
    let replacing = scenario.begin(&["up", "-d", "s3"]);
    for end in ["the end of the one that is replaced", "the end of its replacement"] {
        up.until(end, |line| ended_well(line).is_some_and(|service| service == "s3"));
    }
    up.signal(Signal::INT);
    let shown = up.end().exits_with(130);
    replacing.end().exits_with(0);
    let followed = lines_by_service(&[shown.stdout, shown.stderr].join("\n"));
    let history = scenario.done(&["logs", "--json"]).stdout;
    let kept = lines_by_service(&history);
    for service in (0..SERVICES).map(|number| format!("s{number}")) {
        let seen = &followed[&service];
        let missing: Vec<u64> = (1..=LINES).filter(|number| !seen.contains_key(number)).collect();
        assert!(
            missing.is_empty(),
            "{service} misses {} lines, the first is {}; the engine kept {} of them",
            missing.len(),
            missing[0],
            missing.iter().filter(|number| kept[&service].contains_key(number)).count()
        );
        let doubled: Vec<_> = seen.iter().filter(|(_, times)| times.len() > 1).map(|(number, _)| number).collect();
        assert!(doubled.is_empty(), "{service} has {doubled:?} more than once");
        if service != "s3" {
            assert!(kept[&service].keys().copied().eq(1..=LINES), "{service}: {} lines are kept", kept[&service].len());
        }
    }
    let times: Vec<Value> = history.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    let times: Vec<&str> = times.iter().map(|object| text(&object["time"])).collect();
    assert_eq!(times.len(), kept.values().map(|lines| lines.values().map(Vec::len).sum::<usize>()).sum::<usize>());
    for service in kept.values() {
        for stream in ["stdout", "stderr"] {
            let of_stream = service.values().flatten().filter(|line| line.stream == stream);
            let order: Vec<usize> = of_stream.map(|line| line.place).collect();
            assert!(order.is_sorted(), "{stream} is out of order");
        }
    }
}

/// The service whose container ended with 0, if that is what the line tells.
fn ended_well(line: &str) -> Option<String> {
    let object: Value = serde_json::from_str(line).ok()?;
    (object["event"] == "exited" && object["exit_code"] == 0).then(|| text(&object["service"]).to_owned())
}

/// Where and on which stream a line stood.
pub struct Place {
    place: usize,
    stream: String,
}

/// The numbers that each service wrote, and each time that they were shown.
pub fn lines_by_service(output: &str) -> BTreeMap<String, BTreeMap<u64, Vec<Place>>> {
    let mut services: BTreeMap<String, BTreeMap<u64, Vec<Place>>> = BTreeMap::new();
    for (place, line) in output.lines().enumerate() {
        let Ok(object) = serde_json::from_str::<Value>(line) else { continue };
        let number = object["line"].as_str().and_then(|line| line.strip_prefix("line ")?.parse().ok());
        let (Some(number), Some(service)) = (number, object["service"].as_str()) else { continue };
        let stream = text(&object["stream"]).to_owned();
        services.entry(service.to_owned()).or_default().entry(number).or_default().push(Place { place, stream });
    }
    services
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

/// A run tells where its time went, at once and later, for people, browsers and programs.
fn tells_where_the_time_went(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web: { image: ACTOR, command: [stay], depends_on: { job: { condition: service_completed_successfully } } }
  job: { image: ACTOR, command: [sleep, "300"] }
  aside: { image: ACTOR, command: [stay] }
"#,
    );
    let state = scenario.path("state");
    scenario.variable("XDG_STATE_HOME", &state.display().to_string());
    scenario.convoke(&["timing"]).exits_with(1).complains_about(&["no run of", "convoke up"]);
    let up = scenario.done(&["up", "-d", "--timing", "--timeline", "up.html", "--trace", "up.json"]);
    let waited: Vec<&str> = up.stderr.lines().skip_while(|line| !line.contains("what was waited for")).collect();
    for (service, action) in [("job", "await"), ("web", "start")] {
        let told = waited.iter().any(|line| line.contains(service) && line.contains(action));
        assert!(told, "{service} {action} is not on the way\n{}", up.stderr);
    }
    assert!(!waited.iter().any(|line| line.contains("aside")), "{}", up.stderr);
    let page = fs::read_to_string(scenario.path("up.html")).expect("a page");
    assert!(page.contains("<h2>job</h2>") && page.ends_with("</html>\n"), "{page}");
    let trace: Value = serde_json::from_slice(&fs::read(scenario.path("up.json")).expect("a trace")).expect("JSON");
    assert!(trace["traceEvents"].as_array().is_some_and(|events| events.len() > 8), "{trace}");
    let told = scenario.done(&["timing", "--format", "json"]).stdout;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let ready = |service: &str| told["services"][service]["at"].as_u64().expect("a time");
    assert!(ready("web") > ready("job") && ready("job") >= 300_000, "{told}");
    scenario.done(&["up", "-d", "--force-recreate", "-t", "0"]);
    let told = scenario.done(&["timing"]).stdout;
    assert!(told.contains("CHANGE"), "{told}");
}
