//! The plan of `stop`, and how containers are stopped in reverse order.

use std::collections::HashMap;
use std::time::Duration;

use crate::engine::Container;
use crate::graph::Graph;
use crate::model::{Project, ServiceName};

use super::planner::is_up;
use super::{ContainerRef, Labelled, Observed, Plan, PlannedStep, Reason, Step, StepId, StopPolicy};

/// Stops the named services' containers (or all), what depends on others first.
pub fn stop(project: &Project, observed: &Observed, policy: &StopPolicy) -> Plan {
    let is_named =
        |name: &str| policy.targets.is_empty() || policy.targets.iter().any(|target| target.as_str() == name);
    let containers: Vec<_> = observed
        .containers
        .iter()
        .filter(|container| container.is_replica() && is_named(container.service()))
        .filter(|container| project.services.contains_key(container.service()))
        .collect();
    let mut plan = Plan::default();
    Stops { project, grace: policy.stop_timeout, reason: Reason::Asked }.add(&mut plan, &containers);
    plan
}

/// How containers are stopped.
pub(super) struct Stops<'p> {
    pub project: &'p Project,
    pub grace: Option<Duration>,
    pub reason: Reason,
}

impl<'p> Stops<'p> {
    /// Adds the stops of those that run: each after those of everything that depends on its service. Returns the step
    /// that stops each, by the container's id.
    pub fn add(&self, plan: &mut Plan, containers: &[&'p Container]) -> HashMap<&'p str, StepId> {
        let mut by_service: HashMap<&str, Vec<&'p Container>> = HashMap::new();
        for container in containers {
            by_service.entry(container.service()).or_default().push(container);
        }
        let graph = Graph::of(&self.project.services);
        let known: Vec<&str> = match graph.order() {
            Ok(order) => order.into_iter().rev().map(ServiceName::as_str).collect(),
            // A broken file must not keep anything from being stopped: then there is no order.
            Err(_) => self.project.services.keys().map(ServiceName::as_str).collect(),
        };
        let mut ends: HashMap<&str, Vec<StepId>> = HashMap::new();
        let mut stopped = HashMap::new();
        for service in &known {
            // A service without a running container hands on what it would have waited for.
            let before: Vec<StepId> = graph
                .dependents(service)
                .into_iter()
                .flat_map(|dependent| ends.get(dependent.as_str()).cloned().unwrap_or_default())
                .collect();
            let mut own = Vec::new();
            for container in by_service.remove(service).unwrap_or_default() {
                if let Some(step) = self.one(plan, container, before.clone()) {
                    own.push(step);
                    stopped.insert(container.id.as_str(), step);
                }
            }
            ends.insert(service, if own.is_empty() { before } else { own });
        }
        let mut rest: Vec<_> = by_service.into_values().flatten().collect();
        rest.sort_by_key(|container| container.name.as_str());
        for container in rest {
            if let Some(step) = self.one(plan, container, Vec::new()) {
                stopped.insert(container.id.as_str(), step);
            }
        }
        stopped
    }

    /// `None` for a container that does not run.
    fn one(&self, plan: &mut Plan, container: &Container, mut after: Vec<StepId>) -> Option<StepId> {
        if !is_up(container) {
            return None;
        }
        after.sort_unstable();
        after.dedup();
        let service = ServiceName::from(container.service());
        let mut push = |step: Step, reason: Reason, after: Vec<StepId>| {
            plan.add(PlannedStep { step, reason, service: Some(service.clone()), guard: None }, after)
        };
        let hooks = self.project.services.get(&service).map_or(&[][..], |service| service.pre_stop.as_slice());
        for hook in hooks.iter().filter(|_| !container.is_one_off()) {
            let step = Step::RunHook { container: existing(container), hook: hook.clone() };
            after = vec![push(step, Reason::HookOf(service.clone()), after)];
        }
        let step = Step::StopContainer { container: existing(container), grace: self.grace };
        Some(push(step, self.reason.clone(), after))
    }
}

pub(super) fn existing(container: &Container) -> ContainerRef {
    ContainerRef::Existing { id: container.id.clone(), name: container.name.clone() }
}
