//! Talking with a process in a container while it runs: its streams in both directions, and its terminal.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Sink;
use futures_util::stream::BoxStream;

use super::{EngineError, LogChunk};

/// Both directions of a process's streams, for as long as it runs or until this is dropped.
pub struct Talk {
    /// What it writes, as it comes; the end comes with its own, or when it has closed its streams.
    pub output: BoxStream<'static, Result<LogChunk, EngineError>>,
    /// What it reads. Closing it ends the process's input and leaves its output open.
    pub input: Pin<Box<dyn Sink<Bytes, Error = EngineError> + Send>>,
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk").finish_non_exhaustive()
    }
}

/// Which streams of a container's own process are joined, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttachRequest {
    pub stdin: bool,
    /// Whether the container has a terminal: it then has one stream only, and nothing around what it writes.
    pub tty: bool,
    /// What leaves the container when it is typed, as the engine reads it (`ctrl-p,ctrl-q`); empty is the engine's own.
    pub detach_keys: String,
}

/// How large a terminal is, in letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub columns: u16,
    pub rows: u16,
}
