//! A plan at work: the engine, what is shown, and the person who may interrupt.

use std::io::{self, Write};
use std::pin::pin;
use std::rc::Rc;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::build::{self, Builder, Surroundings};
use crate::engine::{Container, Engine, EngineError, Filters, State};
use crate::event::Event;
use crate::model::labels;
use crate::plan::Labelled;
use crate::render::failure::{Cause, Exit, Probe, Report};
use crate::render::paint::Paint;
use crate::render::summary::summary;
use crate::run::{self, Attach, CauseKind, Done, OnFailure, Readiness, Wishes, Work};
use crate::terminal;
use crate::timing;

use super::context::Context;
use super::interrupt::{self, Interrupts, Patience};
use super::outcome::{Class, Failure, Status};
use super::plan;
use super::prepared::Prepared;
use super::settings::ProgressKind;
use super::telling::{Style, Telling};
use super::{advice, holder};

pub struct Session<'a> {
    context: &'a Context<'a>,
    prepared: &'a Prepared,
    builder: Box<dyn Builder + 'a>,
    interrupts: Interrupts,
    telling: Rc<Telling>,
    tell: Box<dyn Fn(Event)>,
    began: Timestamp,
}

impl<'a> Session<'a> {
    /// From here on signals are heard and events are shown. With --dry-run the plan is shown, and there is no session:
    /// every command that changes something comes by here, and none has to think of it.
    ///
    /// # Errors
    /// When the operating system does not let us hear signals.
    pub fn begin(
        context: &'a Context<'a>,
        prepared: &'a Prepared,
        patience: Patience,
        style: &Style<'_>,
    ) -> Result<Option<Self>, Failure> {
        Self::begin_building(context, prepared, patience, style, 0)
    }

    /// The same; `memory`: what the steps of builds get, in bytes.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn begin_building(
        context: &'a Context<'a>,
        prepared: &'a Prepared,
        patience: Patience,
        style: &Style<'_>,
        memory: i64,
    ) -> Result<Option<Self>, Failure> {
        if context.globals.dry_run {
            plan::show(&prepared.plan, context)?;
            return Ok(None);
        }
        prepared.engine.hush(true);
        let telling = Rc::new(Telling::new(&context.settings, style, &prepared.project.name)?);
        telling.begin(&prepared.plan, &prepared.untouched);
        let teller = Rc::clone(&telling);
        Ok(Some(Self {
            context,
            prepared,
            builder: build::choose(Surroundings {
                engine: &prepared.engine,
                environment: context.environment.clone(),
                proxies: prepared.proxies.clone(),
                memory,
            }),
            interrupts: interrupt::listen(patience)?,
            telling,
            tell: Box::new(move |event| teller.tell(&event)),
            began: Timestamp::now(),
        }))
    }

    pub fn work(&self) -> Work<'_> {
        Work {
            engine: &self.prepared.engine,
            builder: self.builder.as_ref(),
            project: &self.prepared.project,
            tell: self.tell.as_ref(),
            cancel: &self.interrupts.cancel,
            deadline: None,
            readiness: Readiness::Probe,
            on_failure: OnFailure::Stop,
            limit: self.context.settings.parallel.unwrap_or(0),
        }
    }

    /// Does the plan and leaves.
    pub async fn execute(&self, work: &Work<'_>) -> Result<Status, Failure> {
        self.perform(work).await.map(|_| Status::SUCCESS)
    }

    /// Does the plan and tells what came of it.
    pub async fn perform(&self, work: &Work<'_>) -> Result<Done, Failure> {
        let result = self.telling.during(run::execute(&self.prepared.plan, work)).await;
        let told = self.finish();
        match result {
            Ok(done) => Ok(told.map(|()| done)?),
            Err(failure) => Err(self.failed(failure).await),
        }
    }

    /// From here on signals are for somebody else.
    pub fn hear_no_more(&self) {
        self.interrupts.hear_no_more();
    }

    /// Does the plan and stays with the containers until they end, or somebody has enough or leaves. `beside` is done as
    /// well once the plan is, for as long as that takes.
    pub async fn attached(
        &self,
        work: &Work<'_>,
        attach: &Attach,
        wishes: Wishes,
        beside: impl Future<Output = ()>,
    ) -> Result<Status, Failure> {
        let settled = Notify::new();
        // Whoever only watches does not keep others from changing the project.
        let tell = |event: Event| {
            if let Event::Settled { done } = event {
                self.give_up_turn();
                // What is not there has nobody beside it.
                if done {
                    settled.notify_one();
                }
            }
            (work.tell)(event);
        };
        let work = Work { tell: &tell, ..*work };
        let attached = async {
            let mut attached = pin!(run::attached(&self.prepared.plan, &work, attach, wishes));
            let beside = async {
                settled.notified().await;
                beside.await;
            };
            tokio::select! {
                biased;
                ended = &mut attached => return ended,
                () = beside => {}
            }
            attached.await
        };
        let result = self.telling.while_heard(attached, || self.interrupts.interrupt()).await;
        let told = self.finish();
        match result {
            Ok(code) => Ok(told.map(|()| Status::of_container(code))?),
            Err(failure) => Err(self.failed(failure).await),
        }
    }

    /// Does what is done after the plan until somebody has enough: that is how it ends.
    pub async fn watching(&self, watch: impl Future<Output = Result<(), EngineError>>) -> Result<Status, Failure> {
        let ended = self.telling.while_heard(watch, || self.interrupts.cancel.cancel()).await;
        self.finish()?;
        ended?;
        Err(Failure::Interrupted)
    }

    /// Does another plan while what came of the first one is still being told.
    pub async fn further(&self, prepared: &Prepared, cancel: &CancellationToken) -> Result<(), Failure> {
        self.telling.go_on(&prepared.plan);
        let work = Work { engine: &prepared.engine, project: &prepared.project, cancel, ..self.work() };
        match run::execute(&prepared.plan, &work).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(self.failed(failure).await),
        }
    }

    /// How often somebody had enough.
    pub fn interrupts(&self) -> watch::Receiver<u32> {
        self.interrupts.count.clone()
    }

    /// Waits until somebody has enough for the first time.
    pub async fn interrupted(&self) {
        // One who cannot be heard any more interrupts nobody.
        if self.interrupts().wait_for(|count| *count > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// From here on others may change the project.
    pub fn give_up_turn(&self) {
        if let Some(turn) = &self.context.turn {
            turn.give_up();
        }
    }

    /// The plan as it went. `command`: `up`
    pub fn record(&self, command: &str) -> timing::Run {
        let began = self.began.round(jiff::Unit::Millisecond).unwrap_or(self.began);
        self.telling.laps().run(&self.prepared.plan, &self.prepared.project.name, command, &began.to_string())
    }

    fn finish(&self) -> io::Result<()> {
        self.prepared.engine.hush(false);
        self.telling.finish()
    }

    /// What stands now, for a person who is watching, or who reads later what was changed.
    pub async fn summarise(&self) -> Result<Status, Failure> {
        let columns = match self.context.settings.progress {
            ProgressKind::Tty => terminal::size().columns,
            ProgressKind::Plain if self.prepared.plan.steps().next().is_some() => usize::MAX,
            _ => return Ok(Status::SUCCESS),
        };
        let containers = self.containers().await?;
        let color = self.context.settings.color_stderr;
        let text = summary(&containers, &self.telling.ready(), columns, Paint::new(color));
        io::stderr().lock().write_all(text.as_bytes())?;
        Ok(Status::SUCCESS)
    }

    async fn containers(&self) -> Result<Vec<Container>, Failure> {
        let mut containers =
            self.prepared.engine.containers(&Filters::label(labels::PROJECT, &self.prepared.project.name)).await?;
        containers.retain(Labelled::is_replica);
        containers.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(containers)
    }

    /// Gathers all that is worth knowing about a plan that was not done to its end.
    async fn failed(&self, failure: run::Failure) -> Failure {
        if failure.cancelled && failure.causes.is_empty() {
            return Failure::Interrupted;
        }
        // The engine may be the very thing that failed: then nothing is known to run.
        let running = self.containers().await.unwrap_or_default();
        let running = running.into_iter().filter(|container| container.state == State::Running);
        let class = Class::of(&failure);
        let first = failure.causes.first();
        let holder = match first {
            Some(cause) if class == Class::Port => holder::of_port(&self.prepared.engine, &cause.message).await,
            _ => None,
        };
        let invocation = |words: &str| self.context.invocation(&self.prepared.project.name, words);
        let counsel = first.map(|cause| advice::on(cause, holder.as_ref(), &self.prepared.project, &invocation));
        let counsel = counsel.unwrap_or_default();
        let mut report = Report {
            advice: counsel.commands,
            causes: failure.causes.into_iter().map(cause).collect(),
            class: class.word(),
            skipped: failure.skipped,
            running: running.map(|container| container.name).collect(),
        };
        if let Some(first) = report.causes.first_mut() {
            first.help = counsel.help;
            first.held_by = holder.map(|holder| holder.to_string());
        }
        if report.causes.is_empty() {
            let message = if failure.timed_out { "not ready in time" } else { "not everything was done" };
            report.causes.push(Cause { message: message.into(), ..Cause::default() });
        }
        Failure::Undone(class, Box::new(report))
    }
}

fn cause(cause: run::Cause) -> Cause {
    Cause {
        message: cause.message,
        service: cause.service.map(|service| service.as_str().to_owned()),
        container: cause.container,
        exit: match cause.kind {
            CauseKind::Exited { code, oom } => Some(Exit { code, out_of_memory: oom }),
            _ => None,
        },
        probe: cause.probe.map(|probe| Probe {
            command: probe.command,
            exit_code: probe.exit_code,
            output: probe.output,
        }),
        held_by: None,
        last_logs: cause.last_logs,
        help: cause.help,
    }
}
