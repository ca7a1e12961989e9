//! How a command ends: the exit status, or what went wrong on the way.

use std::{fmt, io};

use crate::diagnostic::{Diagnostic, Files, Span};
use crate::engine::{EngineError, ErrorKind};
use crate::load::Loaded;
use crate::plan::{Action, PlanError};
use crate::render::failure::Report;
use crate::render::template::TemplateError;
use crate::run;
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
    /// The engine does not answer, or refused outside of any plan.
    Engine(EngineError),
    /// A plan was not done to its end.
    Undone(Class, Box<Report>),
    /// A failure that has a status of its own.
    Refused(Status, Box<Failure>),
    /// Given up because somebody asked for it.
    Interrupted,
    /// Standard output or standard error does not take any more.
    Output(io::Error),
}

impl Failure {
    pub fn plain(message: impl fmt::Display) -> Self {
        Self::one(Diagnostic::error(message))
    }

    pub fn with_help(message: impl fmt::Display, help: impl fmt::Display) -> Self {
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
pub(super) fn place(document: &Node, keys: &[String]) -> Option<Span> {
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

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        Self::plain(error.to_string())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// The kinds of failure that scripts may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Usage,
    Project,
    Image,
    Service,
    Port,
    Engine,
    Refused,
    Disk,
    Time,
}

/// Each class, the status that CONVOKE_EXIT_STATUS=class gives it, its word in JSON, and what it means. The numbers are
/// far from those that programs in containers usually end with, for `up` may end with a container's.
pub const CLASSES: &[(Class, u8, &str, &str)] = &[
    (Class::Usage, 64, "usage", "the command line is wrong"),
    (Class::Project, 65, "project", "the project is wrong: its files, variables, or what they ask for"),
    (Class::Image, 66, "image", "an image could not be pulled, built or pushed"),
    (Class::Service, 67, "service", "a container did not start, ended, or is unhealthy, or a hook failed"),
    (Class::Port, 68, "port", "a port of the host is taken"),
    (Class::Engine, 69, "engine", "no engine answers, or it went away"),
    (Class::Refused, 70, "refused", "the engine refused something else"),
    (Class::Disk, 74, "disk", "a disk is full"),
    (Class::Time, 75, "time", "the time was up"),
];

impl Class {
    fn row(self) -> (u8, &'static str) {
        let row = CLASSES.iter().find(|(class, ..)| *class == self);
        row.map_or((Status::FAILURE.0, ""), |(_, status, word, _)| (*status, *word))
    }

    pub fn status(self) -> Status {
        Status(self.row().0)
    }

    pub fn word(self) -> &'static str {
        self.row().1
    }

    fn of_engine(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unreachable => Self::Engine,
            ErrorKind::PortTaken => Self::Port,
            ErrorKind::DiskFull => Self::Disk,
            _ => Self::Refused,
        }
    }

    /// Of the first cause, which is most likely why the others came about.
    pub fn of(failure: &run::Failure) -> Self {
        let Some(cause) = failure.causes.first() else {
            return if failure.timed_out { Self::Time } else { Self::Refused };
        };
        match &cause.kind {
            run::CauseKind::Engine(error) => match (Self::of_engine(error.kind), cause.action) {
                (Self::Refused, Action::Pull | Action::Push | Action::Build) => Self::Image,
                (Self::Refused, Action::Start) => Self::Service,
                (class, _) => class,
            },
            run::CauseKind::Build(_) => Self::Image,
            run::CauseKind::File => Self::Project,
            run::CauseKind::TimedOut { .. } => Self::Time,
            run::CauseKind::Unhealthy
            | run::CauseKind::Exited { .. }
            | run::CauseKind::NoHealthCheck
            | run::CauseKind::Missing
            | run::CauseKind::Hook { .. } => Self::Service,
        }
    }

    /// `None` for what is no failure of the command itself.
    pub fn of_failure(failure: &Failure) -> Option<Self> {
        match failure {
            Failure::Misuse(_) => Some(Self::Usage),
            Failure::Findings(..) => Some(Self::Project),
            Failure::Engine(error) => Some(Self::of_engine(error.kind)),
            Failure::Undone(class, _) => Some(*class),
            Failure::Refused(_, failure) => Self::of_failure(failure),
            Failure::Output(error) if error.kind() == io::ErrorKind::StorageFull => Some(Self::Disk),
            Failure::Interrupted | Failure::Output(_) => None,
        }
    }
}

/// What the help of `convoke` says about exit statuses.
pub fn statuses() -> String {
    let mut text = String::from(
        "Exit status:
    0  done
    1  not done
    2  plan --detailed-exitcode: there is something to do
  130  interrupted
  `up` with --abort-on-container-exit, --abort-on-container-failure or --exit-code-from ends with a container's status.
  With CONVOKE_EXIT_STATUS=class the reason takes the place of 1:\n",
    );
    for (_, status, _, meaning) in CLASSES {
        text.push_str(&format!("  {status:>3}  {meaning}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_status_and_a_word_of_its_own() {
        for (position, (class, status, word, _)) in CLASSES.iter().enumerate() {
            assert_eq!((class.status(), class.word()), (Status(*status), *word));
            assert!(*status > 2 && *status < 125, "{status} means something else");
            assert!(CLASSES[..position].iter().all(|(_, other, name, _)| other != status && name != word));
        }
    }
}
