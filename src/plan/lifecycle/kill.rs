//! The plan of `kill`.

use crate::engine::Container;
use crate::model::Project;

use super::super::orphans::Orphan;
use super::super::planner::is_up;
use super::super::stop::existing;
use super::super::{KillPolicy, Labelled, Observed, Plan, PlannedStep, Reason, Step};
use super::is_named;

/// Sends a signal to every container of the named services (or all) that runs, those of `run` included.
pub fn kill(project: &Project, observed: &Observed, policy: &KillPolicy) -> Plan {
    let mut plan = Plan::default();
    for container in observed.containers.iter().filter(|container| is_up(container)) {
        let Some(reason) = reason(project, container, policy) else { continue };
        let step = Step::KillContainer { container: existing(container), signal: policy.signal.clone() };
        let service = Some(container.service().into());
        plan.add(PlannedStep { step, reason, service, guard: None }, []);
    }
    if plan.is_empty() {
        plan.warnings.push("No container to kill".to_owned());
    }
    plan
}

/// `None` for a container that is left alone.
fn reason(project: &Project, container: &Container, policy: &KillPolicy) -> Option<Reason> {
    if project.services.contains_key(container.service()) {
        return is_named(&policy.targets, container.service()).then_some(Reason::Asked);
    }
    let orphan = Orphan::of(project, container).filter(|_| policy.remove_orphans && policy.targets.is_empty())?;
    (orphan != Orphan::Foreign).then(|| orphan.reason())
}
