//! What a caller hands in: the engine and the rest of the surroundings, and how things are to be done.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::build::Builder;
use crate::engine::Engine;
use crate::event::Event;
use crate::model::{Project, ServiceName};

/// When a container with a health check counts as healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// The check's own test is run right after start as well; its first success counts.
    #[default]
    Probe,
    /// Only when the engine says so.
    Engine,
}

/// What becomes of the other steps when one fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing new is begun.
    #[default]
    Stop,
    /// Everything that does not need the failed step is still done.
    Continue,
}

/// The surroundings of a plan.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    pub engine: &'a dyn Engine,
    pub builder: &'a dyn Builder,
    pub project: &'a Project,
    pub tell: &'a dyn Fn(Event),
    /// Stops issuing steps and interrupts waits, pulls and builds; engine calls under way come to their end.
    pub cancel: &'a CancellationToken,
    /// One for everything; what is under way then is given up.
    pub deadline: Option<Instant>,
    pub readiness: Readiness,
    pub on_failure: OnFailure,
    /// Steps at once, waits not counted; 0 is as many as an engine does well.
    pub limit: usize,
}

/// Which part of the output is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    pub follow: bool,
    /// The last so many lines of each container; `None` is all.
    pub tail: Option<u64>,
    /// As the engine's API takes them: seconds since 1970; empty is no bound.
    pub since: String,
    pub until: String,
    /// One container after the other instead of all in the order of time. Not while following.
    pub grouped: bool,
    /// While following: the services whose later containers are followed too; empty is every service.
    pub services: Vec<ServiceName>,
}

/// Which exit ends a foreground `up`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortOn {
    /// The first one.
    Exit,
    /// The first one with a code other than zero.
    Failure,
}

/// How `up` goes on in the foreground.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attach {
    /// The services whose output is shown.
    pub services: Vec<ServiceName>,
    /// More services whose output is told, for somebody who keeps it.
    pub kept: Vec<ServiceName>,
    /// The services whose exits count, and which an interrupt stops.
    pub watch: Vec<ServiceName>,
    pub abort: Option<AbortOn>,
    pub exit_code_from: Option<ServiceName>,
    /// For the containers that are stopped at the end; `None` leaves it to each container's own setting.
    pub stop_timeout: Option<Duration>,
}

/// What whoever sits before a foreground `up` wants of it, which may change while it goes on.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// How often they interrupted.
    pub interrupts: watch::Receiver<u32>,
    /// It goes on when all have ended: files are watched, and what changes there may start them again.
    pub stays: watch::Receiver<bool>,
    /// The containers are left to themselves, once the plan is done.
    pub leaves: watch::Receiver<bool>,
}
