//! A plan in the making: what is wished, what is there, and what has been planned so far.

use std::collections::{BTreeMap, HashMap};

use crate::engine::{Container, ContainerId, Network, PublishedPort, State, Volume};
use crate::graph::Graph;
use crate::model::{Port, Project, Service, ServiceName, labels};

use super::containers::Placed;
use super::decide::Decision;
use super::images::Sourced;
use super::networks::Joined;
use super::reference::Images;
use super::spec::Context;
use super::start::Waits;
use super::{Guard, ImageRef, Labelled, Observed, Plan, PlanError, PlannedStep, Reason, Step, StepId, UpPolicy};

/// The observed state, looked up by what things are called. Built once, so that planning stays linear.
pub(super) struct Index<'p> {
    /// Replicas, by service.
    pub replicas: HashMap<&'p str, Vec<&'p Container>>,
    pub containers: HashMap<&'p str, &'p Container>,
    pub networks: HashMap<&'p str, Vec<&'p Network>>,
    pub volumes: HashMap<&'p str, &'p Volume>,
    pub images: Images<'p>,
    /// Containers by the ports that they hold on the host.
    ports: BTreeMap<u16, Vec<&'p Container>>,
}

impl<'p> Index<'p> {
    fn of(observed: &'p Observed) -> Self {
        let mut replicas: HashMap<&str, Vec<&Container>> = HashMap::new();
        for container in observed.containers.iter().filter(|container| container.is_replica()) {
            replicas.entry(container.service()).or_default().push(container);
        }
        let mut networks: HashMap<&str, Vec<&Network>> = HashMap::new();
        for network in &observed.networks {
            networks.entry(network.name.as_str()).or_default().push(network);
        }
        let mut ports: BTreeMap<u16, Vec<&Container>> = BTreeMap::new();
        for container in &observed.containers {
            for port in container.ports.iter().filter_map(|port| port.published) {
                ports.entry(port).or_default().push(container);
            }
        }
        Self {
            ports,
            replicas,
            containers: observed.containers.iter().map(|container| (container.name.as_str(), container)).collect(),
            networks,
            volumes: observed.volumes.iter().map(|volume| (volume.name.as_str(), volume)).collect(),
            images: Images::of(&observed.images),
        }
    }

    /// The containers that hold a host port which a service publishes, each once.
    pub fn port_holders(&self, service: &Service) -> Vec<&'p Container> {
        let mut holders: Vec<&'p Container> = Vec::new();
        for port in &service.ports {
            let (first, last) = port.published.split_once('-').unwrap_or((&port.published, &port.published));
            let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) else { continue };
            if first > last {
                continue;
            }
            for holder in self.ports.range(first..=last).flat_map(|(_, holders)| holders) {
                let known = holders.iter().any(|known| known.id == holder.id);
                if !known && holder.ports.iter().any(|held| clashes(port, held)) {
                    holders.push(holder);
                }
            }
        }
        holders
    }
}

/// Whether a port on the host cannot be had because another container has it.
fn clashes(port: &Port, held: &PublishedPort) -> bool {
    let anywhere = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    let protocol = if port.protocol.is_empty() { "tcp" } else { &port.protocol };
    let address = anywhere(&port.host_ip) || anywhere(&held.address) || port.host_ip == held.address;
    held.published.is_some() && protocol == held.protocol && address
}

pub(super) struct Planner<'p> {
    pub project: &'p Project,
    pub observed: &'p Observed,
    pub policy: &'p UpPolicy,
    pub context: Context<'p>,
    pub index: Index<'p>,
    pub graph: Graph,
    /// The services, each after all that it depends on.
    pub order: Vec<&'p ServiceName>,
    pub plan: Plan,
    pub errors: Vec<PlanError>,
    pub images: BTreeMap<&'p ServiceName, Sourced>,
    /// Images that are mounted as volumes, by the paths where.
    pub mounted: BTreeMap<&'p ServiceName, BTreeMap<String, ImageRef>>,
    /// Images that only hooks run, by the name that the file has for them.
    pub hook_images: BTreeMap<String, Sourced>,
    pub networks: BTreeMap<&'p str, Joined<'p>>,
    /// Keys of volumes that are made, and the step that does.
    pub volumes: BTreeMap<&'p str, StepId>,
    /// Keys of volumes that are destroyed and made anew.
    pub renewed_volumes: Vec<&'p str>,
    pub decisions: BTreeMap<&'p ServiceName, Decision<'p>>,
    pub placed: BTreeMap<&'p ServiceName, Vec<Placed<'p>>>,
    /// Existing containers that are stopped on the way.
    pub stopped: HashMap<&'p ContainerId, StepId>,
    /// Existing containers that are stopped under a guard, while they may stay.
    pub stopped_if: HashMap<&'p ContainerId, StepId>,
    /// Existing containers that are removed on the way.
    pub removed: HashMap<&'p ContainerId, StepId>,
    /// What has to be done with an existing container before it may start again.
    pub prepared: HashMap<&'p ContainerId, Vec<StepId>>,
    pub waits: Waits,
}

impl<'p> Planner<'p> {
    pub fn new(project: &'p Project, observed: &'p Observed, policy: &'p UpPolicy) -> Result<Self, PlanError> {
        let graph = Graph::of(&project.services);
        let order = match graph.order() {
            Ok(order) => order,
            Err(cycle) => return Err(cyclic(&cycle)),
        };
        let order = order.into_iter().filter_map(|name| Some(project.services.get_key_value(name)?.0)).collect();
        Ok(Self {
            project,
            observed,
            policy,
            context: Context { project, api: observed.api, proxies: &policy.proxies },
            index: Index::of(observed),
            graph,
            order,
            plan: Plan::default(),
            errors: Vec::new(),
            images: BTreeMap::new(),
            mounted: BTreeMap::new(),
            hook_images: BTreeMap::new(),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
            renewed_volumes: Vec::new(),
            decisions: BTreeMap::new(),
            placed: BTreeMap::new(),
            stopped: HashMap::new(),
            stopped_if: HashMap::new(),
            removed: HashMap::new(),
            prepared: HashMap::new(),
            waits: Waits::new(),
        })
    }

    /// The services with their names, each after all that it depends on.
    pub fn services(&self) -> Vec<(&'p ServiceName, &'p Service)> {
        self.order.iter().map(|name| (*name, &*self.project.services[*name])).collect()
    }

    pub fn push(
        &mut self,
        step: Step,
        reason: Reason,
        service: Option<&ServiceName>,
        guard: Option<Guard>,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        self.plan.add(PlannedStep { step, reason, service: service.cloned(), guard }, after)
    }

    pub fn warn(&mut self, text: impl Into<String>) {
        self.plan.warnings.push(text.into());
    }

    /// Whether something belongs to the project, by its labels.
    pub fn owns(&self, labels: &crate::engine::Labels) -> bool {
        labels.get(labels::PROJECT) == Some(&self.project.name)
    }
}

fn cyclic(cycle: &[ServiceName]) -> PlanError {
    let mut names: Vec<_> = cycle.iter().map(ServiceName::as_str).collect();
    let place = ["services", names.first().copied().unwrap_or(""), "depends_on"];
    names.extend(names.first().copied());
    PlanError::new(format!("dependency cycle detected: {}", names.join(" -> "))).at(place)
}

/// Whether a container has a process that a stop would end.
pub fn is_up(container: &Container) -> bool {
    matches!(container.state, State::Running | State::Paused | State::Restarting)
}
