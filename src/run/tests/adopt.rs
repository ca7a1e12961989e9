use super::*;

use crate::engine::{ContainerSpec, EngineError, ErrorKind, IpamPoolSpec, NetworkSpec, State};
use crate::plan::{PlannedStep, Reason, Step};

/// What was observed before another command made the containers is not what there is any more.
#[tokio::test(start_paused = true)]
async fn containers_that_came_meanwhile_are_taken_when_they_are_the_same() {
    let stage = Stage::new(json!({"db": {}, "web": {}}));
    let stale = stage.plan(&UpPolicy::default()).await;
    stage.up(&UpPolicy { no_start: true, ..UpPolicy::default() }).await.expect("made");
    let made: Vec<_> = stage.containers().await.into_iter().map(|container| container.id).collect();
    stage.execute(&stale).await.expect("done");
    let there = stage.containers().await;
    assert!(there.iter().all(|container| container.state == State::Running && made.contains(&container.id)));
    assert_eq!(there.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_something_else_has_is_a_conflict() {
    let other = ContainerSpec { name: "shop-db-1".into(), image: "app".into(), ..ContainerSpec::default() };
    let stage = Stage::new(json!({"db": {}}));
    let stale = stage.plan(&UpPolicy::default()).await;
    stage.engine.create_container(&other).await.expect("made");
    let cause = only_cause(stage.execute(&stale).await);
    assert!(matches!(&cause.kind, CauseKind::Engine(error) if error.kind == ErrorKind::Conflict), "{}", cause.message);
}

/// One that was started belongs to somebody who is at work.
#[tokio::test(start_paused = true)]
async fn what_runs_already_is_nobody_s_to_take() {
    let stage = Stage::new(json!({"db": {}}));
    let stale = stage.plan(&UpPolicy::default()).await;
    stage.up(&UpPolicy::default()).await.expect("running");
    let cause = only_cause(stage.execute(&stale).await);
    assert!(matches!(&cause.kind, CauseKind::Engine(error) if error.kind == ErrorKind::Conflict), "{}", cause.message);
}

/// A network whose addresses are taken is not there, whatever it is refused for.
#[tokio::test(start_paused = true)]
async fn a_network_that_cannot_be_made_is_a_failure_and_one_that_came_meanwhile_is_not() {
    let pools = || vec![IpamPoolSpec { subnet: "10.9.8.0/24".into(), ..IpamPoolSpec::default() }];
    let stage = Stage::new(json!({}));
    let network = |name: &str| NetworkSpec { name: name.into(), ipam_pools: pools(), ..NetworkSpec::default() };
    stage.engine.create_network(&network("other")).await.expect("made");
    let mut plan = Plan::default();
    let make = |name: &str| PlannedStep {
        step: Step::CreateNetwork(network(name)),
        reason: Reason::Missing,
        service: None,
        guard: None,
    };
    plan.add(make("other"), []);
    assert_eq!(stage.execute(&plan).await.expect("there").unneeded, 1);
    plan.add(make("shop_late"), []);
    let cause = only_cause(stage.execute(&plan).await);
    assert!(cause.message.contains("overlaps"), "{}", cause.message);
}

/// Somebody else may have removed the second network of a name at the same moment: what could not be told apart then can be
/// now.
#[tokio::test(start_paused = true)]
async fn what_is_ambiguous_no_more_is_asked_for_again() {
    let stage = Stage::new(json!({"db": {}}));
    let network = NetworkSpec { name: "shop_default".into(), ..NetworkSpec::default() };
    stage.engine.create_network(&network).await.expect("made");
    let words = "network shop_default is ambiguous (2 matches found on name)";
    let error = EngineError::new(ErrorKind::Invalid, "start container shop-db-1", words);
    stage.engine.fail_next("start_container", error);
    stage.up(&UpPolicy::default()).await.expect("started at the second try");
}
