//! What a plan says of containers before it is done: which it gives up, which it starts, and under which names. Pure.

use std::collections::BTreeSet;

use crate::engine::ContainerId;
use crate::model::ServiceName;
use crate::plan::{ContainerRef, Plan, Step, StepId};

use super::label::label;

/// The existing containers that the plan stops or removes, in those of its steps that are meant.
pub(super) fn given_up(plan: &Plan, meant: impl Fn(StepId) -> bool) -> impl Iterator<Item = ContainerId> {
    plan.steps().filter(move |(id, _)| meant(*id)).filter_map(|(_, planned)| match &planned.step {
        Step::StopContainer { container, .. } | Step::RemoveContainer { container, .. } => match container {
            ContainerRef::Existing { id, .. } | ContainerRef::Either { id, .. } => Some(id.clone()),
            ContainerRef::Made { .. } => None,
        },
        _ => None,
    })
}

/// The containers that the plan starts, of those services.
fn started<'p>(
    plan: &'p Plan,
    services: &BTreeSet<ServiceName>,
) -> impl Iterator<Item = (&'p ServiceName, &'p ContainerRef)> {
    plan.steps().filter_map(|(_, planned)| match (&planned.step, &planned.service) {
        (Step::StartContainer { container }, Some(service)) if services.contains(service) => Some((service, container)),
        _ => None,
    })
}

/// Those of them that exist.
pub(super) fn started_again(plan: &Plan, services: &BTreeSet<ServiceName>) -> BTreeSet<ContainerId> {
    let existing = started(plan, services).filter_map(|(_, container)| match container {
        ContainerRef::Existing { id, .. } | ContainerRef::Either { id, .. } => Some(id.clone()),
        ContainerRef::Made { .. } => None,
    });
    existing.collect()
}

/// The labels of the containers that the plan starts, of those services.
pub(super) fn labels(plan: &Plan, project: &str, services: &BTreeSet<ServiceName>) -> BTreeSet<String> {
    let labels = started(plan, services)
        .map(|(service, container)| label(project, service.as_str(), final_name(plan, container)).0);
    labels.collect()
}

/// The name that a container has when it is started.
pub(super) fn final_name<'p>(plan: &'p Plan, container: &'p ContainerRef) -> &'p str {
    let renamed = plan.steps().find_map(|(_, planned)| match &planned.step {
        Step::RenameContainer { container: old, name } if is_same(old, container) => Some(name.as_str()),
        _ => None,
    });
    renamed.unwrap_or_else(|| container.name())
}

/// Whether two references mean the same container, whatever name it has at that moment.
fn is_same(one: &ContainerRef, other: &ContainerRef) -> bool {
    use ContainerRef::{Either, Existing, Made};
    match (one, other) {
        (Existing { id, .. }, Existing { id: other, .. }) => id == other,
        (Made { step, .. } | Either { step, .. }, Made { step: other, .. } | Either { step: other, .. }) => {
            step == other
        }
        _ => false,
    }
}
