//! Why a plan was not done, with all that a person needs to see.

use std::fmt;

use crate::build::BuildError;
use crate::engine::EngineError;
use crate::model::ServiceName;
use crate::plan::{Action, PlannedStep, Subject, SubjectKind};

/// A plan that was not done to its end.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// What went wrong, in the order in which it did.
    pub causes: Vec<Cause>,
    /// The steps that were not done because of that.
    pub skipped: Vec<(Subject, Action)>,
    pub cancelled: bool,
    pub timed_out: bool,
}

impl Failure {
    /// The engine refused or went away outside any step.
    pub(super) fn of_project(project: &str, error: EngineError) -> Self {
        let cause = Cause {
            subject: Subject { kind: SubjectKind::Service, name: project.to_owned() },
            action: Action::Await,
            service: None,
            message: error.to_string(),
            help: error.help.clone(),
            kind: CauseKind::Engine(error),
            last_logs: Vec::new(),
            probe: None,
            container: None,
        };
        Self { causes: vec![cause], ..Self::default() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.causes.is_empty() {
            return f.write_str(if self.cancelled { "interrupted" } else { "not done" });
        }
        for (number, cause) in self.causes.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// One step that failed.
#[derive(Clone, Debug)]
pub struct Cause {
    pub subject: Subject,
    pub action: Action,
    pub service: Option<ServiceName>,
    pub kind: CauseKind,
    /// One sentence for people, without its subject's kind: `container shop-db-1 exited (1)`.
    pub message: String,
    /// The last lines of the container concerned, oldest first.
    pub last_logs: Vec<String>,
    /// The health check's last run.
    pub probe: Option<FailedProbe>,
    /// The container concerned.
    pub container: Option<String>,
    pub help: Option<String>,
}

impl Cause {
    pub(super) fn of(planned: &PlannedStep, kind: CauseKind, message: impl Into<String>) -> Self {
        Self {
            subject: planned.subject(),
            action: planned.action(),
            service: planned.service.clone(),
            kind,
            message: message.into(),
            last_logs: Vec::new(),
            probe: None,
            container: None,
            help: None,
        }
    }

    pub(super) fn engine(planned: &PlannedStep, error: EngineError) -> Self {
        let subject = planned.subject();
        let action = if subject.kind == SubjectKind::Container {
            named(&error.action, &subject.name)
        } else {
            error.action.clone()
        };
        let mut cause = Self::of(planned, CauseKind::Engine(error.clone()), format!("{action}: {}", error.message));
        cause.container = (subject.kind == SubjectKind::Container).then_some(subject.name);
        cause.help = error.help;
        cause
    }
}

/// The engine is asked by id, and people know names: `start container 0123456789ab` with the name in its place.
fn named(action: &str, name: &str) -> String {
    let is_id = |word: &str| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut words: Vec<&str> = action.split(' ').collect();
    if let Some(at) = words.iter().position(|word| *word == "container")
        && let Some(word) = words.get_mut(at + 1).filter(|word| is_id(word))
    {
        *word = name;
    }
    words.join(" ")
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The classes of causes that callers tell apart.
#[derive(Clone, Debug)]
pub enum CauseKind {
    /// The engine refused.
    Engine(EngineError),
    Unhealthy,
    Exited {
        code: i64,
        oom: bool,
    },
    NoHealthCheck,
    /// The container is gone.
    Missing,
    TimedOut {
        waiting_for: String,
    },
    Build(BuildError),
    Hook {
        code: i64,
    },
    /// A file that should go into a container cannot be read.
    File,
}

/// One run of a health check that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedProbe {
    pub command: String,
    pub exit_code: i64,
    pub output: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_gives_way_to_the_name() {
        for (action, told) in [
            ("start container 0123456789ab", "start container web-1"),
            ("connect container 0123456789ab to network n", "connect container web-1 to network n"),
            ("create container web-1", "create container web-1"),
            ("list containers", "list containers"),
        ] {
            assert_eq!(named(action, "web-1"), told);
        }
    }
}
