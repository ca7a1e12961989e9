//! Commands inside containers, their output, and what happens on the engine.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Filters;

/// A command to run inside a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecSpec {
    pub command: Vec<String>,
    pub environment: Vec<String>,
    pub user: String,
    pub working_dir: String,
    pub privileged: bool,
    /// With a terminal of its own, where both of its streams come together.
    pub tty: bool,
    /// Its input is open.
    pub stdin: bool,
    /// As in [`super::AttachRequest`].
    pub detach_keys: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOutcome {
    pub exit_code: i64,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRequest {
    pub follow: bool,
    /// The last so many lines of history; `None` is all of it.
    pub tail: Option<u64>,
    /// Seconds since 1970, with fraction, as the engine's API takes them; empty is no bound.
    pub since: String,
    pub until: String,
    /// Each chunk starts with the engine's RFC 3339 timestamp and a space.
    pub timestamps: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// A piece of output. Chunks end anywhere: lines have to be put together from them, for each stream apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChunk {
    pub stream: Stream,
    pub bytes: Bytes,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventRequest {
    pub filters: Filters,
    pub since: String,
    pub until: String,
}

/// One thing that happened on the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEvent {
    /// `container`, `network`, `volume`, `image`.
    pub kind: String,
    /// `start`, `die`, `health_status: healthy`, `oom`, `destroy`, …
    pub action: String,
    pub actor: String,
    pub attributes: BTreeMap<String, String>,
    /// Nanoseconds since 1970.
    pub time: i64,
}
