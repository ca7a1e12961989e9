use super::*;

use crate::engine::{EngineError, ErrorKind};
use crate::plan::{PlannedStep, PullOrder, PushOrder, Reason, Step};

fn fault(kind: ErrorKind) -> EngineError {
    EngineError::new(kind, "pull image far", "503 Service Unavailable")
}

fn far() -> Stage {
    let stage = Stage::new(json!({"far": {"image": "far"}}));
    stage.engine.offer(MemoryImage::named("far"));
    stage
}

async fn pulled(stage: &Stage, order: &PullOrder) -> Result<Done, Failure> {
    let observed = observe(&stage.engine, &stage.project).await.expect("a state");
    stage.execute(&plan::pull(&stage.project, &observed, order)).await
}

fn warnings(stage: &Stage) -> usize {
    stage.told.borrow().iter().filter(|(_, event)| matches!(event, Event::Warning(_))).count()
}

#[tokio::test(start_paused = true)]
async fn passing_faults_are_tried_again_with_longer_and_longer_pauses() {
    for (faults, seconds) in [(0, 0), (1, 0), (2, 1), (3, 3), (4, 7)] {
        let stage = far();
        (0..faults).for_each(|_| stage.engine.fail_next("pull_image", fault(ErrorKind::Passing)));
        pulled(&stage, &PullOrder::default()).await.expect("pulled in the end");
        assert_eq!((stage.began.elapsed().as_secs(), warnings(&stage)), (seconds, faults));
    }
    let stage = far();
    (0..5).for_each(|_| stage.engine.fail_next("pull_image", fault(ErrorKind::Passing)));
    let cause = only_cause(pulled(&stage, &PullOrder::default()).await);
    assert!(cause.message.contains("503"), "{}", cause.message);
    assert_eq!(warnings(&stage), 4, "it is not tried for ever");
}

#[tokio::test(start_paused = true)]
async fn other_faults_are_final_and_may_be_tolerated() {
    for kind in [ErrorKind::NotFound, ErrorKind::Denied, ErrorKind::Internal] {
        let stage = far();
        stage.engine.fail_next("pull_image", fault(kind));
        assert!(pulled(&stage, &PullOrder::default()).await.is_err());
        assert_eq!(warnings(&stage), 0);
        stage.engine.fail_next("pull_image", fault(kind));
        let order = PullOrder { ignore_failures: true, ..PullOrder::default() };
        pulled(&stage, &order).await.expect("only worth a warning");
    }
    let stage = far();
    stage.engine.fail_next("pull_image", fault(ErrorKind::Unreachable));
    let order = PullOrder { ignore_failures: true, ..PullOrder::default() };
    pulled(&stage, &order).await.expect_err("an engine that is gone is another matter");
}

#[tokio::test(start_paused = true)]
async fn what_was_pushed_can_be_pulled_elsewhere() {
    let stage = Stage::new(json!({"far": {"image": "app", "build": {"context": "."}}}));
    stage.engine.fail_next("push_image", fault(ErrorKind::Passing));
    stage.execute(&plan::push(&stage.project, &PushOrder::default())).await.expect("pushed");
    stage.engine.remove_image("app", false).await.expect("removed");
    pulled(&stage, &PullOrder::default()).await.expect("pulled");
    let step = Step::PushImage { image: "nothing".into(), ignore_failure: false };
    let mut plan = Plan::default();
    plan.add(PlannedStep { step, reason: Reason::Asked, service: None, guard: None }, []);
    let cause = only_cause(stage.execute(&plan).await);
    assert!(cause.message.contains("does not exist locally"), "{}", cause.message);
}

/// Whoever removes images side by side removes their parents, too.
#[tokio::test(start_paused = true)]
async fn an_image_whose_parent_went_meanwhile_is_removed_at_the_next_try() {
    let stage = Stage::new(json!({}));
    let words = "unrecognized image ID sha256:0280defef906";
    stage.engine.fail_next("remove_image", EngineError::new(ErrorKind::Internal, "remove image app", words));
    let mut plan = Plan::default();
    let step = Step::RemoveImage { name: "app".into() };
    plan.add(PlannedStep { step, reason: Reason::Down, service: None, guard: None }, []);
    stage.execute(&plan).await.expect("removed");
    let gone = stage.engine.remove_image("app", false).await.expect_err("no such image");
    assert_eq!(gone.kind, ErrorKind::NotFound);
}
