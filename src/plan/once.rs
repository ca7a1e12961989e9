//! The plan of `run`: what a service depends on, and one more container of it, which is none of its replicas.

use crate::model::{Project, Service, ServiceName};

use super::containers::Placed;
use super::planner::Planner;
use super::spec::{OneOff, Purpose};
use super::{ContainerRef, Observed, Plan, PlanError, Reason, Step, StepId, UpPolicy};

/// How `run` goes about it.
#[derive(Clone, Copy, Debug)]
pub struct RunPolicy<'p> {
    pub target: &'p ServiceName,
    pub one_off: OneOff<'p>,
    /// Start it too. Somebody who wants to hear its first word attaches first and starts it then: [`launch`].
    pub start: bool,
    /// What is done with what it depends on.
    pub up: &'p UpPolicy,
}

/// A plan, and which step of it makes the container.
#[derive(Clone, Debug)]
pub struct RunPlan {
    pub plan: Plan,
    pub made: StepId,
    /// The container's name.
    pub name: String,
}

/// Every step that leads to one more container of a service, with everything up that it depends on.
///
/// # Errors
/// All that makes it impossible, as in [`super::up`].
pub fn run(project: &Project, observed: &Observed, policy: &RunPolicy<'_>) -> Result<RunPlan, Vec<PlanError>> {
    let mut planner = Planner::new(project, observed, policy.up).map_err(|error| vec![error])?;
    planner.check_container_names();
    planner.check_unsupported();
    planner.find_networks();
    planner.find_volumes();
    planner.source_images();
    // Its replicas stay as they are, whatever has become of them.
    planner.order.retain(|name| *name != policy.target);
    planner.bring_up();
    let target = project.services.get_key_value(policy.target);
    let made = target.and_then(|(name, service)| planner.make_once(name, service, policy));
    planner.retire_networks();
    match made {
        Some((made, name)) if planner.errors.is_empty() => Ok(RunPlan { plan: planner.plan, made, name }),
        None if planner.errors.is_empty() => Err(vec![PlanError::new(format!("no such service: {}", policy.target))]),
        _ => Err(planner.errors),
    }
}

/// The start of a container that [`run`] made, with its hooks.
pub fn launch(service: &Service, name: &ServiceName, container: &ContainerRef) -> Plan {
    let mut plan = Plan::default();
    let start = Step::StartContainer { container: container.clone() };
    let mut last = plan.add(step(start, Reason::JustCreated, name), []);
    for hook in &service.post_start {
        let hook = Step::RunHook { container: container.clone(), hook: hook.clone() };
        last = plan.add(step(hook, Reason::HookOf(name.clone()), name), [last]);
    }
    plan
}

fn step(step: Step, reason: Reason, service: &ServiceName) -> super::PlannedStep {
    super::PlannedStep { step, reason, service: Some(service.clone()), guard: None }
}

impl<'p> Planner<'p> {
    /// Makes the container once everything is ready that it depends on.
    fn make_once(
        &mut self,
        name: &'p ServiceName,
        service: &'p Service,
        policy: &RunPolicy<'_>,
    ) -> Option<(StepId, String)> {
        let waits = self.conditions(name, service);
        let draft = self.draft(name, service, Purpose::OneOff(policy.one_off), None)?;
        let own = draft.spec.name.clone();
        let free = self.free_name(name, &own)?;
        let after: Vec<_> = self.create_after(name, service).into_iter().chain(free).chain(waits).collect();
        let made = self.push(Step::CreateContainer(Box::new(draft)), Reason::Asked, Some(name), None, after);
        let container = ContainerRef::Made { step: made, name: own.clone() };
        if policy.start {
            let placed =
                Placed { container, number: 0, old: None, made: Some(made), named: vec![made], started: Vec::new() };
            self.start(name, service, &placed, Reason::JustCreated, None, vec![made]);
        } else {
            self.inject(name, service, &container, &[], None, vec![made]);
        }
        Some((made, own))
    }
}
