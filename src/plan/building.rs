//! The plan of `build`: which images are built, after which others, and pushed then.

use std::collections::BTreeMap;

use crate::model::Project;

use super::images::{base_services, builds_first};
use super::registry::{add_push, names};
use super::{BuildOrder, Plan, PlannedStep, Reason, Step, StepId, spec};

/// Builds the image of every service that has a `build` section, after those that it is built upon.
pub fn build(project: &Project, order: &BuildOrder) -> Plan {
    let services: Vec<_> = project.services.iter().collect();
    let mut plan = Plan::default();
    let mut built: BTreeMap<&str, StepId> = BTreeMap::new();
    for (name, service) in builds_first(&services) {
        let bases: Vec<_> = base_services(service).filter_map(|base| built.get(base).copied()).collect();
        let step = Step::BuildImage { image: spec::image_name(project, name, service), only_if_missing: false };
        let planned = PlannedStep { step, reason: Reason::Asked, service: Some(name.clone()), guard: None };
        let step = plan.add(planned, bases);
        built.insert(name.as_str(), step);
        for image in names(service).into_iter().filter(|_| order.push) {
            add_push(&mut plan, name, image, false, Some(step));
        }
    }
    if plan.is_empty() {
        plan.warnings.push("No services to build".to_owned());
    }
    plan
}
