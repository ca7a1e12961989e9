//! The last word of a command that failed, in the form that was asked for.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Files};
use crate::engine::EngineError;
use crate::render::caret;
use crate::render::paint::Paint;

use super::globals::ErrorFormat;
use super::outcome::{Class, Failure, Status};

/// How errors are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    pub format: ErrorFormat,
    pub color: bool,
    /// Failures end with the status of their class, not with 1.
    pub by_class: bool,
}

impl Manner {
    fn status(self, failure: &Failure) -> Status {
        Class::of_failure(failure).filter(|_| self.by_class).map_or(Status::FAILURE, Class::status)
    }

    pub fn text(self, findings: &[Diagnostic], files: &Files) -> String {
        match self.format {
            ErrorFormat::Human => caret::report(findings, files, self.color),
            ErrorFormat::Json => caret::json(findings, files),
            ErrorFormat::Github => caret::github(findings, files),
        }
    }

    /// Says something that is not the end yet. Nobody may be left to read it: that changes nothing.
    pub fn warn(self, message: &str) {
        let text = self.text(&[Diagnostic::warning(message)], &Files::default());
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Tells what went wrong, and with which status to leave. Nobody may be left to read it: that changes nothing.
pub fn report(failure: &Failure, manner: Manner) -> Status {
    let text = match failure {
        // A reader who has left has read enough.
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return Status::SUCCESS,
        Failure::Refused(status, failure) => {
            report(failure, manner);
            return *status;
        }
        Failure::Interrupted => return Status::INTERRUPTED,
        Failure::Output(error) => plain(&format!("write output: {error}"), manner),
        Failure::Misuse(error) if manner.format == ErrorFormat::Human => {
            let _ = error.print();
            return manner.status(failure);
        }
        Failure::Misuse(error) => plain(&sentence(error), manner),
        Failure::Findings(files, findings) => manner.text(findings, files),
        Failure::Engine(error) => manner.text(&[refusal(error)], &Files::default()),
        Failure::Undone(_, report) => match manner.format {
            ErrorFormat::Human => report.text(Paint::new(manner.color)),
            ErrorFormat::Json => format!("{}\n", report.object()),
            ErrorFormat::Github => report.causes.iter().map(|cause| plain(&cause.message, manner)).collect(),
        },
    };
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    manner.status(failure)
}

fn refusal(error: &EngineError) -> Diagnostic {
    let finding = Diagnostic::error(error.to_string());
    error.help.iter().fold(finding, Diagnostic::help)
}

fn plain(message: &str, manner: Manner) -> String {
    manner.text(&[Diagnostic::error(message)], &Files::default())
}

/// The first line of what clap says, without its own "error: ".
pub fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}
