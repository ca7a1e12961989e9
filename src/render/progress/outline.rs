//! How each step of a plan is told: in which row, with which words.

use std::collections::BTreeMap;

use crate::plan::{Action, Plan, PlannedStep, Readiness, Step, StepId, Subject, SubjectKind};

/// The steps of a plan as people see them.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    planned: Vec<(Subject, Action, Telling)>,
    /// The rows of the steps that have been told about.
    told: BTreeMap<StepId, String>,
}

/// The words for one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// `Container shop-db-1`; steps with the same text share a row.
    pub row: String,
    /// While it is done: `Creating`
    pub working: &'static str,
    /// When it is done: `Created`
    pub done: &'static str,
    /// When there was nothing to do: `Running`
    pub unneeded: &'static str,
    /// What is worth saying beside it while it lasts: what is awaited and why.
    pub detail: String,
}

impl Outline {
    pub fn of(plan: &Plan) -> Self {
        let planned = plan.steps().map(|(_, step)| (step.subject(), step.action(), planned(step))).collect();
        Self { planned, told: BTreeMap::new() }
    }

    /// How many rows the whole plan takes.
    pub fn rows(&self) -> usize {
        let mut rows: Vec<&str> = self.planned.iter().map(|(_, _, telling)| telling.row.as_str()).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.len()
    }

    /// The words for a step; also for one of another plan, as far as its subject and action tell.
    pub fn telling(&mut self, id: StepId, subject: &Subject, action: Action) -> Telling {
        let telling = match self.planned.get(id.0) {
            Some((known, doing, telling)) if known == subject && *doing == action => telling.clone(),
            _ => usual(subject, action),
        };
        self.told.insert(id, telling.row.clone());
        telling
    }

    /// The row of a step that has been told about before.
    pub fn row(&self, id: StepId) -> &str {
        self.told.get(&id).map_or("Image", String::as_str)
    }
}

/// The row of a subject: its kind with a capital letter, its name, without the prefix of a name that is only temporary.
pub fn row(subject: &Subject) -> String {
    let kind = match subject.kind {
        SubjectKind::Network => "Network",
        SubjectKind::Volume => "Volume",
        SubjectKind::Image => "Image",
        SubjectKind::Container => "Container",
        SubjectKind::Service => "Service",
    };
    format!("{kind} {}", permanent(&subject.name))
}

/// A container that takes the place of another one is created as `<12 digits>_<name>` and renamed later.
fn permanent(name: &str) -> &str {
    match name.split_once('_') {
        Some((digits, rest)) if digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => rest,
        _ => name,
    }
}

fn usual(subject: &Subject, action: Action) -> Telling {
    let unneeded = if action == Action::Start { "Running" } else { "Unchanged" };
    Telling { row: row(subject), working: action.working(), done: action.done(), unneeded, detail: String::new() }
}

fn planned(step: &PlannedStep) -> Telling {
    let subject = step.subject();
    let telling = usual(&subject, step.action());
    match &step.step {
        Step::CreateContainer(draft) if permanent(&draft.spec.name) != draft.spec.name => {
            Telling { working: "Recreate", done: "Created", ..telling }
        }
        Step::RenameContainer { name, .. } => Telling {
            row: row(&Subject { kind: SubjectKind::Container, name: name.clone() }),
            done: "Recreated",
            ..telling
        },
        Step::Await { condition, .. } => Telling {
            done: match condition {
                Readiness::Started => "Running",
                Readiness::Healthy => "Healthy",
                Readiness::Completed => "Exited",
                Readiness::Settled => "Ready",
            },
            detail: step.why(),
            ..telling
        },
        _ => telling,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_name_shares_the_row_of_the_permanent_one() {
        for (name, expected) in [
            ("0123456789ab_shop-web-1", "Container shop-web-1"),
            ("shop_web_1", "Container shop_web_1"),
            ("0123456789ag_shop", "Container 0123456789ag_shop"),
        ] {
            assert_eq!(row(&Subject { kind: SubjectKind::Container, name: name.into() }), expected);
        }
    }
}
