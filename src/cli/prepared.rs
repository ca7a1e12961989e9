//! A project, the engine that it lives on, and the plan that leads from one to the other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::engine::docker::DockerEngine;
use crate::engine::{Engine, State};
use crate::load::Loaded;
use crate::model::Project;
use crate::plan::{self, DownPolicy, Labelled, Observed, Plan, UpPolicy};
use crate::run;

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
        let engine = context.engine().await?;
        let proxies = proxies::read(context.environment, std::env::home_dir().as_deref(), &engine.about().address);
        let policy = UpPolicy { proxies: proxies.clone(), ..policy };
        context.take_turn(&engine, &loaded.project.name).await?;
        let observed = observe(&engine, &loaded.project).await?;
        let plan = plan::up(&loaded.project, &observed, &policy)
            .map_err(|errors| Failure::planning(&errors, Some(&loaded)))?;
        let untouched = untouched(&observed, &loaded.project, &plan);
        Ok(Self { engine, project: loaded.project, plan, untouched, proxies })
    }

    /// What it takes to take it away.
    ///
    /// # Errors
    /// When the engine does not answer any more.
    pub async fn down(engine: DockerEngine, whose: Whose, policy: &DownPolicy) -> Result<Self, Failure> {
        let observed = run::observe(&engine, whose.name()).await?;
        let project = match whose {
            Whose::Loaded(loaded) => loaded.project,
            Whose::Named(name) => plan::project_from_labels(&name, &observed),
        };
        let plan = plan::down(&project, &observed, policy);
        Ok(Self { engine, project, plan, untouched: Vec::new(), proxies: BTreeMap::new() })
    }
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
    let mut observed = run::observe(engine, &project.name).await?;
    observed.read_at = Timestamp::now().as_second();
    for image in plan::refreshed_images(project) {
        // An image that is not there has no age.
        let Ok(details) = engine.inspect_image(&image).await else { continue };
        if let Ok(tagged) = details.last_tagged.parse::<Timestamp>() {
            observed.tagged_at.insert(image, tagged.as_second());
        }
    }
    Ok(observed)
}
