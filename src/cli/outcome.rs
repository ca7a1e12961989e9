//! How a command ends: the exit status, or what went wrong on the way.

use std::io;

use crate::diagnostic::{Diagnostic, Files};
use crate::source::Rejected;

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    pub const SUCCESS: Self = Self(0);
    pub const FAILURE: Self = Self(1);
}

/// What went wrong.
#[derive(Debug)]
pub enum Failure {
    /// One sentence each, and the texts that they may point into.
    Findings(Files, Vec<Diagnostic>),
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
