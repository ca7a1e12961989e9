//! What the commands that only look tell.

use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    lists_containers_as_json,
    merges_logs_by_time,
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
