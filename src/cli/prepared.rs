//! A project, the engine that it lives on, and the plan that leads from one to the other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::build;
use crate::engine::docker::DockerEngine;
use crate::engine::{Engine, State};
use crate::load::Loaded;
use crate::model::{Project, ServiceName};
use crate::plan::spec::OneOff;
use crate::plan::{self, DownPolicy, ImageRemoval, Labelled, Observed, Plan, RunPolicy, StepId, UpPolicy};
use crate::run;

use super::asking;
use super::client::ClientConfiguration;
use super::context::{Context, Whose};
use super::outcome::Failure;
use super::proxies;

pub struct Prepared {
    pub engine: DockerEngine,
    pub project: Project,
    pub plan: Plan,
    /// The names of containers that run and that the plan leaves alone.
    pub untouched: Vec<String>,
    /// From Docker's client configuration: builds get them too.
    pub proxies: BTreeMap<String, String>,
}

impl Prepared {
    /// What it takes to make the engine's state what the files say.
    ///
    /// # Errors
    /// When no engine answers, or when something makes the plan impossible.
    pub async fn up(loaded: Loaded, policy: UpPolicy, context: &Context<'_>) -> Result<Self, Failure> {
        Self::up_with(loaded, policy, context, |_| Ok(Vec::new())).await
    }

    /// The same for a command that does the plan: whoever is at the terminal is asked about data that would be lost.
    ///
    /// # Errors
    /// As [`Self::up`], and when the terminal is gone.
    pub async fn up_asking(loaded: Loaded, policy: UpPolicy, context: &Context<'_>) -> Result<Self, Failure> {
        if context.globals.dry_run || !asking::is_possible() {
            return Self::up(loaded, policy, context).await;
        }
        Self::up_with(loaded, policy, context, ask_for_losses).await
    }

    async fn up_with(
        mut loaded: Loaded,
        mut policy: UpPolicy,
        context: &Context<'_>,
        allow: impl Fn(&Plan) -> Result<Vec<String>, Failure>,
    ) -> Result<Self, Failure> {
        let engine = context.engine().await?;
        let client = ClientConfiguration::read(context.environment);
        let proxies = proxies::variables(client, &engine.about().address);
        context.take_turn(&engine, &loaded.project.name).await?;
        policy.proxies.clone_from(&proxies);
        policy.foundations = build::foundations(&loaded.project);
        if plan::wants_api_socket(&loaded.project) {
            plan::give_api_socket(&mut loaded.project, &engine.login_file().await);
        }
        let mut observed = observe(&engine, &loaded.project).await?;
        let planned = |observed: &Observed, policy: &UpPolicy| {
            plan::up(&loaded.project, observed, policy).map_err(|errors| Failure::planning(&errors, Some(&loaded)))
        };
        let mut plan = planned(&observed, &policy)?;
        let allowed = allow(&plan)?;
        let unexplained = plan::unexplained(&plan, &observed);
        if !(allowed.is_empty() && unexplained.is_empty()) {
            policy.allow_data_loss.extend(allowed);
            observed.inspected = run::inspect(&engine, unexplained).await;
            plan = planned(&observed, &policy)?;
        }
        let untouched = untouched(&observed, &loaded.project, &plan);
        Ok(Self { engine, project: loaded.project, plan, untouched, proxies })
    }

    /// What it takes to run something once for a service, and the container that comes of it.
    ///
    /// # Errors
    /// When no engine answers, or when something makes the plan impossible.
    pub async fn run(
        mut loaded: Loaded,
        policy: UpPolicy,
        target: &ServiceName,
        one_off: OneOff<'_>,
        start: bool,
        context: &Context<'_>,
    ) -> Result<(Self, Made), Failure> {
        let engine = context.engine().await?;
        let client = ClientConfiguration::read(context.environment);
        let proxies = proxies::variables(client, &engine.about().address);
        context.take_turn(&engine, &loaded.project.name).await?;
        if plan::wants_api_socket(&loaded.project) {
            plan::give_api_socket(&mut loaded.project, &engine.login_file().await);
        }
        let up = UpPolicy { proxies: proxies.clone(), foundations: build::foundations(&loaded.project), ..policy };
        let observed = observe(&engine, &loaded.project).await?;
        let policy = RunPolicy { target, one_off, start, up: &up };
        let run = plan::run(&loaded.project, &observed, &policy)
            .map_err(|errors| Failure::planning(&errors, Some(&loaded)))?;
        let untouched = untouched(&observed, &loaded.project, &run.plan);
        let made = Made { step: run.made, name: run.name };
        Ok((Self { engine, project: loaded.project, plan: run.plan, untouched, proxies }, made))
    }

    /// Images on their way, which no container takes part in.
    ///
    /// # Errors
    /// When no engine answers.
    pub async fn images(
        loaded: Loaded,
        context: &Context<'_>,
        plan: impl FnOnce(&Project, &Observed) -> Plan,
    ) -> Result<Self, Failure> {
        let engine = context.engine().await?;
        let proxies = proxies::variables(ClientConfiguration::read(context.environment), &engine.about().address);
        let observed = Observed { images: engine.images().await?, ..Observed::default() };
        let plan = plan(&loaded.project, &observed);
        Ok(Self { engine, project: loaded.project, plan, untouched: Vec::new(), proxies })
    }

    /// What it takes to take it away.
    ///
    /// # Errors
    /// When the engine does not answer any more.
    pub async fn down(engine: DockerEngine, whose: Whose, policy: &DownPolicy) -> Result<Self, Failure> {
        let images = policy.images != ImageRemoval::None;
        let observed = run::observe_named(&engine, whose.name(), images).await?;
        let project = match whose {
            Whose::Loaded(loaded) => loaded.project,
            Whose::Named(name) => plan::project_from_labels(&name, &observed),
        };
        let plan = plan::down(&project, &observed, policy);
        Ok(Self { engine, project, plan, untouched: Vec::new(), proxies: BTreeMap::new() })
    }
}

/// The container that a plan makes besides those of the services.
pub struct Made {
    pub step: StepId,
    pub name: String,
}

/// The volumes whose loss a person agrees to, one question each.
fn ask_for_losses(plan: &Plan) -> Result<Vec<String>, Failure> {
    let mut allowed = Vec::new();
    for name in &plan.held_back {
        let question = format!(
            "Volume {name} exists but is not as the file has it now. Destroy it and make it anew? All its data is lost."
        );
        if asking::confirm(&question)? {
            allowed.push(name.clone());
        }
    }
    Ok(allowed)
}

fn untouched(observed: &Observed, project: &Project, plan: &Plan) -> Vec<String> {
    let touched: BTreeSet<String> = plan.steps().map(|(_, step)| step.subject().name).collect();
    observed
        .containers
        .iter()
        .filter(|container| container.is_replica() && container.state == State::Running)
        .filter(|container| project.services.contains_key(container.service()) && !touched.contains(&container.name))
        .map(|container| container.name.clone())
        .collect()
}

/// What the engine holds, with what only a clock and further questions can tell.
async fn observe(engine: &dyn Engine, project: &Project) -> Result<Observed, Failure> {
    let mut observed = run::observe(engine, project).await?;
    observed.read_at = Timestamp::now().as_second();
    observed.files = run::digests(plan::granted_files(project)).await;
    for image in plan::refreshed_images(project) {
        // An image that is not there has no age.
        let Ok(details) = engine.inspect_image(&image).await else { continue };
        if let Ok(tagged) = details.last_tagged.parse::<Timestamp>() {
            observed.tagged_at.insert(image, tagged.as_second());
        }
    }
    Ok(observed)
}
