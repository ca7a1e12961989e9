//! Everything that can be told about work in progress. `run` and `build` tell, `render` shows; they never meet.

use std::sync::Arc;
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
    /// A pull or a push moved on.
    Pull {
        id: StepId,
        progress: PullProgress,
    },
    /// A line from a build.
    Build {
        id: StepId,
        text: String,
    },
    /// Every ten seconds: what a step is still waiting for, and for how long already.
    StillWaiting {
        subject: Subject,
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
    /// The lines of one container follow, and no others until the next of these.
    LogsOf {
        label: Arc<str>,
    },
    Log(LogLine),
    Life(Life),
    Watch(WatchNews),
    /// A plan was done to its end, or was not: what follows changes nothing any more.
    Settled {
        done: bool,
    },
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
    /// Which of the service's containers wrote it, counted from 1.
    pub replica: u32,
    /// As shown in front of the line: `web-1`.
    pub label: Arc<str>,
    pub stream: Stream,
    pub text: Bytes,
    /// When the engine got it, in nanoseconds since 1970; what a hook prints has no time.
    pub time: Option<i64>,
}

#[cfg(test)]
impl LogLine {
    /// A line of `web-1`, without a time.
    pub fn of(label: &str, stream: Stream, text: &str) -> Self {
        let (service, number) = label.rsplit_once('-').unwrap_or((label, ""));
        Self {
            service: service.into(),
            replica: number.parse().unwrap_or(1),
            label: label.into(),
            stream,
            text: Bytes::copy_from_slice(text.as_bytes()),
            time: None,
        }
    }
}

/// What happens to a container after it was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    pub service: ServiceName,
    pub replica: u32,
    pub label: Arc<str>,
    pub news: News,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Exited { code: i64, out_of_memory: bool, restarting: bool },
    Restarted,
    Recreated,
    Removed,
}

/// What is done because files changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchNews {
    /// From now on no change is missed.
    Enabled,
    /// From now on changes wait until it is enabled again.
    Disabled,
    /// `changes`: how many paths of the disk changed.
    Syncing {
        service: ServiceName,
        changes: usize,
    },
    /// A container holds now what the disk holds; how many paths that took.
    Synced {
        service: ServiceName,
        label: String,
        written: usize,
        removed: usize,
    },
    Rebuilding {
        services: Vec<ServiceName>,
    },
    /// Built, and their containers replaced.
    Rebuilt {
        services: Vec<ServiceName>,
    },
    Restarted {
        services: Vec<ServiceName>,
    },
}
