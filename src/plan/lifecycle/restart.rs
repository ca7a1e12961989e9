//! The plan of `restart`: dependencies first, and along with a service whoever declares that he restarts with it.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Container;
use crate::graph::{self, Graph};
use crate::model::{Condition, Project, Service, ServiceName};

use super::super::planner::is_up;
use super::super::stop::existing;
use super::super::{
    ContainerRef, Labelled, Observed, Plan, PlannedStep, Readiness, Reason, RestartPolicy, Step, StepId, spec,
};
use super::{is_named, replicas};

/// Restarts the containers of the named services (or all), and of their dependents with `restart: true`. A container
/// that does not run is started.
pub fn restart(project: &Project, observed: &Observed, policy: &RestartPolicy) -> Plan {
    let mut containers: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in replicas(project, observed, &[]) {
        containers.entry(container.service()).or_default().push(container);
    }
    let graph = Graph::of(&project.services);
    let reasons = reasons(project, policy);
    let mut restart =
        Restart { project, policy, containers, plan: Plan::default(), ends: BTreeMap::new(), waits: BTreeMap::new() };
    let order: Vec<&ServiceName> = match graph.order() {
        Ok(order) => order,
        // A broken file must not keep anything from being restarted: then there is no order.
        Err(_) => project.services.keys().collect(),
    };
    for name in order {
        if let (Some(reason), Some((name, service))) = (reasons.get(name), project.services.get_key_value(name)) {
            restart.service(name, service, reason, &reasons);
        }
    }
    restart.plan
}

/// The services that are restarted, and why.
fn reasons(project: &Project, policy: &RestartPolicy) -> BTreeMap<ServiceName, Reason> {
    let named = project.services.keys().filter(|name| is_named(&policy.targets, name.as_str()));
    let mut reasons: BTreeMap<ServiceName, Reason> = named.map(|name| (name.clone(), Reason::Asked)).collect();
    if policy.no_deps {
        return reasons;
    }
    let mut open: Vec<ServiceName> = reasons.keys().cloned().collect();
    while let Some(dependency) = open.pop() {
        for (name, service) in &project.services {
            let restarts = graph::dependencies(service).get(&dependency).is_some_and(|how| how.restart);
            if restarts && !reasons.contains_key(name) {
                reasons.insert(name.clone(), Reason::DependencyRestarted(dependency.clone()));
                open.push(name.clone());
            }
        }
    }
    reasons
}

struct Restart<'p> {
    project: &'p Project,
    policy: &'p RestartPolicy,
    containers: BTreeMap<&'p str, Vec<&'p Container>>,
    plan: Plan,
    /// The last steps of each service.
    ends: BTreeMap<ServiceName, Vec<StepId>>,
    waits: BTreeMap<(ServiceName, Condition), StepId>,
}

impl Restart<'_> {
    fn service(
        &mut self,
        name: &ServiceName,
        service: &Service,
        reason: &Reason,
        restarted: &BTreeMap<ServiceName, Reason>,
    ) {
        let before = self.before(name, service, restarted);
        let mut ends = Vec::new();
        for container in self.containers.get(name.as_str()).cloned().unwrap_or_default() {
            ends.push(self.container(name, service, container, reason, before.clone()));
        }
        self.ends.insert(name.clone(), if ends.is_empty() { before } else { ends });
    }

    /// What a service's restart has to wait for: that of its dependencies, and their conditions where it restarts with
    /// them.
    fn before(
        &mut self,
        name: &ServiceName,
        service: &Service,
        restarted: &BTreeMap<ServiceName, Reason>,
    ) -> Vec<StepId> {
        let mut before = BTreeSet::new();
        for (dependency, how) in graph::dependencies(service) {
            if !restarted.contains_key(&dependency) {
                continue;
            }
            match self.wait(name, &dependency, how.condition, how.required).filter(|_| how.restart) {
                Some(wait) => drop(before.insert(wait)),
                None => before.extend(self.ends.get(&dependency).into_iter().flatten().copied()),
            }
        }
        before.into_iter().collect()
    }

    /// Waits for a dependency, once for all that need it.
    fn wait(
        &mut self,
        name: &ServiceName,
        dependency: &ServiceName,
        condition: Condition,
        required: bool,
    ) -> Option<StepId> {
        let containers = self.containers.get(dependency.as_str()).filter(|_| condition != Condition::Started)?;
        let key = (dependency.clone(), condition);
        if let Some(step) = self.waits.get(&key) {
            let node = &mut self.plan.graph[petgraph::graph::NodeIndex::new(step.0)];
            if let Reason::NeededBy { services } = &mut node.reason {
                services.push(name.clone());
            }
            return Some(*step);
        }
        let step = Step::Await {
            condition: Readiness::from(condition),
            containers: containers.iter().map(|container| existing(container)).collect(),
            required,
            health_check: self.project.services.get(dependency).and_then(|service| spec::health_check(service)),
            ready: self.project.services.get(dependency).and_then(|service| spec::ready(service)),
        };
        let reason = Reason::NeededBy { services: vec![name.clone()] };
        let after = self.ends.get(dependency).cloned().unwrap_or_default();
        let planned = PlannedStep { step, reason, service: Some(dependency.clone()), guard: None };
        let id = self.plan.add(planned, after);
        self.waits.insert(key, id);
        Some(id)
    }

    /// Runs the hooks around the restart of one container. Returns the last step.
    fn container(
        &mut self,
        name: &ServiceName,
        service: &Service,
        container: &Container,
        reason: &Reason,
        mut after: Vec<StepId>,
    ) -> StepId {
        let existing: ContainerRef = existing(container);
        let mut push = |step: Step, reason: Reason, after: Vec<StepId>| {
            self.plan.add(PlannedStep { step, reason, service: Some(name.clone()), guard: None }, after)
        };
        let hook = |hook| Step::RunHook { container: existing.clone(), hook };
        for before in service.pre_stop.iter().filter(|_| is_up(container)) {
            after = vec![push(hook(before.clone()), Reason::HookOf(name.clone()), after)];
        }
        let files = spec::injected_files(self.project, service);
        if !files.is_empty() {
            let step = Step::InjectFiles { container: existing.clone(), files };
            after = vec![push(step, Reason::GrantOf(name.clone()), after)];
        }
        let step = Step::RestartContainer { container: existing.clone(), grace: self.policy.stop_timeout };
        let mut last = push(step, reason.clone(), after);
        for later in &service.post_start {
            last = push(hook(later.clone()), Reason::HookOf(name.clone()), vec![last]);
        }
        last
    }
}
