//! A plan as JSON, for programs. The shape is `schemas/plan.json`, which a test keeps true.

use serde::Serialize;
use serde_json::Value;

use crate::plan::{FieldChange, Guard, Plan, PlannedStep, Side, StepId};

/// What would be done, in an order in which it can be done.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "The plan of a convoke command"))]
struct Told<'p> {
    /// Empty when there is nothing to do.
    steps: Vec<ToldStep<'p>>,
    /// What a person should know although nothing is done about it.
    warnings: &'p [String],
    /// Volumes that are not as the file has them, and are left so to keep their data.
    kept_volumes: &'p [String],
}

/// One thing that is asked of the engine.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ToldStep<'p> {
    /// Counts from 1.
    id: usize,
    /// What it is done to: `network`, `volume`, `image`, `container` or `service`.
    kind: &'static str,
    name: String,
    /// `create`, `start`, `stop`, `remove`, `rename`, `connect`, `disconnect`, `pull`, `build`, `inject`, `hook`, `await`
    /// and the like.
    action: &'static str,
    /// For people.
    reason: String,
    /// The reason in one word, for programs.
    reason_code: &'static str,
    /// The fields that make the difference, where a difference is the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Changed<'p>>,
    /// The service that it is done for.
    service: Option<&'p str>,
    /// The steps that are done before it.
    after: Vec<usize>,
    /// When given, it is only done if one of these comes true on the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    only_if: Vec<Condition<'p>>,
}

/// A field that is not as the file has it now. What looks like a secret is shown as `***`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Changed<'p> {
    /// As in the file: `environment.LOG_LEVEL`.
    path: &'p str,
    /// What it was; null when there was none, absent when nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Option<&'p Value>>,
    /// What it is to be, in the same manner.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Option<&'p Value>>,
}

/// What is only known once an earlier step is done.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Condition<'p> {
    /// The image that a pull or a build gives is another one.
    ImageChanged {
        /// The pull or build.
        step: usize,
        /// The id of the image that it is compared with.
        from: &'p str,
    },
}

/// A plan as one object.
pub fn object(plan: &Plan) -> Value {
    let told = Told {
        steps: plan.steps().map(|(id, planned)| step(plan, id, planned)).collect(),
        warnings: &plan.warnings,
        kept_volumes: &plan.held_back,
    };
    serde_json::to_value(told).unwrap_or(Value::Null)
}

fn step<'p>(plan: &'p Plan, id: StepId, planned: &'p PlannedStep) -> ToldStep<'p> {
    let subject = planned.subject();
    ToldStep {
        id: number(id),
        kind: subject.kind.as_str(),
        name: subject.name,
        action: planned.action().imperative(),
        reason: planned.why(),
        reason_code: planned.reason.code(),
        changes: planned.changes().iter().map(changed).collect(),
        service: planned.service.as_ref().map(|name| name.as_str()),
        after: plan.needs(id).into_iter().map(number).collect(),
        only_if: planned.guard.as_ref().map(conditions).unwrap_or_default(),
    }
}

fn number(id: StepId) -> usize {
    id.0 + 1
}

fn changed(change: &FieldChange) -> Changed<'_> {
    fn side(side: &Side) -> Option<Option<&Value>> {
        match side {
            Side::Unknown => None,
            Side::Absent => Some(None),
            Side::Value(value) => Some(Some(value)),
        }
    }
    Changed { path: &change.path, from: side(&change.from), to: side(&change.to) }
}

fn conditions(guard: &Guard) -> Vec<Condition<'_>> {
    match guard {
        Guard::ImageChanged { step, from } => {
            vec![Condition::ImageChanged { step: number(*step), from: from.as_str() }]
        }
        Guard::Any(any) => any.iter().flat_map(conditions).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::{ImageId, NetworkSpec};
    use crate::plan::{Reason, Step};

    #[test]
    fn each_step_says_why_and_after_what() {
        let mut plan = Plan { warnings: vec!["orphans".into()], ..Plan::default() };
        let step = |name: &str, reason: Reason| PlannedStep {
            step: Step::CreateNetwork(NetworkSpec { name: name.into(), ..NetworkSpec::default() }),
            reason,
            service: None,
            guard: None,
        };
        let first = plan.add(step("shop_default", Reason::Missing), []);
        let changes = vec![
            FieldChange::new("internal", Side::Absent, Side::Value(json!(true))),
            FieldChange::new("labels.TOKEN", Side::Value(json!("a")), Side::Unknown),
        ];
        let changed = step("shop_other", Reason::NetworkChanged { network: "other".into(), changes });
        let guard = Guard::ImageChanged { step: first, from: ImageId::new("sha256:1") };
        plan.add(PlannedStep { guard: Some(guard), ..changed }, [first]);
        insta::assert_snapshot!(format!("{:#}", object(&plan)));
    }

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_types() {
        crate::schemas::keep_true("plan.json", &crate::schemas::of::<Told<'static>>());
    }
}
