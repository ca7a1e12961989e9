//! `pre_start` hooks: each a container of its own that runs to its end before the service's containers start.
//!
//! They run once for a service of which nothing runs yet, on the volumes of its lowest replica; a hook that says
//! `per_replica` runs before each replica that starts, on that one's volumes. A hook that fails keeps the service from
//! starting, and its container stays to be looked at until the next `up` or `down`.

use std::collections::BTreeMap;

use crate::engine::{Container, Removal};
use crate::model::{Service, ServiceName, labels};

use super::containers::Placed;
use super::images::Sourced;
use super::planner::Planner;
use super::spec::{self, HookRun, Purpose};
use super::{ContainerRef, Draft, Guard, ImageRef, PlanError, Reason, Step, StepId};

impl<'p> Planner<'p> {
    /// Removes what hooks of an earlier command left.
    pub fn remove_spent_hooks(&mut self) {
        let is_spent = |container: &&Container| {
            container.labels.get(labels::HOOK).is_some_and(|hook| hook == "pre_start")
                && self.service_name(container).is_some()
        };
        for container in self.observed.containers.iter().filter(is_spent).collect::<Vec<_>>() {
            let removal = Removal { force: true, volumes: true };
            let step = Step::RemoveContainer { container: self.existing(container), removal };
            let id = self.push(step, Reason::HookLeftOver, self.service_name(container), None, []);
            self.removed.insert(&container.id, id);
        }
    }

    /// Plans the hooks that run once for the service, or those that run for one replica. Returns what comes after them.
    pub fn run_pre_start(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        placed: &Placed<'p>,
        per_replica: bool,
        guard: Option<&Guard>,
        after: Vec<StepId>,
    ) -> Vec<StepId> {
        let mut after = after;
        for (index, hook) in service.pre_start.iter().enumerate().filter(|(_, hook)| hook.per_replica == per_replica) {
            let run = HookRun { index, replica: per_replica.then_some(placed.number) };
            let image = spec::image_name(self.project, name, service);
            let hook = spec::hook_service(service, &image, hook);
            let Some((draft, sourced)) = self.hook_draft(name, service, &hook, run, &placed.container) else {
                return after;
            };
            let container = draft.spec.name.clone();
            let leftover = self.index.containers.get(container.as_str()).and_then(|old| self.removed.get(&old.id));
            let before = after.iter().chain(leftover).chain(&sourced).copied().collect::<Vec<_>>();
            let mut push = |step, after: Vec<StepId>| {
                self.push(step, Reason::HookOf(name.clone()), Some(name), guard.cloned(), after)
            };
            let made = push(Step::CreateContainer(Box::new(draft)), before);
            let container = ContainerRef::Made { step: made, name: container };
            let files = spec::injected_files(self.project, &hook);
            let mut last = made;
            if !files.is_empty() {
                let step = Step::InjectFiles { container: container.clone(), files };
                last = self.push(step, Reason::GrantOf(name.clone()), Some(name), guard.cloned(), [made]);
            }
            let mut push = |step, after: StepId| {
                self.push(step, Reason::HookOf(name.clone()), Some(name), guard.cloned(), [after])
            };
            let ended = push(Step::RunToEnd { container: container.clone() }, last);
            let removal = Removal { force: true, volumes: true };
            push(Step::RemoveContainer { container, removal }, ended);
            after = vec![ended];
        }
        after
    }

    fn hook_draft(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        hook: &Service,
        run: HookRun,
        replica: &ContainerRef,
    ) -> Option<(Draft, Vec<StepId>)> {
        let image = self.hook_image(name, service, hook)?;
        let links = self.links(name, service, run.replica.unwrap_or(1));
        let specified = match spec::container(&self.context, name, hook, Purpose::Hook(run), &links) {
            Ok(specified) => specified,
            Err(errors) => {
                self.errors.extend(errors.into_iter().filter(|error| !self.errors.contains(error)).collect::<Vec<_>>());
                return None;
            }
        };
        let draft = Draft {
            service: name.clone(),
            number: 0,
            spec: specified.spec,
            image: image.image,
            mounted: BTreeMap::new(),
            network_of: self.owner(&service.network_mode),
            ipc_of: self.owner(&service.ipc),
            pid_of: self.owner(&service.pid),
            volumes_of: vec![(replica.clone(), String::new())],
            hash_of: None,
            inherited: Vec::new(),
            anonymous: Vec::new(),
            profiles: specified.profiles,
        };
        Some((draft, image.after))
    }

    /// `start` looks for no images: then it is what the engine has under that name.
    fn hook_image(&mut self, name: &ServiceName, service: &Service, hook: &Service) -> Option<Sourced> {
        let sourced = self.hook_images.get(&hook.image).or_else(|| {
            let is_own = own_images(service).any(|image| *image == hook.image);
            self.images.get(name).filter(|_| !is_own)
        });
        if let Some(sourced) = sourced {
            return Some(sourced.clone());
        }
        if let Some(local) = self.index.images.find(&hook.image) {
            return Some(Sourced { image: ImageRef::Known(local.id.clone()), after: Vec::new() });
        }
        let message = format!("service {name}: image {} of a pre_start hook is not on the engine", hook.image);
        self.errors.push(PlanError::of_service(name, "pre_start", message).help(format!("bring {name} up instead")));
        None
    }
}

/// The image of a hook that names one of its own.
pub(super) fn own_images(service: &Service) -> impl Iterator<Item = &String> {
    service.pre_start.iter().map(|hook| &hook.image).filter(|image| !image.is_empty() && **image != service.image)
}
