//! What was asked of the engine, and what is to go wrong with it.

use std::fmt;
use std::time::Duration;

use crate::engine::EngineError;

/// One request: the method of the port, and what it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub method: &'static str,
    /// A name where there is one, else an id; empty for lists.
    pub subject: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.subject)
    }
}

/// Something that happens to requests of one kind.
#[derive(Debug)]
struct Rule<T> {
    method: &'static str,
    /// `None` is any.
    subject: Option<String>,
    effect: T,
}

impl<T> Rule<T> {
    fn concerns(&self, call: &Call) -> bool {
        self.method == call.method && self.subject.as_deref().is_none_or(|subject| subject == call.subject)
    }
}

#[derive(Debug, Default)]
pub(super) struct Journal {
    calls: Vec<Call>,
    failures: Vec<Rule<EngineError>>,
    delays: Vec<Rule<Duration>>,
}

impl Journal {
    pub(super) fn fail(&mut self, method: &'static str, subject: Option<String>, error: EngineError) {
        self.failures.push(Rule { method, subject, effect: error });
    }

    pub(super) fn delay(&mut self, method: &'static str, by: Duration) {
        self.delays.push(Rule { method, subject: None, effect: by });
    }

    pub(super) fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(super) fn forget(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    /// Notes a request; returns how long it takes and, once for each failure that was ordered, why it fails.
    pub(super) fn note(&mut self, call: Call) -> (Duration, Option<EngineError>) {
        let delay = self.delays.iter().filter(|rule| rule.concerns(&call)).map(|rule| rule.effect).sum();
        let failure = self.failures.iter().position(|rule| rule.concerns(&call));
        self.calls.push(call);
        (delay, failure.map(|at| self.failures.remove(at).effect))
    }
}
