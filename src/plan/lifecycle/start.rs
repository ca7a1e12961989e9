//! The plan of `start`: what exists is started, what it depends on first; nothing is made.

use std::collections::BTreeSet;

use crate::engine::Container;
use crate::graph;
use crate::model::{Condition, Project, Service, ServiceName};

use super::super::containers::Placed;
use super::super::decide::{Decision, Fate, Kept};
use super::super::planner::Planner;
use super::super::stop::existing;
use super::super::{Labelled, Observed, Plan, PlanError, StartPolicy, UpPolicy};
use super::is_named;

/// Starts the containers of the named services (or all) and of what they depend on, as soon as their conditions are met.
///
/// # Errors
/// When there is nothing to start, or a dependency has no container.
pub fn start(project: &Project, observed: &Observed, policy: &StartPolicy) -> Result<Plan, Vec<PlanError>> {
    let up = UpPolicy { wait: policy.wait, ..UpPolicy::default() };
    let mut planner = Planner::new(project, observed, &up).map_err(|error| vec![error])?;
    let wanted = planner
        .graph
        .with_dependencies(project.services.keys().filter(|name| is_named(&policy.targets, name.as_str())));
    planner.keep_all(&wanted);
    if planner.index.replicas.values().all(Vec::is_empty) && policy.targets.is_empty() {
        return Err(vec![
            PlanError::new(format!("no container found for project {:?}", project.name))
                .help("start only starts what exists: make the containers with up or create"),
        ]);
    }
    for (name, service) in planner.services() {
        if !wanted.contains(name) {
            continue;
        }
        let is_target = policy.targets.contains(name);
        if planner.placed.get(name).is_none_or(Vec::is_empty) {
            if is_target && service.scale != Some(0) {
                planner.errors.push(missing(name));
            }
            continue;
        }
        let unmet = unmet(&planner, name, service);
        planner.errors.extend(unmet);
        planner.launch(name, service);
    }
    planner.settle();
    if planner.errors.is_empty() { Ok(planner.plan) } else { Err(planner.errors) }
}

impl<'p> Planner<'p> {
    /// Every container stays as it is; those of the wanted services are in their place.
    fn keep_all(&mut self, wanted: &BTreeSet<ServiceName>) {
        for (name, _) in self.services() {
            let replicas = self.index.replicas.get(name.as_str()).cloned().unwrap_or_default();
            let keep = |container: &'p Container| Kept {
                container,
                number: Labelled::number(container).unwrap_or(0),
                fate: Fate::Keep,
                restart: None,
            };
            let mut kept: Vec<Kept<'p>> = replicas.into_iter().map(keep).collect();
            kept.sort_by_key(|kept| kept.number);
            if wanted.contains(name) {
                let placed = kept.iter().map(|kept| Placed {
                    container: existing(kept.container),
                    number: kept.number,
                    old: Some(kept.clone()),
                    made: None,
                    named: Vec::new(),
                    started: Vec::new(),
                });
                self.placed.insert(name, placed.collect());
            }
            self.decisions.insert(name, Decision { kept, ..Decision::default() });
        }
    }
}

fn missing(name: &ServiceName) -> PlanError {
    PlanError::of_service(name, "", format!("service {:?} has no container to start", name.as_str()))
        .help(format!("start only starts what exists: make it with up {name}"))
}

/// The dependencies that a service waits for and that have no container.
fn unmet(planner: &Planner<'_>, name: &ServiceName, service: &Service) -> Vec<PlanError> {
    let is_unmet = |(other, how): &(ServiceName, crate::model::Dependency)| {
        let waited_for = how.required && how.condition != Condition::Started;
        let there = planner.placed.get(other).is_some_and(|placed| !placed.is_empty());
        let known = planner.project.services.get(other);
        waited_for && !there && known.is_some_and(|known| known.provider.is_none() && known.scale != Some(0))
    };
    let dependencies = graph::dependencies(service).into_iter().filter(is_unmet);
    dependencies
        .map(|(other, _)| {
            PlanError::of_service(name, "depends_on", format!("{name} is missing dependency {other}"))
                .help(format!("start only starts what exists: make it with up {other}"))
        })
        .collect()
}
