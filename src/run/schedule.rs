//! Which step may begin next. Pure: it counts what each step still waits for.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

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

/// Pulls, pushes and builds at once: more of them only share the same line and the same disk.
const IMAGES_AT_ONCE: usize = 4;
/// What an engine does at once for each processor, where nobody sets a limit: given more, it gets in its own way and takes
/// longer for all of them together. Where it runs elsewhere, its processors are taken to be as many as those here.
const FOR_EACH_PROCESSOR: usize = 6;
/// A step that ends containers, and has not ended by then, waits for them.
const ENDING: Duration = Duration::from_millis(500);
/// Any other step that has not ended by then waits for something else: the engine is not at work on it.
const STALLED: Duration = Duration::from_secs(10);

impl Lane {
    fn of(step: &Step) -> Self {
        match step {
            Step::PullImage { .. } | Step::PushImage { .. } | Step::BuildImage { .. } => Self::Image,
            Step::Await { .. } | Step::RunToEnd { .. } => Self::Wait,
            _ => Self::Engine,
        }
    }
}

/// Where a step stands in the longest row of steps that wait for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    /// How many steps the row has: the longer it is, the sooner. Where there is no room for all, everything is done the
    /// sooner for it.
    row: Reverse<usize>,
    /// How many stand before it: what was begun is ended first, so that an engine has less to look after.
    before: Reverse<usize>,
}

/// A step stands behind those that it waits for: from the first one on, it is known how many stand before it, and from the
/// last one backwards, how many behind it.
fn turns(plan: &Plan) -> Vec<Turn> {
    let ids: Vec<StepId> = plan.steps().map(|(id, _)| id).collect();
    let (mut before, mut behind) = (vec![0; ids.len()], vec![0; ids.len()]);
    for id in &ids {
        before[id.0] = plan.needs(*id).into_iter().map(|earlier| before[earlier.0] + 1).max().unwrap_or(0);
    }
    for id in ids.iter().rev() {
        for earlier in plan.needs(*id) {
            behind[earlier.0] = behind[earlier.0].max(behind[id.0] + 1);
        }
    }
    let turn = |(before, behind)| Turn { row: Reverse(before + 1 + behind), before: Reverse(before) };
    before.into_iter().zip(behind).map(turn).collect()
}

/// The state of every step of one plan.
pub struct Schedule<'p> {
    plan: &'p Plan,
    /// What each step still waits for.
    open: Vec<usize>,
    turns: Vec<Turn>,
    /// Whose turn it is first; among such, in plan's order.
    ready: BTreeSet<(Turn, StepId)>,
    /// Begun and not yet ended.
    running: BTreeSet<StepId>,
    /// Those of them that take no room any more.
    lasting: BTreeSet<StepId>,
    /// Neither done nor failed.
    left: BTreeSet<StepId>,
    limit: usize,
    /// Steps that the engine does at once where there is no limit.
    room: usize,
    stopped: bool,
}

impl<'p> Schedule<'p> {
    /// `limit`: steps at once, waits not counted; 0 is as many as an engine with so many processors does well.
    pub fn new(plan: &'p Plan, limit: usize, processors: usize) -> Self {
        let open: Vec<usize> = plan.steps().map(|(id, _)| plan.needs(id).len()).collect();
        let left: BTreeSet<StepId> = plan.steps().map(|(id, _)| id).collect();
        let turns = turns(plan);
        let ready = left.iter().filter(|id| open[id.0] == 0).map(|id| (turns[id.0], *id)).collect();
        let (running, lasting) = (BTreeSet::new(), BTreeSet::new());
        let room = FOR_EACH_PROCESSOR * processors;
        Self { plan, open, turns, ready, running, lasting, left, limit, room, stopped: false }
    }

    /// The step that may begin now and whose turn it is.
    pub fn next(&mut self) -> Option<StepId> {
        if self.stopped {
            return None;
        }
        let (images, engine) = (self.has_room(Lane::Image), self.has_room(Lane::Engine));
        let fits = |id: StepId| match Lane::of(&self.plan.step(id).step) {
            Lane::Image => images,
            Lane::Engine => engine,
            Lane::Wait => true,
        };
        let (turn, id) = self.ready.iter().copied().find(|(_, id)| fits(*id))?;
        self.ready.remove(&(turn, id));
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
            Lane::Image | Lane::Engine if self.limit > 0 => busy(&|lane| lane != Lane::Wait) < self.limit,
            Lane::Image => true,
            Lane::Engine => busy(&|lane| lane == Lane::Engine) - self.lasting.len() < self.room,
        }
    }

    /// How long a step may stand in the way of others; forever where a limit says so, and never one that takes no room.
    pub fn patience(&self, id: StepId) -> Option<Duration> {
        let step = &self.plan.step(id).step;
        if self.limit > 0 || Lane::of(step) != Lane::Engine {
            return None;
        }
        let ends = matches!(step, Step::StopContainer { .. } | Step::RestartContainer { .. } | Step::RunHook { .. });
        Some(if ends { ENDING } else { STALLED })
    }

    /// The step lasts: the engine waits for somebody else, and others may begin.
    pub fn lasts(&mut self, id: StepId) {
        if self.running.contains(&id) {
            self.lasting.insert(id);
        }
    }

    fn ended(&mut self, id: StepId) {
        self.running.remove(&id);
        self.lasting.remove(&id);
    }

    /// The step counts as done: those that waited for it come nearer.
    pub fn done(&mut self, id: StepId) {
        self.ended(id);
        self.left.remove(&id);
        for later in self.later(id) {
            self.open[later.0] -= 1;
            if self.open[later.0] == 0 {
                self.ready.insert((self.turns[later.0], later));
            }
        }
    }

    /// The step failed: those that wait for it never become ready.
    pub fn failed(&mut self, id: StepId) {
        self.ended(id);
        self.left.remove(&id);
    }

    /// The step was begun and given up: it stays among those that are left.
    pub fn given_up(&mut self, id: StepId) {
        self.ended(id);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ContainerId;
    use crate::plan::{ContainerRef, PlannedStep, Reason};

    fn plan(steps: &[(Step, &[usize])]) -> Plan {
        let mut plan = Plan::default();
        for (step, after) in steps {
            let planned = PlannedStep { step: step.clone(), reason: Reason::Missing, service: None, guard: None };
            plan.add(planned, after.iter().map(|id| StepId(*id)));
        }
        plan
    }

    fn build(name: &str) -> Step {
        Step::BuildImage { image: name.into(), only_if_missing: false, push: false }
    }

    fn volume(name: &str) -> Step {
        Step::RemoveVolume { name: name.into() }
    }

    #[test]
    fn what_the_longest_row_waits_for_begins_first() {
        let few: &[(Step, &[usize])] = &[
            (build("a"), &[]),
            (build("b"), &[]),
            (build("c"), &[]),
            (build("d"), &[]),
            (build("e"), &[]),
            (volume("a"), &[0]),
            (volume("e"), &[4]),
            (volume("last"), &[6]),
        ];
        let plan = plan(few);
        let mut schedule = Schedule::new(&plan, 0, 2);
        let begun: Vec<usize> = std::iter::from_fn(|| schedule.next()).map(|id| id.0).collect();
        assert_eq!(begun, [4, 0, 1, 2], "four at once, and the one that two wait for is among them");
        schedule.done(StepId(4));
        let begun: Vec<usize> = std::iter::from_fn(|| schedule.next()).map(|id| id.0).collect();
        assert_eq!(begun, [6, 3]);
    }

    #[test]
    fn what_was_begun_is_ended_before_more_begins() {
        let plan =
            plan(&[(volume("a"), &[]), (volume("b"), &[]), (volume("behind a"), &[0]), (volume("behind b"), &[1])]);
        let mut schedule = Schedule::new(&plan, 1, 2);
        let mut begun = Vec::new();
        while let Some(id) = schedule.next() {
            begun.push(id.0);
            schedule.done(id);
        }
        assert_eq!(begun, [0, 2, 1, 3]);
    }

    #[test]
    fn an_engine_gets_no_more_than_it_does_well_and_what_lasts_holds_up_nobody() {
        let names: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        let steps: Vec<(Step, &[usize])> = names.iter().map(|name| (volume(name), &[][..])).collect();
        let plan = plan(&steps);
        let mut schedule = Schedule::new(&plan, 0, 2);
        let begun = |schedule: &mut Schedule<'_>| std::iter::from_fn(|| schedule.next()).count();
        assert_eq!(begun(&mut schedule), 12);
        schedule.done(StepId(0));
        assert_eq!(begun(&mut schedule), 1);
        // Who has ended already makes no room a second time.
        schedule.lasts(StepId(0));
        assert_eq!(begun(&mut schedule), 0);
        schedule.lasts(StepId(1));
        assert_eq!(begun(&mut schedule), 1);
        schedule.done(StepId(1));
        assert_eq!(begun(&mut schedule), 0, "its room was given away before");
        let mut limited = Schedule::new(&plan, 20, 2);
        assert_eq!(begun(&mut limited), 20, "whoever sets a limit knows the engine");
        assert_eq!(limited.patience(StepId(0)), None);
    }

    #[test]
    fn only_what_waits_for_somebody_makes_room_soon() {
        let container = || ContainerRef::Existing { id: ContainerId::new("1"), name: "web".into() };
        let table = [
            (Step::StopContainer { container: container(), grace: None }, Some(ENDING)),
            (Step::RestartContainer { container: container(), grace: None }, Some(ENDING)),
            (Step::StartContainer { container: container() }, Some(STALLED)),
            (volume("a"), Some(STALLED)),
            (build("a"), None),
            (Step::RunToEnd { container: container() }, None),
        ];
        for (step, expected) in table {
            let plan = plan(&[(step, &[])]);
            assert_eq!(Schedule::new(&plan, 0, 1).patience(StepId(0)), expected);
        }
    }

    #[test]
    fn a_limit_is_kept_and_nothing_begins_before_its_time() {
        let plan = plan(&[(volume("a"), &[]), (volume("b"), &[]), (volume("c"), &[0, 1])]);
        let mut schedule = Schedule::new(&plan, 1, 2);
        assert_eq!((schedule.next(), schedule.next()), (Some(StepId(0)), None));
        schedule.done(StepId(0));
        assert_eq!((schedule.next(), schedule.next()), (Some(StepId(1)), None));
        schedule.failed(StepId(1));
        assert_eq!(schedule.next(), None, "what waits for a failed step never begins");
        assert_eq!(schedule.left().iter().copied().collect::<Vec<_>>(), [StepId(2)]);
    }
}
