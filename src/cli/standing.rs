//! Commands about what stands already: whose it is, which services are meant, and the plan at work.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use crate::diagnostic::{Diagnostic, Files};
use crate::engine::docker::DockerEngine;
use crate::engine::{Container, Engine, Filters};
use crate::load::{self, Loaded, Options};
use crate::model::{Project, ServiceName, labels};
use crate::plan::{Labelled, Observed, Plan, PlanError, project_from_labels};
use crate::run::{self, OnFailure, Work};

use super::context::{Context, Whose};
use super::interrupt::Patience;
use super::making::{no_such_service, unknown_service};
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::session::Session;
use super::telling::Style;

/// The services that a command is about.
#[derive(Args, Clone, Debug, Default)]
pub struct Services {
    /// Services; all if none is named
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

/// What is done about a name that no container bears, where only the containers tell which services there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    Refuse,
    Warn,
}

/// The engine, and the project: from the files, by its name alone, or, when the files are broken, from the containers
/// that were made from them.
///
/// # Errors
/// When no engine answers, or nothing tells which project is meant.
pub async fn whose(context: &Context<'_>) -> Result<(DockerEngine, Whose), Failure> {
    // A name that no project can have is the person's mistake: no container makes up for it.
    context.name()?;
    match context.whose() {
        Ok(whose) => Ok((context.engine().await?, whose)),
        Err(failure) => match context.engine().await {
            Ok(engine) => {
                let whose = told_by_containers(context, &engine, failure).await?;
                Ok((engine, whose))
            }
            // The first cause is the one to mend first.
            Err(_) => Err(failure),
        },
    }
}

/// A file that cannot be used any more must not keep its containers alive: they know whose they are.
async fn told_by_containers(context: &Context<'_>, engine: &dyn Engine, failure: Failure) -> Result<Whose, Failure> {
    let marks = context.marks();
    let label = format!("{}={}", labels::WORKING_DIR, marks.directory);
    let containers = engine.containers(&Filters::default().and("label", label)).await?;
    let names: BTreeSet<&String> = containers
        .iter()
        .filter(|container| container.labels.get(labels::CONFIG_FILES).is_some_and(|files| marks.fit(files)))
        .filter_map(|container| container.labels.get(labels::PROJECT))
        .collect();
    let (Some(name), 1) = (names.first(), names.len()) else { return Err(failure) };
    context.make_do_with(&failure, name)?;
    Ok(Whose::Named((*name).clone()))
}

/// The project, its containers, and which of them are meant.
pub struct Sight {
    pub engine: DockerEngine,
    pub project: Project,
    /// Only the containers of it.
    pub observed: Observed,
    pub targets: Vec<ServiceName>,
    /// Services were named, and none of them exists.
    nobody: bool,
    loaded: Option<Box<Loaded>>,
}

/// Looks at the project's containers: one call, whatever is to be done with them.
///
/// # Errors
/// When there is no project, no engine, or no such service.
pub async fn look(context: &Context<'_>, named: &Services, unknown: Unknown) -> Result<Sight, Failure> {
    let (engine, whose) = whose(context).await?;
    see(engine, whose, named, unknown, context).await
}

async fn see(
    engine: DockerEngine,
    whose: Whose,
    named: &Services,
    unknown: Unknown,
    context: &Context<'_>,
) -> Result<Sight, Failure> {
    let observed = run::observe_containers(&engine, whose.name()).await?;
    let (mut project, loaded) = match whose {
        Whose::Loaded(mut loaded) => (std::mem::take(&mut loaded.project), Some(loaded)),
        Whose::Named(name) => (project_from_labels(&name, &observed), None),
    };
    let unknown = if loaded.is_some() { Unknown::Refuse } else { unknown };
    let targets = named.find(&mut project, unknown, context)?;
    let nobody = !named.services.is_empty() && targets.is_empty();
    Ok(Sight { engine, project, observed, targets, nobody, loaded })
}

impl Sight {
    /// The containers of the named services, or of all of the project, those of `run` included; by name.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        let is_meant = |service: &str| match self.targets.as_slice() {
            [] => !self.nobody,
            targets => targets.iter().any(|target| target.as_str() == service),
        };
        let known = self.observed.containers.iter().filter(|it| it.labels.contains_key(labels::CONFIG_HASH));
        known.filter(move |container| is_meant(container.service()))
    }

    pub fn of_service(&self, service: &str) -> impl Iterator<Item = &Container> {
        let known = self.observed.containers.iter().filter(|it| it.labels.contains_key(labels::CONFIG_HASH));
        known.filter(move |container| container.service() == service)
    }

    /// The service's container with that number, or, for 0, the first one that will do; replicas come before what `run`
    /// made.
    ///
    /// # Errors
    /// When there is none.
    pub fn replica(&self, service: &str, number: u32, will_do: fn(&Container) -> bool) -> Result<&Container, Failure> {
        let fitting = self.of_service(service).filter(|it| number == 0 || it.number() == Some(number));
        let first = fitting.filter(|it| will_do(it)).min_by_key(|it| (it.is_one_off(), it.number()));
        first.ok_or_else(|| {
            let which = if number == 0 { String::new() } else { format!(" container #{number}") };
            Failure::plain(format!("service {service:?} is not running{which}"))
        })
    }
}

/// Plans a verb about the project's containers as they stand.
///
/// # Errors
/// When there is no project, no engine, no such service, or no plan.
pub async fn prepare(
    context: &Context<'_>,
    named: &Services,
    unknown: Unknown,
    recipe: impl FnOnce(&Project, &Observed, Vec<ServiceName>) -> Result<Plan, Vec<PlanError>>,
) -> Result<Prepared, Failure> {
    let (engine, whose) = whose(context).await?;
    context.take_turn(&engine, whose.name()).await?;
    let Sight { engine, project, observed, targets, nobody, loaded } =
        see(engine, whose, named, unknown, context).await?;
    // Whoever names only services that do not exist does not mean all.
    let planned = if nobody { Ok(Plan::default()) } else { recipe(&project, &observed, targets) };
    let plan = planned.map_err(|errors| Failure::planning(&errors, loaded.as_deref()))?;
    Ok(Prepared { engine, project, plan, untouched: Vec::new(), proxies: BTreeMap::new() })
}

/// One service, by its name and no pattern.
pub fn one(service: &str) -> Services {
    Services { services: vec![service.to_owned()] }
}

impl Services {
    /// Loads the project with these services, and with what they depend on if that is wanted.
    ///
    /// # Errors
    /// When the files are wrong, or a name fits no service.
    pub fn load(&self, with_dependencies: bool, context: &Context<'_>) -> Result<Loaded, Failure> {
        let services = self.services.clone();
        context.load(&Options { services, with_dependencies, ..Options::default() })
    }

    /// The services that fit the names and patterns. Naming one switches its profiles on.
    ///
    /// # Errors
    /// When a name fits none, unless a warning will do.
    fn find(
        &self,
        project: &mut Project,
        unknown: Unknown,
        context: &Context<'_>,
    ) -> Result<Vec<ServiceName>, Failure> {
        let mut found = BTreeSet::new();
        for pattern in &self.services {
            let all = project.services.keys().chain(project.disabled_services.keys());
            let fitting: Vec<ServiceName> = all.filter(|name| load::matches(pattern, name.as_str())).cloned().collect();
            if fitting.is_empty() {
                let known = project.services.keys();
                match unknown {
                    Unknown::Refuse => return Err(no_such_service(pattern, known)),
                    Unknown::Warn => {
                        context.warn(&[unknown_service(Diagnostic::warning, pattern, known)], &Files::default())?;
                    }
                }
            }
            found.extend(fitting);
        }
        for name in &found {
            if let Some(service) = project.disabled_services.remove(name) {
                project.services.insert(name.clone(), service);
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// Shows the plan, or does it. One container that cannot be moved keeps no other from it.
pub async fn perform(prepared: &Prepared, context: &Context<'_>, title: &str) -> Result<Status, Failure> {
    let Some(session) = Session::begin(context, prepared, Patience::Command, &Style::titled(title))? else {
        return Ok(Status::SUCCESS);
    };
    session.execute(&Work { on_failure: OnFailure::Continue, ..session.work() }).await
}
