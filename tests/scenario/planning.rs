//! Plans: what is told of every difference, and that what was told is what is done.

use serde_json::Value;

use crate::engine::text;
use crate::interop::docker_compose;
use crate::left::Left;
use crate::scenario::{Outcome, Scenario};
use crate::stories;

stories![
    tells_every_change_with_both_values,
    does_exactly_what_it_planned,
    changes_nothing_on_a_dry_run_of_any_verb,
    exits_with_what_there_is_to_do,
    has_nothing_left_to_do_afterwards,
    renews_a_network_around_those_who_stay,
    keeps_anonymous_volumes_or_renews_them_without_a_leak,
    leaves_containers_of_another_folder_alone,
];

pub const WITH_DOCKER_COMPOSE: &[crate::Story] =
    &[("tells_what_changed_since_docker_compose", tells_what_changed_since_docker_compose)];

const BEFORE: &str = r#"
services:
  web:
    image: ACTOR
    command: [stay]
    environment: { LOG_LEVEL: info, DB_PASSWORD: hunter2, URL: "amqp://me:sesame@mq/", GONE: "1" }
    labels: { team.name: a }
    mem_limit: 64m
    stop_grace_period: 1s
"#;

const AFTER: &str = r#"
services:
  web:
    image: ACTOR
    command: [stay]
    environment: { LOG_LEVEL: debug, DB_PASSWORD: hunter3, URL: "amqp://me:sesame@other/" }
    labels: { team.name: b }
    mem_limit: 128m
    stop_grace_period: 1s
    hostname: named
"#;

/// Each changed field with what it was and what it is to be, as programs are told.
fn changes(scenario: &Scenario) -> Vec<String> {
    let plan = told(&scenario.done(&["plan", "--format", "json"]));
    let steps = plan["steps"].as_array().expect("steps").iter();
    let step = steps.into_iter().find(|step| step["action"] == "create").expect("a step that creates");
    assert_eq!(step["reason_code"], "configuration_changed");
    let changes = step["changes"].as_array().expect("changes").iter();
    changes.map(|change| format!("{} {} {}", text(&change["path"]), change["from"], change["to"])).collect()
}

fn told(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{}", outcome.told()))
}

const CHANGES: [&str; 7] = [
    r#"environment.DB_PASSWORD "***" "***""#,
    r#"environment.GONE "1" null"#,
    r#"environment.LOG_LEVEL "info" "debug""#,
    r#"environment.URL "amqp://***@mq/" "amqp://***@other/""#,
    r#"hostname null "named""#,
    r#"labels.team.name "a" "b""#,
    "mem_limit 67108864 134217728",
];

fn tells_every_change_with_both_values(scenario: &Scenario) {
    scenario.compose(BEFORE);
    scenario.done(&["up", "-d"]);
    scenario.compose(AFTER);
    assert_eq!(changes(scenario), CHANGES);
    let told = scenario.done(&["up", "-d", "--dry-run"]).told();
    assert!(told.contains(r#"environment.LOG_LEVEL: "info" → "debug""#), "{told}");
    assert!(!told.contains("hunter") && !told.contains("sesame"), "{told}");
}

fn tells_what_changed_since_docker_compose(scenario: &Scenario) {
    scenario.compose(BEFORE);
    docker_compose(scenario, &["up", "-d"]);
    scenario.compose(AFTER);
    let mut told = changes(scenario);
    told.sort();
    assert_eq!(told, CHANGES);
}

const SHOP: &str = r#"
services:
  web:
    image: ACTOR
    command: [stay]
    scale: 2
    environment: { COLOUR: "${COLOUR:-red}" }
    depends_on: { db: { condition: service_healthy, restart: true } }
  side: { image: ACTOR, command: [stay], network_mode: "service:db" }
  db:
    image: ACTOR
    command: [stay]
    volumes: ["kept:/data", /anonymous]
    environment: { COLOUR: "${COLOUR:-red}" }
    healthcheck: { test: [CMD, /actor, say, well], interval: 100ms }
  asleep: { image: ACTOR, command: [stay], profiles: [later] }
volumes: { kept: , other: }
"#;

/// The request that each step comes to; waits make none that changes anything.
fn requests(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().expect("steps").iter();
    let request = |step: &Value| {
        let (kind, action) = (text(&step["kind"]), text(&step["action"]));
        match (kind, action) {
            ("service", "await") => None,
            (kind, "create") => Some(format!("POST /{kind}s/create")),
            (kind, "remove") => Some(format!("DELETE /{kind}s")),
            ("container", action) => Some(format!("POST /containers/{action}")),
            _ => panic!("{step}"),
        }
    };
    let mut requests: Vec<_> = steps.filter_map(request).collect();
    requests.sort();
    requests
}

/// Requests without versions, names and options: `POST /containers/start`. Health checks that are tried run inside.
fn without_names(changes: &[String]) -> Vec<String> {
    let plain = |request: &String| {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let path = path.split('?').next().unwrap_or_default();
        let mut parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.first().is_some_and(|part| part.starts_with('v')) {
            parts.remove(0);
        }
        let words: Vec<_> =
            if method == "DELETE" { parts[..1].to_vec() } else { vec![parts[0], parts[parts.len() - 1]] };
        format!("{method} /{}", words.join("/"))
    };
    let mut requests: Vec<_> = changes.iter().filter(|request| !request.contains("/exec")).map(plain).collect();
    requests.sort();
    requests
}

fn does_exactly_what_it_planned(scenario: &Scenario) {
    scenario.compose(SHOP);
    let left = Left::of(scenario);
    for (colour, words) in
        [("red", &["up"][..]), ("blue", &["up"]), ("blue", &["up", "--force-recreate"]), ("blue", &["down"])]
    {
        left.note();
        scenario.variable("COLOUR", colour);
        let planned = told(&scenario.done(&[&["plan"], words, &["--format", "json"]].concat()));
        let proxy = scenario.recorded();
        let flags: &[&str] = if words[0] == "up" { &["-d", "-t", "0"] } else { &["-t", "0"] };
        scenario.done(&[words, flags].concat());
        scenario.direct();
        assert_eq!(without_names(&proxy.changes()), requests(&planned), "{words:?} {planned:#}");
        std::fs::remove_file(scenario.path("engine.sock")).expect("the proxy's socket");
    }
}

fn changes_nothing_on_a_dry_run_of_any_verb(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.done(&["up", "-d"]);
    let before = scenario.containers();
    scenario.variable("COLOUR", "blue");
    let proxy = scenario.recorded();
    let verbs: [&[&str]; 12] = [
        &["up"],
        &["up", "-d", "-V", "--remove-orphans"],
        &["create", "--force-recreate"],
        &["down", "-v"],
        &["start"],
        &["stop"],
        &["restart"],
        &["pause"],
        &["unpause"],
        &["kill"],
        &["rm", "-sf"],
        &["scale", "web=3"],
    ];
    for words in verbs {
        scenario.done(&[words, &["--dry-run"]].concat());
        assert_eq!(proxy.changes(), [] as [String; 0], "{words:?}");
    }
    scenario.direct();
    let ids = |containers: &[Value]| containers.iter().map(|one| one["Id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&scenario.containers()), ids(&before));
}

fn exits_with_what_there_is_to_do(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay], scale: 2 } }");
    let plan = |words: &[&str], code: i32| scenario.convoke(&[&["plan"], words].concat()).exits_with(code);
    plan(&["--detailed-exitcode"], 2);
    scenario.done(&["up", "-d"]);
    assert_eq!(plan(&["--detailed-exitcode"], 0).stdout, "nothing to do\n");
    for words in [&["down"][..], &["stop"], &["scale", "web=1"], &["create", "--force-recreate"]] {
        plan(&[words, &["--detailed-exitcode"]].concat(), 2);
        plan(words, 0);
    }
    plan(&["start", "--detailed-exitcode"], 0);
    plan(&["nothing", "--detailed-exitcode"], 1);
}

fn has_nothing_left_to_do_afterwards(scenario: &Scenario) {
    let edits: [(&str, &str); 5] = [
        ("", ""),
        ("scale: 2", "scale: 3"),
        (
            "image: ACTOR, command: [stay], network_mode",
            "image: ACTOR, command: [stay], pid: \"service:db\", network_mode",
        ),
        ("kept:/data", "other:/data"),
        ("profiles: [later]", "profiles: []"),
    ];
    let mut text = format!("{SHOP}networks: {{ default: {{ labels: {{ edit: none }} }} }}\n");
    for (number, (from, to)) in edits.iter().enumerate() {
        text = text.replace(from, to).replace("edit: none", &format!("edit: n{number}"));
        scenario.compose(&text);
        scenario.done(&["up", "-d", "-t", "0"]);
        let plan = scenario.convoke(&["plan", "--detailed-exitcode"]).exits_with(0);
        assert_eq!(plan.stdout, "nothing to do\n", "after edit {number}");
    }
}

fn renews_a_network_around_those_who_stay(scenario: &Scenario) {
    let compose = |mark: &str| {
        scenario.compose(&format!(
            r#"
services:
  web:
    image: ACTOR
    command: [stay]
    networks: {{ net: {{ aliases: [front], ipv4_address: NET.9 }} }}
networks:
  net: {{ labels: {{ mark: {mark} }}, ipam: {{ config: [{{ subnet: NET.0/24 }}] }} }}
"#
        ));
    };
    let place = || {
        let web = scenario.container("web");
        let endpoint = &web["NetworkSettings"]["Networks"][format!("{}_net", scenario.project)];
        let mut aliases: Vec<_> = endpoint["Aliases"].as_array().expect("aliases").iter().map(text).collect();
        aliases.sort_unstable();
        aliases.dedup();
        (web["Id"].clone(), text(&endpoint["IPAddress"]).to_owned(), aliases.join(" "))
    };
    compose("a");
    scenario.done(&["up", "-d"]);
    let before = place();
    assert!(before.2.contains("front") && before.2.contains("web"), "{}", before.2);
    compose("b");
    let told = scenario.done(&["plan"]).stdout;
    assert!(told.contains(r#"labels.mark: "a" → "b""#), "{told}");
    scenario.done(&["up", "-d", "-t", "0"]);
    assert_eq!(place(), before);
    assert_eq!(scenario.states(), ["web running"]);
}

fn keeps_anonymous_volumes_or_renews_them_without_a_leak(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay], volumes: [/anonymous] } }");
    let volume = || text(&scenario.container("web")["Mounts"][0]["Name"]).to_owned();
    scenario.done(&["up", "-d"]);
    let first = volume();
    scenario.done(&["up", "-d", "-t", "0", "--force-recreate"]);
    assert_eq!(volume(), first, "a replacement inherits");
    scenario.done(&["up", "-d", "-t", "0", "-V"]);
    assert_ne!(volume(), first);
    let all = scenario.engine.get("/volumes").to_string();
    assert!(all.contains(&volume()) && !all.contains(&first), "{first} is left");
    scenario.done(&["down", "-t", "0", "-v"]);
}

fn leaves_containers_of_another_folder_alone(scenario: &Scenario) {
    scenario.file("other/compose.yaml", "services: { theirs: { image: ACTOR, command: [stay] } }");
    scenario.compose("services: { ours: { image: ACTOR, command: [stay] }, left: { image: ACTOR, command: [stay] } }");
    scenario.done(&["-f", "other/compose.yaml", "up", "-d"]);
    scenario.done(&["up", "-d"]);
    scenario.compose("services: { ours: { image: ACTOR, command: [stay] } }");
    let outcome = scenario.done(&["up", "-d", "--remove-orphans", "-t", "0"]);
    let theirs = format!("{}-theirs-1", scenario.project);
    outcome.complains_about(&[&theirs, "another project of the same name", "/other"]);
    assert_eq!(scenario.states(), ["ours running", "theirs running"]);
    scenario.done(&["-f", "compose.yaml", "down", "--remove-orphans", "-t", "0"]).complains_about(&[&theirs]);
    assert_eq!(scenario.states(), ["theirs running"]);
    scenario.done(&["-f", "other/compose.yaml", "down", "-t", "0"]);
}
