//! Does a plan: ready steps side by side, each as soon as what it needs is done.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZero;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::{ContainerId, ImageId};
use crate::event::{Event, Phase};
use crate::plan::{ContainerRef, Guard, Plan, PlannedStep, Step, StepId, Subject};

use super::evidence;
use super::failure::{Cause, CauseKind, Failure};
use super::feed::Feed;
use super::remind::Notes;
use super::schedule::Schedule;
use super::work::{OnFailure, Work};

/// A plan that was done.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Steps that changed something.
    pub steps: usize,
    /// Steps whose guard said no.
    pub unneeded: usize,
    pub elapsed: Duration,
    /// The containers that were created.
    pub containers: HashMap<StepId, ContainerId>,
}

/// How a step ended.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Done,
    /// There was nothing to do after all.
    Unneeded,
    /// It failed, and that is only worth a warning.
    Tolerated(String),
    Failed(Box<Cause>),
    /// Given up because of an interrupt or another step's failure.
    GivenUp,
}

/// What earlier steps gave.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub containers: HashMap<StepId, ContainerId>,
    pub images: HashMap<StepId, ImageId>,
}

impl Results {
    pub fn container(&self, container: &ContainerRef) -> Option<ContainerId> {
        match container {
            ContainerRef::Existing { id, .. } => Some(id.clone()),
            ContainerRef::Made { step, .. } => self.containers.get(step).cloned(),
            ContainerRef::Either { step, id, .. } => Some(self.containers.get(step).unwrap_or(id).clone()),
        }
    }

    /// Whether a guard lets its step be done. A step without a result changed nothing.
    fn allows(&self, guard: Option<&Guard>) -> bool {
        match guard {
            None => true,
            Some(Guard::ImageChanged { step, from }) => self.images.get(step).is_some_and(|image| image != from),
            Some(Guard::Any(guards)) => guards.iter().any(|guard| self.allows(Some(guard))),
        }
    }
}

/// One plan being done.
pub(super) struct Execution<'a> {
    pub plan: &'a Plan,
    pub work: &'a Work<'a>,
    /// What happens to the project's containers; somebody else polls it.
    pub feed: &'a Feed<'a>,
    pub results: RefCell<Results>,
    pub notes: Notes,
    /// Set once nothing new is begun: waits, pulls and builds end early.
    pub stopping: CancellationToken,
}

/// Does the steps of a plan, independent ones at the same time, and tells every change of a step.
///
/// # Errors
/// Every step that failed, and what was skipped because of it, because of an interrupt or because the time was up.
pub async fn execute(plan: &Plan, work: &Work<'_>) -> Result<Done, Failure> {
    for warning in &plan.warnings {
        (work.tell)(Event::Warning(warning.clone()));
    }
    let feed = Feed::new(work.engine, &work.project.name);
    let execution = Execution::new(plan, work, &feed);
    if !plan.steps().any(|(_, planned)| hears_events(&planned.step)) {
        return execution.run().await;
    }
    tokio::select! {
        biased;
        never = feed.run() => match never {},
        outcome = execution.run() => outcome,
    }
}

/// Whether the engine's events decide how a step goes on, or what is told of it.
fn hears_events(step: &Step) -> bool {
    matches!(step, Step::Await { .. } | Step::RunToEnd { .. } | Step::RestartContainer { .. })
}

impl<'a> Execution<'a> {
    pub fn new(plan: &'a Plan, work: &'a Work<'a>, feed: &'a Feed<'a>) -> Self {
        Self {
            plan,
            work,
            feed,
            results: RefCell::default(),
            notes: Notes::default(),
            stopping: CancellationToken::new(),
        }
    }

    pub async fn run(&self) -> Result<Done, Failure> {
        let began = Instant::now();
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut schedule = Schedule::new(self.plan, self.work.limit, processors);
        let mut running = FuturesUnordered::new();
        // When each step that is under way has lasted so long that others may begin beside it.
        let mut lasting = FuturesUnordered::new();
        let mut tally = Tally::default();
        loop {
            while let Some(id) = schedule.next() {
                running.push(self.one(id));
                if let Some(patience) = schedule.patience(id) {
                    lasting.push(tokio::time::sleep(patience).map(move |()| id));
                }
            }
            tokio::select! {
                biased;
                () = self.work.cancel.cancelled(), if !tally.cancelled => {
                    tally.cancelled = true;
                    schedule.stop();
                    self.stopping.cancel();
                }
                () = at(self.work.deadline) => {
                    drop(running);
                    self.time_is_up(&mut schedule, &mut tally).await;
                    break;
                }
                ended = running.next() => match ended {
                    None => break,
                    Some((id, ending)) => self.settle(id, ending, &mut schedule, &mut tally),
                },
                Some(id) = lasting.next() => schedule.lasts(id),
            }
        }
        let concluded = self.conclude(&schedule, tally, began.elapsed());
        (self.work.tell)(Event::Settled { done: concluded.is_ok() });
        concluded
    }

    /// One step from its guard to its ending, told on the way.
    async fn one(&self, id: StepId) -> (StepId, Ending) {
        let planned = self.plan.step(id);
        let allowed = self.results.borrow().allows(planned.guard.as_ref());
        if !allowed || !self.is_needed(id).await {
            self.tell(planned, id, Phase::Unneeded);
            return (id, Ending::Unneeded);
        }
        self.tell(planned, id, Phase::Began);
        let began = Instant::now();
        let ending = self.patiently(id).await;
        match &ending {
            Ending::Done => self.tell(planned, id, Phase::Done { elapsed: began.elapsed() }),
            Ending::Unneeded => self.tell(planned, id, Phase::Unneeded),
            Ending::Tolerated(message) => self.tell(planned, id, Phase::Tolerated { message: message.clone() }),
            Ending::Failed(cause) => self.tell(planned, id, Phase::Failed { message: cause.message.clone() }),
            Ending::GivenUp => {}
        }
        (id, ending)
    }

    fn settle(&self, id: StepId, ending: Ending, schedule: &mut Schedule<'_>, tally: &mut Tally) {
        match ending {
            Ending::Done => {
                tally.done += 1;
                schedule.done(id);
            }
            Ending::Unneeded => {
                tally.unneeded += 1;
                schedule.done(id);
            }
            Ending::Tolerated(_) => schedule.done(id),
            Ending::GivenUp => schedule.given_up(id),
            Ending::Failed(cause) => {
                schedule.failed(id);
                tally.failed.push((id, *cause));
                if self.work.on_failure == OnFailure::Stop {
                    schedule.stop();
                    self.stopping.cancel();
                }
            }
        }
    }

    async fn time_is_up(&self, schedule: &mut Schedule<'_>, tally: &mut Tally) {
        tally.timed_out = true;
        for id in schedule.running().clone() {
            let cause = self.overdue(id).await;
            self.tell(self.plan.step(id), id, Phase::Failed { message: cause.message.clone() });
            schedule.failed(id);
            tally.failed.push((id, cause));
        }
    }

    /// The cause of a step that was still under way when the time was up.
    async fn overdue(&self, id: StepId) -> Cause {
        let (planned, waiting_for) = (self.plan.step(id), self.awaited(id));
        let message = format!("timed out waiting for {waiting_for}");
        let mut cause = Cause::of(planned, CauseKind::TimedOut { waiting_for }, message);
        let Step::Await { containers, .. } = &planned.step else { return cause };
        let waited_for = containers.iter().find_map(|container| {
            let id = self.results.borrow().container(container)?;
            Some((container.name().to_owned(), id))
        });
        if let Some((name, id)) = waited_for {
            cause.last_logs = evidence::last_lines(self.work.engine, &id).await;
            cause.probe = evidence::last_probe(self.work.engine, &id).await;
            cause.container = Some(name);
        }
        cause
    }

    fn conclude(&self, schedule: &Schedule<'_>, tally: Tally, elapsed: Duration) -> Result<Done, Failure> {
        if tally.failed.is_empty() && schedule.left().is_empty() {
            let containers = self.results.borrow().containers.clone();
            return Ok(Done { steps: tally.done, unneeded: tally.unneeded, elapsed, containers });
        }
        let mut skipped = Vec::new();
        for (id, because) in self.reasons_for_skipping(schedule, &tally) {
            let planned = self.plan.step(id);
            self.tell(planned, id, Phase::Skipped { because });
            skipped.push((planned.subject(), planned.action()));
        }
        Err(Failure {
            causes: tally.failed.into_iter().map(|(_, cause)| cause).collect(),
            skipped,
            cancelled: tally.cancelled,
            timed_out: tally.timed_out,
        })
    }

    /// Why each step that is left was not done: the failure that it depends on, else whatever stopped everything.
    fn reasons_for_skipping(&self, schedule: &Schedule<'_>, tally: &Tally) -> Vec<(StepId, String)> {
        let mut broken: HashMap<StepId, Subject> =
            tally.failed.iter().map(|(id, cause)| (*id, cause.subject.clone())).collect();
        let mut reasons = Vec::new();
        for &id in schedule.left() {
            let culprit = self.plan.needs(id).into_iter().find_map(|need| broken.get(&need).cloned());
            let because = match (&culprit, tally.failed.first()) {
                (Some(subject), _) => format!("it needs {subject}, which failed"),
                (None, _) if tally.cancelled => "interrupted".to_owned(),
                (None, _) if tally.timed_out => "the time was up".to_owned(),
                (None, Some((_, cause))) => format!("{} failed", cause.subject),
                (None, None) => "nothing led to it".to_owned(),
            };
            if let Some(subject) = culprit {
                broken.insert(id, subject);
            }
            reasons.push((id, because));
        }
        reasons
    }

    pub(super) fn tell(&self, planned: &PlannedStep, id: StepId, phase: Phase) {
        (self.work.tell)(Event::Step { id, subject: planned.subject(), action: planned.action(), phase });
    }
}

/// What came of the steps so far.
#[derive(Default)]
struct Tally {
    done: usize,
    unneeded: usize,
    failed: Vec<(StepId, Cause)>,
    cancelled: bool,
    timed_out: bool,
}

/// Ends at that moment; without one, never.
pub(super) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
