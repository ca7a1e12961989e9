//! Plans done on the engine in memory, in paused time: who waits how long, what is told meanwhile, how it ends.

mod adopt;
mod conditions;
mod hooks;
mod images;
mod networks;
mod observe;
mod patience;
mod ready;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::build::{BuildError, BuildRequest, Builder};
use crate::engine::memory::{Behaviour, MemoryEngine, MemoryImage};
use crate::engine::{Container, Engine, Filters, ImageId};
use crate::event::Event;
use crate::model::{Network, Project};
use crate::plan::{self, Plan, UpPolicy};

/// Whoever has to build something here has a wrong test.
struct Nobody;

#[async_trait(?Send)]
impl Builder for Nobody {
    async fn build(&self, request: &BuildRequest<'_>, _: &dyn Fn(String)) -> Result<Option<ImageId>, BuildError> {
        panic!("{} is to be built", request.image)
    }
}

/// An engine with one image, a project on it, and all that was told.
struct Stage {
    engine: MemoryEngine,
    project: Project,
    told: RefCell<Vec<(u64, Event)>>,
    began: Instant,
    deadline: Option<Duration>,
    readiness: Readiness,
}

impl Stage {
    /// A project named `shop` from the JSON of its services; each has the image `app` unless it says otherwise.
    fn new(services: Value) -> Self {
        let mut services = services;
        for service in services.as_object_mut().expect("services").values_mut() {
            service.as_object_mut().expect("a service").entry("image").or_insert_with(|| json!("app"));
        }
        let network = Network { name: "shop_default".into(), ..Network::default() };
        let project = Project {
            name: "shop".into(),
            services: serde_json::from_value(services).expect("services"),
            networks: BTreeMap::from([("default".to_owned(), network)]),
            ..Project::default()
        };
        Self {
            engine: MemoryEngine::new().with(MemoryImage::named("app")),
            project,
            told: RefCell::default(),
            began: Instant::now(),
            deadline: None,
            readiness: Readiness::Engine,
        }
    }

    /// What the containers of a service do.
    fn script(&self, service: &str, behaviour: Behaviour) -> &Self {
        self.engine.script(&format!("shop-{service}-1"), behaviour);
        self
    }

    async fn plan(&self, policy: &UpPolicy) -> Plan {
        let observed = observe(&self.engine, &self.project).await.expect("a state");
        plan::up(&self.project, &observed, policy).expect("a plan")
    }

    async fn up(&self, policy: &UpPolicy) -> Result<Done, Failure> {
        self.execute(&self.plan(policy).await).await
    }

    async fn execute(&self, plan: &Plan) -> Result<Done, Failure> {
        let tell = |event| self.told.borrow_mut().push((self.began.elapsed().as_secs(), event));
        let cancel = CancellationToken::new();
        let work = Work {
            engine: &self.engine,
            builder: &Nobody,
            project: &self.project,
            tell: &tell,
            cancel: &cancel,
            deadline: self.deadline.map(|limit| Instant::now() + limit),
            readiness: self.readiness,
            on_failure: OnFailure::Stop,
            limit: 0,
        };
        super::execute(plan, &work).await
    }

    async fn containers(&self) -> Vec<Container> {
        self.engine.containers(&Filters::default()).await.expect("a list")
    }

    /// What was said of waiting, with the second in which it was said.
    fn reminders(&self) -> Vec<String> {
        let told = self.told.borrow();
        let of = |(second, event): &(u64, Event)| match event {
            Event::StillWaiting { what, .. } => Some(format!("{second} {what}")),
            _ => None,
        };
        told.iter().filter_map(of).collect()
    }
}

/// `up --wait`
fn waiting() -> UpPolicy {
    UpPolicy { wait: true, ..UpPolicy::default() }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A health check that the engine runs so often, in seconds.
fn checked_every(interval: u64) -> Value {
    json!({"test": ["CMD", "ready"], "interval": format!("{interval}s")})
}

/// The one cause of a failure, in words.
fn only_cause(outcome: Result<Done, Failure>) -> Cause {
    let mut failure = outcome.expect_err("it fails");
    assert_eq!(failure.causes.len(), 1, "{failure}");
    failure.causes.remove(0)
}
