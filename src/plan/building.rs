//! The plan of `build`: which images are built, after which others, and pushed then.

use std::collections::BTreeMap;

use crate::model::{Project, Service};

use super::images::{base_services, builds_first};
use super::registry::{add_push, names};
use super::{BuildOrder, Plan, PlannedStep, Reason, Step, StepId, spec};

/// Builds the image of every service that has a `build` section, after those that it is built upon.
pub fn build(project: &Project, order: &BuildOrder) -> Plan {
    let services: Vec<_> = project.services.iter().map(|(name, service)| (name, &**service)).collect();
    let mut plan = Plan::default();
    let mut built: BTreeMap<&str, StepId> = BTreeMap::new();
    for (name, service) in builds_first(&services, &order.foundations) {
        let bases = base_services(name, service, &order.foundations);
        let bases: Vec<_> = bases.filter_map(|base| built.get(base).copied()).collect();
        let names: Vec<String> = names(service).into_iter().filter(|_| order.push).collect();
        let push = !names.is_empty() && is_for_several(service);
        let image = spec::image_name(project, name, service);
        let step = Step::BuildImage { image, only_if_missing: false, push };
        let planned = PlannedStep { step, reason: Reason::Asked, service: Some(name.clone()), guard: None };
        let step = plan.add(planned, bases);
        built.insert(name.as_str(), step);
        for image in names.into_iter().filter(|_| !push) {
            add_push(&mut plan, name, image, false, Some(step));
        }
    }
    if plan.is_empty() {
        plan.warnings.push("No services to build".to_owned());
    }
    plan
}

/// Whether the image is one of several platforms.
fn is_for_several(service: &Service) -> bool {
    service.platform.is_empty() && service.build.as_ref().is_some_and(|build| build.platforms.len() > 1)
}
