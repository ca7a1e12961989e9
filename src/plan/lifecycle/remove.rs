//! The plan of `rm`.

use crate::engine::Removal;
use crate::model::Project;

use super::super::planner::is_up;
use super::super::stop::{Stops, existing};
use super::super::{Labelled, Observed, Plan, PlannedStep, Reason, RemovePolicy, Step, StepId, grants};
use super::replicas;

/// Removes the containers of the named services (or all) that do not run; with `stop` those that do as well.
pub fn remove(project: &Project, observed: &Observed, policy: &RemovePolicy) -> Plan {
    let mut plan = Plan::default();
    let mut doomed = replicas(project, observed, &policy.targets);
    doomed.retain(|container| policy.stop || !is_up(container));
    let stopped = Stops { project, grace: None, reason: Reason::Asked }.add(&mut plan, &doomed);
    for container in doomed {
        let removal = Removal { force: policy.force, volumes: policy.volumes };
        let step = Step::RemoveContainer { container: existing(container), removal };
        let after = stopped.get(container.id.as_str()).copied();
        let mut add = |step, after: Option<StepId>| {
            let service = Some(container.service().into());
            plan.add(PlannedStep { step, reason: Reason::Asked, service, guard: None }, after)
        };
        let removed = add(step, after);
        for name in grants::volumes(container).into_iter().filter(|_| !removal.volumes) {
            add(Step::RemoveVolume { name }, Some(removed));
        }
    }
    if plan.is_empty() {
        plan.warnings.push("No stopped containers".to_owned());
    }
    plan
}
