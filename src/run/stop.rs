//! Ctrl-C once, twice, thrice: stop, kill, leave.

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, EngineError, ErrorKind, Filters, State};
use crate::model::{ServiceName, labels};
use crate::plan::{Labelled, StopPolicy};

use super::execute::execute;
use super::failure::Failure;
use super::observe::observe_containers;
use super::work::{Attach, OnFailure, Work};

/// How far the end has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Everything runs.
    #[default]
    Open,
    /// Containers are being stopped, each with its time of grace.
    Stopping,
    /// They are being killed.
    Killing,
    /// Nobody waits for them any more.
    Leaving,
}

impl Stage {
    pub fn next(self) -> Self {
        match self {
            Self::Open => Self::Stopping,
            Self::Stopping => Self::Killing,
            Self::Killing | Self::Leaving => Self::Leaving,
        }
    }
}

/// Stops the watched services in reverse order.
///
/// # Errors
/// What could not be stopped.
pub(super) async fn stop(work: &Work<'_>, attach: &Attach) -> Result<(), Failure> {
    if attach.watch.is_empty() {
        return Ok(());
    }
    let observed = observe_containers(work.engine, &work.project.name).await.map_err(|error| lost(work, error))?;
    let policy = StopPolicy { targets: attach.watch.clone(), stop_timeout: attach.stop_timeout };
    let plan = crate::plan::stop(work.project, &observed, &policy);
    let never = CancellationToken::new();
    let work = Work { cancel: &never, deadline: None, on_failure: OnFailure::Continue, ..*work };
    execute(&plan, &work).await.map(drop)
}

/// Kills every container of the watched services that runs.
///
/// # Errors
/// When the engine refuses for another reason than that a container is dead already.
pub(super) async fn kill(engine: &dyn Engine, project: &str, watch: &[ServiceName]) -> Result<(), EngineError> {
    let containers = engine.containers(&Filters::label(labels::PROJECT, project)).await?;
    let running = containers.iter().filter(|container| {
        matches!(container.state, State::Running | State::Paused | State::Restarting)
            && container.is_replica()
            && watch.iter().any(|service| service.as_str() == container.service())
    });
    let killed = join_all(running.map(|container| engine.kill_container(&container.id, "SIGKILL"))).await;
    killed.into_iter().find_map(dead_or_error).map_or(Ok(()), Err)
}

fn dead_or_error(result: Result<(), EngineError>) -> Option<EngineError> {
    result.err().filter(|error| !matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound))
}

/// The failure of somebody who lost the engine outside any step.
pub(super) fn lost(work: &Work<'_>, error: EngineError) -> Failure {
    Failure::of_project(&work.project.name, error)
}
