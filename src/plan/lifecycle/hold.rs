//! The plans of `pause` and `unpause`.

use crate::model::{Project, ServiceName};

use super::super::planner::is_up;
use super::super::stop::existing;
use super::super::{ContainerRef, Labelled, Observed, Plan, PlannedStep, Reason, Step};
use super::replicas;

/// Freezes the named services' containers (or all) that run. One that is frozen already is the engine's to refuse.
pub fn pause(project: &Project, observed: &Observed, targets: &[ServiceName]) -> Plan {
    each(project, observed, targets, |container| Step::PauseContainer { container })
}

/// Lets them go on. One that is not frozen is the engine's to refuse.
pub fn unpause(project: &Project, observed: &Observed, targets: &[ServiceName]) -> Plan {
    each(project, observed, targets, |container| Step::UnpauseContainer { container })
}

fn each(project: &Project, observed: &Observed, targets: &[ServiceName], step: fn(ContainerRef) -> Step) -> Plan {
    let mut plan = Plan::default();
    for container in replicas(project, observed, targets).into_iter().filter(|container| is_up(container)) {
        let service = Some(container.service().into());
        plan.add(PlannedStep { step: step(existing(container)), reason: Reason::Asked, service, guard: None }, []);
    }
    plan
}
