//! Desired and observed state → a plan. Pure: no clock, no disk, no engine, no printing.

mod containers;
mod decide;
mod down;
mod draft;
mod error;
pub mod fingerprint;
mod from_labels;
mod hash;
mod images;
mod networks;
mod observed;
mod orphans;
mod planner;
mod policy;
mod reference;
pub mod spec;
mod start;
mod step;
mod stop;
mod up;
mod volumes;

use std::fmt;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

pub use down::down;
pub use draft::{Draft, DraftError, Facts, ImageRef};
pub use error::PlanError;
pub use from_labels::project_from_labels;
pub use images::refreshed_images;
pub use observed::{Labelled, Observed};
pub use policy::{BuildPolicy, DownPolicy, ImageRemoval, PullPolicy, Recreation, StopPolicy, UpPolicy};
pub use step::{
    Action, ContainerRef, Guard, InjectedContent, InjectedFile, PlannedStep, Readiness, Reason, Step, StepId, Subject,
    SubjectKind,
};
pub use stop::stop;
pub use up::up;

/// Steps and what each has to wait for. An edge goes from the earlier step to the later one.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub graph: DiGraph<PlannedStep, ()>,
    /// What a person should know although nothing is done about it: orphans, foreign networks.
    pub warnings: Vec<String>,
    /// Names of volumes that are not as the file has them, and were left so to keep their data.
    pub held_back: Vec<String>,
}

impl Plan {
    /// Adds a step that waits for others; waiting twice for the same one counts once.
    pub fn add(&mut self, step: PlannedStep, after: impl IntoIterator<Item = StepId>) -> StepId {
        let index = self.graph.add_node(step);
        for earlier in after {
            self.graph.update_edge(NodeIndex::new(earlier.0), index, ());
        }
        StepId(index.index())
    }

    pub fn is_empty(&self) -> bool {
        self.graph.node_count() == 0
    }

    pub fn step(&self, id: StepId) -> &PlannedStep {
        &self.graph[NodeIndex::new(id.0)]
    }

    /// The steps in the order in which they were planned, which is also a possible order of doing.
    pub fn steps(&self) -> impl Iterator<Item = (StepId, &PlannedStep)> {
        self.graph.node_indices().map(|index| (StepId(index.index()), &self.graph[index]))
    }

    /// What a step waits for, in ascending order.
    pub fn needs(&self, id: StepId) -> Vec<StepId> {
        let mut needs: Vec<_> = self
            .graph
            .neighbors_directed(NodeIndex::new(id.0), Direction::Incoming)
            .map(|index| StepId(index.index()))
            .collect();
        needs.sort_unstable();
        needs
    }
}

impl fmt::Display for Plan {
    /// One line a step: number, what, action, why, and what it waits for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 4]> = self
            .steps()
            .map(|(id, planned)| {
                let needs: Vec<_> = self.needs(id).iter().map(|need| (need.0 + 1).to_string()).collect();
                let after = if needs.is_empty() { String::new() } else { format!("after {}", needs.join(", ")) };
                [planned.subject().to_string(), planned.action().imperative().to_owned(), planned.why(), after]
            })
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (subjects, actions, reasons) = (width(0), width(1), width(2));
        let numbers = rows.len().to_string().len();
        for (number, [subject, action, reason, after]) in rows.iter().enumerate() {
            let line = format!(
                "#{:<numbers$}  {subject:<subjects$}  {action:<actions$}  {reason:<reasons$}  {after}",
                number + 1
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
