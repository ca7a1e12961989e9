//! What a foreground `up` knows, and what each happening means to it.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use crate::engine::{Container, ContainerDetails, ContainerId, EngineError, EngineEvent, ErrorKind, Filters, State};
use crate::event::{Event, Life, News};
use crate::model::{ServiceName, labels};
use crate::plan::{Labelled, Plan, Step, StepId};

use super::execute::{Done, Execution};
use super::failure::Failure;
use super::feed::Update;
use super::follow::{Exit, Lives, Notices, Past};
use super::label::final_label;
use super::lines::instant;
use super::outage::Outage;
use super::outlook;
use super::progress::{Progress, Told};
use super::reader::Source;
use super::stop::{Stage, lost};
use super::tail::{AT_ONCE, Start, Tails, ended};
use super::work::{Attach, Wishes, Work};

/// How long there may be silence after the end of a container until nothing more is expected of it.
const LAST_LINES: Duration = Duration::from_secs(1);
/// How long the engine may then keep silent when it is asked for what there is.
const LAST_CALL: Duration = Duration::from_secs(30);
/// How long what a failed plan's containers wrote may take.
const AFTER_FAILURE: Duration = Duration::from_millis(250);

/// One foreground `up`.
pub(super) struct Session<'a> {
    plan: &'a Plan,
    work: &'a Work<'a>,
    wishes: Wishes,
    outage: Outage<'a>,
    shown: BTreeSet<ServiceName>,
    /// Those whose output is told, shown or not.
    told: BTreeSet<ServiceName>,
    pub tails: Tails<'a>,
    lives: Lives,
    past: Past,
    notices: Notices,
    /// Containers that the plan stops or removes: their ends are no news.
    ours: HashSet<ContainerId>,
    /// Containers whose start an event told, and those whose start a step told first.
    heard_of: HashSet<ContainerId>,
    started: HashSet<ContainerId>,
    /// Containers that were made meanwhile: all that they ever wrote belongs to this run.
    made: HashSet<ContainerId>,
    /// Running before the plan began.
    found: Vec<Container>,
    is_attached: bool,
    /// Those that somebody has sent a signal since they were started.
    asked_to_end: HashSet<ContainerId>,
    /// Whether the plan is done, or given up.
    pub done: bool,
    failure: Option<Failure>,
    pub stage: Stage,
    pub interrupted: bool,
    pub began_stopping: bool,
    /// Whether all is stopped.
    ended: bool,
    pub killed: bool,
    /// When waiting for last lines is over.
    pub patience: Option<Instant>,
    /// How many lines had been told when the waiting began.
    lines: u64,
    /// Whether the engine was asked for the rest of the output.
    last_call: bool,
}

impl<'a> Session<'a> {
    pub async fn new(plan: &'a Plan, work: &'a Work<'a>, attach: &Attach, wishes: Wishes) -> Result<Self, Failure> {
        let filters = Filters::label(labels::PROJECT, &work.project.name);
        let mut found = work.engine.containers(&filters).await.map_err(|error| lost(work, error))?;
        found.retain(|container| container.is_replica() && matches!(container.state, State::Running | State::Paused));
        let mut session = Self {
            plan,
            work,
            wishes,
            outage: Outage::new(work.tell),
            shown: attach.services.iter().cloned().collect(),
            told: attach.services.iter().chain(&attach.kept).cloned().collect(),
            tails: Tails::new(work.engine, work.tell, ""),
            lives: Lives::new(attach),
            past: Past::default(),
            notices: Notices::default(),
            ours: HashSet::new(),
            heard_of: HashSet::new(),
            started: HashSet::new(),
            made: HashSet::new(),
            found,
            is_attached: false,
            asked_to_end: HashSet::new(),
            done: false,
            failure: None,
            stage: Stage::Open,
            interrupted: false,
            began_stopping: false,
            ended: false,
            killed: false,
            patience: None,
            lines: 0,
            last_call: false,
        };
        session.ours = outlook::given_up(plan, |_| true).collect();
        session.note_ends().await.map_err(|error| lost(work, error))?;
        Ok(session)
    }

    /// Notes when the containers ended that the plan is about to start again.
    async fn note_ends(&mut self) -> Result<(), EngineError> {
        let again = outlook::started_again(self.plan, &self.told);
        let engine = self.work.engine;
        let ask = |id: ContainerId| async move { (engine.inspect_container(&id).await, id) };
        let mut answers = stream::iter(again.into_iter().map(ask)).buffer_unordered(AT_ONCE);
        while let Some((details, id)) = answers.next().await {
            match details {
                Err(error) if error.kind == ErrorKind::NotFound => {}
                details => self.tails.note_end(&id, ended(&details?)),
            }
        }
        Ok(())
    }

    fn source(&self, container: &Container) -> Source {
        Source::of(&self.work.project.name, container)
    }

    /// Tells whose output will be shown, and begins with those that run already.
    fn attach(&mut self) {
        if self.is_attached {
            return;
        }
        self.is_attached = true;
        let leaving: HashSet<_> = outlook::given_up(self.plan, |id| self.plan.step(id).guard.is_none()).collect();
        let mut names = outlook::labels(self.plan, &self.work.project.name, &self.shown);
        for container in std::mem::take(&mut self.found) {
            let source = self.source(&container);
            if leaving.contains(&source.id) {
                continue;
            }
            self.lives.started(&source.id, &source.service);
            self.heard_of.insert(source.id.clone());
            if self.shown.contains(&source.service) {
                names.insert(source.label.to_string());
            }
            if self.told.contains(&source.service) {
                self.tails.follow(source, Start::Now);
            }
        }
        if !names.is_empty() {
            (self.work.tell)(Event::Attached { containers: names.into_iter().collect() });
        }
    }

    pub fn progressed(&mut self, progress: &Progress, execution: &Execution<'_>) {
        for told in progress.take() {
            match told {
                Told::Starting => self.attach(),
                Told::Unneeded(step) => {
                    for id in outlook::given_up(self.plan, |id| id == step) {
                        self.ours.remove(&id);
                    }
                }
                Told::Started(step) => self.step_started(step, execution),
            }
        }
    }

    /// The engine says that it has started a container; its event may have come already, or will come.
    fn step_started(&mut self, step: StepId, execution: &Execution<'_>) {
        let planned = self.plan.step(step);
        let (Step::StartContainer { container }, Some(service)) = (&planned.step, &planned.service) else { return };
        let Some(id) = execution.results.borrow().container(container) else { return };
        if self.heard_of.contains(&id) {
            return;
        }
        self.started.insert(id.clone());
        if execution.results.borrow().containers.values().any(|made| *made == id) {
            self.made.insert(id.clone());
        }
        self.lives.started(&id, service);
        if self.told.contains(service) {
            let name = outlook::final_name(self.plan, container);
            let source = Source::new(&self.work.project.name, &id, service.as_str(), name);
            self.follow(source);
        }
    }

    /// Shows what a container writes from its start on. The engine may note a start later than the first output, which
    /// only matters to a container that wrote something before.
    fn follow(&mut self, source: Source) {
        let is_made = self.made.contains(&source.id);
        let start = if is_made { Start::Beginning { since: String::new() } } else { Start::ThisRun };
        self.tails.follow(source, start);
    }

    /// The plan came to its end.
    pub fn planned(&mut self, outcome: Result<Done, Failure>, progress: &Progress, execution: &Execution<'_>) {
        self.attach();
        self.progressed(progress, execution);
        self.done = true;
        match outcome {
            Ok(_) => {}
            Err(failure) if self.stage > Stage::Open && failure.causes.is_empty() => {}
            Err(failure) => {
                self.failure = Some(failure);
                self.patience = Some(Instant::now() + AFTER_FAILURE);
            }
        }
    }

    pub fn interrupt(&mut self) {
        self.interrupted = true;
        self.escalate("Gracefully Stopping... press Ctrl+C again to force");
    }

    fn escalate(&mut self, first: &str) {
        self.stage = self.stage.next();
        let notice = match self.stage {
            Stage::Open | Stage::Leaving => return,
            Stage::Stopping => first,
            Stage::Killing => "Killing... press Ctrl+C again to leave at once",
        };
        (self.work.tell)(Event::Notice(notice.to_owned()));
    }

    pub async fn heard(&mut self, update: Update) -> Result<(), Failure> {
        match update {
            Update::Event(event) => {
                self.outage.ended();
                self.event(&event).await.map_err(|error| lost(self.work, error))
            }
            Update::Away => {
                self.outage.began();
                Ok(())
            }
            Update::Unsure => {
                self.find_started().await?;
                self.look_around().await
            }
            Update::Lost(error) => Err(lost(self.work, error)),
        }
    }

    async fn event(&mut self, event: &EngineEvent) -> Result<(), EngineError> {
        let Some(source) = Source::of_event(&self.work.project.name, event) else { return Ok(()) };
        if event.action == "create" {
            self.made.insert(source.id.clone());
        }
        match event.action.as_str() {
            "create" if self.done && event.attributes.contains_key(labels::REPLACE) => {
                let label = final_label(&self.work.project.name, source.service.as_str(), event);
                self.past.replaced(&label);
            }
            "start" => self.has_started(source),
            "kill" => drop(self.asked_to_end.insert(source.id)),
            "oom" => self.past.out_of_memory(&source.id),
            "die" => {
                self.tails.note_end(&source.id, event.time);
                let code = event.attributes.get("exitCode").and_then(|code| code.parse().ok());
                self.has_died(source, code, event.time).await?;
            }
            "destroy" => {
                self.lives.gone(&source.id);
                let is_news = self.done && !self.ours.contains(&source.id) && self.stage == Stage::Open;
                if let Some(news) = self.past.removed(&source.label).filter(|_| is_news) {
                    self.news(&source, news);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn has_started(&mut self, source: Source) {
        self.ours.remove(&source.id);
        self.asked_to_end.remove(&source.id);
        self.heard_of.insert(source.id.clone());
        self.lives.started(&source.id, &source.service);
        if let Some(news) = self.past.started(&source.id, &source.label) {
            self.news(&source, news);
        }
        let is_followed = self.started.remove(&source.id);
        if !is_followed && self.told.contains(&source.service) {
            self.follow(source);
        }
    }

    /// `at`: when it died, in nanoseconds since 1970.
    async fn has_died(&mut self, source: Source, code: Option<i64>, at: i64) -> Result<(), EngineError> {
        if self.ours.contains(&source.id) {
            self.lives.gone(&source.id);
            return Ok(());
        }
        let details = match self.inspect(&source.id).await {
            Err(error) if error.kind == ErrorKind::NotFound => None,
            details => Some(details?),
        };
        let Some(starved) = self.past.exited(&source.id) else { return Ok(()) };
        // It may have been started again, and have ended again, before this end of it was heard of.
        let restarting = details.as_ref().is_some_and(|details| {
            matches!(details.state, State::Restarting | State::Running | State::Paused)
                || instant(&details.started_at).is_some_and(|started| started > at)
        });
        let code = code.or_else(|| details.as_ref().map(|details| details.exit_code)).unwrap_or(0);
        let out_of_memory = starved || details.is_some_and(|details| details.oom_killed);
        self.news(&source, News::Exited { code, out_of_memory, restarting });
        let aborts = self.lives.exited(&source.id, &source.service, Exit { code, restarting });
        // Where files are watched, somebody may end it only to start it again.
        let is_by_hand = *self.wishes.stays.borrow() && self.asked_to_end.contains(&source.id);
        if aborts && !is_by_hand && self.stage == Stage::Open {
            self.escalate("Aborting on container exit...");
        }
        Ok(())
    }

    /// Tells news of a container, after its last lines.
    fn news(&mut self, source: &Source, news: News) {
        if !self.told.contains(&source.service) {
            return;
        }
        let life = Life { service: source.service.clone(), replica: source.replica, label: source.label.clone(), news };
        let is_last = self.tails.is_reading(&source.id) && matches!(life.news, News::Exited { .. });
        if is_last || self.notices.are_kept(&source.id) {
            self.notices.keep(&source.id, life);
            if self.patience.is_none() {
                self.expect_last_lines(LAST_LINES);
            }
        } else {
            (self.work.tell)(Event::Life(life));
        }
    }

    /// A container's output came to an end: its exit can be told now. When it runs, there is more to come. What it wrote
    /// after it was started again meanwhile is being read by now, so that a second exit has to wait for that.
    pub async fn ended(&mut self, id: ContainerId) -> Result<(), Failure> {
        let lives = match self.tails.is_reading(&id) {
            true => self.notices.take_life(&id),
            false => self.notices.take(&id),
        };
        for life in lives {
            (self.work.tell)(Event::Life(life));
        }
        match self.inspect(&id).await {
            Ok(details) if matches!(details.state, State::Running | State::Paused) => self.tails.resume(&id),
            Err(error) if error.kind != ErrorKind::NotFound => return Err(lost(self.work, error)),
            _ => {}
        }
        Ok(())
    }

    async fn inspect(&self, id: &ContainerId) -> Result<ContainerDetails, EngineError> {
        self.ask(async || self.work.engine.inspect_container(id).await).await
    }

    /// Asks an engine that may be away for a while; once somebody has interrupted, nobody waits for it any more.
    async fn ask<T>(&self, ask: impl AsyncFn() -> Result<T, EngineError>) -> Result<T, EngineError> {
        let mut interrupts = self.wishes.interrupts.clone();
        tokio::select! {
            biased;
            answer = self.outage.outlast(&ask) => answer,
            _ = interrupts.wait_for(|count| *count > 0) => ask().await,
        }
    }

    /// Looks for starts that no event told.
    async fn find_started(&mut self) -> Result<(), Failure> {
        let filters = Filters::label(labels::PROJECT, &self.work.project.name);
        let found = self.ask(async || self.work.engine.containers(&filters).await).await;
        let found = found.map_err(|error| lost(self.work, error))?;
        for container in found.iter().filter(|container| container.is_replica() && container.state == State::Running) {
            if !self.heard_of.contains(&container.id) && !self.started.contains(&container.id) {
                self.has_started(self.source(container));
            }
        }
        Ok(())
    }

    /// Looks for exits that no event told.
    pub async fn look_around(&mut self) -> Result<(), Failure> {
        let alive: Vec<_> = self.lives.alive().map(|(id, _)| id.clone()).collect();
        for id in alive {
            match self.inspect(&id).await {
                Ok(details) if matches!(details.state, State::Exited | State::Dead) => {
                    let service = details.labels.get(labels::SERVICE).map_or("", String::as_str);
                    let source = Source::new(&self.work.project.name, &id, service, &details.name);
                    let died = self.has_died(source, Some(details.exit_code), i64::MAX).await;
                    died.map_err(|error| lost(self.work, error))?;
                }
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::NotFound => self.lives.gone(&id),
                Err(error) => return Err(lost(self.work, error)),
            }
        }
        Ok(())
    }

    pub fn stopped(&mut self, result: Result<(), Failure>) {
        self.ended = true;
        self.expect_last_lines(LAST_LINES);
        if let Err(failure) = result {
            (self.work.tell)(Event::Warning(failure.to_string()));
        }
    }

    pub fn killed(&mut self, result: Result<(), Failure>) {
        self.killed = true;
        if let Err(failure) = result {
            (self.work.tell)(Event::Warning(failure.to_string()));
        }
    }

    fn expect_last_lines(&mut self, silence: Duration) {
        self.patience = Some(Instant::now() + silence);
        self.lines = self.tails.lines();
        self.last_call = false;
    }

    /// There was silence for long enough. While lines come it goes on: whoever reads them may be slow, and nothing is read
    /// from the engine while they are. The engine may be slow as well: before it is given up, it is asked for the rest.
    pub fn give_up_waiting(&mut self) {
        if self.failure.is_none() {
            if self.lines != self.tails.lines() {
                return self.expect_last_lines(LAST_LINES);
            }
            if !self.last_call && !self.tails.is_quiet() {
                self.tails.finish();
                self.expect_last_lines(LAST_CALL);
                self.last_call = true;
                return;
            }
        }
        self.patience = None;
        for life in self.notices.take_all() {
            (self.work.tell)(Event::Life(life));
        }
        if self.ended || self.failure.is_some() {
            self.lives.clear();
        }
    }

    pub fn is_over(&self) -> bool {
        if self.stage == Stage::Leaving || self.is_left() {
            return true;
        }
        let all_told = self.notices.is_empty() && self.lives.is_over();
        match (&self.failure, self.stage) {
            (Some(_), Stage::Open) => self.patience.is_none(),
            (_, Stage::Open) => self.done && all_told && !*self.wishes.stays.borrow(),
            _ => self.ended && all_told,
        }
    }

    /// Whether the containers are left to themselves. What is being stopped, or was never made, cannot be.
    fn is_left(&self) -> bool {
        self.stage == Stage::Open && self.done && self.failure.is_none() && *self.wishes.leaves.borrow()
    }

    pub fn conclude(mut self) -> Result<i32, Failure> {
        match self.failure.take() {
            Some(failure) if !self.interrupted => Err(failure),
            _ if self.interrupted => Ok(130),
            _ if self.is_left() => Ok(0),
            _ => Ok(self.lives.exit_code()),
        }
    }
}
