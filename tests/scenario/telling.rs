//! What the commands that only look tell.

use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    lists_containers_as_json,
    merges_logs_by_time,
    joins_long_lines,
    shows_what_is_written_to_a_terminal,
    says_whose_logs_cannot_be_read,
    explains_what_an_image_says,
    prints_a_config_that_means_the_same
];

fn lists_containers_as_json(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    command: [stay]
    ports: ["127.0.0.1::8000"]
    healthcheck: { test: [CMD, /actor, say, well], interval: 100ms }
  gone: { image: ACTOR, command: [exit, "5"] }
"#,
    );
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    events.wait_for_action("web", "health_status: healthy");
    scenario.engine.wait_for_listed(&scenario.project, "gone", "exited");
    let rows = |words: &[&str]| -> Vec<Value> {
        let lines = scenario.done(words).stdout;
        lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
    };
    let [web] = &rows(&["ps", "--format", "json"])[..] else { panic!("only web runs") };
    let container = scenario.container("web");
    assert_eq!(web["ID"], text(&container["Id"])[..12]);
    assert_eq!([&web["Service"], &web["State"], &web["Health"]], ["web", "running", "healthy"]);
    assert_eq!(web["Project"], scenario.project.as_str());
    let published = text(&container["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"]);
    assert_eq!(web["Publishers"][0]["PublishedPort"].to_string(), published);
    let all = rows(&["ps", "-a", "--format", "json"]);
    let gone = all.iter().find(|row| row["Service"] == "gone").expect("a container that exited");
    assert_eq!((&gone["State"], &gone["ExitCode"]), (&"exited".into(), &5.into()));
    assert_eq!(scenario.done(&["ps", "-q"]).stdout.trim(), text(&container["Id"]));
}

fn merges_logs_by_time(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  first: { image: ACTOR, command: [say, one] }
  second:
    image: ACTOR
    command: [say, two]
    depends_on: { first: { condition: service_completed_successfully } }
  third:
    image: ACTOR
    command: [say, three]
    depends_on: { second: { condition: service_completed_successfully } }
"#,
    );
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    events.wait_for_action("third", "die");
    let logs = scenario.done(&["logs", "--no-color", "--no-log-prefix"]).stdout;
    assert_eq!(logs.lines().collect::<Vec<_>>(), ["one", "two", "three"]);
}

/// The engine cuts lines after 16 KiB, in the middle of letters as well; and the last one has no end. Its driver of old,
/// json-file, spoils letters that are cut before anybody can read them: the other one keeps every byte.
fn joins_long_lines(scenario: &Scenario) {
    let lengths = [1_000_000, 16_370, 16_380, 16_390, 32_770];
    let words: Vec<String> = lengths.iter().map(|length| format!("say-long, '{length}'")).collect();
    scenario.compose(&format!(
        "services: {{ web: {{ image: ACTOR, logging: {{ driver: local }}, command: [say, first, {}, murmur, last] }} }}\n",
        words.join(", ")
    ));
    let expected = lengths.iter().map(|length| "aä€😀".repeat(length / 10));
    let expected: Vec<String> =
        std::iter::once("first".to_owned()).chain(expected).chain(["last".to_owned()]).collect();
    for words in [["up", "--no-color", "--no-log-prefix"], ["logs", "--no-color", "--no-log-prefix"]] {
        let shown = scenario.done(&words).stdout;
        let is_told = |line: &&str| line.starts_with("Attaching to ") || line.starts_with("web-1 exited");
        let lines: Vec<&str> = shown.lines().filter(|line| !is_told(line)).collect();
        let lengths = |lines: &[&str]| lines.iter().map(|line| line.len()).collect::<Vec<_>>();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_eq!(lengths(&lines), lengths(&expected), "{words:?}");
        assert!(lines == expected, "{words:?}: letters are not what was written");
    }
}

fn shows_what_is_written_to_a_terminal(scenario: &Scenario) {
    scenario
        .compose("services: { web: { image: ACTOR, tty: true, command: [say, one, complain, two, say, three] } }\n");
    scenario.done(&["up"]);
    let logs = scenario.done(&["logs", "--json"]).stdout;
    let objects: Vec<Value> = logs.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    let told: Vec<_> = objects.iter().map(|object| (text(&object["stream"]), text(&object["line"]))).collect();
    assert_eq!(told, [("stdout", "one"), ("stdout", "two"), ("stdout", "three")]);
    let shown = scenario.done(&["logs", "--no-color"]).stdout;
    assert_eq!(shown.lines().collect::<Vec<_>>(), ["web-1  | one", "web-1  | two", "web-1  | three"]);
}

fn says_whose_logs_cannot_be_read(scenario: &Scenario) {
    scenario.compose(
        "services:\n  quiet: { image: ACTOR, command: [say, lost], logging: { driver: none } }\n  \
         web: { image: ACTOR, command: [say, here], \
         depends_on: { quiet: { condition: service_completed_successfully } } }\n",
    );
    for words in [&["up", "--no-color"][..], &["logs", "--no-color"]] {
        let outcome = scenario.done(words).complains_about(&["Can't retrieve logs for \"quiet-1\"", "driver"]);
        let lines: Vec<&str> = outcome.stdout.lines().filter(|line| line.contains(" | ")).map(str::trim_end).collect();
        let [line] = &lines[..] else { panic!("one line: {}", outcome.told()) };
        assert!(line.starts_with("web-1") && line.ends_with("| here"), "{}", outcome.told());
    }
}

/// The printed configuration, run in place of the file it was printed from, changes nothing.
fn prints_a_config_that_means_the_same(scenario: &Scenario) {
    scenario.compose(
        r#"
services:
  web:
    image: ACTOR
    command: stay
    environment: [PRICE=$$5, EMPTY=]
    ports: ["127.0.0.1::8000/tcp"]
    volumes: ["kept:/data:ro"]
    stop_grace_period: 1m30s
volumes: { kept: }
"#,
    );
    scenario.done(&["up", "-d"]);
    let before = scenario.container("web");
    for format in ["yaml", "json"] {
        let printed = scenario.done(&["config", "--format", format]).stdout;
        scenario.file(&format!("printed.{format}"), &printed);
        scenario.done(&["-f", &format!("printed.{format}"), "up", "-d"]);
        assert_eq!(scenario.container("web")["Id"], before["Id"], "{printed}");
    }
}

fn explains_what_an_image_says(scenario: &Scenario) {
    scenario.file(
        "Dockerfile",
        r#"
FROM ACTOR
ENV LEVEL=info KEPT=yes
WORKDIR /srv
USER 1000
ENTRYPOINT ["/actor"]
CMD ["stay"]
HEALTHCHECK --interval=5s CMD ["/actor", "say", "well"]
"#,
    );
    scenario.compose(
        r#"
services:
  web:
    build: .
    environment: { LEVEL: debug }
    command: [say, hello]
  absent: { image: convoke-test/absent-on-purpose }
"#,
    );
    let explained = |words: &[&str]| -> Value {
        let outcome = scenario.done(&[&["explain", "--format", "json"], words].concat());
        serde_json::from_str(&outcome.stdout).expect("one object")
    };
    let value = |path: &str| explained(&[path])["values"][0].clone();
    // Before the image is made there is nothing to be known of it.
    let before = explained(&[]);
    assert_eq!(before["notes"].as_array().map(Vec::len), Some(2), "{before:#}");
    scenario.done(&["create", "web", "--build"]);
    let image = scenario.container("web")["Config"]["Image"].clone();
    let level = value("web.environment.LEVEL");
    assert_eq!((&level["value"], &level["from"]["kind"]), (&"debug".into(), &"file".into()));
    assert_eq!(level["instead_of"][0]["value"], "info");
    assert_eq!(level["instead_of"][0]["from"]["image"], image);
    let kept = value("web.environment.KEPT");
    assert_eq!((&kept["value"], &kept["from"]["kind"]), (&"yes".into(), &"image".into()));
    let command = value("web.command");
    assert_eq!(command["value"], serde_json::json!(["say", "hello"]));
    assert_eq!(command["instead_of"][0]["value"], serde_json::json!(["stay"]));
    for (path, expected) in [
        ("web.working_dir", serde_json::json!("/srv")),
        ("web.user", "1000".into()),
        ("web.entrypoint", serde_json::json!(["/actor"])),
        ("web.healthcheck.interval", "5s".into()),
        ("web.healthcheck.test", serde_json::json!(["CMD", "/actor", "say", "well"])),
    ] {
        assert_eq!(value(path)["value"], expected, "{path}");
        assert_eq!(value(path)["from"]["image"], image, "{path}");
    }
    assert_eq!(explained(&["web"])["notes"], serde_json::json!([]));
    scenario.done(&["down", "--rmi", "local"]);
}
