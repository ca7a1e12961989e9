//! Everything that can be told about work in progress. `run` and `build` tell, `render` shows; they never meet.

use std::time::Duration;

use bytes::Bytes;

use crate::engine::{PullProgress, Stream};
use crate::model::ServiceName;
use crate::plan::{Action, StepId, Subject};

#[derive(Clone, Debug)]
pub enum Event {
    /// A step of the plan moved on.
    Step {
        id: StepId,
        subject: Subject,
        action: Action,
        phase: Phase,
    },
    /// A pull moved on.
    Pull {
        id: StepId,
        progress: PullProgress,
    },
    /// A line from a build.
    Build {
        id: StepId,
        text: String,
    },
    /// Every ten seconds: what a wait is still waiting for, and for how long already.
    StillWaiting {
        service: ServiceName,
        what: String,
        elapsed: Duration,
    },
    Warning(String),
    /// Something that a person should see, in line with the logs: "Gracefully stopping...".
    Notice(String),
    /// The names of the containers whose output is about to be shown.
    Attached {
        containers: Vec<String>,
    },
    Log(LogLine),
    Life(Life),
}

#[derive(Clone, Debug)]
pub enum Phase {
    Began,
    Done {
        elapsed: Duration,
    },
    /// The guard said no: there was nothing to do after all.
    Unneeded,
    /// `required: false` and the like: it failed, and that is only worth a warning.
    Tolerated {
        message: String,
    },
    Failed {
        message: String,
    },
    /// Not done because of an earlier failure or an interrupt.
    Skipped {
        because: String,
    },
}

/// One whole line of a container's output, without its line end.
#[derive(Clone, Debug)]
pub struct LogLine {
    pub service: ServiceName,
    /// As shown in front of the line: `web-1`.
    pub label: String,
    pub stream: Stream,
    pub text: Bytes,
    /// The engine's timestamp, RFC 3339, when it was asked for.
    pub time: Option<String>,
}

/// What happens to a container after it was started.
#[derive(Clone, Debug)]
pub struct Life {
    pub service: ServiceName,
    pub label: String,
    pub news: News,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Exited { code: i64, out_of_memory: bool, restarting: bool },
    Restarted,
    Recreated,
    Removed,
}
