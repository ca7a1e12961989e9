//! Which step may begin next. Pure: it counts what each step still waits for.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graph::NodeIndex;

use crate::plan::{Plan, Step, StepId};

/// Steps that get in one another's way share a lane; a lane takes only so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Pulls and builds: they share the network and the disk.
    Image,
    /// Everything that the engine does by itself.
    Engine,
    /// Only waits: takes no room.
    Wait,
}

/// Pulls and builds at once: more of them only share the same line and the same disk.
const IMAGES_AT_ONCE: usize = 4;

impl Lane {
    fn of(step: &Step) -> Self {
        match step {
            Step::PullImage { .. } | Step::BuildImage { .. } => Self::Image,
            Step::Await { .. } | Step::RunToEnd { .. } => Self::Wait,
            _ => Self::Engine,
        }
    }
}

/// The state of every step of one plan.
pub struct Schedule<'p> {
    plan: &'p Plan,
    /// What each step still waits for.
    open: Vec<usize>,
    ready: BTreeSet<StepId>,
    /// Begun and not yet ended.
    running: BTreeSet<StepId>,
    /// Neither done nor failed.
    left: BTreeSet<StepId>,
    limit: usize,
    stopped: bool,
}

impl<'p> Schedule<'p> {
    /// `limit`: steps at once, waits not counted; 0 is no limit.
    pub fn new(plan: &'p Plan, limit: usize) -> Self {
        let open: Vec<usize> = plan.steps().map(|(id, _)| plan.needs(id).len()).collect();
        let left: BTreeSet<StepId> = plan.steps().map(|(id, _)| id).collect();
        let ready = left.iter().copied().filter(|id| open[id.0] == 0).collect();
        Self { plan, open, ready, running: BTreeSet::new(), left, limit, stopped: false }
    }

    /// The first step in plan's order that may begin now.
    pub fn next(&mut self) -> Option<StepId> {
        if self.stopped {
            return None;
        }
        let id = self.ready.iter().copied().find(|id| self.has_room(Lane::of(&self.plan.step(*id).step)))?;
        self.ready.remove(&id);
        self.running.insert(id);
        Some(id)
    }

    fn has_room(&self, lane: Lane) -> bool {
        let busy = |wanted: &dyn Fn(Lane) -> bool| {
            self.running.iter().filter(|id| wanted(Lane::of(&self.plan.step(**id).step))).count()
        };
        match lane {
            Lane::Wait => true,
            Lane::Image if busy(&|lane| lane == Lane::Image) >= IMAGES_AT_ONCE => false,
            Lane::Image | Lane::Engine => self.limit == 0 || busy(&|lane| lane != Lane::Wait) < self.limit,
        }
    }

    /// The step counts as done: those that waited for it come nearer.
    pub fn done(&mut self, id: StepId) {
        self.running.remove(&id);
        self.left.remove(&id);
        for later in self.later(id) {
            self.open[later.0] -= 1;
            if self.open[later.0] == 0 {
                self.ready.insert(later);
            }
        }
    }

    /// The step failed: those that wait for it never become ready.
    pub fn failed(&mut self, id: StepId) {
        self.running.remove(&id);
        self.left.remove(&id);
    }

    /// The step was begun and given up: it stays among those that are left.
    pub fn given_up(&mut self, id: StepId) {
        self.running.remove(&id);
    }

    /// Nothing new begins from here on.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    pub fn running(&self) -> &BTreeSet<StepId> {
        &self.running
    }

    /// What was neither done nor failed, in plan's order.
    pub fn left(&self) -> &BTreeSet<StepId> {
        &self.left
    }

    /// The steps that wait for this one directly.
    pub fn later(&self, id: StepId) -> impl Iterator<Item = StepId> + use<'p> {
        self.plan.graph.neighbors_directed(NodeIndex::new(id.0), Direction::Outgoing).map(|index| StepId(index.index()))
    }
}
