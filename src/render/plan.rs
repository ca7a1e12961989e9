//! A plan as JSON, for programs.

use serde_json::{Value, json};

use crate::plan::{Plan, StepId};

/// Steps in order, numbered as people see them, each with its reason and with what it waits for.
pub fn object(plan: &Plan) -> Value {
    let steps: Vec<Value> = plan
        .steps()
        .map(|(id, step)| {
            let subject = step.subject();
            json!({
                "id": number(id),
                "kind": subject.kind.as_str(),
                "name": subject.name,
                "action": step.action().imperative(),
                "reason": step.why(),
                "service": step.service,
                "after": plan.needs(id).into_iter().map(number).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "steps": steps, "warnings": plan.warnings })
}

fn number(id: StepId) -> usize {
    id.0 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::NetworkSpec;
    use crate::plan::{PlannedStep, Reason, Step};

    #[test]
    fn each_step_says_why_and_after_what() {
        let mut plan = Plan { warnings: vec!["orphans".into()], ..Plan::default() };
        let step = |name: &str| PlannedStep {
            step: Step::CreateNetwork(NetworkSpec { name: name.into(), ..NetworkSpec::default() }),
            reason: Reason::Missing,
            service: None,
            guard: None,
        };
        let first = plan.add(step("shop_default"), []);
        plan.add(step("shop_other"), [first]);
        insta::assert_snapshot!(format!("{:#}", object(&plan)));
    }
}
