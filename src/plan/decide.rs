//! What becomes of each replica: kept, replaced and why, removed, made.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Container, ContainerId, ImageId, State};
use crate::graph;
use crate::model::{Service, ServiceName, labels};

use super::draft::Owners;
use super::networks::Found;
use super::planner::{Planner, is_up};
use super::{
    Configured, FieldChange, Guard, ImageRef, Labelled, Observed, Plan, PlanError, Reason, Recreation, Side, Step,
    before, fingerprint, grants, spec,
};
use crate::model::service_hash;

/// What becomes of a container that is to stay in one form or another.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    Keep,
    Recreate(Reason),
    RecreateIf(Guard),
}

#[derive(Clone, Debug)]
pub(super) struct Kept<'p> {
    pub container: &'p Container,
    pub number: u32,
    pub fate: Fate,
    /// A dependency with `restart: true` is replaced: whose, and whether only under a guard.
    pub restart: Option<(ServiceName, Option<Guard>)>,
}

/// All that becomes of one service.
#[derive(Clone, Debug, Default)]
pub(super) struct Decision<'p> {
    /// By number.
    pub kept: Vec<Kept<'p>>,
    pub removed: Vec<(&'p Container, Reason)>,
    /// Numbers of new containers.
    pub made: Vec<(u32, Reason)>,
}

/// Whether something happens to a service.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    None,
    If(Guard),
    Sure,
}

impl Change {
    pub fn of(fate: &Fate) -> Self {
        match fate {
            Fate::Keep => Self::None,
            Fate::Recreate(_) => Self::Sure,
            Fate::RecreateIf(guard) => Self::If(guard.clone()),
        }
    }

    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Sure, _) | (_, Self::Sure) => Self::Sure,
            (Self::None, change) | (change, Self::None) => change,
            (Self::If(one), Self::If(two)) => Self::If(either(one, two)),
        }
    }
}

/// A guard that says yes when one of the two does.
pub(super) fn either(one: Guard, two: Guard) -> Guard {
    let parts = |guard: Guard| match guard {
        Guard::Any(parts) => parts,
        single @ Guard::ImageChanged { .. } => vec![single],
    };
    let mut all = parts(one);
    for part in parts(two) {
        if !all.contains(&part) {
            all.push(part);
        }
    }
    if all.len() == 1 { all.remove(0) } else { Guard::Any(all) }
}

impl Decision<'_> {
    /// What happens to the replica that shares its namespaces and volumes: the lowest.
    pub fn owner_change(&self) -> Change {
        let kept = self.kept.first();
        match (kept, self.made.first()) {
            (Some(kept), Some((made, _))) if *made < kept.number => Change::Sure,
            (Some(kept), _) => Change::of(&kept.fate),
            (None, _) => Change::Sure,
        }
    }

    /// Whether existing containers are replaced.
    pub fn replaced(&self) -> Change {
        self.kept.iter().fold(Change::None, |change, kept| change.or(Change::of(&kept.fate)))
    }

    /// Whether containers will start.
    pub fn starts(&self) -> Change {
        let one = |kept: &Kept| match (&kept.fate, &kept.restart) {
            (Fate::Recreate(_), _) | (_, Some((_, None))) => Change::Sure,
            _ if !is_started(kept.container) => Change::Sure,
            (fate, Some((_, Some(guard)))) => Change::of(fate).or(Change::If(guard.clone())),
            (fate, None) => Change::of(fate),
        };
        let made = if self.made.is_empty() { Change::None } else { Change::Sure };
        self.kept.iter().map(one).fold(made, Change::or)
    }
}

/// Whether starting it again would be pointless.
pub(super) fn is_started(container: &Container) -> bool {
    matches!(container.state, State::Running | State::Restarting)
}

impl<'p> Planner<'p> {
    /// Decides for every service, dependencies first, since what becomes of them counts.
    pub fn decide(&mut self) {
        for (name, service) in self.services() {
            if service.provider.is_some() {
                continue;
            }
            let decision = self.decide_service(name, service);
            self.decisions.insert(name, decision);
        }
    }

    fn decide_service(&mut self, name: &'p ServiceName, service: &'p Service) -> Decision<'p> {
        let existing = self.index.replicas.get(name.as_str()).cloned().unwrap_or_default();
        let wanted = spec::replica_count(service) as usize;
        if wanted > 1 && !service.container_name.is_empty() {
            let message = format!(
                "service {name} has the container name {:?}, but is to run {wanted} times, and names are unique",
                service.container_name
            );
            self.errors.push(PlanError::of_service(name, "container_name", message).help("remove container_name"));
            return Decision::default();
        }
        let expectation = self.expectation(name, service);
        let mut kept: Vec<_> = existing
            .iter()
            .map(|container| Kept {
                container,
                number: container.number().unwrap_or(0),
                fate: self.fate(name, service, container, &expectation),
                restart: None,
            })
            .collect();
        let (mut decision, none_before) = (Decision::default(), kept.is_empty());
        let highest = kept.iter().map(|kept| kept.number).max().unwrap_or(0);
        // The up to date first, then by number; of two with one number the one under its right name.
        kept.sort_by_key(|kept| {
            (matches!(kept.fate, Fate::Recreate(_)), kept.number, is_temporary(&kept.container.name))
        });
        let mut numbers = BTreeSet::new();
        for one in kept {
            if one.number > 0 && !numbers.insert(one.number) {
                decision.removed.push((one.container, Reason::LeftOver));
            } else if decision.kept.len() >= wanted {
                decision.removed.push((one.container, Reason::ScaleDown { to: wanted }));
            } else {
                decision.kept.push(one);
            }
        }
        decision.kept.sort_by_key(|kept| kept.number);
        self.mark_restarts(service, &mut decision);
        for number in (highest + 1..).take(wanted.saturating_sub(decision.kept.len())) {
            let reason = if none_before { Reason::NoContainerYet } else { Reason::ScaleUp { to: wanted } };
            decision.made.push((number, reason));
        }
        decision
    }

    /// Containers that run on are stopped and started around the replacement of what they depend on.
    fn mark_restarts(&self, service: &Service, decision: &mut Decision<'p>) {
        if self.policy.no_start {
            return;
        }
        for (dependency, how) in graph::dependencies(service) {
            let change = self.restarting_change(service, &dependency, how.restart);
            for kept in decision.kept.iter_mut().filter(|kept| is_up(kept.container)) {
                let before = kept.restart.take();
                kept.restart = match (&change, before) {
                    (Change::None, before) => before,
                    (Change::Sure, _) => Some((dependency.clone(), None)),
                    (Change::If(guard), None) => Some((dependency.clone(), Some(guard.clone()))),
                    (Change::If(guard), Some((first, Some(other)))) => {
                        Some((first, Some(either(other, guard.clone()))))
                    }
                    (Change::If(_), before) => before,
                };
            }
        }
    }

    /// What happens to a dependency that a service has to be restarted for. A namespace is lost with every stop of its
    /// owner; everybody else only cares for replacements and for new networks.
    fn restarting_change(&self, service: &Service, dependency: &ServiceName, restart: bool) -> Change {
        let modes = [&service.network_mode, &service.ipc, &service.pid];
        let shares = modes.iter().any(|mode| mode.strip_prefix("service:") == Some(dependency.as_str()));
        let Some(decision) = self.decisions.get(dependency).filter(|_| restart || shares) else { return Change::None };
        let moved = decision.kept.iter().any(|kept| self.is_moved(kept.container));
        let change = if moved { Change::Sure } else { decision.replaced() };
        if shares { change.or(decision.starts()) } else { change }
    }

    /// Whether a running container is stopped to get it on a network's new self.
    fn is_moved(&self, container: &Container) -> bool {
        let is_on = |joined: &super::networks::Joined| match joined.found {
            Found::Changed(old) => container.networks.contains_key(&old.name),
            _ => false,
        };
        is_up(container) && self.networks.values().any(is_on)
    }

    /// What every container of a service is held against.
    fn expectation(&self, name: &ServiceName, service: &'p Service) -> Expectation {
        let mut shared = Change::None;
        let mut shared_with = None;
        let mut owners = Owners::default();
        let mut id = |service: &str| {
            let owner = ServiceName::from(service);
            let decision = self.decisions.get(&owner)?;
            let change = decision.owner_change();
            if change != Change::None {
                shared_with.get_or_insert(owner);
            }
            shared = std::mem::replace(&mut shared, Change::None).or(change);
            decision.kept.first().map(|kept| kept.container.id.0.clone())
        };
        let mut of = |mode: &str| mode.strip_prefix("service:").and_then(&mut id);
        (owners.network, owners.ipc, owners.pid) = (of(&service.network_mode), of(&service.ipc), of(&service.pid));
        let sources = service.volumes_from.iter().filter(|from| !from.starts_with("container:"));
        owners.volumes =
            sources.filter_map(|from| id(from.split_once(':').map_or(from.as_str(), |(name, _)| name))).collect();
        let recreation = self.recreation(name);
        Expectation { hash: service_hash(&owners.resolve(service)), shared, shared_with, recreation }
    }

    fn recreation(&self, name: &ServiceName) -> Recreation {
        let targeted = self.policy.targets.is_empty() || self.policy.targets.contains(name);
        match (targeted, self.policy.recreate) {
            (true, Recreation::Diverged) if self.policy.renew_anonymous_volumes => Recreation::Force,
            (true, recreation) => recreation,
            (false, _) => self.policy.recreate_dependencies,
        }
    }

    /// The first reason to replace a container, in docker compose's order.
    fn fate(&self, name: &ServiceName, service: &'p Service, container: &Container, wished: &Expectation) -> Fate {
        match wished.recreation {
            Recreation::Never => return Fate::Keep,
            Recreation::Force => return Fate::Recreate(Reason::Forced),
            Recreation::Diverged => {}
        }
        let image = self.image_change(name, container);
        let mounted = self.mounted_change(name, container);
        let sure = self
            .broken(container)
            .or_else(|| {
                let owner = wished.shared_with.clone().filter(|_| wished.shared == Change::Sure)?;
                Some(Reason::SharedOwnerRecreated(owner))
            })
            .or_else(|| {
                let known = container.labels.get(labels::CONFIG_HASH)?;
                (*known != wished.hash)
                    .then(|| Reason::ConfigurationChanged(self.configuration_changes(name, service, container)))
            })
            .or_else(|| {
                let changes = grants::changes(self.project, service, self.observed, container);
                (!changes.is_empty()).then_some(Reason::GrantsChanged(changes))
            })
            .or_else(|| match &image {
                Change::Sure => self.image_reason(name, container),
                _ => None,
            })
            .or_else(|| match &mounted {
                Change::Sure => Some(Reason::MountedImageChanged),
                _ => None,
            })
            .or_else(|| self.network_reason(service, container))
            .or_else(|| self.volume_reason(service, container));
        match (sure, image.or(mounted).or(wished.shared.clone())) {
            (Some(reason), _) => Fate::Recreate(reason),
            (None, Change::If(guard)) => Fate::RecreateIf(guard),
            (None, _) => Fate::Keep,
        }
    }

    /// The fields in which a container differs from its service: which, tells our label, else the inspection; what they
    /// were before, the inspection.
    fn configuration_changes(
        &self,
        name: &ServiceName,
        service: &'p Service,
        container: &Container,
    ) -> Vec<FieldChange> {
        let seen = self.observed.inspected.get(&Configured::of(container)).and_then(|seen| {
            let purpose = spec::Purpose::Replica(container.number().unwrap_or(1));
            Some((spec::container(&self.context, name, service, purpose, &[]).ok()?.spec, seen))
        });
        let Some(paths) = fingerprint::changes(service, container) else {
            return seen.map(|(spec, seen)| before::differences(&spec, seen)).unwrap_or_default();
        };
        let told = |path: String| {
            let both = seen.as_ref().map(|(spec, seen)| before::at(&path, spec, seen)).unwrap_or_default();
            if !both.is_empty() {
                return both;
            }
            let now = fingerprint::value(service, &path);
            vec![FieldChange::new(path, Side::Unknown, Side::of(now.as_ref()))]
        };
        paths.into_iter().flat_map(told).collect()
    }

    /// A container that the engine itself has given up.
    fn broken(&self, container: &Container) -> Option<Reason> {
        match container.state {
            State::Dead => Some(Reason::NotRunning("dead")),
            State::Removing => Some(Reason::NotRunning("being removed")),
            _ => None,
        }
    }

    fn image_change(&self, name: &ServiceName, container: &Container) -> Change {
        match self.images.get(name).map(|sourced| &sourced.image) {
            Some(ImageRef::Known(_)) if self.image_reason(name, container).is_some() => Change::Sure,
            Some(ImageRef::From(step)) => {
                Change::If(Guard::ImageChanged { step: *step, from: container.image_id.clone() })
            }
            _ => Change::None,
        }
    }

    /// Whether an image that is mounted is another one than the label says; without one, nothing tells.
    fn mounted_change(&self, name: &ServiceName, container: &Container) -> Change {
        let Some(label) = container.labels.get(labels::IMAGE_VOLUME_DIGEST) else { return Change::None };
        let known: BTreeMap<&str, &str> = label.split(',').filter_map(|part| part.split_once('=')).collect();
        let change = |(target, image): (&String, &ImageRef)| match (known.get(target.as_str()), image) {
            (Some(known), ImageRef::Known(image)) if *known != image.as_str() => Change::Sure,
            (Some(known), ImageRef::From(step)) => {
                Change::If(Guard::ImageChanged { step: *step, from: ImageId::new(*known) })
            }
            _ => Change::None,
        };
        self.mounted.get(name).into_iter().flatten().map(change).fold(Change::None, Change::or)
    }

    /// The label counts, and so does what the engine says: stores differ in which digest they call the image's.
    fn image_reason(&self, name: &ServiceName, container: &Container) -> Option<Reason> {
        let ImageRef::Known(image) = &self.images.get(name)?.image else { return None };
        let labelled = container.labels.get(labels::IMAGE).is_none_or(|label| label == image.as_str());
        (!labelled && container.image_id != *image)
            .then(|| Reason::ImageChanged { from: container.image_id.clone(), to: image.clone() })
    }
}

struct Expectation {
    hash: String,
    /// What happens to the containers that it shares something with.
    shared: Change,
    shared_with: Option<ServiceName>,
    recreation: Recreation,
}

/// The containers whose inspection would tell what exactly changed: one for each configuration that is replaced.
pub fn unexplained(plan: &Plan, observed: &Observed) -> BTreeMap<Configured, ContainerId> {
    let replaced = plan.steps().filter_map(|(_, planned)| match (&planned.step, &planned.reason) {
        (Step::CreateContainer(draft), Reason::ConfigurationChanged(_)) => {
            let mut replicas = observed.replicas(draft.service.as_str()).into_iter();
            replicas.find(|container| container.number() == Some(draft.number))
        }
        _ => None,
    });
    replaced.map(|container| (Configured::of(container), container.id.clone())).collect()
}

/// Whether a container bears the name that a replacement has until the old one is gone: `0123456789ab_shop-web-1`.
pub(super) fn is_temporary(name: &str) -> bool {
    name.split_once('_').is_some_and(|(id, rest)| {
        id.len() == 12 && id.chars().all(|digit| digit.is_ascii_hexdigit()) && !rest.is_empty()
    })
}
