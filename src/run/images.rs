//! Images on their way: pulled and pushed, again after faults that pass, and built.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::build::BuildRequest;
use crate::engine::{EngineError, ErrorKind, ImagePull, PullProgress};
use crate::event::Event;
use crate::plan::{FailedPull, PlannedStep, StepId};

use super::execute::Execution;
use super::failure::{Cause, CauseKind};
use super::step::Trouble;

/// How long a registry gets to come to itself before it is asked again.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// What an engine says that tries a layer again by itself: then more tries of ours would only add to its own.
const ITS_OWN_TRIES: &str = "Retrying in";

type Travel = BoxStream<'static, Result<PullProgress, EngineError>>;

impl Execution<'_> {
    pub(super) async fn pull(&self, id: StepId, pull: &ImagePull, failed: FailedPull) -> Result<(), Trouble> {
        let engine = self.work.engine;
        let pulled = async {
            self.travel(id, &|| engine.pull_image(pull)).await?;
            engine.inspect_image(&pull.image).await
        };
        let image = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return Err(Trouble::GivenUp),
            image = pulled => image,
        };
        match (image, failed) {
            (Ok(image), _) => {
                self.results.borrow_mut().images.insert(id, image.id);
                Ok(())
            }
            (Err(error), FailedPull::Builds) if error.kind != ErrorKind::Unreachable => {
                Err(Trouble::Tolerated(format!("{}; it is built instead", error.message)))
            }
            (Err(error), FailedPull::Tolerated) if error.kind != ErrorKind::Unreachable => {
                Err(Trouble::Tolerated(error.message))
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    pub(super) async fn push(&self, id: StepId, image: &str, ignore_failure: bool) -> Result<(), Trouble> {
        let begin = || self.work.engine.push_image(image);
        let pushed = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return Err(Trouble::GivenUp),
            pushed = self.travel(id, &begin) => pushed,
        };
        match pushed {
            Err(error) if ignore_failure && error.kind != ErrorKind::Unreachable => {
                Err(Trouble::Tolerated(error.message))
            }
            pushed => Ok(pushed?),
        }
    }

    /// Lets an image travel, and once more after a fault that may be over soon.
    async fn travel(&self, id: StepId, begin: &dyn Fn() -> Travel) -> Result<(), EngineError> {
        let mut pauses = PAUSES.iter();
        loop {
            let mut tried_by_engine = false;
            let mut travel = begin();
            let mut fault = None;
            while let Some(progress) = travel.next().await {
                match progress {
                    Ok(progress) => {
                        tried_by_engine |= progress.status.starts_with(ITS_OWN_TRIES);
                        (self.work.tell)(Event::Pull { id, progress });
                    }
                    Err(error) => fault = Some(error),
                }
            }
            let Some(error) = fault else { return Ok(()) };
            let may_pass = error.kind == ErrorKind::Passing && !tried_by_engine;
            let Some(pause) = pauses.next().filter(|_| may_pass) else { return Err(error) };
            let told = format!("{error}; another try in {} s", pause.as_secs_f32());
            (self.work.tell)(Event::Warning(told));
            tokio::time::sleep(*pause).await;
        }
    }

    pub(super) async fn build(
        &self,
        id: StepId,
        planned: &PlannedStep,
        image: &str,
        push: bool,
    ) -> Result<(), Trouble> {
        let Some(request) = BuildRequest::of(self.work.project, planned.service.as_ref(), image) else {
            let message = format!("no service says how to build {image}");
            return Err(Cause::of(planned, CauseKind::Missing, message).into());
        };
        let request = BuildRequest { push, ..request };
        let tell = |text| (self.work.tell)(Event::Build { id, text });
        let built = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return Err(Trouble::GivenUp),
            built = self.work.builder.build(&request, &tell) => built,
        };
        let image = built.map_err(|error| {
            let mut cause = Cause::of(planned, CauseKind::Build(error.clone()), error.to_string());
            cause.help = error.help;
            cause
        })?;
        self.results.borrow_mut().images.extend(image.map(|image| (id, image)));
        Ok(())
    }
}
