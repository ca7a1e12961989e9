//! The plans of `pull` and `push`: which images travel, and in which way.

use std::collections::{BTreeSet, HashMap};

use crate::engine::ImagePull;
use crate::model::{Project, Service, ServiceName};

use super::images::{Pulling, word};
use super::pre_start::own_images;
use super::reference::{Images, is_moving, normal};
use super::{FailedPull, Observed, Plan, PlannedStep, PullOrder, PushOrder, Reason, Step, StepId, spec};

/// Pulls the images of the project's services, each once, and those that they mount or that their hooks run in.
pub fn pull(project: &Project, observed: &Observed, order: &PullOrder) -> Plan {
    let mut pulls = Pulls {
        project,
        local: Images::of(&observed.images),
        built: built_images(project),
        order,
        plan: Plan::default(),
        known: HashMap::new(),
    };
    for (name, service) in &project.services {
        if let Err(why) = pulls.service(name, service)
            && order.targets.contains(name)
        {
            pulls.plan.warnings.push(format!("service {name}: nothing is pulled, {why}"));
        }
    }
    pulls.plan
}

/// The images that services are built into, by normal name: they need not be in any registry.
fn built_images(project: &Project) -> BTreeSet<String> {
    let built = project.services.iter().filter(|(_, service)| service.build.is_some());
    built.map(|(name, service)| normal(&spec::image_name(project, name, service))).collect()
}

struct Pulls<'p> {
    project: &'p Project,
    local: Images<'p>,
    built: BTreeSet<String>,
    order: &'p PullOrder,
    plan: Plan,
    /// By normal name and platform.
    known: HashMap<(String, String), StepId>,
}

impl Pulls<'_> {
    /// # Errors
    /// Why the service's own image is not pulled.
    fn service(&mut self, name: &ServiceName, service: &Service) -> Result<(), &'static str> {
        if service.provider.is_some() {
            return Err("it is no container");
        }
        self.others(name, service);
        if service.image.is_empty() {
            return Err("it has no image but the one that is built");
        }
        let pulling = self.order.policy.map_or_else(|| word(&service.pull_policy), Pulling::from);
        let reason = match pulling {
            Pulling::Never | Pulling::Build => return Err("its pull_policy forbids it"),
            _ if service.build.is_some() && self.order.ignore_buildable => return Err("it can be built"),
            // Whoever asks for a pull wants what is new, unless a policy was written down.
            Pulling::Missing if self.is_written(service) && self.is_there(&service.image) => {
                return Err("its image is there");
            }
            Pulling::Missing if !self.is_there(&service.image) => Reason::NotLocal,
            _ => Reason::Asked,
        };
        let failed = if self.order.ignore_failures { FailedPull::Tolerated } else { FailedPull::Fails };
        self.add(name, service, &service.image, reason, failed);
        Ok(())
    }

    fn is_written(&self, service: &Service) -> bool {
        self.order.policy.is_some() || !service.pull_policy.is_empty()
    }

    /// What may be another image tomorrow under the same name is never there for good.
    fn is_there(&self, image: &str) -> bool {
        !is_moving(image) && self.local.find(image).is_some()
    }

    /// What is mounted as a volume, and what hooks run in.
    fn others(&mut self, name: &ServiceName, service: &Service) {
        let mounted = service.volumes.iter().filter(|mount| mount.kind == "image").map(|mount| &mount.source);
        let others: BTreeSet<&String> = mounted.chain(own_images(service)).collect();
        for image in others {
            if !self.built.contains(&normal(image)) && self.local.find(image).is_none() {
                self.add(name, service, image, Reason::NotLocal, FailedPull::Fails);
            }
        }
    }

    fn add(&mut self, name: &ServiceName, service: &Service, image: &str, reason: Reason, failed: FailedPull) {
        let platform = spec::platform(self.project, service).to_owned();
        let key = (normal(image), platform.clone());
        if self.known.contains_key(&key) {
            return;
        }
        let step = Step::PullImage { pull: ImagePull { image: image.to_owned(), platform }, failed };
        let planned = PlannedStep { step, reason, service: Some(name.clone()), guard: None };
        self.known.insert(key, self.plan.add(planned, []));
    }
}

/// Pushes the images that services are built into, under each of their names.
pub fn push(project: &Project, order: &PushOrder) -> Plan {
    let mut plan = Plan::default();
    let mut known = BTreeSet::new();
    for (name, service) in &project.services {
        let names = names(service);
        if names.is_empty() && order.targets.contains(name) {
            let why =
                if service.build.is_none() { "it is not built here" } else { "its image has no name in the file" };
            plan.warnings.push(format!("service {name}: nothing is pushed, {why}"));
        }
        for image in names {
            if known.insert(normal(&image)) {
                add_push(&mut plan, name, image, order.ignore_failures, None);
            }
        }
    }
    plan
}

/// The names under which a service's image is pushed: only of images that are built, and only names from the file.
pub(super) fn names(service: &Service) -> Vec<String> {
    let Some(build) = service.build.as_ref().filter(|_| !service.image.is_empty()) else { return Vec::new() };
    let mut names = vec![service.image.clone()];
    names.extend(build.tags.iter().filter(|tag| **tag != service.image).cloned());
    names
}

pub(super) fn add_push(
    plan: &mut Plan,
    service: &ServiceName,
    image: String,
    ignore_failure: bool,
    after: Option<StepId>,
) {
    let step = Step::PushImage { image, ignore_failure };
    plan.add(PlannedStep { step, reason: Reason::Asked, service: Some(service.clone()), guard: None }, after);
}
