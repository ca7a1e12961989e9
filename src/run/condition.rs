//! Waits until containers run, are healthy or have completed: from the engine's events and from their own tests.

use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::engine::{ContainerDetails, ContainerId, EngineError, ErrorKind, Health, HealthSpec, State};
use crate::model::{Ready, ServiceName};
use crate::plan::{ContainerRef, PlannedStep, Readiness as Need, Step, StepId};

use super::evidence;
use super::execute::{Ending, Execution};
use super::failure::{Cause, CauseKind};
use super::probe::{self, Test};
use super::ready::{self, Unseen};
use super::remind::PATIENCE;
use super::work::Readiness;

/// An event may be lost between the engine and us; so rarely that a look now and then is enough.
const FIRST_SECOND_LOOK: Duration = Duration::from_secs(1);

/// What a look at a container says about a need.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Met,
    NotYet,
    /// Not yet, and its own test can tell earlier than the engine.
    Starting,
    Never(Obstacle),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Obstacle {
    Unhealthy,
    /// Nobody can look whether it is ready.
    Unseen(Unseen),
    NoHealthCheck,
    Exited {
        code: i64,
        oom: bool,
    },
}

/// Decides from the state alone, never from the event that led here. What an earlier run of the container left behind
/// does not count: health only while it runs, and only what was found since its start.
/// With `is_seen_outside`, somebody else than the engine tells whether it is ready.
fn judge(need: Need, details: &ContainerDetails, is_seen_outside: bool) -> Verdict {
    // One that ended well and yet is to run always was stopped by somebody.
    let is_to_run_on = matches!(details.restart_policy.as_str(), "always" | "unless-stopped");
    match (details.state, need) {
        (State::Exited, Need::Completed) if details.exit_code == 0 => Verdict::Met,
        (State::Exited, Need::Settled) if details.exit_code == 0 && !is_to_run_on => Verdict::Met,
        (State::Exited | State::Dead, _) => {
            Verdict::Never(Obstacle::Exited { code: details.exit_code, oom: details.oom_killed })
        }
        (State::Running, Need::Completed) => Verdict::NotYet,
        (State::Running, Need::Started) => Verdict::Met,
        (State::Running, Need::Healthy | Need::Settled) => match health_of_this_run(details) {
            Health::Unhealthy => Verdict::Never(Obstacle::Unhealthy),
            _ if is_seen_outside => Verdict::Starting,
            Health::Healthy => Verdict::Met,
            Health::Starting => Verdict::Starting,
            Health::None if need == Need::Settled => Verdict::Met,
            Health::None => Verdict::Never(Obstacle::NoHealthCheck),
        },
        (State::Created | State::Paused | State::Restarting | State::Removing, _) => Verdict::NotYet,
    }
}

/// What the engine says of a container's health, unless it has not looked since the container was started.
fn health_of_this_run(details: &ContainerDetails) -> Health {
    let is_old = details.probes.last().is_some_and(|probe| !evidence::is_of_this_run(details, probe));
    match details.health {
        Health::Healthy | Health::Unhealthy if is_old => Health::Starting,
        health => health,
    }
}

/// What is worth knowing of a container that somebody waits for.
fn note(details: &ContainerDetails) -> String {
    let name = &details.name;
    match details.state {
        State::Running => match health_of_this_run(details) {
            Health::None => format!("{name} runs"),
            Health::Healthy => format!("{name} is healthy"),
            Health::Starting | Health::Unhealthy => match evidence::failed_probe(details) {
                Some(probe) if !probe.output.is_empty() => {
                    let last = evidence::last(&probe.output, 1).pop().unwrap_or_default();
                    format!("{name} is not healthy yet: {last}")
                }
                Some(probe) => format!("{name} is not healthy yet: its check exits with {}", probe.exit_code),
                None => format!("{name} is starting"),
            },
        },
        State::Restarting => format!("{name} ends with {} and is restarted", details.exit_code),
        state => format!("{name} is {}", state.as_str()),
    }
}

/// What a step waits for, and how that can be told.
#[derive(Clone, Copy)]
struct Asked<'a> {
    step: StepId,
    need: Need,
    health_check: Option<&'a HealthSpec>,
    ready: Option<&'a Ready>,
}

/// Looks at a container until it is ready.
type Looking<'a> = Pin<Box<dyn Future<Output = Result<(), Unseen>> + 'a>>;

/// Why a wait ended without its condition.
enum Trouble {
    Engine(EngineError),
    Gone,
    Obstacle(Obstacle, Box<ContainerDetails>),
}

impl Execution<'_> {
    /// The step `Await`.
    pub(super) async fn wait(&self, id: StepId) -> Ending {
        let planned = self.plan.step(id);
        let Step::Await { condition, containers, required, health_check, ready } = &planned.step else {
            return Ending::Unneeded;
        };
        let asked = Asked { step: id, need: *condition, health_check: health_check.as_ref(), ready: ready.as_ref() };
        let mut waits: FuturesUnordered<_> =
            containers.iter().map(|container| self.wait_for(asked, container)).collect();
        loop {
            let (container, trouble) = tokio::select! {
                biased;
                () = self.stopping.cancelled() => return Ending::GivenUp,
                met = waits.next() => match met {
                    None => return Ending::Done,
                    Some(Ok(())) => continue,
                    Some(Err(trouble)) => trouble,
                },
            };
            let cause = self.explain(planned, container, trouble).await;
            return if *required {
                Ending::Failed(Box::new(cause))
            } else {
                Ending::Tolerated(optional(planned, *condition, &cause))
            };
        }
    }

    /// The end of a container that runs to it.
    ///
    /// # Errors
    /// When it ended with another status than 0, or went away.
    pub(super) async fn ended(&self, step: StepId, container: &ContainerRef) -> Result<(), Box<Cause>> {
        let asked = Asked { step, need: Need::Completed, health_check: None, ready: None };
        match self.wait_for(asked, container).await {
            Ok(()) => Ok(()),
            Err((container, trouble)) => Err(Box::new(self.explain(self.plan.step(step), container, trouble).await)),
        }
    }

    /// One container, until it is as needed.
    async fn wait_for<'c>(
        &self,
        asked: Asked<'_>,
        container: &'c ContainerRef,
    ) -> Result<(), (&'c ContainerRef, Trouble)> {
        let id = self.results.borrow().container(container);
        let Some(id) = id else { return Err((container, Trouble::Gone)) };
        let waited = self.watch(asked, &id).await;
        self.notes.forget(asked.step, &id);
        waited.map_err(|trouble| (container, trouble))
    }

    async fn watch(&self, asked: Asked<'_>, id: &ContainerId) -> Result<(), Trouble> {
        let mut news = self.feed.subscribe();
        let mut look_again = FIRST_SECOND_LOOK;
        // Each run of the container is looked at anew.
        let (mut run, mut looking): (String, Option<Looking<'_>>) = (String::new(), None);
        loop {
            let details = self.look(id).await?;
            let is_new = details.started_at != run;
            if is_new || looking.is_none() || asked.ready.is_none() {
                self.notes.keep(asked.step, id, note(&details));
            }
            match judge(asked.need, &details, asked.ready.is_some()) {
                Verdict::Met => return Ok(()),
                Verdict::Never(obstacle) => return Err(Trouble::Obstacle(obstacle, Box::new(details))),
                Verdict::NotYet => looking = None,
                Verdict::Starting if is_new || looking.is_none() => looking = self.test(asked, &details),
                Verdict::Starting => {}
            }
            run.clone_from(&details.started_at);
            let looked = async {
                match &mut looking {
                    Some(looking) => looking.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                heard = news.about(id.as_str()) => heard.map_err(Trouble::Engine)?,
                seen = looked => return match seen {
                    Ok(()) => Ok(()),
                    Err(unseen) => Err(Trouble::Obstacle(Obstacle::Unseen(unseen), Box::new(details))),
                },
                () = tokio::time::sleep(look_again) => look_again = PATIENCE,
            }
        }
    }

    /// What tells earlier than the engine, or instead of it, that a container which runs is ready.
    fn test<'t>(&'t self, asked: Asked<'t>, details: &ContainerDetails) -> Option<Looking<'t>> {
        let (engine, details) = (self.work.engine, details.clone());
        if let Some(ready) = asked.ready {
            return Some(Box::pin(async move {
                let keep = |seen| self.notes.keep(asked.step, &details.id, format!("{}: {seen}", details.name));
                ready::seen(engine, &details, ready, &keep).await
            }));
        }
        let test =
            Test::of_container(&details, asked.health_check).filter(|_| self.work.readiness == Readiness::Probe)?;
        Some(Box::pin(async move {
            probe::succeed(engine, &details.id, test).await;
            Ok(())
        }))
    }

    async fn look(&self, id: &ContainerId) -> Result<ContainerDetails, Trouble> {
        self.work.engine.inspect_container(id).await.map_err(|error| match error.kind {
            ErrorKind::NotFound => Trouble::Gone,
            _ => Trouble::Engine(error),
        })
    }

    async fn explain(&self, planned: &PlannedStep, container: &ContainerRef, trouble: Trouble) -> Cause {
        let name = container.name();
        let mut cause = match trouble {
            Trouble::Engine(error) => Cause::engine(planned, error),
            Trouble::Gone => Cause::of(planned, CauseKind::Missing, format!("container {name} was removed")),
            Trouble::Obstacle(obstacle, details) => {
                let obstacle = match obstacle {
                    Obstacle::Exited { code, .. } => {
                        Obstacle::Exited { code, oom: evidence::ran_out_of_memory(self.work.engine, &details).await }
                    }
                    other => other,
                };
                let mut cause = obstruction(planned, name, &obstacle);
                if obstacle == Obstacle::Unhealthy {
                    cause.probe = evidence::failed_probe(&details);
                }
                cause.last_logs = evidence::last_lines(self.work.engine, &details.id).await;
                cause
            }
        };
        cause.container = Some(name.to_owned());
        cause
    }
}

fn service_of(planned: &PlannedStep) -> ServiceName {
    planned.service.clone().unwrap_or_else(|| ServiceName::new(planned.subject().name))
}

fn obstruction(planned: &PlannedStep, name: &str, obstacle: &Obstacle) -> Cause {
    let completing = matches!(planned.step, Step::Await { condition: Need::Completed, .. });
    match obstacle {
        Obstacle::Unseen(unseen) => {
            let mut cause = Cause::of(planned, CauseKind::NoHealthCheck, unseen.message.clone());
            cause.help = Some(unseen.help.clone());
            cause
        }
        Obstacle::Unhealthy => Cause::of(planned, CauseKind::Unhealthy, format!("container {name} is unhealthy")),
        Obstacle::NoHealthCheck => {
            let mut cause =
                Cause::of(planned, CauseKind::NoHealthCheck, format!("container {name} has no healthcheck configured"));
            let service = service_of(planned);
            let key = Ready::KEY;
            cause.help = Some(format!("give {service} a `healthcheck` or `{key}`, or wait for `service_started` only"));
            cause
        }
        &Obstacle::Exited { code, oom } => {
            let memory = if oom { ", out of memory" } else { "" };
            let message = if completing {
                format!("service \"{}\" didn't complete successfully: exit {code}{memory}", service_of(planned))
            } else {
                format!("container {name} exited ({code}{memory})")
            };
            Cause::of(planned, CauseKind::Exited { code, oom }, message)
        }
    }
}

/// How a failure is told that stops nobody.
fn optional(planned: &PlannedStep, condition: Need, cause: &Cause) -> String {
    match (condition, &cause.kind) {
        (Need::Completed, CauseKind::Exited { .. }) => format!("optional dependency: {cause}"),
        _ => format!("optional dependency \"{}\" failed to start: {cause}", service_of(planned)),
    }
}
