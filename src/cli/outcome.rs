//! How a command ends: the exit status, or what went wrong on the way.

use std::io;

use crate::diagnostic::{Diagnostic, Files, Span};
use crate::engine::EngineError;
use crate::load::Loaded;
use crate::plan::PlanError;
use crate::render::failure::Report;
use crate::source::Rejected;
use crate::yaml::Node;

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    pub const SUCCESS: Self = Self(0);
    pub const FAILURE: Self = Self(1);
    /// `plan --detailed-exitcode`: there is something to do.
    pub const CHANGES: Self = Self(2);
    /// Ended by a signal from the keyboard.
    pub const INTERRUPTED: Self = Self(130);

    /// The status of a container, as a process can have it.
    pub fn of_container(code: i32) -> Self {
        Self(u8::try_from(code.rem_euclid(256)).unwrap_or(u8::MAX))
    }
}

/// What went wrong.
#[derive(Debug)]
pub enum Failure {
    /// Flags that do not go together.
    Misuse(Box<clap::Error>),
    /// One sentence each, and the texts that they may point into.
    Findings(Files, Vec<Diagnostic>),
    /// A plan was not done to its end.
    Undone(Box<Report>),
    /// Given up because somebody asked for it.
    Interrupted,
    /// Standard output or standard error does not take any more.
    Output(io::Error),
}

impl Failure {
    pub fn plain(message: impl Into<String>) -> Self {
        Self::one(Diagnostic::error(message))
    }

    pub fn with_help(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::one(Diagnostic::error(message).help(help))
    }

    pub fn one(diagnostic: Diagnostic) -> Self {
        Self::Findings(Files::default(), vec![diagnostic])
    }

    /// What makes a plan impossible, at the place in the file that demands it, where there is a file.
    pub fn planning(errors: &[PlanError], loaded: Option<&Loaded>) -> Self {
        let findings = errors.iter().map(|error| {
            let finding = Diagnostic::error(&error.message);
            let finding = match loaded.and_then(|loaded| place(&loaded.document, &error.place)) {
                Some(span) => finding.at(span),
                None => finding,
            };
            error.help.iter().fold(finding, Diagnostic::help)
        });
        Self::Findings(loaded.map(|loaded| loaded.files.clone()).unwrap_or_default(), findings.collect())
    }
}

/// Where the innermost of the keys is written that the document has.
fn place(document: &Node, keys: &[String]) -> Option<Span> {
    let mut node = document;
    let mut span = None;
    for key in keys {
        let Some(map) = node.as_map() else { break };
        let Some(value) = map.get(key) else { break };
        span = map.key_span(key);
        node = value;
    }
    span
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Rejected> for Failure {
    fn from(rejected: Rejected) -> Self {
        Self::Findings(rejected.files, rejected.diagnostics)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let finding = Diagnostic::error(error.to_string());
        Self::one(match error.help {
            Some(help) => finding.help(help),
            None => finding,
        })
    }
}
