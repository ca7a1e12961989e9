//! One look at everything that is watched, and what follows from it.

use std::collections::{BTreeSet, HashMap};

use crate::develop::{Action, Changes, Decision, Entry, Held, Kind, Manifest, Rule, changed, decide};
use crate::engine::{Container, ContainerId, EngineError, ErrorKind, Filters, State};
use crate::event::{Event, WatchNews};
use crate::model::{Hook, ServiceName, labels};
use crate::plan::Labelled;

use super::super::hook;
use super::super::label::label;
use super::alarm::Alarm;
use super::look::look;
use super::send::{RemovalError, remove, send};
use super::{Watch, scan, scanned};

/// What is known of one rule.
#[derive(Debug, Default)]
struct Tended {
    disk: Manifest,
    /// What the image of its service was built from.
    base: Manifest,
    /// What changed since that.
    touched: BTreeSet<String>,
}

/// Remembers what lies on the disk and in containers.
pub struct Keeper<'a> {
    watch: &'a Watch<'a>,
    tended: Vec<Tended>,
    /// By container and rule.
    held: HashMap<(ContainerId, usize), Held>,
    /// What was complained about already.
    complaints: BTreeSet<String>,
}

/// What was done to containers in a round, and what has to follow.
#[derive(Debug, Default)]
struct Aftermath {
    restart: BTreeSet<ServiceName>,
    hooks: Vec<(Container, Hook)>,
    /// Files changed while they were read.
    is_torn: bool,
}

impl<'a> Keeper<'a> {
    pub fn new(watch: &'a Watch<'a>) -> Self {
        let tended =
            watch.survey.iter().map(|disk| Tended { disk: disk.clone(), base: disk.clone(), touched: BTreeSet::new() });
        Self { watch, tended: tended.collect(), held: HashMap::new(), complaints: BTreeSet::new() }
    }

    /// Looks at the disk and at the containers, and does what follows. Returns whether another look is due.
    pub async fn round(&mut self, alarm: &mut Alarm) -> bool {
        let (counts, is_unheard) = self.look_at_disk(alarm).await;
        let mut decision = decide(self.watch.rules, &counts);
        self.rebuild(&decision).await;
        let mut aftermath = Aftermath::default();
        match self.containers().await {
            Ok(containers) => aftermath = self.keep_in_step(&containers, &decision).await,
            Err(error) => self.complain(error.to_string()),
        }
        decision.restart.append(&mut aftermath.restart);
        self.restart(&decision).await;
        for (container, hook) in &aftermath.hooks {
            self.run(container, hook).await;
        }
        is_unheard || aftermath.is_torn
    }

    /// How many paths of each rule changed, and whether something may have changed unheard.
    async fn look_at_disk(&mut self, alarm: &mut Alarm) -> (Vec<usize>, bool) {
        let mut folders = BTreeSet::new();
        let mut counts = Vec::with_capacity(self.tended.len());
        for (index, rule) in self.watch.rules.iter().enumerate() {
            let tended = &mut self.tended[index];
            let found = scanned(rule, tended.disk.clone()).await;
            let scan::Scan { manifest, folders: seen, troubles } = found;
            let before = std::mem::replace(&mut tended.disk, manifest);
            let paths = changed(&before, &tended.disk);
            counts.push(paths.len());
            tended.touched.extend(paths.into_iter().map(str::to_owned));
            folders.extend(seen);
            for trouble in troubles {
                self.complain(format!("cannot watch {trouble}"));
            }
        }
        let armed = alarm.arm(folders.into_iter());
        if let Some(trouble) = armed.trouble {
            self.complain(trouble);
        }
        (counts, armed.is_new)
    }

    /// Builds anew what has to be. An image that was built from what lies on the disk now holds it.
    async fn rebuild(&mut self, decision: &Decision) {
        let services: Vec<ServiceName> = decision.rebuild.iter().cloned().collect();
        if services.is_empty() {
            return;
        }
        self.news(WatchNews::Rebuilding { services: services.clone() });
        if !self.watch.crew.rebuild(&services).await {
            return;
        }
        for (rule, tended) in self.watch.rules.iter().zip(&mut self.tended) {
            if decision.rebuild.contains(&rule.service) {
                tended.base = tended.disk.clone();
                tended.touched.clear();
            }
        }
        self.news(WatchNews::Rebuilt { services });
    }

    async fn restart(&self, decision: &Decision) {
        let services: Vec<ServiceName> = decision.restart.iter().cloned().collect();
        if !services.is_empty() && self.watch.crew.restart(&services).await {
            self.news(WatchNews::Restarted { services });
        }
    }

    /// The containers of watched services; what is known of those that are gone is forgotten.
    async fn containers(&mut self) -> Result<Vec<Container>, EngineError> {
        let mut containers = self.watch.engine.containers(&Filters::label(labels::PROJECT, self.watch.project)).await?;
        containers
            .retain(|container| container.is_replica() && !matches!(container.state, State::Removing | State::Dead));
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        self.held.retain(|(id, _), _| containers.iter().any(|container| container.id == *id));
        Ok(containers)
    }

    async fn keep_in_step(&mut self, containers: &[Container], decision: &Decision) -> Aftermath {
        for (service, changes) in &decision.sync {
            self.news(WatchNews::Syncing { service: service.clone(), changes: *changes });
        }
        let mut aftermath = Aftermath::default();
        for container in containers {
            for (index, rule) in self.watch.rules.iter().enumerate() {
                if !rule.action.is_sync() || rule.service.as_str() != container.service() {
                    continue;
                }
                match self.sync(container, index, rule, &mut aftermath).await {
                    Ok(true) => aftermath.follow(container, rule),
                    Ok(false) => {}
                    // One that went meanwhile is nobody's business any more.
                    Err(error) if error.kind == ErrorKind::NotFound && self.is_gone(&container.id).await => {}
                    Err(error) => self.complain(format!("{}: {error}", container.name)),
                }
            }
        }
        aftermath
    }

    async fn is_gone(&self, id: &ContainerId) -> bool {
        let inspected = self.watch.engine.inspect_container(id).await;
        inspected.is_err_and(|error| error.kind == ErrorKind::NotFound)
    }

    /// Makes one container hold what the disk holds for one rule. Returns whether that changed anything.
    async fn sync(
        &mut self,
        container: &Container,
        index: usize,
        rule: &Rule,
        aftermath: &mut Aftermath,
    ) -> Result<bool, EngineError> {
        let key = (container.id.clone(), index);
        let mut held = match self.held.remove(&key) {
            Some(held) => held,
            None => self.first_sight(index, rule),
        };
        let result = self.bring_up_to_date(container, index, rule, &mut held, aftermath).await;
        self.held.insert(key, held);
        result
    }

    /// What can be known of a container that was not seen before.
    fn first_sight(&self, index: usize, rule: &Rule) -> Held {
        let Tended { disk, base, touched } = &self.tended[index];
        if rule.initial_sync {
            return Held::unknown(disk.keys().chain(base.keys()).chain(touched));
        }
        Held::of_image(base, touched)
    }

    async fn bring_up_to_date(
        &mut self,
        container: &Container,
        index: usize,
        rule: &Rule,
        held: &mut Held,
        aftermath: &mut Aftermath,
    ) -> Result<bool, EngineError> {
        let (engine, id) = (self.watch.engine, &container.id);
        let unsure: BTreeSet<String> = held.unsure().cloned().collect();
        if !unsure.is_empty() {
            held.learn(look(engine, id, &rule.target, &unsure).await?);
        }
        self.settle_doubts(index, rule, held).await;
        held.forget_implied(&self.tended[index].disk);
        let mut changes = held.difference(&self.tended[index].disk);
        let is_up = container.state == State::Running;
        if !is_up {
            // What has to go goes when it runs again: only a program inside can do that.
            postpone(&mut changes);
        }
        if changes.is_empty() {
            return Ok(false);
        }
        let displaced = self.remove(container, rule, held, std::mem::take(&mut changes.displaced)).await?;
        let mut written = 0;
        if !changes.written.is_empty() {
            let sent = send(engine, id, &rule.path, &rule.target, changes.written).await?;
            aftermath.is_torn |= sent.is_torn;
            written = sent.written.len();
            for (path, entry) in sent.written {
                self.wrote(index, held, path, entry);
            }
        }
        let removed = displaced + self.remove(container, rule, held, changes.removed).await?;
        if written + removed > 0 {
            let (label, _) = label(self.watch.project, container.service(), &container.name);
            self.news(WatchNews::Synced { service: rule.service.clone(), label, written, removed });
        }
        Ok(written + removed > 0)
    }

    /// Reads the files of which only the content can tell whether they differ.
    async fn settle_doubts(&mut self, index: usize, rule: &Rule, held: &Held) {
        let disk = &self.tended[index].disk;
        let paths: Vec<String> = held.doubts(disk).into_iter().map(str::to_owned).collect();
        if paths.is_empty() {
            return;
        }
        let root = rule.path.clone();
        let read = tokio::task::spawn_blocking(move || {
            let digest = |path: String| {
                let full = if path.is_empty() { root.clone() } else { root.join(&path) };
                // One that cannot be read now is found to differ.
                Some((path, scan::digest(&full).ok()?))
            };
            paths.into_iter().filter_map(digest).collect::<Vec<_>>()
        });
        for (path, digest) in read.await.unwrap_or_default() {
            if let Some(Entry { kind: Kind::File(content), .. }) = self.tended[index].disk.get_mut(&path) {
                content.digest = Some(digest);
            }
        }
    }

    /// A path was written as it was read; a folder that is only a way to others stays one.
    fn wrote(&mut self, index: usize, held: &mut Held, path: String, mut entry: Entry) {
        if let Some(disk) = self.tended[index].disk.get_mut(&path) {
            match (&mut disk.kind, &mut entry.kind) {
                (Kind::Folder { implied }, Kind::Folder { implied: written }) => *written = *implied,
                (Kind::File(disk), Kind::File(written)) if disk.stamp == written.stamp => disk.digest = written.digest,
                _ => {}
            }
        }
        held.wrote(path, entry);
    }

    /// Removes paths from a container. Returns how many are gone.
    async fn remove(
        &mut self,
        container: &Container,
        rule: &Rule,
        held: &mut Held,
        paths: Vec<String>,
    ) -> Result<usize, EngineError> {
        if paths.is_empty() {
            return Ok(0);
        }
        let place =
            |path: &String| if path.is_empty() { rule.target.clone() } else { format!("{}/{path}", rule.target) };
        let places: Vec<String> = paths.iter().map(place).collect();
        let removed = match remove(self.watch.engine, &container.id, &places).await {
            Ok(()) => paths.len(),
            Err(RemovalError::Engine(error)) => return Err(error),
            Err(RemovalError::NoProgram) => {
                self.complain(format!(
                    "{}: its image has no rm, so what is gone here stays there: {}; rebuild it to be rid of that",
                    container.name,
                    places.join(", ")
                ));
                0
            }
            Err(RemovalError::Refused(said)) => {
                self.complain(format!("{}: {} cannot be removed: {said}", container.name, places.join(", ")));
                0
            }
        };
        // What could not be removed is not tried again before it comes back.
        paths.iter().for_each(|path| held.lost(path));
        Ok(removed)
    }

    /// Runs a rule's command in a container.
    async fn run(&self, container: &Container, command: &Hook) {
        let (service, name) = (container.service(), container.name.as_str());
        match self.watch.engine.exec(&container.id, &hook::command(command)).await {
            Ok(outcome) => {
                hook::tell_outcome(self.watch.tell, self.watch.project, service, name, &outcome);
                if let Some(message) = hook::failure(service, &outcome) {
                    (self.watch.tell)(Event::Warning(format!("{name}: {message}")));
                }
            }
            Err(error) => (self.watch.tell)(Event::Warning(format!("{name}: {error}"))),
        }
    }

    fn news(&self, news: WatchNews) {
        (self.watch.tell)(Event::Watch(news));
    }

    /// Says something once: a trouble that lasts is found in every round.
    fn complain(&mut self, text: String) {
        if self.complaints.insert(text.clone()) {
            (self.watch.tell)(Event::Warning(text));
        }
    }
}

impl Aftermath {
    fn follow(&mut self, container: &Container, rule: &Rule) {
        match &rule.action {
            Action::SyncRestart => drop(self.restart.insert(rule.service.clone())),
            Action::SyncExec(hook) if container.state == State::Running => {
                self.hooks.push((container.clone(), (**hook).clone()));
            }
            _ => {}
        }
    }
}

/// Leaves only what can be written without anything going away first.
fn postpone(changes: &mut Changes) {
    let Changes { displaced, written, removed } = changes;
    let is_in_the_way = |path: &String| {
        displaced
            .iter()
            .any(|gone| path == gone || path.strip_prefix(gone.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    written.retain(|path| !is_in_the_way(path));
    displaced.clear();
    removed.clear();
}
