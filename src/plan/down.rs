//! The plan of `down`: everything of the project goes, in reverse order; data only when asked.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::engine::{Container, Removal};
use crate::model::{Project, ServiceName, labels};

use super::draft::anonymous_volumes;
use super::orphans::{Orphan, foreign_warning};
use super::reference::Images;
use super::stop::{Stops, existing};
use super::{DownPolicy, ImageRemoval, Labelled, Observed, Plan, PlannedStep, Reason, Step, StepId, grants, spec};

/// Every step that takes the project (or the named services) away. Without a file, give it what
/// [`super::project_from_labels`] makes of the state.
pub fn down(project: &Project, observed: &Observed, policy: &DownPolicy) -> Plan {
    let mut down = Down { project, observed, policy, plan: Plan::default(), gone: HashMap::new() };
    down.containers();
    let containers: Vec<StepId> = down.gone.values().copied().collect();
    down.networks();
    down.volumes();
    down.images(&containers);
    if down.plan.is_empty() && policy.targets.is_empty() {
        down.plan.warnings.push(format!("No resource found to remove for project {:?}.", project.name));
    }
    down.plan
}

struct Down<'p> {
    project: &'p Project,
    observed: &'p Observed,
    policy: &'p DownPolicy,
    plan: Plan,
    /// The containers that are removed, and by which step.
    gone: HashMap<&'p str, StepId>,
}

impl<'p> Down<'p> {
    fn push(&mut self, step: Step, reason: Reason, service: Option<ServiceName>, after: Vec<StepId>) -> StepId {
        self.plan.add(PlannedStep { step, reason, service, guard: None }, after)
    }

    fn containers(&mut self) {
        let (mut doomed, mut foreign) = (Vec::new(), Vec::new());
        for container in &self.observed.containers {
            match Orphan::of(self.project, container) {
                Some(Orphan::Foreign) => foreign.push(container),
                orphan if self.is_doomed(container, orphan) => doomed.push((container, orphan)),
                _ => {}
            }
        }
        let warning = foreign_warning(self.project, &foreign).filter(|_| self.policy.targets.is_empty());
        self.plan.warnings.extend(warning);
        let containers: Vec<_> = doomed.iter().map(|(container, _)| *container).collect();
        let stops = Stops { project: self.project, grace: self.policy.stop_timeout, reason: Reason::Down };
        let stopped = stops.add(&mut self.plan, &containers);
        for (container, orphan) in doomed {
            let reason = orphan.map_or(Reason::Down, Orphan::reason);
            let removal = Removal { force: true, volumes: self.policy.volumes };
            let step = Step::RemoveContainer { container: existing(container), removal };
            let after = stopped.get(container.id.as_str()).copied().into_iter().collect();
            let id = self.push(step, reason.clone(), service_of(container), after);
            // The engine takes them along when it is to take volumes at all.
            for name in grants::volumes(container).into_iter().filter(|_| !removal.volumes) {
                self.push(Step::RemoveVolume { name }, reason.clone(), service_of(container), vec![id]);
            }
            self.gone.insert(container.id.as_str(), id);
        }
    }

    fn is_doomed(&self, container: &Container, orphan: Option<Orphan>) -> bool {
        let service = container.service();
        let is_known = self.project.services.contains_key(service);
        let is_named =
            self.policy.targets.is_empty() || self.policy.targets.iter().any(|name| name.as_str() == service);
        let all = self.policy.targets.is_empty();
        match orphan {
            Some(_) => self.policy.remove_orphans && (all || is_named),
            // A run that goes on is not the service's own, and goes only with the orphans.
            None if container.is_one_off() => self.policy.remove_orphans && is_known && is_named,
            None => is_known && is_named,
        }
    }

    /// The project's networks, the declared and those that only their labels account for.
    fn networks(&mut self) {
        let all = self.policy.targets.is_empty();
        let external = |name: &str| self.project.networks.values().any(|known| known.external && known.name == name);
        let declared: HashSet<&str> = self.project.networks.values().map(|network| network.name.as_str()).collect();
        let ours = self.observed.networks.iter().filter(|network| {
            let is_ours = network.labels.get(labels::PROJECT) == Some(&self.project.name);
            is_ours && !external(&network.name) && (all || declared.contains(network.name.as_str()))
        });
        let mut users: HashMap<&str, Vec<&Container>> = HashMap::new();
        for container in &self.observed.containers {
            for name in container.networks.keys() {
                users.entry(name).or_default().push(container);
            }
        }
        for network in ours.collect::<Vec<_>>() {
            let users = users.get(network.name.as_str()).map_or(&[][..], Vec::as_slice);
            match self.after_all(users) {
                Ok(after) => {
                    let step = Step::RemoveNetwork { id: network.id.clone(), name: network.name.clone() };
                    self.push(step, Reason::Down, None, after);
                }
                Err(users) => self.warn_in_use("network", &network.name, &users),
            }
        }
    }

    /// With `-v`: named volumes of the project, never external ones, never those that somebody else made.
    fn volumes(&mut self) {
        if !self.policy.volumes {
            return;
        }
        let mut users: HashMap<&str, Vec<&Container>> = HashMap::new();
        for container in &self.observed.containers {
            for mount in container.mounts.iter().filter(|mount| !mount.name.is_empty()) {
                users.entry(&mount.name).or_default().push(container);
            }
        }
        let mut inherited: BTreeSet<String> = BTreeSet::new();
        for container in self.observed.containers.iter().filter(|known| self.gone.contains_key(known.id.as_str())) {
            // What a replacement inherited has no name of its own, but to the engine it has one.
            if container.labels.contains_key(labels::REPLACE) {
                inherited.extend(anonymous_volumes(container).into_iter().map(|mount| mount.name));
            }
        }
        for name in inherited {
            let users = users.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            if let Ok(after) = self.after_all(users) {
                self.push(Step::RemoveVolume { name }, Reason::Down, None, after);
            }
        }
        let declared: BTreeSet<&str> = self
            .project
            .volumes
            .values()
            .filter(|volume| !volume.external)
            .map(|volume| volume.name.as_str())
            .collect();
        for volume in self.observed.volumes.iter().filter(|volume| declared.contains(volume.name.as_str())) {
            if volume.labels.get(labels::PROJECT) != Some(&self.project.name) {
                let text = format!("volume {} was not created for this project; it and its data are kept", volume.name);
                self.plan.warnings.push(text);
                continue;
            }
            let users = users.get(volume.name.as_str()).map_or(&[][..], Vec::as_slice);
            match self.after_all(users) {
                Ok(after) => {
                    self.push(Step::RemoveVolume { name: volume.name.clone() }, Reason::Down, None, after);
                }
                Err(users) => self.warn_in_use("volume", &volume.name, &users),
            }
        }
    }

    /// The removals of all users, or the names of those that stay.
    fn after_all(&self, users: &[&Container]) -> Result<Vec<StepId>, Vec<String>> {
        let staying: Vec<_> = users
            .iter()
            .filter(|user| !self.gone.contains_key(user.id.as_str()))
            .map(|user| user.name.clone())
            .collect();
        if staying.is_empty() {
            Ok(users.iter().filter_map(|user| self.gone.get(user.id.as_str()).copied()).collect())
        } else {
            Err(staying)
        }
    }

    fn warn_in_use(&mut self, kind: &str, name: &str, users: &[String]) {
        // Who takes some services away knows that others stay.
        if self.policy.targets.is_empty() {
            let verb = if users.len() == 1 { "uses" } else { "use" };
            self.plan.warnings.push(format!("{kind} {name} is kept: {} still {verb} it", users.join(", ")));
        }
    }

    /// With `--rmi`: the images of the services, all of them or those that have no name of their own.
    fn images(&mut self, containers: &[StepId]) {
        if self.policy.images == ImageRemoval::None {
            return;
        }
        let there = Images::of(&self.observed.images);
        let mut doomed: BTreeMap<String, ServiceName> = BTreeMap::new();
        for (name, service) in &self.project.services {
            let is_named = self.policy.targets.is_empty() || self.policy.targets.contains(name);
            let image = spec::image_name(self.project, name, service);
            let is_default = service.image.is_empty() || *service.image == default_name(self.project, name);
            let wanted = self.policy.images == ImageRemoval::All || is_default;
            if is_named && wanted && there.find(&image).is_some() {
                doomed.insert(image, name.clone());
            }
        }
        for (name, service) in doomed {
            self.push(Step::RemoveImage { name }, Reason::Down, Some(service), containers.to_vec());
        }
    }
}

/// What a service's image is called when the file gives it no name. A project read from labels has it written out.
fn default_name(project: &Project, name: &ServiceName) -> String {
    spec::image_name(project, name, &crate::model::Service::default())
}

fn service_of(container: &Container) -> Option<ServiceName> {
    (!container.service().is_empty()).then(|| container.service().into())
}
