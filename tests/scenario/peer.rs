//! The same words for convoke and for docker compose, and what of their answers is held against each other: a table. What
//! differs is printed with the reason why it does so on purpose; any other difference fails, and so does a reason that
//! has become untrue.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::scenario::{Outcome, Scenario};
use crate::stories;

stories![shows_the_same_as_docker_compose, ends_with_the_same_status_as_docker_compose];

/// What is compared, beside the exit status.
#[derive(Clone, Copy)]
enum Part {
    /// Nothing else.
    Status,
    /// The first line's columns.
    Header,
    /// The names of the fields of all JSON objects.
    Fields,
    /// Every line, in whichever order.
    Lines,
}

use Part::{Fields, Header, Lines, Status};

/// What is said, what is compared, and why it differs on purpose; empty where it does not.
type Case = (&'static [&'static str], Part, &'static str);

const PROJECT: &str = r#"
services:
  db:
    image: ACTOR
    command: [stay]
    volumes: ["kept:/data"]
  web:
    image: ACTOR
    command: [stay]
    ports: ["127.0.0.1::8000"]
    depends_on: { db: { condition: service_started, restart: true } }
  gone: { image: ACTOR, command: [exit, "3"] }
  idle: { image: ACTOR, command: [stay], profiles: [tools] }
  far: { image: "127.0.0.1:1/far:1", profiles: [tools] }
  built: { image: "127.0.0.1:1/built:1", build: ., profiles: [tools] }
  nameless: { build: ., profiles: [tools] }
volumes: { kept: }
"#;

const TYPO: &str = "a service that does not exist is a mistake, and the nearest name is told";
const ENDED: &str = "that there is no more of what was asked for is no error";

const LOOKS: &[Case] = &[
    (&["ps"], Header, ""),
    (&["ps", "-a"], Header, ""),
    (&["ps", "-q"], Lines, ""),
    (&["ps", "--services"], Lines, ""),
    (&["ps", "-a", "--services"], Lines, ""),
    (&["ps", "--format", "json"], Fields, ""),
    (&["ps", "-a", "--format", "{{.Name}} {{.Service}} {{.State}} {{.ExitCode}} {{.Image}} {{.Project}}"], Lines, ""),
    (&["ps", "--format", "{{.Publishers}} {{.Ports}} {{.Mounts}} {{.LocalVolumes}} {{.Networks}}"], Lines, ""),
    (&["ps", "--format", "{{.Command}} {{upper .Name}} {{.Label \"com.docker.compose.service\"}}"], Lines, ""),
    (&["ps", "--format", "{{range .Publishers}}{{.URL}} {{end}}{{if .Health}}x{{else}}y{{end}}"], Lines, ""),
    (&["ps", "--format", "table {{.Name}}\\t{{.Image}}\\t{{.Service}}\\t{{.State}}"], Lines, ""),
    (&["ps", "--format", "table {{.Name}}\\t{{.ExitCode}}"], Header, "every column has a heading, not <no value>"),
    (&["ps", "--format", "{{.Nope}}"], Status, ""),
    (&["ps", "--format", "{{.Name"], Status, ""),
    (&["ps", "--format", "pretty"], Status, "a word without a template is a mistake, not the text of every line"),
    (&["ps", "--status", "exited", "-q"], Lines, ""),
    (&["ps", "--filter", "status=exited", "-q"], Lines, ""),
    (&["ps", "--status", "nonsense"], Status, "a state that does not exist is a mistake, not an empty list"),
    (&["ps", "nobody"], Status, ""),
    (&["ls", "--format", "json", "--filter", "name=PROJECT"], Lines, ""),
    (&["ls", "-a", "-q", "--filter", "name=PROJECT"], Lines, ""),
    (&["ls"], Header, ""),
    (&["ls", "--filter", "size=1"], Status, ""),
    (&["images"], Header, ""),
    (&["images", "-q"], Lines, ""),
    (&["images", "--format", "json"], Fields, "Created is told too, as later versions of docker compose do"),
    (&["images", "--format", "{{.ID}}"], Status, "templates are for every list"),
    (&["images", "nobody"], Status, TYPO),
    (&["top"], Lines, ""),
    (&["top", "web"], Lines, ""),
    (&["top", "nobody"], Status, TYPO),
    (&["port", "web", "8000"], Lines, ""),
    (&["port", "web", "81"], Status, ""),
    (&["port", "db", "81"], Status, ""),
    (&["port", "gone", "81"], Status, ""),
    (&["port", "--index", "2", "web", "8000"], Status, ""),
    (&["port", "nobody", "80"], Status, ""),
    (&["port", "web"], Status, ""),
    (&["port", "web", "http"], Status, ""),
    (&["stats", "--no-stream"], Header, ""),
    (&["stats", "--no-stream", "--format", "json"], Fields, ""),
    (&["stats", "--no-stream", "--format", "{{.Container}} {{.ID}} {{.Name}} {{.PIDs}}"], Lines, ""),
    (&["stats", "--no-stream", "web", "db"], Status, "several services may be named"),
    (&["volumes"], Lines, ""),
    (&["volumes", "-q", "web"], Lines, ""),
    (&["volumes", "-q", "db"], Lines, ""),
    (&["volumes", "--format", "json"], Fields, ""),
    (&["volumes", "--format", "{{.Name}} {{.Driver}} {{.Scope}} {{.Mountpoint}}"], Lines, ""),
    (&["volumes", "nobody"], Status, ""),
    (&["logs", "--no-log-prefix", "gone"], Lines, ""),
    (&["logs", "--no-color", "--tail", "1"], Lines, ""),
    (&["logs", "nobody"], Status, ""),
    (&["logs", "--index", "1"], Status, ""),
    (&["events", "--json", "--since", "1m", "--until", "0s", "gone"], Fields, ENDED),
    (&["events", "--until", "0s", "nobody"], Status, ""),
    (&["config", "--services"], Lines, ""),
    (&["config", "--volumes"], Lines, ""),
    (&["config", "--profiles"], Lines, ""),
    (&["config", "--images"], Lines, ""),
    (&["config", "--hash", "*"], Lines, ""),
    (&["config", "-q"], Lines, ""),
    (&["config", "nobody"], Status, ""),
    (&["config", "--format", "json"], Fields, ""),
    (&["version", "-f", "json"], Fields, ""),
    (&["wait", "nobody"], Status, ""),
    (&["wait", "gone"], Status, ""),
    (&["wait"], Status, ""),
];

/// Here nothing is changed by either, so that both find the same.
const ENDS: &[Case] = &[
    (&["stop", "nobody"], Status, ""),
    (&["start", "nobody"], Status, ""),
    (&["restart", "nobody"], Status, ""),
    (&["kill", "nobody"], Status, ""),
    (&["pause", "nobody"], Status, ""),
    (&["unpause", "nobody"], Status, ""),
    (&["rm", "-f", "nobody"], Status, ""),
    (&["pause", "web"], Status, ""),
    (&["unpause", "db"], Status, ""),
    (&["start", "db"], Status, ""),
    (&["start", "idle"], Status, "a service that was named and has nothing to start is a mistake"),
    (&["stop", "idle"], Status, ""),
    (&["kill", "idle"], Status, ""),
    (&["restart", "idle"], Status, ""),
    (&["rm", "-f", "db"], Status, ""),
    (&["rm", "gone"], Status, ""),
    (&["kill", "-s", "NONSENSE", "db"], Status, ""),
    (&["scale", "web"], Status, ""),
    (&["scale", "web=many"], Status, ""),
    (&["scale", "nobody=1"], Status, ""),
    (&["up", "-d", "nobody"], Status, ""),
    (&["up", "-d", "--wait", "--abort-on-container-exit"], Status, ""),
    (&["up", "--no-recreate", "--force-recreate"], Status, ""),
    (&["up", "--build", "--no-build"], Status, ""),
    (&["up", "-d", "--scale", "nobody=1"], Status, ""),
    (&["up", "-d", "--pull", "sometimes", "db"], Status, ""),
    (&["create", "nobody"], Status, ""),
    (&["run", "nobody"], Status, ""),
    (&["run", "-P", "-p", "1:1", "db"], Status, ""),
    (&["exec", "nobody", "/actor"], Status, ""),
    (&["exec", "gone", "/actor"], Status, ""),
    (&["exec", "-T", "db", "/actor", "exit", "5"], Status, ""),
    (&["exec", "-T", "--index", "7", "db", "/actor"], Status, ""),
    (&["exec", "db"], Status, ""),
    (&["attach", "nobody"], Status, ""),
    (&["attach", "gone"], Status, ""),
    (&["cp", "nobody:/a", "x"], Status, ""),
    (&["cp", "db:/nothing", "x"], Status, ""),
    (&["cp", "nothing", "db:/x"], Status, ""),
    (&["cp", "db:/a", "web:/b"], Status, ""),
    (&["cp", "a", "b"], Status, ""),
    (&["cp", "db:/etc/hostname", "-"], Status, ""),
    (&["cp", "compose.yaml", "db:/no/where/"], Status, ""),
    (&["export", "nobody"], Status, ""),
    (&["export", "-o", "no/where", "db"], Status, ""),
    (&["export", "-o", "kept.tar", "db"], Status, ""),
    (&["commit", "nobody"], Status, ""),
    (&["commit", "db", "Not A Name"], Status, ""),
    (&["pull", "nobody"], Status, ""),
    (&["pull", "far"], Status, ""),
    (&["pull", "-q", "far"], Status, ""),
    (&["pull", "--ignore-pull-failures", "far"], Status, ""),
    (&["pull", "built"], Status, ""),
    (&["pull", "--ignore-buildable", "built"], Status, ""),
    (&["pull", "nameless"], Status, ""),
    (&["pull", "--policy", "sometimes", "db"], Status, ""),
    (&["push", "nobody"], Status, ""),
    (&["push", "db"], Status, ""),
    (&["push", "built"], Status, ""),
    (&["push", "--ignore-push-failures", "built"], Status, ""),
    (&["push", "nameless"], Status, ""),
    (&["build", "nobody"], Status, ""),
    (&["build", "db"], Status, ""),
    (&["build", "built"], Status, ""),
    (&["build", "-m", "much", "built"], Status, ""),
    (&["build", "--dry-run", "db"], Status, ""),
    (&["down", "nobody"], Status, ""),
    (&["down", "--rmi", "some"], Status, ""),
    (&["nonsense"], Status, ""),
    (&["ps", "--nonsense"], Status, ""),
];

fn shows_the_same_as_docker_compose(scenario: &Scenario) {
    up(scenario);
    compare(scenario, LOOKS);
}

fn ends_with_the_same_status_as_docker_compose(scenario: &Scenario) {
    up(scenario);
    scenario.done(&["pause", "web"]);
    let before = scenario.states();
    compare(scenario, ENDS);
    assert_eq!(scenario.states(), before);
    scenario.done(&["unpause", "web"]);
}

fn up(scenario: &Scenario) {
    scenario.compose(PROJECT);
    scenario.done(&["up", "-d"]);
    scenario.engine.wait_for_listed(&scenario.project, "gone", "exited");
}

/// Has both say it, one after the other, and prints the table of what differs.
fn compare(scenario: &Scenario, cases: &[Case]) {
    let mut wrong = Vec::new();
    for (words, part, reason) in cases {
        let words: Vec<String> = words.iter().map(|word| word.replace("PROJECT", &scenario.project)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ours = scenario.by_file(&words);
        let theirs = [&["compose", "-p", &scenario.project, "-f", "compose.yaml"][..], &words].concat();
        let theirs = scenario.run("docker", &theirs);
        let (mine, other) = (answer(&ours, *part), answer(&theirs, *part));
        let said = words.join(" ");
        match (mine == other, reason.is_empty()) {
            (true, true) => {}
            (false, false) => println!("{said}: differs on purpose: {reason}"),
            (true, false) => wrong.push(format!("{said}: does not differ any more")),
            (false, true) => {
                let told = format!("{}\n{}", ours.told(), theirs.told());
                wrong.push(format!("{said}: {mine:?}\n  and docker compose: {other:?}\n{told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The exit status, and what is compared beside it.
fn answer(outcome: &Outcome, part: Part) -> (Option<i32>, Vec<String>) {
    let lines = outcome.stdout.lines();
    let told: Vec<String> = match part {
        Status => Vec::new(),
        Header => lines.take(1).flat_map(|line| line.split("  ")).map(|word| word.trim().to_owned()).collect(),
        Lines => {
            let mut lines: Vec<String> =
                lines.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect();
            lines.sort();
            lines
        }
        Fields => lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .flat_map(|value| names(&value))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    };
    (outcome.code(), told.into_iter().filter(|word| !word.is_empty()).collect())
}

/// The fields of an object, or of all objects of an array.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(items) => items.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}
