//! Containers of the engine in memory, kept in step with a folder on the disk.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch::channel;

use super::*;
use crate::develop::Rules;
use crate::engine::memory::{Behaviour, MemoryEngine};
use crate::engine::{ContainerId, ContainerSpec, EngineError, ErrorKind, ExecOutcome, Removal};
use crate::model::{Project, labels};
use crate::render::watch::words;

/// Somebody who notes what he was asked for.
#[derive(Default)]
struct Diary {
    asked: RefCell<Vec<String>>,
    fails: bool,
}

impl Diary {
    fn note(&self, what: &str, services: &[ServiceName]) -> bool {
        let names: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
        self.asked.borrow_mut().push(format!("{what} {}", names.join(" ")));
        !self.fails
    }
}

#[async_trait(?Send)]
impl Crew for Diary {
    async fn rebuild(&self, services: &[ServiceName]) -> bool {
        self.note("rebuild", services)
    }

    async fn restart(&self, services: &[ServiceName]) -> bool {
        self.note("restart", services)
    }
}

/// A folder, an engine, and the service `web` with these rules; paths are below the folder.
struct Stage {
    folder: TempDir,
    engine: MemoryEngine,
    rules: Vec<Rule>,
    told: RefCell<Vec<String>>,
    crew: Diary,
    cancel: CancellationToken,
}

impl Stage {
    fn new(mut triggers: Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for trigger in triggers.as_array_mut().expect("triggers") {
            let path = folder.path().join(trigger["path"].as_str().expect("a path"));
            trigger["path"] = json!(path);
        }
        let services = json!({ "web": { "build": { "context": "/none" }, "develop": { "watch": triggers } } });
        let services = serde_json::from_value(services).expect("services");
        let project = Project { services, ..Project::default() };
        let rules = Rules::of(&project, &BTreeMap::new()).expect("rules").rules;
        let engine = MemoryEngine::new().with_image("busybox");
        let (told, crew, cancel) = Default::default();
        Self { folder, engine, rules, told, crew, cancel }
    }

    async fn container(&self) -> ContainerId {
        let pairs = [(labels::PROJECT, "shop"), (labels::SERVICE, "web"), (labels::CONFIG_HASH, "x")];
        let spec = ContainerSpec {
            name: "shop-web-1".into(),
            image: "busybox".into(),
            labels: pairs.map(|(label, value)| (label.to_owned(), value.to_owned())).into(),
            ..ContainerSpec::default()
        };
        let id = self.engine.create_container(&spec).await.expect("created").id;
        self.engine.start_container(&id).await.expect("started");
        id
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    fn tell(&self, event: &Event) {
        match event {
            Event::Watch(news) => self.told.borrow_mut().push(words(news)),
            Event::Warning(text) => self.told.borrow_mut().push(format!("warning: {text}")),
            Event::Log(line) => self.told.borrow_mut().push(String::from_utf8_lossy(&line.text).into_owned()),
            _ => {}
        }
    }

    /// What was told since the last time.
    fn told(&self) -> Vec<String> {
        self.told.take()
    }

    /// What was told from the last time on until this was.
    async fn until(&self, text: &str) -> Vec<String> {
        let mut told = Vec::new();
        let telling = async {
            while !told.iter().any(|line| line == text) {
                tokio::task::yield_now().await;
                told.extend(self.told());
            }
        };
        tokio::time::timeout(Duration::from_secs(60), telling).await.unwrap_or_else(|_| panic!("never {text}"));
        told
    }

    /// Runs a story with a watch that nobody has begun yet.
    async fn watched(&self, wanted: &Receiver<bool>, story: impl AsyncFnOnce(&Watch<'_>)) {
        let survey = survey(&self.rules).await;
        let tell = |event: Event| self.tell(&event);
        let watch = Watch {
            engine: &self.engine,
            project: "shop",
            rules: &self.rules,
            survey: &survey,
            crew: &self.crew,
            tell: &tell,
            wanted,
            cancel: &self.cancel,
        };
        story(&watch).await;
    }

    /// Runs a story with a keeper that has looked at everything once.
    async fn kept(&self, story: impl AsyncFnOnce(&mut Round<'_>)) {
        let (_wish, wanted) = channel(true);
        self.watched(&wanted, async |watch| {
            let mut round = Round { keeper: Keeper::new(watch), alarm: Alarm::new() };
            round.go().await;
            story(&mut round).await;
        })
        .await;
    }

    /// Everything below a folder of the container: files with their content, links with where they lead, folders.
    async fn held(&self, id: &ContainerId) -> BTreeMap<String, String> {
        let archive: Vec<_> = self.engine.export(id).try_collect().await.expect("an archive");
        let bytes = archive.concat();
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut held = BTreeMap::new();
        for entry in archive.entries().expect("an archive") {
            let mut entry = entry.expect("readable");
            let path = entry.path().expect("a path").display().to_string();
            let text = match entry.link_name().expect("a name") {
                Some(link) => format!("-> {}", link.display()),
                None if entry.header().entry_type().is_dir() => "folder".to_owned(),
                None => {
                    let mut text = String::new();
                    std::io::Read::read_to_string(&mut entry, &mut text).expect("text");
                    text
                }
            };
            held.insert(path, text);
        }
        // The target itself comes with what is in it.
        held.retain(|path, _| path.contains('/'));
        held
    }
}

struct Round<'k> {
    keeper: Keeper<'k>,
    alarm: Alarm,
}

impl Round<'_> {
    /// Looks as often as there may be something unheard.
    async fn go(&mut self) {
        while self.keeper.round(&mut self.alarm).await {}
    }
}

/// The same of the disk, as it has to be in the container.
fn on_disk(root: &Path, target: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for child in fs::read_dir(&folder).expect("a folder").map(|child| child.expect("a child").path()) {
            let name = format!("{target}/{}", child.strip_prefix(root).expect("below").display());
            let text = if let Ok(link) = fs::read_link(&child) {
                format!("-> {}", link.display())
            } else if child.is_dir() {
                open.push(child);
                "folder".to_owned()
            } else {
                fs::read_to_string(&child).expect("text")
            };
            found.insert(name, text);
        }
    }
    found
}

fn sync(more: Value) -> Value {
    let mut trigger = json!({ "path": "src", "action": "sync", "target": "/srv" });
    trigger.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
    json!([trigger])
}

#[tokio::test]
async fn what_changes_is_copied_and_what_goes_is_removed() {
    let stage = Stage::new(sync(json!({})));
    stage.write("src/kept", "kept");
    let id = stage.container().await;
    stage
        .kept(async |round| {
            assert_eq!(stage.held(&id).await, BTreeMap::new(), "the image has it");
            stage.write("src/a/b", "one");
            round.go().await;
            assert_eq!(
                stage.told(),
                ["Syncing service \"web\" after 2 changes were detected", "web-1 synced: 2 written"]
            );
            fs::rename(stage.path("src/a"), stage.path("src/c")).expect("renamed");
            round.go().await;
            assert_eq!(stage.told()[1], "web-1 synced: 2 written, 1 removed");
            let expected = [("srv/c", "folder"), ("srv/c/b", "one")];
            assert_eq!(stage.held(&id).await, expected.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
            round.go().await;
            assert_eq!(stage.told(), [] as [&str; 0], "nothing is done twice");
        })
        .await;
}

#[tokio::test]
async fn what_changes_while_nobody_wants_a_watch_waits_until_somebody_does() {
    let stage = Stage::new(sync(json!({})));
    stage.write("src/kept", "kept");
    stage.container().await;
    let (wish, wanted) = channel(false);
    let story = async {
        for name in ["a", "b"] {
            stage.write(&format!("src/{name}"), name);
            assert_eq!(stage.told(), [] as [&str; 0]);
            wish.send_replace(true);
            let told = stage.until("Watch enabled").await;
            assert_eq!(told[1..], ["web-1 synced: 1 written", "Watch enabled"]);
            wish.send_replace(false);
            stage.until("Watch disabled").await;
        }
        // Whoever thinks better of it at once gets an answer all the same.
        wish.send_replace(true);
        wish.send_replace(false);
        assert_eq!(stage.until("Watch disabled").await, ["Watch disabled"]);
        stage.cancel.cancel();
    };
    stage
        .watched(&wanted, async |begun| {
            let (ended, ()) = tokio::join!(watch(begun), story);
            ended.expect("an engine that stays");
        })
        .await;
    assert_eq!(stage.told(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_replaced_container_gets_what_changed_since_its_image_was_built() {
    let stage = Stage::new(sync(json!({})));
    stage.write("src/kept", "kept");
    let id = stage.container().await;
    stage
        .kept(async |round| {
            stage.write("src/new", "new");
            round.go().await;
            stage.engine.remove_container(&id, Removal { force: true, volumes: false }).await.expect("removed");
            let id = stage.container().await;
            stage.told();
            round.go().await;
            assert_eq!(stage.told(), ["web-1 synced: 1 written"]);
            assert_eq!(stage.held(&id).await, BTreeMap::from([("srv/new".to_owned(), "new".to_owned())]));
        })
        .await;
}

#[tokio::test]
async fn at_first_everything_is_compared_where_that_is_wanted() {
    let stage = Stage::new(sync(json!({ "initial_sync": true })));
    stage.write("src/a", "a");
    stage.write("src/b", "b");
    let id = stage.container().await;
    stage.kept(async |_| assert_eq!(stage.told(), ["web-1 synced: 2 written"])).await;
    stage.write("src/b", "x");
    stage.kept(async |_| assert_eq!(stage.told(), ["web-1 synced: 1 written"], "a is there already")).await;
    stage.kept(async |_| assert_eq!(stage.told(), [] as [&str; 0])).await;
    assert_eq!(stage.held(&id).await, on_disk(&stage.path("src"), "srv"));
}

#[tokio::test]
async fn a_container_that_does_not_run_gets_files_and_loses_them_when_it_runs_again() {
    let stage = Stage::new(sync(json!({ "action": "sync+restart" })));
    stage.write("src/old", "old");
    let id = stage.container().await;
    stage
        .kept(async |round| {
            stage.write("src/more", "more");
            round.go().await;
            stage.engine.stop_container(&id, None).await.expect("stopped");
            fs::remove_file(stage.path("src/more")).expect("removed");
            stage.write("src/new", "new");
            stage.crew.asked.take();
            round.go().await;
            assert_eq!(stage.held(&id).await.keys().collect::<Vec<_>>(), ["srv/more", "srv/new"]);
            assert_eq!(stage.crew.asked.take(), ["restart web"], "that brings it back to life");
            stage.engine.start_container(&id).await.expect("started");
            round.go().await;
            assert_eq!(stage.held(&id).await.keys().collect::<Vec<_>>(), ["srv/new"]);
        })
        .await;
}

#[tokio::test]
async fn each_action_is_followed() {
    let exec = json!({ "command": ["reload"] });
    let stage = Stage::new(json!([
        { "path": "lock", "action": "rebuild" },
        { "path": "conf", "action": "restart" },
        { "path": "src", "action": "sync", "target": "/src" },
        { "path": "run", "action": "sync+exec", "target": "/run", "exec": exec },
    ]));
    let reloads = ExecOutcome { exit_code: 3, stdout: b"reloading\n".to_vec(), ..ExecOutcome::default() };
    stage.engine.script("busybox", Behaviour::default().answering(&["reload"], reloads));
    let id = stage.container().await;
    stage
        .kept(async |round| {
            stage.write("lock", "1");
            round.go().await;
            assert_eq!(stage.crew.asked.take(), ["rebuild web"]);
            stage.write("conf", "1");
            stage.write("src/a", "1");
            round.go().await;
            assert_eq!(stage.crew.asked.take(), ["restart web"]);
            assert!(stage.held(&id).await.contains_key("src/a"));
            stage.told();
            stage.write("run/b", "1");
            round.go().await;
            assert_eq!(
                stage.told()[2..],
                ["reloading", "warning: shop-web-1: web hook exited with status 3: reloading"]
            );
            assert_eq!(stage.crew.asked.take(), [] as [&str; 0]);
        })
        .await;
}

#[tokio::test]
async fn what_cannot_be_removed_is_said_and_not_tried_for_ever() {
    let stage = Stage::new(sync(json!({})));
    stage.write("src/a", "a");
    let missing = ExecOutcome {
        exit_code: 126,
        stdout: b"OCI runtime exec failed: exec: \"rm\": executable file not found in $PATH".to_vec(),
        ..ExecOutcome::default()
    };
    stage.engine.script("busybox", Behaviour::default().answering(&["rm", "-rf", "--", "/srv/a"], missing));
    stage.container().await;
    stage
        .kept(async |round| {
            fs::remove_file(stage.path("src/a")).expect("removed");
            round.go().await;
            let told = stage.told();
            assert!(told[1].contains("its image has no rm, so what is gone here stays there: /srv/a"), "{told:?}");
            round.go().await;
            assert_eq!(stage.told(), [] as [&str; 0]);
        })
        .await;
}

#[tokio::test]
async fn an_engine_that_refuses_is_tried_again_at_the_next_change() {
    let stage = Stage::new(sync(json!({})));
    let id = stage.container().await;
    stage
        .kept(async |round| {
            stage.engine.fail_next("upload", EngineError::new(ErrorKind::Internal, "put", "disk full"));
            stage.write("src/a", "a");
            round.go().await;
            assert!(stage.told()[1].contains("disk full"));
            stage.write("src/b", "b");
            round.go().await;
            assert_eq!(stage.held(&id).await, on_disk(&stage.path("src"), "srv"));
        })
        .await;
}

/// Something that happens to the disk or to the container.
#[derive(Clone, Debug)]
enum Deed {
    Write(String, String),
    Folder(String),
    Link(String),
    Rights(String),
    Remove(String),
    Rename(String, String),
    Stop,
    Start,
    Replace,
    Look,
}

fn deed() -> impl Strategy<Value = Deed> {
    let path = || proptest::collection::vec(prop_oneof!["a", "b", "c"], 1..4).prop_map(|parts| parts.join("/"));
    prop_oneof![
        4 => (path(), "[xyz]{0,3}").prop_map(|(path, text)| Deed::Write(path, text)),
        1 => path().prop_map(Deed::Folder),
        1 => path().prop_map(Deed::Link),
        1 => path().prop_map(Deed::Rights),
        2 => path().prop_map(Deed::Remove),
        2 => (path(), path()).prop_map(|(from, to)| Deed::Rename(from, to)),
        1 => Just(Deed::Stop),
        1 => Just(Deed::Start),
        1 => Just(Deed::Replace),
        3 => Just(Deed::Look),
    ]
}

/// Does it as far as it can be done. What cannot be done is of no interest.
fn on_the_disk(root: &Path, deed: &Deed) {
    let _ = match deed {
        Deed::Write(path, text) => {
            let _ = fs::create_dir_all(root.join(path).parent().expect("a parent"));
            fs::write(root.join(path), text)
        }
        Deed::Folder(path) => fs::create_dir_all(root.join(path)),
        Deed::Link(path) => symlink("nowhere", root.join(path)),
        Deed::Rights(path) => fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o751)),
        Deed::Remove(path) => fs::remove_dir_all(root.join(path)).or_else(|_| fs::remove_file(root.join(path))),
        Deed::Rename(from, to) => fs::rename(root.join(from), root.join(to)),
        Deed::Stop | Deed::Start | Deed::Replace | Deed::Look => Ok(()),
    };
}

async fn played(deeds: Vec<Deed>) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let stage = Stage::new(sync(json!({ "initial_sync": true })));
    let root = stage.path("src");
    fs::create_dir(&root).expect("a folder");
    let mut id = stage.container().await;
    stage
        .kept(async |round| {
            for deed in &deeds {
                on_the_disk(&root, deed);
                // What it is already is of no interest.
                let _ = match deed {
                    Deed::Stop => stage.engine.stop_container(&id, None).await,
                    Deed::Start => stage.engine.start_container(&id).await,
                    _ => Ok(()),
                };
                match deed {
                    Deed::Replace => {
                        let removal = Removal { force: true, volumes: false };
                        stage.engine.remove_container(&id, removal).await.expect("removed");
                        id = stage.container().await;
                    }
                    Deed::Look => round.go().await,
                    _ => {}
                }
            }
            let _ = stage.engine.start_container(&id).await;
            round.go().await;
        })
        .await;
    (stage.held(&id).await, on_disk(&root, "srv"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_the_container_holds_what_the_disk_holds(deeds in proptest::collection::vec(deed(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (held, disk) = runtime.block_on(played(deeds));
        let paths: BTreeSet<&String> = held.keys().chain(disk.keys()).collect();
        for path in paths {
            prop_assert_eq!(held.get(path), disk.get(path), "{}", path);
        }
    }
}
