use std::collections::BTreeMap;

use super::*;
use crate::engine::{HealthSpec, ImageDetails, ImageId};
use crate::load::{self, Loaded, Options};
use crate::render::explain::{Window, text};
use crate::render::paint::Paint;
use crate::source::{self, MapReader, Question};

/// Three files, an env file of the project, the shell, env files of services, extends, include, anchors, tags.
const FILES: &[(&str, &str)] = &[
    (
        "compose.yaml",
        "
x-common: &common
  restart: unless-stopped
  environment: &env
    LOG_LEVEL: info
    SHARED: '1'
include: [extra/compose.yaml]
services:
  web:
    <<: *common
    extends: {file: base.yaml, service: base}
    image: nginx:${TAG:-latest}
    command: nginx -g 'daemon off;'
    env_file: [web.env, more.env]
    label_file: web.labels
    environment:
      <<: *env
      LOG_LEVEL: ${LEVEL}
      FROM_SHELL:
      FROM_DOTENV:
      DB_PASSWORD: ${DB_PASSWORD:-hunter2}
      DATABASE_URL: postgres://app:${DB_PASSWORD:-hunter2}@db/app
      BROKER: amqp://guest:guest@broker
    ports: ['8080:80', '127.0.0.1:${PORT}:443']
    volumes: [data:/data, ./conf:/etc/conf:ro]
    depends_on: [db]
  db:
    build: .
    healthcheck: {test: pg_isready, interval: 5s}
  debug:
    image: busybox
    profiles: [tools]
volumes:
  data:
  unused:
",
    ),
    (
        "compose.prod.yaml",
        "
services:
  web:
    ports: !override ['9090:80']
    command: !reset null
    environment: [LOG_LEVEL=warn]
",
    ),
    (
        "compose.local.yaml",
        "
services:
  web:
    environment: {LOG_LEVEL: debug}
    volumes: [other:/data]
  db:
    image: mydb
volumes: {other: }
",
    ),
    (
        "base.yaml",
        "
services:
  root: {working_dir: /srv, image: root}
  base:
    extends: root
    image: base:1
    environment: [BASE=yes, LOG_LEVEL=trace]
    labels: {com.example.team: web}
",
    ),
    ("extra/compose.yaml", "services:\n  side: {image: 'side:${SIDE_TAG}'}\n"),
    ("extra/.env", "SIDE_TAG=7\n"),
    (".env", "PORT=4443\nLEVEL=unused\nFROM_DOTENV=there\n"),
    ("web.env", "LOG_LEVEL=from file\nONLY_FILE=x\n\nTWICE=1\n"),
    ("more.env", "TWICE=2\nAPI_TOKEN=abc\n"),
    ("web.labels", "com.example.team=other\ncom.example.tier=front\n"),
];

fn loaded(files: &[(&str, &str)], named: &[&str]) -> Loaded {
    let disk = files.iter().fold(MapReader::default(), |disk, (path, text)| disk.with(format!("/shop/{path}"), *text));
    let shell = [("FROM_SHELL", "hi"), ("TAG", "1.27"), ("LEVEL", "error")];
    let question = Question {
        files: named.iter().map(|file| (*file).to_owned()).collect(),
        current_dir: "/shop".into(),
        environment: shell.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Question::default()
    };
    let options = Options { provenance: true, ..Options::default() };
    let (source, files, _) = source::gather(&question, &disk).expect("a project");
    load::project(&source, files, &options, &disk).unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics))
}

fn shop() -> Loaded {
    loaded(FILES, &["compose.yaml", "compose.prod.yaml", "compose.local.yaml"])
}

fn asked(loaded: &Loaded, names: &[&str]) -> Result<Explanation, Vec<String>> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let told = |findings: Vec<crate::diagnostic::Diagnostic>| {
        findings.into_iter().map(|finding| format!("{}: {}", finding.message, finding.help.join(", "))).collect()
    };
    narrow(explain(loaded, &names), &names).map_err(told)
}

fn shown(explanation: &Explanation) -> String {
    text(explanation, Window { columns: 80, cut: false }, Paint::PLAIN)
}

fn image(config: serde_json::Value) -> ImageDetails {
    ImageDetails {
        id: ImageId::new("sha256:1"),
        tags: Vec::new(),
        digests: Vec::new(),
        volumes: Vec::new(),
        health_check: None::<HealthSpec>,
        os: String::new(),
        architecture: String::new(),
        last_tagged: String::new(),
        raw: serde_json::json!({ "Config": config }),
    }
}

#[test]
fn every_value_knows_where_it_comes_from_and_what_it_took_the_place_of() {
    let mut explanation = explain(&shop(), &[]);
    mask(&mut explanation);
    insta::assert_snapshot!(shown(&explanation));
}

#[test]
fn programs_get_one_object_that_fits_its_schema() {
    let mut explanation = asked(&shop(), &["web.environment", "web.command", "web.ports", "web.volumes[0]"]).unwrap();
    mask(&mut explanation);
    let object = serde_json::json!(explanation);
    insta::assert_snapshot!(format!("{object:#}"));
    let schema = schemars::schema_for!(Explanation).to_value();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&object).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn an_ordinary_load_remembers_nothing() {
    let disk = MapReader::default().with("/p/compose.yaml", "services: {a: {image: '${A-x}', environment: [A=1]}}");
    let question = Question { current_dir: "/p".into(), ..Question::default() };
    let (source, files, _) = source::gather(&question, &disk).unwrap();
    let loaded = load::project(&source, files, &Options::default(), &disk).unwrap();
    fn remembers(node: &crate::yaml::Node) -> bool {
        let below = node.as_map().is_some_and(|map| map.iter().any(|(_, _, value)| remembers(value)));
        node.remembers() || below || node.as_seq().is_some_and(|items| items.iter().any(remembers))
    }
    assert!(!remembers(&loaded.document));
}

#[test]
fn what_is_asked_for_is_found_by_any_of_its_names() {
    let shop = shop();
    let found =
        |names: &[&str]| -> Vec<String> { asked(&shop, names).unwrap().values.iter().map(Value::name).collect() };
    for name in ["web.environment.LOG_LEVEL", "services.web.environment.LOG_LEVEL"] {
        assert_eq!(found(&[name]), ["services.web.environment.LOG_LEVEL"]);
    }
    assert_eq!(found(&["web.ports[0].target"]), found(&["web.ports.0.target"]));
    assert_eq!(found(&["web.labels.com.example.team"]), ["services.web.labels.com.example.team"]);
    assert_eq!(found(&["networks.default"]), ["networks.default.name"]);
    assert_eq!(found(&["volumes.unused"]), ["volumes.unused.name"], "asked for by name, whoever uses it");
    assert_eq!(found(&["debug.image"]), ["services.debug.image"], "whatever its profile");
    assert_eq!(found(&["name"]), ["name"]);
    assert_eq!(found(&["x-common.restart"]), ["x-common.restart"]);
    assert_eq!(found(&["web.hostname"]), ["services.web.hostname"], "the format knows it, nothing sets it");
    let notes = asked(&shop, &["web.stop_grace_period", "web.restart"]).unwrap().notes;
    assert_eq!(notes, ["services.web.stop_grace_period is not set; without it: 10s"]);
    assert!(found(&["web"]).len() > found(&["web.environment"]).len());
    assert!(found(&["services"]).iter().all(|name| name.starts_with("services.")));
}

#[test]
fn what_is_not_there_is_told_with_what_may_be_meant() {
    let shop = shop();
    let told = |name: &str| asked(&shop, &[name]).unwrap_err().remove(0);
    for (name, near) in [
        ("wbe", "did you mean web?"),
        ("web.prots", "did you mean web.ports?"),
        ("web.hostnam", "did you mean web.hostname?"),
        ("web.environment.LOG_LEVL", "did you mean web.environment.LOG_LEVEL?"),
        ("network.default", "did you mean networks.default?"),
        ("zebra", "the services are: db, debug, side, web"),
    ] {
        let told = told(name);
        assert!(told.starts_with(&format!("nothing in this project is called {name}: ")), "{told}");
        assert!(told.ends_with(near), "{told}");
    }
    assert_eq!(asked(&shop, &["wbe", "bd"]).unwrap_err().len(), 2);
}

#[test]
fn an_image_says_what_the_service_does_not() {
    let files = [(
        "compose.yaml",
        "services:\n  a: {image: i, environment: {A: own, GONE: }, user: me, healthcheck: {interval: 1s}}\n  b: {image: i, entrypoint: [run], healthcheck: {disable: true}}\n",
    )];
    let loaded = loaded(&files, &[]);
    let mut explanation = explain(&loaded, &[]);
    let said = image(serde_json::json!({
        "Env": ["PATH=/bin", "A=theirs", "GONE=1"],
        "Cmd": ["serve"],
        "Entrypoint": ["/entry"],
        "WorkingDir": "/srv",
        "User": "nobody",
        "StopSignal": "",
        "Healthcheck": {"Test": ["CMD", "ok"], "Interval": 5_000_000_000_u64, "Timeout": 90_000_000_000_u64, "Retries": 3},
    }));
    add_image(&mut explanation, "a", "i", &said);
    add_image(&mut explanation, "b", "i", &said);
    insta::assert_snapshot!(shown(&explanation));
}

#[test]
fn the_name_of_the_project_comes_from_somewhere() {
    let name = |question: Question, text: &str| {
        let disk = MapReader::default().with("/shop/compose.yaml", text).with("/shop/.env", "COMPOSE_PROJECT_NAME=dot");
        let (source, files, _) = source::gather(&question, &disk).unwrap();
        let options = Options { provenance: true, ..Options::default() };
        let loaded = load::project(&source, files, &options, &disk).unwrap();
        let value = asked(&loaded, &["name"]).unwrap().values.remove(0);
        (value.value.as_str().unwrap().to_owned(), value.way.from.kind, value.instead_of.len())
    };
    let here = Question { current_dir: "/shop".into(), ..Question::default() };
    let flag = Question { project_name: Some("flag".into()), ..here.clone() };
    let shell: BTreeMap<_, _> = [("COMPOSE_PROJECT_NAME".to_owned(), "shell".to_owned())].into();
    let shell = Question { environment: shell, ..here.clone() };
    let text = "name: file\nservices: {a: {image: x}}";
    assert_eq!(name(here, text), ("dot".into(), OriginKind::EnvFile, 1));
    assert_eq!(name(flag, text), ("flag".into(), OriginKind::CommandLine, 1));
    assert_eq!(name(shell, "services: {a: {image: x}}"), ("shell".into(), OriginKind::Shell, 0));
}
