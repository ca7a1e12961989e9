//! What an engine can answer instead of doing what it was asked.

/// The classes of failure that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing of that name.
    NotFound,
    /// The name is taken, or the state does not allow it.
    Conflict,
    /// Something else still uses it.
    InUse,
    /// A host port is taken by somebody else.
    PortTaken,
    /// The engine has no address range left for another network.
    NoAddresses,
    /// The engine's disk is full.
    DiskFull,
    /// Not allowed, or no or wrong credentials.
    Denied,
    /// A registry, or the way to it, failed in a manner that may be over soon.
    Passing,
    /// The engine does not understand the request.
    Invalid,
    /// The engine does not answer, or went away in the middle.
    Unreachable,
    /// The engine's own fault.
    Internal,
    /// The engine is too old or too limited for it.
    Unsupported,
}

/// A failed request: what was tried, and what the engine said.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{action}: {message}")]
pub struct EngineError {
    pub kind: ErrorKind,
    /// What was being done: "create container shop-web-1".
    pub action: String,
    /// The engine's own words, in full.
    pub message: String,
    /// What the person can do about it, if that is known.
    pub help: Option<String>,
}

impl EngineError {
    pub fn new(kind: ErrorKind, action: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, action: action.into(), message: message.into(), help: None }
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}
