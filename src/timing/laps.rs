//! Events as they come → the steps of a run with their times.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Event, Phase};
use crate::plan::{Plan, StepId};

use super::{Lap, Run};

/// A stopwatch for the steps of one plan. The time is handed in.
#[derive(Clone, Debug, Default)]
pub struct Laps(BTreeMap<StepId, Times>);

/// When a step began and ended, since the beginning of everything.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    began: Duration,
    ended: Option<Duration>,
    failed: bool,
}

impl Laps {
    /// Notes a step that begins or ends; everything else is none of its business.
    pub fn note(&mut self, event: &Event, now: Duration) {
        let Event::Step { id, phase, .. } = event else { return };
        match phase {
            Phase::Began => {
                self.0.insert(*id, Times { began: now, ..Times::default() });
            }
            Phase::Done { .. } | Phase::Failed { .. } | Phase::Tolerated { .. } => {
                if let Some(times) = self.0.get_mut(id) {
                    times.ended = Some(now);
                    times.failed = !matches!(phase, Phase::Done { .. });
                }
            }
            Phase::Unneeded | Phase::Skipped { .. } => {}
        }
    }

    /// The run so far. `began`: when, RFC 3339. Steps that did not end are left out; those that waited for a step that is
    /// left out wait for what that waited for.
    pub fn run(&self, plan: &Plan, project: &str, command: &str, began: &str) -> Run {
        let mut laps = Vec::new();
        for (id, planned) in plan.steps() {
            let Some((times, ended)) = self.0.get(&id).and_then(|times| Some((times, times.ended?))) else { continue };
            let subject = planned.subject();
            laps.push(Lap {
                step: id.0 + 1,
                service: planned.service.as_ref().map(ToString::to_string),
                kind: subject.kind.as_str().to_owned(),
                name: subject.name,
                action: planned.action().imperative().to_owned(),
                why: planned.why(),
                after: self.done_before(plan, id).into_iter().map(|id| id.0 + 1).collect(),
                began: micros(times.began),
                ended: micros(ended),
                failed: times.failed,
            });
        }
        let elapsed = laps.iter().map(|lap| lap.ended).max().unwrap_or_default();
        Run { project: project.to_owned(), command: command.to_owned(), began: began.to_owned(), elapsed, laps }
    }

    fn done_before(&self, plan: &Plan, id: StepId) -> Vec<StepId> {
        let mut found = std::collections::BTreeSet::new();
        let mut seen = std::collections::HashSet::new();
        let mut open = plan.needs(id);
        while let Some(earlier) = open.pop() {
            if !seen.insert(earlier) {
                continue;
            }
            if self.0.get(&earlier).is_some_and(|times| times.ended.is_some()) {
                found.insert(earlier);
            } else {
                open.extend(plan.needs(earlier));
            }
        }
        found.into_iter().collect()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::NetworkSpec;
    use crate::plan::{PlannedStep, Reason, Step};

    #[test]
    fn steps_that_were_not_done_are_stepped_over() {
        let mut plan = Plan::default();
        let mut previous = None;
        for name in ["one", "two", "three"] {
            let step = Step::CreateNetwork(NetworkSpec { name: name.into(), ..NetworkSpec::default() });
            let planned = PlannedStep { step, reason: Reason::Missing, service: None, guard: None };
            previous = Some(plan.add(planned, previous));
        }
        let mut laps = Laps::default();
        let mut tell = |step: usize, phase: Phase, at: u64| {
            let planned = plan.step(StepId(step));
            let (subject, action) = (planned.subject(), planned.action());
            laps.note(&Event::Step { id: StepId(step), subject, action, phase }, Duration::from_millis(at));
        };
        tell(0, Phase::Began, 1);
        tell(0, Phase::Done { elapsed: Duration::ZERO }, 3);
        tell(1, Phase::Unneeded, 3);
        tell(2, Phase::Began, 3);
        tell(2, Phase::Failed { message: "no".into() }, 9);
        let run = laps.run(&plan, "shop", "up", "now");
        let told: Vec<_> =
            run.laps.iter().map(|lap| (lap.step, lap.began, lap.ended, lap.failed, &lap.after[..])).collect();
        assert_eq!(told, [(1, 1000, 3000, false, &[][..]), (3, 3000, 9000, true, &[1][..])]);
        assert_eq!(run.elapsed, 9000);
    }
}
