//! An engine in memory: real rules, no processes. For tests, and for trying a plan without consequences.
//!
//! Containers do what their [`Behaviour`] says, in tokio's time, which tests may pause. Requests are noted, can be made
//! slow, and can be made to fail.

mod behaviour;
mod clock;
mod containers;
mod deeds;
mod files;
mod filter;
mod images;
mod journal;
mod life;
mod networks;
mod port;
mod report;
mod sight;
mod streams;
mod talk;
mod volumes;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

pub use behaviour::Behaviour;
pub use images::MemoryImage;
pub use journal::Call;

use super::{About, ApiVersion, EngineError, Window};
use journal::Journal;
use world::World;

/// An engine in memory. Clones are the same engine.
#[derive(Clone)]
pub struct MemoryEngine {
    about: About,
    shared: Arc<Shared>,
}

/// What all clones, streams and lives share.
struct Shared {
    world: Mutex<World>,
    journal: Mutex<Journal>,
    /// Rung after every change. The number is how often the engine hung up.
    changes: watch::Sender<u64>,
}

impl Shared {
    /// A panic elsewhere leaves nothing half done: every change is one step.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let outcome = change(&mut self.world());
        self.changes.send_modify(|_| ());
        outcome
    }
}

impl Default for MemoryEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryEngine").field("about", &self.about).finish_non_exhaustive()
    }
}

impl MemoryEngine {
    /// An empty engine of the newest kind: the predefined networks, and nothing else.
    pub fn new() -> Self {
        Self::speaking(ApiVersion::new(1, 51))
    }

    /// An empty engine that speaks this version.
    pub fn speaking(api: ApiVersion) -> Self {
        let about = About {
            product: "Memory".into(),
            version: "1".into(),
            api,
            os: "linux".into(),
            address: "memory".into(),
            place: super::Place::Apart,
        };
        let world = Mutex::new(World::new(api));
        Self { about, shared: Arc::new(Shared { world, journal: Mutex::default(), changes: watch::Sender::new(0) }) }
    }

    /// Also holds an image of this name.
    #[must_use]
    pub fn with_image(self, name: &str) -> Self {
        self.with(MemoryImage::named(name))
    }

    /// Also holds this image.
    #[must_use]
    pub fn with(self, image: MemoryImage) -> Self {
        self.shared.change(|world| world.put_image(image));
        self
    }

    /// An image that a pull finds.
    pub fn offer(&self, image: MemoryImage) {
        self.shared.change(|world| {
            let names: Vec<String> = image.tags.iter().map(|name| images::full_name(name)).collect();
            world.offered.retain(|other| !other.tags.iter().any(|name| names.contains(name)));
            world.offered.push(MemoryImage { tags: names, ..image });
        });
    }

    /// Says what containers do: those with this name, or else those made from this image. Those that exist already do
    /// so from their next start on.
    pub fn script(&self, name_or_image: &str, behaviour: Behaviour) {
        self.shared.change(|world| {
            let image = images::full_name(name_or_image);
            for occupant in world.containers.values_mut() {
                if occupant.spec.name == name_or_image || images::full_name(&occupant.spec.image) == image {
                    occupant.behaviour = behaviour.clone();
                }
            }
            let mut entries = vec![(name_or_image.to_owned(), behaviour.clone())];
            if image != name_or_image {
                entries.push((image, behaviour));
            }
            world.behaviours.splice(0..0, entries);
        });
    }

    /// The next request of this kind fails. `method` is the port's: `create_container`.
    pub fn fail_next(&self, method: &'static str, error: EngineError) {
        self.shared.journal().fail(method, None, error);
    }

    /// The next request of this kind about this subject fails.
    pub fn fail_on(&self, method: &'static str, subject: &str, error: EngineError) {
        self.shared.journal().fail(method, Some(subject.to_owned()), error);
    }

    /// Every request of this kind takes so long.
    pub fn slow(&self, method: &'static str, by: Duration) {
        self.shared.journal().delay(method, by);
    }

    /// Everything that was asked, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.journal().calls().to_vec()
    }

    /// The same, and forgets it.
    pub fn take_calls(&self) -> Vec<Call> {
        self.shared.journal().forget()
    }

    /// What was put into a container: folder and archive.
    pub fn uploads(&self, container: &str) -> Vec<(String, Bytes)> {
        self.shared.world().container(container).map(|occupant| occupant.uploads.clone()).unwrap_or_default()
    }

    /// How large a container's terminal was last said to be.
    pub fn window(&self, container: &str) -> Option<Window> {
        self.shared.world().container(container).ok()?.window
    }

    /// The engine goes away and comes back: every stream that is open breaks.
    pub fn hang_up(&self) {
        self.shared.changes.send_modify(|times| *times += 1);
    }

    /// A container's process ends by itself, now.
    pub fn end(&self, container: &str, code: i64) {
        self.shared.change(|world| {
            let id = world.container(container).ok().filter(|it| it.is_up()).map(|it| it.id.clone());
            if let Some(id) = id {
                world.end_container(&id, code, false);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, TryStreamExt};
    use tokio::time::Instant;

    use super::*;
    use crate::engine::{
        ContainerId, ContainerSpec, Engine, ErrorKind, EventRequest, Filters, Health, HealthSpec, State,
    };

    fn spec(name: &str) -> ContainerSpec {
        ContainerSpec { name: name.into(), image: "busybox".into(), ..Default::default() }
    }

    async fn started(engine: &MemoryEngine, spec: &ContainerSpec) -> ContainerId {
        let id = engine.create_container(spec).await.expect("created").id;
        engine.start_container(&id).await.expect("started");
        id
    }

    /// Waits for one event of a container, wherever it lies.
    async fn happened(engine: &MemoryEngine, id: &ContainerId, event: &str) {
        let filters = Filters::default().and("container", id.as_str()).and("event", event);
        let request = EventRequest { filters, since: "0".into(), ..Default::default() };
        engine.events(&request).next().await.expect("an event").expect("told");
    }

    #[tokio::test(start_paused = true)]
    async fn health_is_looked_at_in_intervals_and_known_then_only() {
        let engine = MemoryEngine::new().with_image("busybox");
        engine.script("db", Behaviour::healthy(Duration::from_secs(12)));
        let check = HealthSpec {
            test: vec!["CMD".into(), "ready".into()],
            interval: Some(Duration::from_secs(10)),
            ..Default::default()
        };
        let began = Instant::now();
        let id = started(&engine, &ContainerSpec { health_check: Some(check), ..spec("db") }).await;
        happened(&engine, &id, "health_status: healthy").await;
        assert_eq!(began.elapsed().as_secs(), 20);
        assert_eq!(engine.containers(&Filters::default()).await.expect("a list")[0].health, Health::Healthy);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_takes_as_long_as_the_container_needs_and_no_longer_than_its_grace() {
        let engine = MemoryEngine::new().with_image("busybox");
        let stops = |stops| Behaviour { stops, ..Behaviour::default() };
        let cases = [
            (stops(Some((Duration::from_secs(3), 0))), None, 3, 0),
            (stops(Some((Duration::from_secs(3), 0))), Some(Duration::from_secs(1)), 1, 137),
            (stops(None), None, 10, 137),
            (stops(Some((Duration::ZERO, 0))), Some(Duration::ZERO), 0, 0),
        ];
        for (number, (behaviour, grace, seconds, code)) in cases.into_iter().enumerate() {
            let name = format!("web-{number}");
            engine.script(&name, behaviour);
            let id = started(&engine, &spec(&name)).await;
            let began = Instant::now();
            engine.stop_container(&id, grace).await.expect("stopped");
            let details = engine.inspect_container(&id).await.expect("details");
            assert_eq!((began.elapsed().as_secs(), details.exit_code), (seconds, code), "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_noted_and_fail_as_ordered() {
        let engine = MemoryEngine::new().with_image("busybox");
        engine.fail_on("create_container", "b", EngineError::new(ErrorKind::Internal, "create", "disk full"));
        engine.fail_next("start_container", EngineError::new(ErrorKind::PortTaken, "start", "taken"));
        let id = engine.create_container(&spec("a")).await.expect("created").id;
        assert_eq!(engine.create_container(&spec("b")).await.expect_err("ordered").message, "disk full");
        assert_eq!(engine.start_container(&id).await.expect_err("ordered").kind, ErrorKind::PortTaken);
        engine.start_container(&id).await.expect("once only");
        let calls: Vec<_> = engine.take_calls().iter().map(ToString::to_string).collect();
        assert_eq!(calls, ["create_container a", "create_container b", "start_container a", "start_container a"]);
        assert_eq!(engine.calls(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn streams_break_when_the_engine_goes_away() {
        let engine = MemoryEngine::new().with_image("busybox");
        let id = started(&engine, &spec("a")).await;
        let mut events = engine.events(&EventRequest { since: "0".into(), ..Default::default() });
        assert!(events.next().await.expect("one").is_ok());
        let following = crate::engine::LogRequest { follow: true, ..Default::default() };
        let logs = engine.logs(&id, &following).try_collect::<Vec<_>>();
        let (logs, ()) = tokio::join!(logs, async { engine.hang_up() });
        assert_eq!(logs.expect_err("broken").kind, ErrorKind::Unreachable);
        let rest: Vec<_> = events.collect().await;
        assert_eq!(rest.last().expect("one").as_ref().expect_err("broken").kind, ErrorKind::Unreachable);
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_requests_give_the_same_ids() {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let engine = MemoryEngine::new().with_image("busybox");
            ids.push(engine.create_container(&spec("a")).await.expect("created").id);
        }
        assert_eq!(ids[0], ids[1]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_from_outside_is_an_end() {
        let engine = MemoryEngine::new().with_image("busybox");
        let id = started(&engine, &spec("a")).await;
        engine.end("a", 4);
        happened(&engine, &id, "die").await;
        let listed = &engine.containers(&Filters::default()).await.expect("a list")[0];
        assert_eq!((listed.state, listed.exit_code), (State::Exited, Some(4)));
        assert!(listed.status.starts_with("Exited (4)"), "{}", listed.status);
    }
}
