//! One step of a plan → the engine calls that it means.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::{ContainerId, ContainerSpec, EngineError, ErrorKind, ImageId, NetworkId, State};
use crate::event::Event;
use crate::model::Hook;
use crate::plan::{ContainerRef, Draft, DraftError, Facts, ImageRef, PlannedStep, Readiness as Need, Step, StepId};

use super::adopt;
use super::copy::{self, CopyError};
use super::evidence;
use super::execute::{Ending, Execution};
use super::failure::{Cause, CauseKind};
use super::hook;

/// How often the removal of an image is tried again that the engine stumbled over.
const STUMBLES: usize = 4;

/// How often, and after which pause each time, a look is taken at a container that somebody else removes.
const LOOKS: usize = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// What somebody is told who asks what a step is waiting for: `service db to be healthy`.
pub(super) fn waiting_for(planned: &PlannedStep) -> String {
    let subject = planned.subject();
    match &planned.step {
        Step::Await { condition: Need::Started, .. } => format!("{subject} to run"),
        Step::Await { condition: Need::Healthy, .. } => format!("{subject} to be healthy"),
        Step::Await { condition: Need::Completed, .. } => format!("{subject} to complete"),
        Step::Await { condition: Need::Settled, .. } => format!("{subject} to be ready"),
        Step::RunToEnd { .. } => format!("{subject} to end"),
        Step::RunHook { .. } => format!("the hook in {subject} to end"),
        _ => format!("the engine to {} {subject}", planned.action().imperative()),
    }
}

/// How a step ends when it does not end well.
pub(super) enum Trouble {
    Cause(Box<Cause>),
    Engine(EngineError),
    Tolerated(String),
    Unneeded,
    GivenUp,
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<Cause> for Trouble {
    fn from(cause: Cause) -> Self {
        Self::Cause(Box::new(cause))
    }
}

/// Turns an error into success where there is nothing left to do.
fn unless(result: Result<(), EngineError>, kind: ErrorKind) -> Result<(), Trouble> {
    match result {
        Err(error) if error.kind == kind => Err(Trouble::Unneeded),
        other => other.map_err(Trouble::from),
    }
}

impl Execution<'_> {
    /// Whether a step has anything to do at all, as far as only the engine can tell.
    pub(super) async fn is_needed(&self, id: StepId) -> bool {
        let Step::BuildImage { image, only_if_missing: true, .. } = &self.plan.step(id).step else { return true };
        match self.work.engine.inspect_image(image).await {
            Ok(found) => {
                self.results.borrow_mut().images.insert(id, found.id);
                false
            }
            Err(_) => true,
        }
    }

    pub(super) async fn perform(&self, id: StepId) -> Ending {
        let planned = self.plan.step(id);
        if matches!(planned.step, Step::Await { .. }) {
            return self.wait(id).await;
        }
        let mut called = self.call(id, planned).await;
        if let Err(Trouble::Engine(error)) = &called
            && self.can_tell_apart(error).await
        {
            called = self.call(id, planned).await;
        }
        match called {
            Ok(()) => Ending::Done,
            Err(Trouble::Unneeded) => Ending::Unneeded,
            Err(Trouble::Tolerated(message)) => Ending::Tolerated(message),
            Err(Trouble::GivenUp) => Ending::GivenUp,
            Err(Trouble::Cause(cause)) => Ending::Failed(cause),
            Err(Trouble::Engine(error)) => Ending::Failed(Box::new(Cause::engine(planned, error))),
        }
    }

    async fn call(&self, id: StepId, planned: &PlannedStep) -> Result<(), Trouble> {
        let engine = self.work.engine;
        match &planned.step {
            Step::CreateNetwork(spec) => {
                if self.make_network(spec).await? {
                    Ok(())
                } else {
                    Err(Trouble::Unneeded)
                }
            }
            Step::RemoveNetwork { id: network, .. } => self.remove_network(id, &NetworkId::new(network)).await,
            Step::ConnectNetwork { network, container, endpoint } => {
                Ok(engine.connect_network(network, &self.id_of(planned, container)?, endpoint).await?)
            }
            Step::DisconnectNetwork { network, container } => {
                let container = self.id_of(planned, container)?;
                unless(engine.disconnect_network(network, &container, true).await, ErrorKind::NotFound)
            }
            Step::CreateVolume(spec) => Ok(engine.create_volume(spec).await?),
            Step::RemoveVolume { name } => self.removal(id, engine.remove_volume(name, false).await, ""),
            Step::PullImage { pull, failed } => self.pull(id, pull, *failed).await,
            Step::PushImage { image, ignore_failure } => self.push(id, image, *ignore_failure).await,
            Step::BuildImage { image, push, .. } => self.build(id, planned, image, *push).await,
            Step::RemoveImage { name } => self.removal(id, self.remove_image(name).await, ""),
            Step::CreateContainer(draft) => self.create(id, planned, draft).await,
            Step::InjectFiles { container, files } => {
                let container = self.id_of(planned, container)?;
                copy::inject(engine, &container, files).await.map_err(|error| match error {
                    CopyError::Engine(error) => error.into(),
                    CopyError::Unreadable(message) => Cause::of(planned, CauseKind::File, message).into(),
                })
            }
            Step::StartContainer { container } => Ok(engine.start_container(&self.id_of(planned, container)?).await?),
            Step::RunToEnd { container } => self.run_to_end(id, planned, container).await,
            Step::RunHook { container, hook } => self.hook(id, planned, container, hook).await,
            Step::StopContainer { container, grace } => {
                let container = self.id_of(planned, container)?;
                unless(self.stop(id, planned, &container, *grace).await, ErrorKind::NotFound)
            }
            Step::RestartContainer { container, grace } => {
                Ok(self.restart(id, planned, &self.id_of(planned, container)?, *grace).await?)
            }
            Step::KillContainer { container, signal } => {
                Ok(engine.kill_container(&self.id_of(planned, container)?, signal).await?)
            }
            Step::PauseContainer { container } => Ok(engine.pause_container(&self.id_of(planned, container)?).await?),
            Step::UnpauseContainer { container } => {
                Ok(engine.unpause_container(&self.id_of(planned, container)?).await?)
            }
            Step::RemoveContainer { container, removal } => {
                let container = self.id_of(planned, container)?;
                match engine.remove_container(&container, *removal).await {
                    Err(error) if error.kind == ErrorKind::Conflict => self.see_gone(&container, error).await,
                    removed => unless(removed, ErrorKind::NotFound),
                }
            }
            Step::RenameContainer { container, name } => {
                Ok(engine.rename_container(&self.id_of(planned, container)?, name).await?)
            }
            Step::Await { .. } => Err(Trouble::Unneeded),
        }
    }

    /// Somebody else is removing a container already: waits until it is gone.
    async fn see_gone(&self, container: &ContainerId, refusal: EngineError) -> Result<(), Trouble> {
        for _ in 0..LOOKS {
            match self.work.engine.inspect_container(container).await {
                Err(error) if error.kind == ErrorKind::NotFound => return Err(Trouble::Unneeded),
                Ok(details) if matches!(details.state, State::Removing | State::Dead) => {}
                _ => break,
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(refusal.into())
    }

    /// A thing that is already gone is gone; one that somebody else uses stays, unless a later step needs it away. What is
    /// known of the use follows the words that it is in use.
    pub(super) fn removal(&self, id: StepId, result: Result<(), EngineError>, use_of_it: &str) -> Result<(), Trouble> {
        match result {
            Err(error) if error.kind == ErrorKind::NotFound => Err(Trouble::Unneeded),
            Err(error) if error.kind == ErrorKind::InUse && self.is_last(id) => {
                Err(Trouble::Tolerated(format!("Resource is still in use{use_of_it}")))
            }
            other => Ok(other?),
        }
    }

    /// Images that are removed side by side share parents, and the engine stumbles over a parent that went meanwhile.
    async fn remove_image(&self, name: &str) -> Result<(), EngineError> {
        for _ in 0..STUMBLES {
            match self.work.engine.remove_image(name, false).await {
                Err(error) if error.message.contains("unrecognized image ID") => {}
                removed => return removed,
            }
        }
        self.work.engine.remove_image(name, false).await
    }

    /// Whether nobody waits for a step.
    fn is_last(&self, id: StepId) -> bool {
        self.later(id).next().is_none()
    }

    fn later(&self, id: StepId) -> impl Iterator<Item = &PlannedStep> {
        let index = petgraph::graph::NodeIndex::new(id.0);
        self.plan.graph.neighbors(index).map(|later| &self.plan.graph[later])
    }

    fn id_of(&self, planned: &PlannedStep, container: &ContainerRef) -> Result<ContainerId, Trouble> {
        self.results.borrow().container(container).ok_or_else(|| {
            let message = format!("container {} was not created", container.name());
            Cause::of(planned, CauseKind::Missing, message).into()
        })
    }

    async fn create(&self, id: StepId, planned: &PlannedStep, draft: &Draft) -> Result<(), Trouble> {
        let spec = self.specification(planned, draft).await?;
        let created = adopt::create(self.work.engine, &spec).await?;
        for warning in created.warnings {
            (self.work.tell)(Event::Warning(format!("{}: {warning}", spec.name)));
        }
        self.results.borrow_mut().containers.insert(id, created.id);
        Ok(())
    }

    /// The draft with everything filled in that earlier steps gave.
    async fn specification(&self, planned: &PlannedStep, draft: &Draft) -> Result<ContainerSpec, Trouble> {
        let known = self.image(&draft.image);
        let (image, image_volumes) = match known {
            Some(image) if !draft.inherits() => (image, Vec::new()),
            known => {
                let name = known.as_ref().map_or(draft.spec.image.as_str(), ImageId::as_str);
                let details = self.work.engine.inspect_image(name).await?;
                (details.id, details.volumes)
            }
        };
        let paths = draft.profiles.iter().map(|(_, path)| path);
        let profiles = copy::texts(paths).await.map_err(|message| Cause::of(planned, CauseKind::File, message))?;
        let container = |container: &ContainerRef| self.results.borrow().container(container);
        let mounted = self.mounted(draft);
        let facts = Facts {
            image: &image,
            mounted: &mounted,
            image_volumes: &image_volumes,
            container: &container,
            profiles: &profiles,
        };
        draft.finish(&facts).map_err(|error| {
            let kind = match &error {
                DraftError::Owner(_) => CauseKind::Missing,
                DraftError::ProfileUnread(_) | DraftError::Profile { .. } => CauseKind::File,
            };
            Cause::of(planned, kind, error.to_string()).into()
        })
    }

    /// The ids of the images that are mounted, as far as they are known.
    fn mounted(&self, draft: &Draft) -> BTreeMap<String, ImageId> {
        let known = draft.mounted.iter().filter_map(|(target, image)| Some((target.clone(), self.image(image)?)));
        known.collect()
    }

    fn image(&self, image: &ImageRef) -> Option<ImageId> {
        match image {
            ImageRef::Known(id) => Some(id.clone()),
            ImageRef::From(step) => self.results.borrow().images.get(step).cloned(),
        }
    }

    /// Runs a hook's command inside the container. A hook before the stop of a container that does not run is not run.
    async fn hook(
        &self,
        id: StepId,
        planned: &PlannedStep,
        container: &ContainerRef,
        hook: &Hook,
    ) -> Result<(), Trouble> {
        let service = planned.service.as_ref().map_or("?", |name| name.as_str());
        let outcome = match self.work.engine.exec(&self.id_of(planned, container)?, &hook::command(hook)).await {
            Err(error) if error.kind == ErrorKind::Conflict && self.leads_to_a_stop(id) => {
                return Err(Trouble::Unneeded);
            }
            outcome => outcome?,
        };
        hook::tell_outcome(self.work.tell, &self.work.project.name, service, container.name(), &outcome);
        let Some(message) = hook::failure(service, &outcome) else { return Ok(()) };
        let mut cause = Cause::of(planned, CauseKind::Hook { code: outcome.exit_code }, message);
        cause.container = Some(container.name().to_owned());
        Err(cause.into())
    }

    /// Starts the container of a hook, waits for its end, and tells what it wrote. Given up, it is taken away.
    async fn run_to_end(&self, id: StepId, planned: &PlannedStep, container: &ContainerRef) -> Result<(), Trouble> {
        let (engine, found) = (self.work.engine, self.id_of(planned, container)?);
        engine.start_container(&found).await?;
        let ended = tokio::select! {
            biased;
            () = self.work.cancel.cancelled() => {
                // Whatever comes of it, the next command takes away what is left.
                let removal = crate::engine::Removal { force: true, volumes: true };
                let _ = engine.remove_container(&found, removal).await;
                return Err(Trouble::GivenUp);
            }
            ended = self.ended(id, container) => ended,
        };
        let service = planned.service.as_ref().map_or("?", |name| name.as_str());
        for (stream, output) in evidence::output(engine, &found).await {
            hook::tell_output(self.work.tell, &self.work.project.name, service, container.name(), stream, &output);
        }
        ended.map_err(|mut cause| {
            cause.message = format!("pre_start hook of {service} failed: {}", cause.message);
            cause.help = Some(format!("{} is kept until the next up or down", container.name()));
            Trouble::Cause(cause)
        })
    }

    fn leads_to_a_stop(&self, id: StepId) -> bool {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let index = petgraph::graph::NodeIndex::new(id.0);
            for later in self.plan.graph.neighbors(index) {
                match &self.plan.graph[later].step {
                    Step::StopContainer { .. } => return true,
                    Step::RunHook { .. } => open.push(StepId(later.index())),
                    _ => {}
                }
            }
        }
        false
    }
}
