//! Files that are watched while a project runs: what `watch` and `up --watch` share.

use std::collections::BTreeMap;
use std::pin::pin;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::build::{self, BuildRequest};
use crate::develop::{ContextIgnore, Manifest, Rules};
use crate::diagnostic::{Diagnostic, Files};
use crate::engine::{Engine, EngineError, Image};
use crate::event::{Event, WatchNews};
use crate::load::Loaded;
use crate::model::{Project, Service, ServiceName, labels};
use crate::plan::{self, Recreation, RestartPolicy, UpPolicy};
use crate::run::{self, Crew, Watch};

use super::context::Context;
use super::outcome::Failure;
use super::prepared::Prepared;
use super::report;
use super::session::Session;
use super::standing::{self, Services, Unknown};
use super::switch::Switch;

/// What is to be watched, and what lay on the disk before anything was built.
pub struct Watching {
    rules: Rules,
    survey: Vec<Manifest>,
}

/// How a watch goes about what files lead to.
pub struct Manners<'a> {
    /// The project as the files have it at the moment, as the command wants it.
    pub load: &'a dyn Fn() -> Result<Loaded, Failure>,
    /// Images that a build leaves without a name are removed.
    pub prune: bool,
}

impl Watching {
    /// # Errors
    /// When there is nothing to watch, or something that cannot be.
    pub async fn begin(project: &Project, context: &Context<'_>) -> Result<Self, Failure> {
        let mut contexts = BTreeMap::new();
        for name in watched(project) {
            let Some(request) = BuildRequest::of(project, Some(name), "") else { continue };
            let left_out = build::left_out(&request).map_err(|error| Failure::plain(error.to_string()))?;
            contexts.extend(left_out.map(|(folder, ignore)| (name.clone(), ContextIgnore { folder, ignore })));
        }
        let rules = Rules::of(project, &contexts).map_err(Failure::plain)?;
        let warnings: Vec<Diagnostic> = rules.warnings.iter().map(Diagnostic::warning).collect();
        context.warn(&warnings, &Files::default())?;
        let survey = run::survey(&rules.rules).await;
        Ok(Self { rules, survey })
    }

    /// Whether some service says what is to be watched.
    pub fn is_meant(project: &Project) -> bool {
        watched(project).next().is_some()
    }

    /// Watches whenever it is switched on, until it is cancelled.
    ///
    /// # Errors
    /// When the engine goes away for good.
    pub async fn watch(
        &self,
        session: &Session<'_>,
        manners: &Manners<'_>,
        context: &Context<'_>,
        cancel: &CancellationToken,
        switch: &Switch,
    ) -> Result<(), EngineError> {
        let crew = Hands { session, manners, context, cancel };
        let work = session.work();
        let wanted = switch.wanted();
        let tell = |event: Event| {
            if let Event::Watch(WatchNews::Disabled) = event {
                switch.rests();
            }
            (work.tell)(event);
        };
        let watch = Watch {
            engine: work.engine,
            project: &work.project.name,
            rules: &self.rules.rules,
            survey: &self.survey,
            crew: &crew,
            tell: &tell,
            wanted: &wanted,
            cancel,
        };
        run::watch(&watch).await
    }

    /// Watches beside the logs of a foreground `up`, which decides when it is over.
    pub async fn beside(&self, session: &Session<'_>, manners: &Manners<'_>, context: &Context<'_>, switch: &Switch) {
        while let Err(error) = self.until_interrupted(session, manners, context, switch).await {
            (session.work().tell)(Event::Warning(format!("files are not watched any more: {error}")));
            switch.turn_off();
            switch.rests();
        }
    }

    async fn until_interrupted(
        &self,
        session: &Session<'_>,
        manners: &Manners<'_>,
        context: &Context<'_>,
        switch: &Switch,
    ) -> Result<(), EngineError> {
        let cancel = CancellationToken::new();
        let mut watch = pin!(self.watch(session, manners, context, &cancel, switch));
        tokio::select! {
            ended = &mut watch => ended,
            () = session.interrupted() => {
                cancel.cancel();
                watch.await
            }
        }
    }
}

/// The services that say what of theirs is to be watched.
fn watched(project: &Project) -> impl Iterator<Item = &ServiceName> {
    let is_watched = |service: &Service| service.develop.as_ref().is_some_and(|develop| !develop.watch.is_empty());
    project.services.iter().filter(move |(_, service)| is_watched(service)).map(|(name, _)| name)
}

/// Who does what files lead to.
struct Hands<'a> {
    session: &'a Session<'a>,
    manners: &'a Manners<'a>,
    context: &'a Context<'a>,
    cancel: &'a CancellationToken,
}

#[async_trait(?Send)]
impl Crew for Hands<'_> {
    async fn rebuild(&self, services: &[ServiceName]) -> bool {
        let rebuilt = self.build(services).await;
        self.settle(rebuilt)
    }

    async fn restart(&self, services: &[ServiceName]) -> bool {
        let restarted = self.start_again(services).await;
        self.settle(restarted)
    }
}

impl Hands<'_> {
    /// Only these services are built: what they depend on is left as it is.
    async fn build(&self, services: &[ServiceName]) -> Result<(), Failure> {
        let mut loaded = (self.manners.load)()?;
        build_always(&mut loaded.project, |name| services.contains(name));
        let policy = UpPolicy {
            targets: services.to_vec(),
            recreate: Recreation::Force,
            recreate_dependencies: Recreation::Never,
            ignore_orphans: true,
            ..UpPolicy::default()
        };
        let prepared = Prepared::up(loaded, policy, self.context).await?;
        self.session.further(&prepared, self.cancel).await?;
        if self.manners.prune {
            prune(&prepared.engine, &prepared.project.name, services).await;
        }
        Ok(())
    }

    async fn start_again(&self, services: &[ServiceName]) -> Result<(), Failure> {
        let named = Services { services: services.iter().map(ToString::to_string).collect() };
        let prepared = standing::prepare(self.context, &named, Unknown::Refuse, |project, observed, targets| {
            Ok(plan::restart(project, observed, &RestartPolicy { targets, ..RestartPolicy::default() }))
        });
        self.session.further(&prepared.await?, self.cancel).await
    }

    /// Others may change the project again. What went wrong is told, and watching goes on.
    fn settle(&self, done: Result<(), Failure>) -> bool {
        self.session.give_up_turn();
        match done {
            Ok(()) => true,
            Err(failure) => {
                report::report(&failure, self.context.manner());
                false
            }
        }
    }
}

/// Has the images of some services built, whether they are there or not.
pub fn build_always(project: &mut Project, is_meant: impl Fn(&ServiceName) -> bool) {
    for (name, service) in
        project.services.iter_mut().filter(|(name, service)| service.build.is_some() && is_meant(name))
    {
        tracing::debug!(%name, "is built");
        service.pull_policy = "build".to_owned();
    }
}

/// Removes images of services that have lost their name to a newer one. Those that are still used stay.
async fn prune(engine: &dyn Engine, project: &str, services: &[ServiceName]) {
    let Ok(images) = engine.images().await else { return };
    let is_ours = |image: &&Image| {
        let service = image.labels.get(labels::SERVICE);
        image.tags.is_empty()
            && image.labels.get(labels::PROJECT).is_some_and(|name| name == project)
            && service.is_some_and(|service| services.iter().any(|name| name.as_str() == service))
    };
    for image in images.iter().filter(is_ours) {
        if let Err(error) = engine.remove_image(image.id.as_str(), false).await {
            tracing::debug!(%error, "an image without a name stays");
        }
    }
}
