//! Which images are pulled, which are built, and which are there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostic::nearest;
use crate::engine::{Image, ImagePull};
use crate::model::{Project, Service, ServiceName};

use super::planner::Planner;
use super::pre_start::own_images;
use super::reference::normal;
use super::{BuildPolicy, FailedPull, Foundations, ImageRef, PlanError, PullPolicy, Reason, Step, StepId, spec};

/// Where a service's image comes from.
#[derive(Clone, Debug)]
pub(super) struct Sourced {
    pub image: ImageRef,
    /// What has to be done before a container is made from it: its own pull or build, and those of mounted images.
    pub after: Vec<StepId>,
}

/// When an image is pulled, as `pull_policy` or `--pull` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulling {
    Always,
    Missing,
    Never,
    Build,
    /// When its name was set longer ago than this, in seconds.
    Older(i64),
}

impl From<PullPolicy> for Pulling {
    fn from(policy: PullPolicy) -> Self {
        match policy {
            PullPolicy::Always => Self::Always,
            PullPolicy::Missing => Self::Missing,
            PullPolicy::Never => Self::Never,
            PullPolicy::Build => Self::Build,
        }
    }
}

/// The images whose age matters: [`super::Observed::tagged_at`] has to tell when their names were set.
pub fn refreshed_images(project: &Project) -> Vec<String> {
    let services = project.services.values();
    let aged = services.filter(|service| matches!(word(&service.pull_policy), Pulling::Older(_)));
    let mut names: Vec<_> = aged.map(|service| service.image.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !name.is_empty());
    names
}

/// The names of all images that a plan for the project may ask for: [`super::Observed::images`] has to tell which of them
/// are there.
pub fn named_images(project: &Project) -> BTreeSet<String> {
    let names = project.services.iter().flat_map(|(name, service)| {
        let own = (service.provider.is_none()).then(|| spec::image_name(project, name, service));
        let mounted = service.volumes.iter().filter(|mount| mount.kind == "image").map(|mount| mount.source.clone());
        own.into_iter().chain(own_images(service).cloned()).chain(mounted)
    });
    names.filter(|name| !name.is_empty()).collect()
}

pub(super) fn word(policy: &str) -> Pulling {
    match policy {
        "always" => Pulling::Always,
        "never" => Pulling::Never,
        "build" => Pulling::Build,
        "daily" => Pulling::Older(86_400),
        "weekly" => Pulling::Older(604_800),
        other => match other.strip_prefix("every_").map(crate::model::Duration::parse) {
            Some(Ok(window)) => Pulling::Older(window.nanoseconds / 1_000_000_000),
            _ => Pulling::Missing,
        },
    }
}

/// The pulls that are planned, by normal name and platform: each image once.
type Pulls = HashMap<(String, String), StepId>;

impl<'p> Planner<'p> {
    /// Finds or makes the image of every service that has containers.
    pub fn source_images(&mut self) {
        let services: Vec<_> = self
            .services()
            .into_iter()
            .filter(|(_, service)| service.provider.is_none() && spec::replica_count(service) > 0)
            .collect();
        let mut pulls = Pulls::new();
        let mut built: BTreeMap<String, StepId> = BTreeMap::new();
        for (name, service) in builds_first(&services, &self.policy.foundations) {
            if let Some(sourced) = self.source_built(name, service, &mut pulls, &built) {
                if let ImageRef::From(step) = sourced.image {
                    built.insert(normal(&spec::image_name(self.project, name, service)), step);
                }
                self.images.insert(name, sourced);
            }
        }
        for (name, service) in services.iter().filter(|(_, service)| service.build.is_none()) {
            let sourced = match built.get(&normal(&service.image)) {
                Some(step) => Some(Sourced { image: ImageRef::From(*step), after: vec![*step] }),
                None => self.source_pulled(name, service, &mut pulls),
            };
            self.images.extend(sourced.map(|sourced| (*name, sourced)));
        }
        for (name, service) in &services {
            self.source_mounted(name, service, &mut pulls, &built);
        }
        for (name, service) in &services {
            self.source_hooks(name, service, &mut pulls, &built);
        }
        for (name, service) in services {
            self.follow_pull(name, service, &pulls);
        }
    }

    /// Images that `pre_start` hooks name.
    fn source_hooks(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        pulls: &mut Pulls,
        built: &BTreeMap<String, StepId>,
    ) {
        for image in own_images(service) {
            if self.hook_images.contains_key(image) {
                continue;
            }
            let sourced = self.source_other(name, service, image, pulls, built);
            self.hook_images.insert(image.clone(), sourced);
        }
    }

    /// A service whose image is there already gets another one too when it is pulled for somebody else.
    fn follow_pull(&mut self, name: &ServiceName, service: &Service, pulls: &Pulls) {
        let platform = spec::platform(self.project, service).to_owned();
        let pull = pulls.get(&(normal(&service.image), platform)).copied();
        if let (Some(pull), Some(sourced)) = (pull, self.images.get_mut(name))
            && matches!(sourced.image, ImageRef::Known(_))
        {
            sourced.image = ImageRef::From(pull);
            sourced.after.push(pull);
        }
    }

    /// A service with a `build` section: pulled only where it has an image name and nothing of it is there.
    fn source_built(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        pulls: &mut Pulls,
        built: &BTreeMap<String, StepId>,
    ) -> Option<Sourced> {
        let image = spec::image_name(self.project, name, service);
        let local = self.index.images.find(&image);
        let pulling = self.pulling(service);
        let forced = self.policy.build == BuildPolicy::Always || pulling == Pulling::Build;
        if forced && self.policy.build != BuildPolicy::Never {
            let step = self.build(name, service, image, Reason::BuildAsked, None, built);
            return Some(step);
        }
        let due = !service.image.is_empty() && self.is_due(service, pulling, local);
        if !due && let Some(local) = local {
            return Some(Sourced { image: ImageRef::Known(local.id.clone()), after: Vec::new() });
        }
        let may_build = self.policy.build != BuildPolicy::Never;
        if due {
            let pull = self.pull(name, service, &service.image, may_build, pulling, local.is_some(), pulls);
            return Some(if may_build {
                self.build(name, service, image, Reason::IfPullFails, Some(pull), built)
            } else {
                Sourced { image: ImageRef::From(pull), after: vec![pull] }
            });
        }
        if may_build {
            return Some(self.build(name, service, image, Reason::NotLocal, None, built));
        }
        let message = format!("service {name}: image {image} is not on the engine, and --no-build forbids to build it");
        self.errors.push(PlanError::of_service(name, "build", message).help("leave --no-build out"));
        None
    }

    /// Builds an image: in any case, or only if the pull before it found none.
    fn build(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        image: String,
        reason: Reason,
        pull: Option<StepId>,
        built: &BTreeMap<String, StepId>,
    ) -> Sourced {
        let bases: Vec<_> = base_services(name, service, &self.policy.foundations)
            .filter_map(|base| {
                let (base, service) = self.project.services.get_key_value(base)?;
                built.get(&normal(&spec::image_name(self.project, base, service))).copied()
            })
            .collect();
        let step = Step::BuildImage { image, only_if_missing: pull.is_some(), push: false };
        let id = self.push(step, reason, Some(name), None, bases.into_iter().chain(pull));
        Sourced { image: ImageRef::From(id), after: vec![id] }
    }

    fn source_pulled(&mut self, name: &'p ServiceName, service: &'p Service, pulls: &mut Pulls) -> Option<Sourced> {
        let local = self.index.images.find(&service.image);
        let pulling = self.pulling(service);
        if self.is_due(service, pulling, local) {
            let step = self.pull(name, service, &service.image, false, pulling, local.is_some(), pulls);
            return Some(Sourced { image: ImageRef::From(step), after: vec![step] });
        }
        if let Some(local) = local {
            return Some(Sourced { image: ImageRef::Known(local.id.clone()), after: Vec::new() });
        }
        let message = format!("service {name}: image {} is not on the engine, and it may not be pulled", service.image);
        let error = PlanError::of_service(name, "image", message);
        let near = nearest(&service.image, self.index.images.names()).map(|near| format!("did you mean {near}?"));
        let help = near.unwrap_or_else(|| "allow it with pull_policy: missing, or load it with docker load".into());
        self.errors.push(error.help(help));
        None
    }

    /// Images that are mounted as volumes.
    fn source_mounted(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        pulls: &mut Pulls,
        built: &BTreeMap<String, StepId>,
    ) {
        for mount in service.volumes.iter().filter(|mount| mount.kind == "image") {
            let sourced = self.source_other(name, service, &mount.source, pulls, built);
            self.mounted.entry(name).or_default().insert(mount.target.clone(), sourced.image);
            if let Some(own) = self.images.get_mut(name) {
                own.after.extend(sourced.after);
            }
        }
    }

    /// An image that a service needs beside its own: built by another service, there, or pulled.
    fn source_other(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        image: &str,
        pulls: &mut Pulls,
        built: &BTreeMap<String, StepId>,
    ) -> Sourced {
        let pulled = (normal(image), spec::platform(self.project, service).to_owned());
        match (built.get(&pulled.0).or_else(|| pulls.get(&pulled)), self.index.images.find(image)) {
            (Some(step), _) => Sourced { image: ImageRef::From(*step), after: vec![*step] },
            (None, Some(local)) => Sourced { image: ImageRef::Known(local.id.clone()), after: Vec::new() },
            (None, None) => {
                let step = self.pull(name, service, image, false, Pulling::Missing, false, pulls);
                Sourced { image: ImageRef::From(step), after: vec![step] }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each of them is one fact about one pull")]
    fn pull(
        &mut self,
        name: &ServiceName,
        service: &Service,
        image: &str,
        or_build: bool,
        pulling: Pulling,
        is_local: bool,
        pulls: &mut Pulls,
    ) -> StepId {
        let platform = spec::platform(self.project, service).to_owned();
        let key = (normal(image), platform.clone());
        if let Some(step) = pulls.get(&key) {
            return *step;
        }
        let reason = match pulling {
            Pulling::Always => Reason::PullPolicy("always".into()),
            Pulling::Older(_) if is_local => Reason::PullPolicy(service.pull_policy.clone()),
            _ => Reason::NotLocal,
        };
        let failed = if or_build { FailedPull::Builds } else { FailedPull::Fails };
        let step = Step::PullImage { pull: ImagePull { image: image.to_owned(), platform }, failed };
        let id = self.push(step, reason, Some(name), None, []);
        pulls.insert(key, id);
        id
    }

    fn pulling(&self, service: &Service) -> Pulling {
        self.policy.pull.map_or_else(|| word(&service.pull_policy), Pulling::from)
    }

    /// Whether the policy asks for a pull, given what is there.
    fn is_due(&self, service: &Service, pulling: Pulling, local: Option<&Image>) -> bool {
        match (pulling, local) {
            (Pulling::Always, _) | (Pulling::Missing | Pulling::Older(_), None) => true,
            (Pulling::Never | Pulling::Build, _) | (Pulling::Missing, Some(_)) => false,
            (Pulling::Older(window), Some(_)) => {
                let tagged = self.observed.tagged_at.get(&service.image).copied().unwrap_or(0);
                self.observed.read_at.saturating_sub(tagged) > window
            }
        }
    }
}

/// Services whose images a build starts from.
pub(super) fn base_services<'p>(
    name: &ServiceName,
    service: &'p Service,
    foundations: &'p Foundations,
) -> impl Iterator<Item = &'p str> {
    let contexts = service.build.iter().flat_map(|build| build.additional_contexts.values());
    let told = foundations.get(name).into_iter().flatten().map(ServiceName::as_str);
    contexts.filter_map(|context| context.strip_prefix("service:")).chain(told)
}

/// The services with a `build` section, each after those whose images it starts from.
pub(super) fn builds_first<'p>(
    services: &[(&'p ServiceName, &'p Service)],
    foundations: &Foundations,
) -> Vec<(&'p ServiceName, &'p Service)> {
    let built: BTreeMap<_, _> = services.iter().filter(|(_, service)| service.build.is_some()).copied().collect();
    let bases = built.iter().flat_map(|(name, service)| {
        let bases = base_services(name, service, foundations);
        bases.map(|base| ((*name).clone(), ServiceName::from(base))).collect::<Vec<_>>()
    });
    let edges: Vec<_> = bases.collect();
    let graph = crate::graph::Graph::from_edges(&edges);
    let ordered = graph.order().unwrap_or_default();
    let mut sorted: Vec<_> = ordered.into_iter().filter_map(|name| built.get_key_value(name)).collect();
    let linked: std::collections::BTreeSet<_> = sorted.iter().map(|(name, _)| **name).collect();
    sorted.extend(built.iter().filter(|(name, _)| !linked.contains(*name)));
    sorted.into_iter().map(|(name, service)| (*name, *service)).collect()
}
