//! The steps that start containers, as soon as what they depend on allows it.

use std::collections::BTreeMap;

use crate::engine::{Health, MountPoint, State};
use crate::graph;
use crate::model::{Condition, Service, ServiceName};

use super::containers::Placed;
use super::decide::{Change, Decision, Fate, either, is_started};
use super::planner::{Planner, is_up};
use super::{ContainerRef, Guard, PlanError, Readiness, Reason, Step, StepId, spec};

/// A wait that several dependents share.
type WaitKey = (ServiceName, Readiness, bool);

/// A replica that starts: its place among the others, why, and under which guard.
type Starting = (usize, Reason, Option<Guard>);

/// Waits that are planned already.
pub(super) type Waits = BTreeMap<WaitKey, StepId>;

impl<'p> Planner<'p> {
    /// Starts a service's containers, and those that take another's place right after it has made room.
    pub fn launch(&mut self, name: &'p ServiceName, service: &'p Service) {
        let Some(decision) = self.decisions.get(name) else { return };
        let waits = match decision.starts() {
            _ if self.policy.no_start => Vec::new(),
            Change::None if !self.is_disturbed(name) => Vec::new(),
            _ => self.conditions(name, service),
        };
        let places = self.placed.get(name).map_or(0, Vec::len);
        let one_by_one = service.ports.iter().any(|port| port.published.contains('-'));
        let mut before: Vec<StepId> = Vec::new();
        let mut begin = |planner: &mut Self, starting: Starting, hooks: &[StepId]| {
            let held: Vec<_> = waits.iter().chain(hooks).chain(&before).copied().collect();
            let started = planner.begin(name, service, starting, held);
            if one_by_one {
                before = started;
            }
        };
        if service.pre_start.iter().any(|hook| !hook.per_replica) {
            let starting: Vec<_> = (0..places).filter_map(|at| self.make_ready(name, service, at, &waits)).collect();
            let hooks = self.pre_start(name, service, &starting, &waits);
            starting.into_iter().for_each(|starting| begin(self, starting, &hooks));
        } else {
            for at in 0..places {
                if let Some(starting) = self.make_ready(name, service, at, &waits) {
                    begin(self, starting, &[]);
                }
            }
        }
    }

    /// Starts a replica that has its place, after what holds all of them up. Returns the last steps.
    fn begin(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        (at, reason, guard): Starting,
        held: Vec<StepId>,
    ) -> Vec<StepId> {
        let Some(placed) = self.placed.get(name).and_then(|all| all.get(at)).cloned() else { return Vec::new() };
        let mut after: Vec<_> = placed.named.iter().copied().chain(held).chain(self.preparations(&placed)).collect();
        if service.pre_start.iter().any(|hook| hook.per_replica) {
            after = self.run_pre_start(name, service, &placed, true, guard.as_ref(), after);
        }
        let started = self.start(name, service, &placed, reason, guard, after);
        if let Some(placed) = self.placed.get_mut(name).and_then(|all| all.get_mut(at)) {
            placed.started.clone_from(&started);
        }
        started
    }

    /// Lets a replica have its place, and says whether and why it starts then.
    fn make_ready(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        at: usize,
        waits: &[StepId],
    ) -> Option<Starting> {
        let placed = self.placed.get(name)?.get(at)?.clone();
        self.stop_for_restart(&placed);
        let (reason, guard) = match self.start_reason(&placed) {
            Some(start) => start,
            None if placed.made.is_none() => return None,
            None => (Reason::JustCreated, None),
        };
        let starts = self.is_to_start(&placed);
        let named = self.make_room(name, service, &placed, if starts { waits } else { &[] });
        self.placed.get_mut(name)?.get_mut(at)?.named = named;
        starts.then_some((at, reason, guard))
    }

    /// The hooks that run once, before the first of a service's replicas starts; none when one of them runs on.
    fn pre_start(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        starting: &[Starting],
        waits: &[StepId],
    ) -> Vec<StepId> {
        let placed = self.placed.get(name).cloned().unwrap_or_default();
        let all_start = starting.len() == placed.len();
        let (Some(lowest), true) = (placed.iter().min_by_key(|placed| placed.number), all_start) else {
            return Vec::new();
        };
        // Under a guard only when every start is.
        let guards: Option<Vec<Guard>> = starting.iter().map(|(_, _, guard)| guard.clone()).collect();
        let guard = guards.and_then(|guards| guards.into_iter().reduce(either));
        let after = placed.iter().flat_map(|placed| placed.named.clone()).chain(waits.iter().copied());
        let after: Vec<_> = after.chain(placed.iter().flat_map(|placed| self.preparations(placed))).collect();
        let lowest = lowest.clone();
        self.run_pre_start(name, service, &lowest, false, guard.as_ref(), after)
    }

    /// Stops a container that is to be started again with what it depends on, if that was not done already.
    fn stop_for_restart(&mut self, placed: &Placed<'p>) {
        let Some(kept) = placed.old.as_ref().filter(|_| placed.made.is_none()) else { return };
        let Some((dependency, guard)) = &kept.restart else { return };
        let is_planned = self.stopped_if.contains_key(&kept.container.id);
        if !is_planned || !matches!(guard, Some(Guard::ImageChanged { .. })) {
            self.stop(kept.container, Reason::DependencyRestarted(dependency.clone()), guard.clone(), []);
        }
    }

    /// Whether containers of a service are stopped by this plan although they stay.
    fn is_disturbed(&self, name: &ServiceName) -> bool {
        let placed = self.placed.get(name).into_iter().flatten();
        placed.filter_map(|placed| placed.old.as_ref()).any(|kept| self.stopped.contains_key(&kept.container.id))
    }

    /// Without `--no-start` everything; with it, what ran before and is only moved to another network.
    fn is_to_start(&self, placed: &Placed<'p>) -> bool {
        if !self.policy.no_start {
            return true;
        }
        let kept = placed.old.as_ref().filter(|kept| kept.fate == Fate::Keep && is_up(kept.container));
        kept.is_some_and(|kept| self.stopped.contains_key(&kept.container.id))
    }

    /// Why a container is started, and the guard under which; `None` when it runs already.
    fn start_reason(&mut self, placed: &Placed<'p>) -> Option<(Reason, Option<Guard>)> {
        let Some(kept) = &placed.old else { return Some((Reason::JustCreated, None)) };
        let container = kept.container;
        if let Fate::Recreate(_) = kept.fate {
            return Some((Reason::JustCreated, None));
        }
        if kept.fate == Fate::Keep && container.state == State::Paused && !self.policy.no_start {
            let message = format!("container {} is paused", container.name);
            let service = ServiceName::from(super::Labelled::service(container));
            let help = format!("let it go on first: unpause {service}");
            self.errors.push(PlanError::of_service(&service, "", message).help(help));
            return None;
        }
        if !is_started(container) {
            return Some((Reason::NotRunning(container.state.as_str()), None));
        }
        if self.stopped.contains_key(&container.id) {
            let reason = match (&kept.restart, self.prepared.contains_key(&container.id)) {
                (Some((dependency, None)), false) => Reason::DependencyRestarted(dependency.clone()),
                _ => Reason::StoppedOnTheWay,
            };
            return Some((reason, None));
        }
        let own = match &kept.fate {
            Fate::RecreateIf(guard) => Some((Reason::IfImageChanged, Some(guard.clone()))),
            _ => None,
        };
        let restart = kept.restart.clone().map(|(dependency, guard)| (Reason::DependencyRestarted(dependency), guard));
        match (own, restart) {
            (Some((reason, Some(one))), Some((_, Some(two)))) => Some((reason, Some(either(one, two)))),
            (_, Some((reason, None))) => Some((reason, None)),
            (own, restart) => own.or(restart),
        }
    }

    /// Stops what depends on a container and wants to be restarted with it, then lets the new one take the old one's
    /// place.
    fn make_room(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        placed: &Placed<'p>,
        waits: &[StepId],
    ) -> Vec<StepId> {
        let (Some(kept), Some(made)) = (&placed.old, placed.made) else { return placed.named.clone() };
        let guard = match &kept.fate {
            Fate::RecreateIf(guard) => Some(guard.clone()),
            _ => None,
        };
        let mut before: Vec<_> = waits.to_vec();
        if !self.policy.no_start {
            before.extend(self.stop_dependents(name, guard, made));
            before.extend(self.free_ports(name, service));
        }
        self.take_place(name, placed, before)
    }

    fn stop_dependents(&mut self, name: &ServiceName, guard: Option<Guard>, made: StepId) -> Vec<StepId> {
        let dependents: Vec<ServiceName> = self.graph.dependents(name.as_str()).into_iter().cloned().collect();
        let mut stops = Vec::new();
        for dependent in dependents {
            let Some(service) = self.project.services.get(&dependent) else { continue };
            if !graph::dependencies(service).get(name).is_some_and(|how| how.restart) {
                continue;
            }
            let kept = self.decisions.get(&dependent).map(|decision| decision.kept.clone()).unwrap_or_default();
            let is_replaced = |fate: &Fate| match fate {
                Fate::Keep => false,
                Fate::Recreate(_) => true,
                Fate::RecreateIf(own) => Some(own) == guard.as_ref(),
            };
            for kept in kept.iter().filter(|kept| kept.restart.is_some() && !is_replaced(&kept.fate)) {
                let reason = Reason::DependencyRestarted(name.clone());
                stops.extend(self.stop(kept.container, reason, guard.clone(), [made]));
            }
        }
        stops
    }

    /// What has to be done to an existing container before it starts again.
    fn preparations(&self, placed: &Placed<'p>) -> Vec<StepId> {
        let Some(kept) = &placed.old else { return Vec::new() };
        let id = &kept.container.id;
        let mut steps = self.prepared.get(id).cloned().unwrap_or_default();
        if placed.made.is_none() {
            steps.extend(self.stopped.get(id).or_else(|| self.stopped_if.get(id)));
        }
        steps
    }

    /// Puts its files into a container, starts it, and runs its hooks. Returns the last of these steps.
    pub fn start(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        placed: &Placed<'p>,
        reason: Reason,
        guard: Option<Guard>,
        mut after: Vec<StepId>,
    ) -> Vec<StepId> {
        after.extend(self.free_ports(name, service));
        let kept = placed.old.as_ref().filter(|_| placed.made.is_none());
        let mounted = kept.map(|kept| kept.container.mounts.as_slice()).unwrap_or_default();
        let container = &placed.container;
        let after = self.inject(name, service, container, mounted, guard.as_ref(), after);
        let step = Step::StartContainer { container: container.clone() };
        let mut last = self.push(step, reason, Some(name), guard.clone(), after);
        for hook in &service.post_start {
            let step = Step::RunHook { container: container.clone(), hook: hook.clone() };
            last = self.push(step, Reason::HookOf(name.clone()), Some(name), guard.clone(), [last]);
        }
        vec![last]
    }

    /// Puts its files into a container. Returns what its start comes after.
    pub fn inject(
        &mut self,
        name: &ServiceName,
        service: &Service,
        container: &ContainerRef,
        mounted: &[MountPoint],
        guard: Option<&Guard>,
        after: Vec<StepId>,
    ) -> Vec<StepId> {
        let mut files = spec::injected_files(self.project, service);
        // What another tool has mounted stays as it is: it cannot be written over.
        files.retain(|file| !mounted.iter().any(|mount| mount.destination == file.target));
        if files.is_empty() {
            return after;
        }
        let step = Step::InjectFiles { container: container.clone(), files };
        vec![self.push(step, Reason::GrantOf(name.clone()), Some(name), guard.cloned(), after)]
    }

    /// What a service's start has to wait for.
    pub fn conditions(&mut self, name: &ServiceName, service: &Service) -> Vec<StepId> {
        let mut waits = Vec::new();
        for (dependency, how) in graph::dependencies(service) {
            let Some((dependency, other)) = self.project.services.get_key_value(&dependency) else { continue };
            if other.provider.is_some() || self.placed.get(dependency).is_none_or(Vec::is_empty) {
                continue;
            }
            let reason = Reason::NeededBy { services: vec![name.clone()] };
            let wait = match how.condition {
                Condition::Started => None,
                condition => self.wait((dependency.clone(), condition.into(), how.required), reason),
            };
            match wait {
                Some(wait) => waits.push(wait),
                None => waits.extend(self.placed[dependency].iter().flat_map(|placed| placed.started.clone())),
            }
        }
        waits.sort_unstable();
        waits.dedup();
        waits
    }

    /// Waits for a service, once for all that need it; `None` when it is known to be ready and stays so.
    fn wait(&mut self, key: WaitKey, reason: Reason) -> Option<StepId> {
        if let Some(step) = self.waits.get(&key) {
            if let (Reason::NeededBy { services }, Reason::NeededBy { services: more }) =
                (&mut self.plan.graph[petgraph::graph::NodeIndex::new(step.0)].reason, reason)
            {
                services.extend(more);
            }
            return Some(*step);
        }
        let (name, readiness, required) = &key;
        let placed = self.placed.get(name)?;
        let service = self.project.services.get(name).map(AsRef::as_ref);
        let ready = service.and_then(spec::ready);
        // What is told from outside is known to nobody until somebody looks.
        let is_told_outside = ready.is_some() && matches!(readiness, Readiness::Healthy | Readiness::Settled);
        let guard = if !is_told_outside && placed.iter().all(|placed| is_ready(placed, *readiness)) {
            match self.decisions.get(name).map_or(Change::None, Decision::starts) {
                Change::None if placed.iter().all(|placed| placed.started.is_empty()) => return None,
                Change::If(guard) => Some(guard),
                _ => None,
            }
        } else {
            None
        };
        let after: Vec<_> = placed.iter().flat_map(|placed| placed.started.clone()).collect();
        let step = Step::Await {
            condition: *readiness,
            containers: placed.iter().map(|placed| placed.container.clone()).collect(),
            required: *required,
            health_check: service.and_then(spec::health_check),
            ready,
        };
        let name = name.clone();
        let id = self.push(step, reason, Some(&name), guard, after);
        self.waits.insert(key, id);
        Some(id)
    }

    /// `--wait`: every service is ready at the end; one that others need to be completed has to complete.
    pub fn settle(&mut self) {
        if !self.policy.wait || self.policy.no_start {
            return;
        }
        for (name, _) in self.services() {
            let completes = self.graph.dependents(name.as_str()).into_iter().any(|dependent| {
                let service = self.project.services.get(dependent);
                let how = service.and_then(|service| service.depends_on.get(name));
                how.is_some_and(|how| how.condition == Condition::CompletedSuccessfully)
            });
            let readiness = if completes { Readiness::Completed } else { Readiness::Settled };
            if !self.placed.get(name).is_none_or(Vec::is_empty) {
                self.wait((name.clone(), readiness, true), Reason::WaitAsked);
            }
        }
    }
}

/// Whether a container is known to be ready already.
fn is_ready(placed: &Placed<'_>, readiness: Readiness) -> bool {
    let Some(kept) = placed.old.as_ref().filter(|kept| !matches!(kept.fate, Fate::Recreate(_))) else { return false };
    let container = kept.container;
    let runs = container.state == State::Running;
    match readiness {
        Readiness::Started => runs,
        Readiness::Healthy => runs && container.health == Health::Healthy,
        Readiness::Completed => container.state == State::Exited && container.exit_code == Some(0),
        Readiness::Settled => runs && matches!(container.health, Health::Healthy | Health::None),
    }
}
