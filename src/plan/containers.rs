//! The steps that make, replace and remove containers.

use crate::engine::{Container, Removal};
use crate::model::{Service, ServiceName, labels};

use super::decide::{Decision, Fate, Kept, is_temporary};
use super::draft::anonymous_volumes;
use super::planner::{Planner, is_up};
use super::spec::{self, Purpose};
use super::{ContainerRef, Draft, Guard, Labelled, PlanError, Reason, Step, StepId, fingerprint, grants};

/// A replica as it will be.
#[derive(Clone, Debug)]
pub(super) struct Placed<'p> {
    pub container: ContainerRef,
    pub number: u32,
    pub old: Option<Kept<'p>>,
    /// The step that makes it, or may make it.
    pub made: Option<StepId>,
    /// What it bears its final name after.
    pub named: Vec<StepId>,
    /// The last steps of its start; empty when it needs none.
    pub started: Vec<StepId>,
}

impl<'p> Planner<'p> {
    pub fn existing(&self, container: &Container) -> ContainerRef {
        ContainerRef::Existing { id: container.id.clone(), name: container.name.clone() }
    }

    /// Stops a container that runs, with its service's `pre_stop` hooks; `None` when there is nothing to stop. A
    /// container that is stopped already is not stopped twice.
    pub fn stop(
        &mut self,
        container: &'p Container,
        reason: Reason,
        guard: Option<Guard>,
        after: impl IntoIterator<Item = StepId>,
    ) -> Option<StepId> {
        if let Some(stopped) = self.stopped.get(&container.id) {
            return Some(*stopped);
        }
        if !is_up(container) {
            return None;
        }
        let name = self.service_name(container);
        let service = name.and_then(|name| self.project.services.get(name));
        let mut after: Vec<_> = after.into_iter().collect();
        for hook in service.iter().flat_map(|service| &service.pre_stop) {
            let step = Step::RunHook { container: self.existing(container), hook: hook.clone() };
            let reason = Reason::HookOf(ServiceName::from(container.service()));
            after = vec![self.push(step, reason, name, guard.clone(), after)];
        }
        let grace = self.policy.stop_timeout;
        let step = Step::StopContainer { container: self.existing(container), grace };
        let is_sure = guard.is_none();
        let id = self.push(step, reason, name, guard, after);
        let known = if is_sure { &mut self.stopped } else { &mut self.stopped_if };
        known.insert(&container.id, id);
        Some(id)
    }

    /// Stops and removes a container for good. Its anonymous volumes stay.
    pub fn retire(
        &mut self,
        container: &'p Container,
        reason: Reason,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        if let Some(removed) = self.removed.get(&container.id) {
            return *removed;
        }
        let after: Vec<_> = after.into_iter().collect();
        let stop = self.stop(container, reason.clone(), None, after.clone());
        self.remove(container, reason, None, stop.into_iter().chain(after))
    }

    fn remove(
        &mut self,
        container: &'p Container,
        reason: Reason,
        guard: Option<Guard>,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        let removal = Removal { force: true, volumes: false };
        let step = Step::RemoveContainer { container: self.existing(container), removal };
        let is_sure = guard.is_none();
        let id = self.push(step, reason.clone(), self.service_name(container), guard.clone(), after);
        for name in grants::volumes(container) {
            let step = Step::RemoveVolume { name };
            self.push(step, reason.clone(), self.service_name(container), guard.clone(), [id]);
        }
        if is_sure {
            self.removed.insert(&container.id, id);
        }
        id
    }

    /// Whether nothing in this plan replaces or removes a container.
    pub fn is_kept_as_it_is(&self, container: &Container) -> bool {
        if self.removed.contains_key(&container.id) {
            return false;
        }
        match self.fate_of(container) {
            Some(Some(kept)) => !matches!(kept.fate, Fate::Recreate(_)),
            Some(None) => false,
            None => true,
        }
    }

    /// What was decided on a replica: to keep it somehow, or (`None` within) to remove it. Nothing for others.
    fn fate_of(&self, container: &Container) -> Option<Option<&Kept<'p>>> {
        let decision = self.decisions.get(self.service_name(container)?).filter(|_| container.is_replica())?;
        Some(decision.kept.iter().find(|kept| kept.container.id == container.id))
    }

    /// Makes and removes the containers of a service, short of starting and stopping what goes on.
    pub fn make(&mut self, name: &'p ServiceName, service: &'p Service) {
        if self.placed.contains_key(name) {
            return;
        }
        let Some(decision) = self.decisions.get(name).cloned() else { return };
        for owner in shared_services(service) {
            if let Some((owner, service)) = self.project.services.get_key_value(owner) {
                self.make(owner, service);
            }
        }
        self.placed.insert(name, Vec::new());
        let Decision { kept, removed, made } = decision;
        for (container, reason) in removed {
            self.retire(container, reason, []);
        }
        for kept in kept {
            let placed = match kept.fate {
                Fate::Keep => self.keep(name, service, kept),
                Fate::Recreate(_) | Fate::RecreateIf(_) => self.replace(name, service, kept),
            };
            self.placed.entry(name).or_default().extend(placed);
        }
        for (number, reason) in made {
            let placed = self.make_new(name, service, number, reason);
            self.placed.entry(name).or_default().extend(placed);
        }
    }

    fn keep(&mut self, name: &ServiceName, service: &Service, kept: Kept<'p>) -> Option<Placed<'p>> {
        let named: Vec<_> = self.name_rightly(name, service, &kept).into_iter().collect();
        let name = if named.is_empty() {
            kept.container.name.clone()
        } else {
            spec::container_name(self.project, name, service, kept.number)
        };
        let container = ContainerRef::Existing { id: kept.container.id.clone(), name };
        let number = kept.number;
        Some(Placed { container, number, old: Some(kept), made: None, named, started: Vec::new() })
    }

    /// Gives a container its name back that an interrupted replacement left under a temporary one.
    fn name_rightly(&mut self, name: &ServiceName, service: &Service, kept: &Kept<'p>) -> Option<StepId> {
        let container = kept.container;
        let right = spec::container_name(self.project, name, service, kept.number);
        if !is_temporary(&container.name) || !container.name.ends_with(&format!("_{right}")) {
            return None;
        }
        let holder = self.index.containers.get(right.as_str());
        let free = holder.and_then(|holder| self.removed.get(&holder.id)).copied();
        let step = Step::RenameContainer { container: self.existing(container), name: right };
        Some(self.push(step, Reason::LeftOver, Some(name), None, free))
    }

    /// Creates the container that takes another's place: beside it under a temporary name, unless it is gone already.
    fn replace(&mut self, name: &'p ServiceName, service: &'p Service, kept: Kept<'p>) -> Option<Placed<'p>> {
        let (reason, guard) = match &kept.fate {
            Fate::Keep => return None,
            Fate::Recreate(reason) => (reason.clone(), None),
            Fate::RecreateIf(guard) => (Reason::IfImageChanged, Some(guard.clone())),
        };
        let old = kept.container;
        let gone = self.removed.get(&old.id).copied();
        let mut draft = self.draft(name, service, Purpose::Replica(kept.number), Some(old))?;
        let right = draft.spec.name.clone();
        let mut left_over = None;
        if gone.is_none() {
            draft.spec.name = format!("{}_{right}", old.id.short());
            // A replacement that was interrupted may have left its container under that very name.
            let holder = self.index.containers.get(draft.spec.name.as_str()).copied();
            left_over = holder.map(|holder| self.retire(holder, Reason::LeftOver, []));
        }
        let what = if service.container_name.is_empty() { format!("{name}-{}", kept.number) } else { right.clone() };
        draft.spec.labels.insert(labels::REPLACE.into(), what);
        let renamed = guard.is_some().then(|| self.name_rightly(name, service, &kept)).flatten();
        let after: Vec<_> =
            self.create_after(name, service).into_iter().chain(gone).chain(left_over).chain(renamed).collect();
        let create = Step::CreateContainer(Box::new(draft));
        let made = self.push(create, reason, Some(name), guard.clone(), after);
        let container = match guard {
            None => ContainerRef::Made { step: made, name: right },
            Some(_) => ContainerRef::Either { step: made, id: old.id.clone(), name: right },
        };
        let named = if gone.is_some() { vec![made] } else { Vec::new() };
        let number = kept.number;
        Some(Placed { container, number, old: Some(kept), made: Some(made), named, started: Vec::new() })
    }

    fn make_new(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        number: u32,
        reason: Reason,
    ) -> Option<Placed<'p>> {
        let draft = self.draft(name, service, Purpose::Replica(number), None)?;
        let right = draft.spec.name.clone();
        let free = self.free_name(name, &right)?;
        let after = self.create_after(name, service).into_iter().chain(free).collect::<Vec<_>>();
        let made = self.push(Step::CreateContainer(Box::new(draft)), reason, Some(name), None, after);
        let container = ContainerRef::Made { step: made, name: right };
        Some(Placed { container, number, old: None, made: Some(made), named: vec![made], started: Vec::new() })
    }

    /// What has to go before a name is free; `None` (and an error) when its holder stays.
    pub fn free_name(&mut self, name: &ServiceName, wanted: &str) -> Option<Option<StepId>> {
        let Some(holder) = self.index.containers.get(wanted).copied() else { return Some(None) };
        if self.is_kept_as_it_is(holder) {
            let whose = match holder.service() {
                "" => String::new(),
                service => format!(" of service {service}"),
            };
            let message = format!("container name {wanted:?} is already in use by a container{whose}");
            let help = "give the service another container_name, or remove that container \
                        (--remove-orphans does if its service is gone)";
            self.errors.push(PlanError::of_service(name, "container_name", message).help(help));
            return None;
        }
        if let Some((other, service)) = self.service_name(holder).and_then(|n| self.project.services.get_key_value(n)) {
            self.make(other, service);
        }
        Some(Some(self.retire(holder, Reason::NameTaken(name.clone()), [])))
    }

    /// The container's specification with all that is known of it now.
    pub fn draft(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        purpose: Purpose<'_>,
        old: Option<&Container>,
    ) -> Option<Draft> {
        let number = match purpose {
            Purpose::Replica(number) => number,
            Purpose::OneOff(_) | Purpose::Hook(_) => 0,
        };
        if !self.has_owners(name, service) {
            return None;
        }
        let links = self.links(name, service, number.max(1));
        let image = self.images.get(name)?.image.clone();
        let specified = match spec::container(&self.context, name, service, purpose, &links) {
            Ok(specified) => specified,
            Err(errors) => {
                self.errors.extend(errors.into_iter().filter(|error| !self.errors.contains(error)).collect::<Vec<_>>());
                return None;
            }
        };
        for warning in specified.warnings {
            if !self.plan.warnings.contains(&warning) {
                self.plan.warnings.push(warning);
            }
        }
        let inherit = !self.policy.renew_anonymous_volumes;
        let mut draft = Draft {
            service: name.clone(),
            number,
            spec: specified.spec,
            image,
            mounted: self.mounted.get(name).cloned().unwrap_or_default(),
            network_of: self.owner(&service.network_mode),
            ipc_of: self.owner(&service.ipc),
            pid_of: self.owner(&service.pid),
            volumes_of: self.volume_owners(service),
            hash_of: None,
            inherited: old.filter(|_| inherit).map(anonymous_volumes).unwrap_or_default(),
            anonymous: spec::anonymous_targets(service).map(str::to_owned).collect(),
            profiles: specified.profiles,
        };
        draft.spec.labels.insert(spec::CONVOKE_CONFIG.into(), fingerprint::of(service));
        draft.spec.labels.extend(grants::labels(self.project, service, self.observed));
        draft.seal(service);
        Some(draft)
    }

    /// Whether everybody whose namespaces or volumes a service uses has a container, or will have one.
    fn has_owners(&mut self, name: &ServiceName, service: &Service) -> bool {
        let modes =
            [("network_mode", "network namespace", &service.network_mode), ("ipc", "IPC namespace", &service.ipc)];
        let modes = modes.into_iter().chain([("pid", "PID namespace", &service.pid)]);
        let modes = modes.filter_map(|(key, what, mode)| Some((key, what, mode.strip_prefix("service:")?)));
        let volumes = volume_services(service).map(|owner| ("volumes_from", "volume", owner));
        let missing: Vec<_> = modes.chain(volumes).filter(|(_, _, owner)| self.lowest(owner).is_none()).collect();
        for (key, what, owner) in &missing {
            let message = format!("cannot share {what} with service {owner}: container missing");
            let error = PlanError::of_service(name, key, message);
            let error = error.help(format!("leave --no-deps out, or bring {owner} up before"));
            if !self.errors.contains(&error) {
                self.errors.push(error);
            }
        }
        missing.is_empty()
    }

    pub fn owner(&self, mode: &str) -> Option<ContainerRef> {
        self.lowest(mode.strip_prefix("service:")?)
    }

    /// The replica that stands for a service when something of it is shared.
    fn lowest(&self, service: &str) -> Option<ContainerRef> {
        let placed = self.placed.get(&ServiceName::from(service)).into_iter().flatten();
        let placed = placed.min_by_key(|placed| placed.number).map(|placed| placed.container.clone());
        // A service that takes no part may have one nevertheless.
        placed.or_else(|| self.observed.replicas(service).first().map(|container| self.existing(container)))
    }

    fn volume_owners(&self, service: &Service) -> Vec<(ContainerRef, String)> {
        let own = service.volumes_from.iter().filter(|from| !from.starts_with("container:"));
        own.filter_map(|from| {
            let (owner, mode) = from.split_once(':').unwrap_or((from, ""));
            Some((self.lowest(owner)?, mode.to_owned()))
        })
        .collect()
    }

    /// `container:alias` for every container that `links` and `external_links` lead to.
    pub fn links(&self, name: &ServiceName, service: &Service, number: u32) -> Vec<String> {
        let mut links = Vec::new();
        for link in &service.links {
            let (target, alias) = link.split_once(':').unwrap_or((link, link));
            let placed = self.placed.get(&ServiceName::from(target)).filter(|_| target != name.as_str());
            for container in placed.into_iter().flatten().map(|placed| placed.container.name()) {
                links.push(format!("{container}:{alias}"));
                links.push(format!("{container}:{target}-{number}"));
                links.push(format!("{container}:{}-{target}-{number}", self.project.name));
            }
        }
        let external = service.external_links.iter().map(|link| {
            let (target, alias) = link.split_once(':').unwrap_or((link, link));
            format!("{target}:{alias}")
        });
        links.extend(external);
        links
    }

    /// What a container of a service can be created after: its image, networks, volumes, and whose things it shares.
    pub fn create_after(&self, name: &ServiceName, service: &Service) -> Vec<StepId> {
        let mut after = self.images.get(name).map(|sourced| sourced.after.clone()).unwrap_or_default();
        if service.network_mode.is_empty() {
            let keys = spec::keys_by_priority(service);
            after.extend(keys.into_iter().filter_map(|key| self.networks.get(key)?.step));
        } else {
            let named = self.networks.values().find(|joined| joined.declared.name == service.network_mode);
            after.extend(named.and_then(|joined| joined.step));
        }
        after.extend(service.volumes.iter().filter_map(|mount| self.volumes.get(mount.source.as_str()).copied()));
        for owner in shared_services(service) {
            let placed = self.placed.get(&ServiceName::from(owner)).into_iter().flatten();
            after.extend(placed.filter_map(|placed| placed.made));
        }
        for link in &service.links {
            let target = link.split_once(':').map_or(link.as_str(), |(target, _)| target);
            let placed = self.placed.get(&ServiceName::from(target)).into_iter().flatten();
            after.extend(placed.flat_map(|placed| placed.named.clone()));
        }
        after
    }

    /// Stops the containers that hold a host port which a service is about to publish, if this plan is to stop them.
    pub fn free_ports(&mut self, name: &ServiceName, service: &'p Service) -> Vec<StepId> {
        let mut stops = Vec::new();
        for holder in self.index.port_holders(service) {
            let own = holder.service() == name.as_str() && holder.is_replica();
            if own || !is_up(holder) {
                continue;
            }
            if !self.is_kept_as_it_is(holder)
                && let Some((other, service)) =
                    self.service_name(holder).and_then(|n| self.project.services.get_key_value(n))
            {
                self.make(other, service);
                let placed = self.placed.get(other).into_iter().flatten();
                let made: Vec<_> = placed
                    .filter(|placed| placed.old.as_ref().is_some_and(|old| old.container.id == holder.id))
                    .filter_map(|placed| placed.made)
                    .collect();
                self.stop(holder, Reason::PortTaken(name.clone()), None, made);
            }
            stops.extend(self.stopped.get(&holder.id));
        }
        stops
    }

    /// With `-V` the old container's anonymous volumes go. Those that it inherited itself are not the engine's to remove.
    fn drop_volumes(&mut self, old: &'p Container, guard: Option<&Guard>, after: &[StepId]) {
        if !self.policy.renew_anonymous_volumes {
            return;
        }
        let used_elsewhere = |name: &str| {
            let others = self.observed.containers.iter().filter(|other| other.id != old.id);
            others.into_iter().any(|other| other.mounts.iter().any(|mount| mount.name == name))
        };
        let doomed = anonymous_volumes(old).into_iter().filter(|mount| !used_elsewhere(&mount.name));
        for mount in doomed.collect::<Vec<_>>() {
            let step = Step::RemoveVolume { name: mount.name };
            self.push(step, Reason::Renewed, self.service_name(old), guard.cloned(), after.to_vec());
        }
    }

    /// Ends the container whose place another takes: stop, remove, rename. Returns what the new one bears its name after.
    pub fn take_place(&mut self, name: &ServiceName, placed: &Placed<'p>, before: Vec<StepId>) -> Vec<StepId> {
        let (Some(kept), Some(made)) = (&placed.old, placed.made) else { return placed.named.clone() };
        if self.removed.contains_key(&kept.container.id) && !placed.named.is_empty() {
            return placed.named.clone();
        }
        let guard = match &kept.fate {
            Fate::RecreateIf(guard) => Some(guard.clone()),
            _ => None,
        };
        let right = placed.container.name().to_owned();
        let reason = Reason::ReplacedBy(made);
        let stop = self.stop(kept.container, reason.clone(), guard.clone(), before.into_iter().chain([made]));
        let prepared = self.prepared.get(&kept.container.id).cloned().unwrap_or_default();
        let after = [stop.unwrap_or(made)].into_iter().chain(prepared);
        let mut before = match self.removed.get(&kept.container.id) {
            Some(removed) => vec![made, *removed],
            None => vec![self.remove(kept.container, reason, guard.clone(), after)],
        };
        self.drop_volumes(kept.container, guard.as_ref(), &before);
        if right != kept.container.name {
            before.extend(self.free_name(name, &right).flatten());
        }
        let step = Step::RenameContainer { container: made_by(made, kept, self.project, name), name: right };
        vec![self.push(step, Reason::Replaces(kept.container.name.clone()), Some(name), guard, before)]
    }
}

/// The new container under the temporary name that it still has.
fn made_by(step: StepId, kept: &Kept<'_>, project: &crate::model::Project, name: &ServiceName) -> ContainerRef {
    let right = project.services.get(name).map_or_else(
        || kept.container.name.clone(),
        |service| spec::container_name(project, name, service, kept.number),
    );
    ContainerRef::Made { step, name: format!("{}_{right}", kept.container.id.short()) }
}

/// Services whose namespaces or volumes a service uses.
pub(super) fn shared_services(service: &Service) -> impl Iterator<Item = &str> {
    let modes = [&service.network_mode, &service.ipc, &service.pid];
    modes.into_iter().filter_map(|mode| mode.strip_prefix("service:")).chain(volume_services(service))
}

fn volume_services(service: &Service) -> impl Iterator<Item = &str> {
    let volumes = service.volumes_from.iter().filter(|from| !from.starts_with("container:"));
    volumes.map(|from| from.split_once(':').map_or(from.as_str(), |(name, _)| name))
}
