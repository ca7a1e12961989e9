//! What containers do when nothing really runs: told in advance.

use std::time::Duration;

use bytes::Bytes;

use crate::engine::{EngineError, ExecOutcome, Stream};

/// What a container does after each of its starts. All times count from there.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// When it ends by itself and with what code; `None` runs until it is stopped.
    pub exits: Option<(Duration, i64)>,
    /// Whether that end is for want of memory.
    pub out_of_memory: bool,
    /// How long it takes to heed a request to stop, and with what code it ends then; `None` does not heed it.
    pub stops: Option<(Duration, i64)>,
    /// From when on its health check succeeds; `None` is never.
    pub healthy_after: Option<Duration>,
    /// From when on its health check fails again.
    pub unhealthy_after: Option<Duration>,
    /// Whether what the checks of its earlier life said is told until the first one of the new life.
    pub keeps_health: bool,
    /// What a failing health check prints.
    pub complaint: String,
    /// What it writes and when, in order of time.
    pub writes: Vec<(Duration, Stream, Bytes)>,
    /// What commands run inside answer; others answer with success and silence.
    pub answers: Vec<(Vec<String>, ExecOutcome)>,
    /// Whether it gives back what it is given, and ends well with its input; so does a command run inside that has an
    /// input and no scripted answer.
    pub repeats: bool,
    /// Why it cannot be started, if it cannot.
    pub start_fails: Option<EngineError>,
}

impl Default for Behaviour {
    /// Runs until it is stopped, heeds that at once, and is healthy from the beginning.
    fn default() -> Self {
        Self {
            exits: None,
            out_of_memory: false,
            stops: Some((Duration::ZERO, 143)),
            healthy_after: Some(Duration::ZERO),
            unhealthy_after: None,
            keeps_health: false,
            complaint: String::new(),
            writes: Vec::new(),
            answers: Vec::new(),
            repeats: false,
            start_fails: None,
        }
    }
}

impl Behaviour {
    /// Ends with a code after so long.
    pub fn exits(after: Duration, code: i64) -> Self {
        Self { exits: Some((after, code)), ..Self::default() }
    }

    /// Is healthy only after so long.
    pub fn healthy(after: Duration) -> Self {
        Self { healthy_after: Some(after), ..Self::default() }
    }

    /// Also writes this to its standard output after so long.
    #[must_use]
    pub fn writing(self, after: Duration, text: &str) -> Self {
        self.writing_to(Stream::Stdout, after, text)
    }

    #[must_use]
    pub fn writing_to(mut self, stream: Stream, after: Duration, text: &str) -> Self {
        self.writes.push((after, stream, Bytes::copy_from_slice(text.as_bytes())));
        self.writes.sort_by_key(|(after, ..)| *after);
        self
    }

    /// Also answers a command so.
    #[must_use]
    pub fn answering(mut self, command: &[&str], outcome: ExecOutcome) -> Self {
        self.answers.push((command.iter().map(|word| (*word).to_owned()).collect(), outcome));
        self
    }

    /// Whether its health check succeeds at this time of its life.
    pub(super) fn is_healthy(&self, age: Duration) -> bool {
        self.healthy_after.is_some_and(|after| age >= after) && self.unhealthy_after.is_none_or(|after| age < after)
    }
}
