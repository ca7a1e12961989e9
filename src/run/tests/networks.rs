//! Networks that are removed while the engine holds them to be in use.

use super::*;

use crate::engine::{ContainerSpec, EndpointSpec, EngineError, ErrorKind, NetworkSpec};
use crate::event::Phase;
use crate::plan::{PlannedStep, Reason, Step};

/// Makes a network and removes it again while so many other containers are on it. What was told of it.
async fn removed(stage: &Stage, others: usize) -> Option<String> {
    let name = "shop_default".to_owned();
    let id = stage.engine.create_network(&NetworkSpec { name: name.clone(), ..NetworkSpec::default() }).await;
    for number in 0..others {
        let container = ContainerSpec {
            name: format!("other-{number}"),
            image: "app".into(),
            network_mode: name.clone(),
            endpoints: BTreeMap::from([(name.clone(), EndpointSpec::default())]),
            ..ContainerSpec::default()
        };
        let container = stage.engine.create_container(&container).await.expect("made");
        stage.engine.start_container(&container.id).await.expect("started");
    }
    let mut plan = Plan::default();
    let step = Step::RemoveNetwork { id: id.expect("made").0, name };
    plan.add(PlannedStep { step, reason: Reason::Missing, service: None, guard: None }, []);
    stage.execute(&plan).await.expect("done or left");
    stage.told.borrow().iter().find_map(|(_, event)| match event {
        Event::Step { phase: Phase::Tolerated { message }, .. } => Some(message.clone()),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn who_is_on_a_network_that_stays_is_told() {
    let table = [
        (0, None),
        (1, Some("Resource is still in use by other-0")),
        (3, Some("Resource is still in use by other-0, other-1, other-2")),
        (5, Some("Resource is still in use by other-0, other-1, other-2 and 2 more")),
    ];
    for (others, expected) in table {
        let stage = Stage::new(json!({}));
        assert_eq!(removed(&stage, others).await.as_deref(), expected);
    }
}

/// Whoever left a moment ago may be counted still, and an engine that has miscounted never stops to refuse.
#[tokio::test(start_paused = true)]
async fn a_network_that_nobody_is_on_is_tried_again() {
    let stays = "Resource is still in use, says the engine, but no container is on it: it has miscounted, and counts anew \
                 when it is restarted";
    for (refusals, expected) in [(1, None), (10, None), (11, Some(stays))] {
        let stage = Stage::new(json!({}));
        for _ in 0..refusals {
            let error = EngineError::new(ErrorKind::InUse, "remove network", "has active endpoints");
            stage.engine.fail_next("remove_network", error);
        }
        assert_eq!(removed(&stage, 0).await.as_deref(), expected, "{refusals}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_blamed_where_the_engine_does_not_tell_who_is_on_a_network() {
    let stage = Stage::new(json!({}));
    stage.engine.fail_next("inspect_network", EngineError::new(ErrorKind::Internal, "inspect network", "not here"));
    assert_eq!(removed(&stage, 1).await.as_deref(), Some("Resource is still in use"));
}
