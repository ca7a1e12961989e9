//! The life of containers.

use std::collections::BTreeMap;
use std::time::Duration;

use convoke::engine::{
    CommitSpec, ErrorKind, ExecSpec, Filters, Health, HealthSpec, PortBinding, Removal, RestartPolicySpec, State,
    Upload,
};

use futures_util::TryStreamExt;

use super::{created, ended, happened, kind, listed, removed, started};
use crate::stage::{Stage, archive, image};

const NOW: Option<Duration> = Some(Duration::ZERO);

pub async fn a_container_lives_and_dies(stage: &Stage) {
    let spec = stage.spec(&["out", "hi", "exit", "3"]);
    let id = created(stage, &spec).await;
    let container = listed(stage, &id).await.expect("listed");
    assert_eq!((container.state, container.exit_code, container.health), (State::Created, None, Health::None));
    stage.engine.start_container(&id).await.expect("started");
    ended(stage, &id).await;
    let container = listed(stage, &id).await.expect("listed");
    assert_eq!((container.state, container.exit_code), (State::Exited, Some(3)));
    assert_eq!((container.name.as_str(), container.image.as_str()), (spec.name.as_str(), image().as_str()));
    let details = stage.engine.inspect_container(&id).await.expect("details");
    assert_eq!((details.exit_code, details.state, details.name.as_str()), (3, State::Exited, spec.name.as_str()));
    assert_eq!(details.image_id, container.image_id);
    removed(stage, &id).await;
    assert_eq!(listed(stage, &id).await, None);
    assert_eq!(kind(stage.engine.inspect_container(&id).await), ErrorKind::NotFound);
    assert_eq!(kind(stage.engine.remove_container(&id, Removal::default()).await), ErrorKind::NotFound);
    assert_eq!(kind(stage.engine.start_container(&id).await), ErrorKind::NotFound);
}

pub async fn a_name_is_taken_once(stage: &Stage) {
    let spec = stage.spec(&["forever"]);
    let id = created(stage, &spec).await;
    let error = stage.engine.create_container(&spec).await.expect_err("taken");
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(error.action, format!("create container {}", spec.name));
    removed(stage, &id).await;
}

pub async fn nothing_is_made_from_an_image_that_is_not_there(stage: &Stage) {
    let mut spec = stage.spec(&["forever"]);
    spec.image = "convoke-contract-nowhere:9".into();
    assert_eq!(kind(stage.engine.create_container(&spec).await), ErrorKind::NotFound);
}

pub async fn starting_and_stopping_twice_is_once(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    stage.engine.start_container(&id).await.expect("no harm");
    assert_eq!(listed(stage, &id).await.expect("listed").state, State::Running);
    stage.engine.stop_container(&id, NOW).await.expect("stopped");
    stage.engine.stop_container(&id, NOW).await.expect("no harm");
    assert_eq!(listed(stage, &id).await.expect("listed").state, State::Exited);
    removed(stage, &id).await;
}

pub async fn a_running_container_is_removed_by_force_only(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    let gently = Removal { force: false, volumes: true };
    assert_eq!(kind(stage.engine.remove_container(&id, gently).await), ErrorKind::Conflict);
    removed(stage, &id).await;
}

pub async fn a_container_gets_another_name(stage: &Stage) {
    let (one, other) = (stage.spec(&["forever"]), stage.spec(&["forever"]));
    let (id, second) = (created(stage, &one).await, created(stage, &other).await);
    assert_eq!(kind(stage.engine.rename_container(&id, &other.name).await), ErrorKind::Conflict);
    let name = stage.name();
    stage.engine.rename_container(&id, &name).await.expect("renamed");
    assert_eq!(listed(stage, &id).await.expect("listed").name, name);
    stage.engine.rename_container(&second, &one.name).await.expect("the name is free again");
    removed(stage, &id).await;
    removed(stage, &second).await;
}

pub async fn a_paused_container_goes_on(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    stage.engine.pause_container(&id).await.expect("paused");
    assert_eq!(listed(stage, &id).await.expect("listed").state, State::Paused);
    stage.engine.unpause_container(&id).await.expect("unpaused");
    assert_eq!(listed(stage, &id).await.expect("listed").state, State::Running);
    removed(stage, &id).await;
}

pub async fn a_killed_container_says_so(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    stage.engine.kill_container(&id, "SIGKILL").await.expect("killed");
    ended(stage, &id).await;
    assert_eq!(listed(stage, &id).await.expect("listed").exit_code, Some(137));
    assert_eq!(kind(stage.engine.kill_container(&id, "SIGKILL").await), ErrorKind::Conflict);
    removed(stage, &id).await;
}

pub async fn a_stop_that_is_not_heeded_ends_in_a_kill(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    stage.engine.stop_container(&id, Some(Duration::from_millis(300))).await.expect("stopped");
    assert_eq!(stage.engine.inspect_container(&id).await.expect("details").exit_code, 137);
    removed(stage, &id).await;
}

pub async fn a_restarted_container_runs_again(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    let before = stage.engine.inspect_container(&id).await.expect("details");
    stage.engine.restart_container(&id, NOW).await.expect("restarted");
    let after = stage.engine.inspect_container(&id).await.expect("details");
    assert_eq!(after.state, State::Running);
    assert!(after.started_at > before.started_at, "{} after {}", after.started_at, before.started_at);
    removed(stage, &id).await;
}

pub async fn what_was_asked_for_is_reported(stage: &Stage) {
    let mut spec = stage.spec(&["forever"]);
    spec.environment = vec!["COLOUR=blue".into()];
    spec.labels = BTreeMap::from([("a.b".into(), "c".into())]);
    spec.stop_timeout = Some(7);
    spec.restart_policy = Some(RestartPolicySpec { name: "on-failure".into(), maximum_retry_count: 2 });
    spec.health_check = Some(HealthSpec {
        test: vec!["CMD".into(), "/actor".into()],
        interval: Some(Duration::from_secs(3)),
        retries: Some(4),
        ..Default::default()
    });
    let id = created(stage, &spec).await;
    let details = stage.engine.inspect_container(&id).await.expect("details");
    assert!(details.environment.contains(&"COLOUR=blue".into()), "{:?}", details.environment);
    assert!(details.environment.contains(&"GREETING=hello".into()), "{:?}", details.environment);
    assert_eq!(details.labels.get("a.b").map(String::as_str), Some("c"));
    assert_eq!((details.stop_timeout, details.restart_policy.as_str()), (Some(7), "on-failure"));
    assert_eq!((details.health_check, details.tty, details.error.as_str()), (spec.health_check, false, ""));
    assert!(details.finished_at.starts_with("0001-01-01"), "{}", details.finished_at);
    removed(stage, &id).await;
}

pub async fn a_list_is_narrowed_by_labels(stage: &Stage) {
    let group = stage.name();
    let mut specs = [stage.spec(&["forever"]), stage.spec(&["forever"]), stage.spec(&["forever"])];
    for (number, spec) in specs.iter_mut().take(2).enumerate() {
        spec.labels.insert("group".into(), group.clone());
        spec.labels.insert("number".into(), number.to_string());
    }
    let mut ids = Vec::new();
    for spec in &specs {
        ids.push(created(stage, spec).await);
    }
    let filters = Filters::label("group", &group);
    let found = stage.engine.containers(&filters).await.expect("a list");
    assert_eq!(found.iter().map(|it| &it.id).collect::<Vec<_>>(), ids.iter().take(2).collect::<Vec<_>>());
    let found = stage.engine.containers(&filters.and("label", "number=1")).await.expect("a list");
    assert_eq!(found.iter().map(|it| &it.id).collect::<Vec<_>>(), [&ids[1]]);
    for id in &ids {
        removed(stage, id).await;
    }
}

pub async fn a_port_belongs_to_one(stage: &Stage) {
    let publish = |published: String| {
        let mut spec = stage.spec(&["forever"]);
        spec.exposed_ports = vec!["80/tcp".into()];
        let binding = PortBinding { address: "127.0.0.1".into(), published };
        spec.port_bindings = BTreeMap::from([("80/tcp".into(), vec![binding])]);
        spec
    };
    let id = started(stage, &publish(String::new())).await;
    let ports = listed(stage, &id).await.expect("listed").ports;
    let port = ports.iter().find(|port| port.published.is_some()).expect("published");
    assert_eq!((port.address.as_str(), port.target, port.protocol.as_str()), ("127.0.0.1", 80, "tcp"));
    let second = created(stage, &publish(port.published.expect("published").to_string())).await;
    let error = stage.engine.start_container(&second).await.expect_err("taken");
    assert_eq!(error.kind, ErrorKind::PortTaken);
    assert!(error.help.is_some());
    assert_ne!(listed(stage, &second).await.expect("listed").state, State::Running);
    removed(stage, &id).await;
    stage.engine.start_container(&second).await.expect("free again");
    removed(stage, &second).await;
}

pub async fn a_policy_starts_it_again(stage: &Stage) {
    let mut spec = stage.spec(&["exit", "5"]);
    spec.restart_policy = Some(RestartPolicySpec { name: "on-failure".into(), maximum_retry_count: 2 });
    let id = started(stage, &spec).await;
    let filters = Filters::default().and("container", id.as_str()).and("event", "die");
    let request = convoke::engine::EventRequest { filters, since: "0".into(), ..Default::default() };
    let deaths = futures_util::StreamExt::take(stage.engine.events(&request), 3);
    let codes: Vec<_> = futures_util::StreamExt::collect::<Vec<_>>(deaths).await;
    let codes: Vec<_> = codes.into_iter().map(|it| it.expect("readable").attributes["exitCode"].clone()).collect();
    assert_eq!(codes, ["5", "5", "5"]);
    let details = stage.engine.inspect_container(&id).await.expect("details");
    assert_eq!((details.state, details.restart_count), (State::Exited, 2));
    removed(stage, &id).await;
}

fn quick_check(test: &[&str]) -> Option<HealthSpec> {
    Some(HealthSpec {
        test: test.iter().map(|word| (*word).to_owned()).collect(),
        interval: Some(Duration::from_millis(100)),
        retries: Some(2),
        ..Default::default()
    })
}

pub async fn health_is_told(stage: &Stage) {
    let mut spec = stage.spec(&["forever"]);
    spec.health_check = quick_check(&["CMD", "/actor", "exit", "0"]);
    let id = created(stage, &spec).await;
    assert_eq!(listed(stage, &id).await.expect("listed").health, Health::None);
    stage.engine.start_container(&id).await.expect("started");
    happened(stage, &id, "health_status").await;
    let details = stage.engine.inspect_container(&id).await.expect("details");
    assert_eq!((details.health, details.probes[0].exit_code), (Health::Healthy, 0));
    assert_eq!(listed(stage, &id).await.expect("listed").health, Health::Healthy);
    removed(stage, &id).await;
}

pub async fn a_failing_check_is_told_with_its_words(stage: &Stage) {
    let mut spec = stage.spec(&["forever"]);
    spec.health_check = quick_check(&["CMD", "/actor", "out", "not yet", "exit", "1"]);
    stage.never_healthy(&spec, "not yet\n");
    let id = started(stage, &spec).await;
    assert_eq!(listed(stage, &id).await.expect("listed").health, Health::Starting);
    happened(stage, &id, "health_status").await;
    let details = stage.engine.inspect_container(&id).await.expect("details");
    assert_eq!(details.health, Health::Unhealthy);
    assert_eq!((details.probes[0].exit_code, details.probes[0].output.as_str()), (1, "not yet\n"));
    let moment = |text: &str| text.parse::<jiff::Timestamp>().expect("a time of the engine");
    assert!(moment(&details.started_at) <= moment(&details.probes[0].ended_at));
    removed(stage, &id).await;
}

pub async fn a_command_runs_inside(stage: &Stage) {
    let spec = stage.spec(&["forever"]);
    let command = ["/actor", "out", "one", "err", "two", "exit", "4"].map(str::to_owned).to_vec();
    stage.answers(&spec, &command, 4, "one\n", "two\n");
    let id = created(stage, &spec).await;
    let exec = ExecSpec { command, ..Default::default() };
    assert_eq!(kind(stage.engine.exec(&id, &exec).await), ErrorKind::Conflict);
    stage.engine.start_container(&id).await.expect("started");
    let outcome = stage.engine.exec(&id, &exec).await.expect("run");
    assert_eq!((outcome.exit_code, outcome.stdout, outcome.stderr), (4, b"one\n".to_vec(), b"two\n".to_vec()));
    removed(stage, &id).await;
    assert_eq!(kind(stage.engine.exec(&id, &exec).await), ErrorKind::NotFound);
}

pub async fn files_are_put_in(stage: &Stage) {
    let spec = stage.spec(&["cat", "/notes/a"]);
    stage.finds(&spec, "put in\n");
    let id = created(stage, &spec).await;
    let files = archive(&[("notes/a", b"put in\n")]);
    stage.engine.upload(&id, Upload::of("/", files.clone())).await.expect("put in");
    assert_eq!(kind(stage.engine.upload(&id, Upload::of("/nowhere/at/all", files)).await), ErrorKind::NotFound);
    stage.engine.start_container(&id).await.expect("started");
    ended(stage, &id).await;
    assert_eq!(stage.output(&id).await, "put in\n");
    removed(stage, &id).await;
}

pub async fn files_are_taken_out_as_they_were_put_in(stage: &Stage) {
    let id = created(stage, &stage.spec(&["forever"])).await;
    stage
        .engine
        .upload(&id, Upload::of("/", archive(&[("notes/a", b"one"), ("notes/b", b"three")])))
        .await
        .expect("in");
    let stat = stage.engine.path_stat(&id, "/notes/b").await.expect("there");
    assert_eq!((stat.name.as_str(), stat.size, stat.is_folder, stat.link), ("b", 5, false, None));
    assert!(stage.engine.path_stat(&id, "/notes").await.expect("there").is_folder);
    assert_eq!(kind(stage.engine.path_stat(&id, "/nothing").await), ErrorKind::NotFound);
    let names = |bytes: Vec<u8>| -> Vec<String> {
        let mut archive = tar::Archive::new(&bytes[..]);
        let entries = archive.entries().expect("an archive").map(|entry| entry.expect("an entry"));
        let files = entries.filter(|entry| entry.header().entry_type().is_file());
        let mut names: Vec<_> = files.map(|file| file.path().expect("a path").display().to_string()).collect();
        names.sort();
        names
    };
    let bytes = |chunks: Vec<bytes::Bytes>| chunks.concat();
    let chunks: Vec<_> = stage.engine.download(&id, "/notes").try_collect().await.expect("out");
    assert_eq!(names(bytes(chunks)), ["notes/a", "notes/b"]);
    let nothing = stage.engine.download(&id, "/nothing").try_collect::<Vec<_>>().await;
    assert_eq!(kind(nothing), ErrorKind::NotFound);
    let chunks: Vec<_> = stage.engine.export(&id).try_collect().await.expect("out");
    let exported = names(bytes(chunks));
    assert!(exported.contains(&"notes/a".to_owned()) && exported.contains(&"notes/b".to_owned()), "{exported:?}");
    removed(stage, &id).await;
    let gone = stage.engine.export(&id).try_collect::<Vec<_>>().await;
    assert_eq!(kind(gone), ErrorKind::NotFound);
}

pub async fn a_container_becomes_an_image(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    let image = format!("{}:made", stage.name());
    let spec = CommitSpec { image: image.clone(), message: "as it is".into(), pause: true, ..Default::default() };
    let made = stage.engine.commit(&id, &spec).await.expect("made");
    assert_eq!(stage.engine.inspect_image(&image).await.expect("there").id, made);
    stage.engine.remove_image(&image, false).await.expect("removed");
    removed(stage, &id).await;
    assert_eq!(kind(stage.engine.commit(&id, &spec).await), ErrorKind::NotFound);
}

pub async fn a_network_is_shared_with_another_container(stage: &Stage) {
    let owner = started(stage, &stage.spec(&["forever"])).await;
    let mut spec = stage.spec(&["forever"]);
    spec.network_mode = format!("container:{owner}");
    let id = started(stage, &spec).await;
    assert!(listed(stage, &id).await.expect("listed").networks.is_empty());
    stage.engine.stop_container(&owner, NOW).await.expect("stopped");
    stage.engine.stop_container(&id, NOW).await.expect("stopped");
    assert!(stage.engine.start_container(&id).await.is_err(), "the owner does not run");
    removed(stage, &id).await;
    removed(stage, &owner).await;
}
