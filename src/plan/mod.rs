//! Desired and observed state → a plan. Pure: no clock, no disk, no engine, no printing.

mod addresses;
mod api_socket;
mod before;
mod building;
mod change;
mod containers;
mod decide;
mod declared;
mod display;
mod down;
mod draft;
mod error;
pub mod fingerprint;
mod from_labels;
mod grants;
mod images;
mod lifecycle;
mod networks;
mod observed;
mod once;
mod orphans;
mod planner;
mod policy;
mod pre_start;
mod reason;
mod reference;
mod registry;
pub mod spec;
mod start;
mod step;
mod stop;
mod up;
mod volumes;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

pub use addresses::free_range;
pub use api_socket::{give_api_socket, wants_api_socket};
pub use before::Inspected;
pub use building::build;
pub use change::{FieldChange, Side};
pub use decide::unexplained;
pub use down::down;
pub use draft::{Draft, DraftError, Facts, ImageRef};
pub use error::PlanError;
pub use from_labels::project_from_labels;
pub use grants::granted_files;
pub use images::{named_images, refreshed_images};
pub use lifecycle::{kill, pause, remove, restart, start, unpause};
pub use observed::{Configured, Labelled, Observed};
pub use once::{RunPlan, RunPolicy, launch, run};
pub use planner::is_up;
pub use policy::{
    BuildOrder, BuildPolicy, DownPolicy, FailedPull, Foundations, ImageRemoval, KillPolicy, PullOrder, PullPolicy,
    PushOrder, Recreation, RemovePolicy, RestartPolicy, StartPolicy, StopPolicy, UpPolicy,
};
pub use reason::Reason;
pub use reference::full as full_name;
pub use registry::{pull, push};
pub use step::{
    Action, ContainerRef, Guard, InjectedContent, InjectedFile, PlannedStep, Readiness, Step, StepId, Subject,
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

#[cfg(test)]
mod tests;
