use super::*;

use crate::engine::EngineError;
use crate::engine::ErrorKind;

#[tokio::test(start_paused = true)]
async fn every_ten_seconds_it_is_said_what_is_waited_for_and_how_that_does() {
    let stage = Stage::new(json!({"db": {"healthcheck": checked_every(8)}}));
    stage.script("db", Behaviour { complaint: "starting up\n".into(), ..Behaviour::healthy(seconds(23)) });
    stage.up(&waiting()).await.expect("done");
    let expected = [
        "10 service db to be ready (shop-db-1 is starting)",
        "20 service db to be ready (shop-db-1 is not healthy yet: starting up)",
    ];
    assert_eq!(stage.reminders(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_ends_again_and_again_is_waited_for_and_that_is_said() {
    let mut stage = Stage::new(json!({"db": {"restart": "always", "healthcheck": checked_every(60)}}));
    stage.deadline = Some(seconds(25));
    stage.script("db", Behaviour::exits(seconds(2), 1).writing(seconds(1), "no space left\n"));
    let outcome = stage.up(&waiting()).await;
    assert!(outcome.as_ref().is_err_and(|failure| failure.timed_out));
    let cause = only_cause(outcome);
    assert!(cause.message.starts_with("timed out waiting for service db to be ready (shop-db-1 "), "{}", cause.message);
    assert!(cause.last_logs.iter().all(|line| line == "no space left") && !cause.last_logs.is_empty());
    assert_eq!(stage.reminders().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_is_told_and_the_deadline_ends_it() {
    let mut stage = Stage::new(json!({"db": {}}));
    stage.deadline = Some(seconds(35));
    stage.engine.slow("create_container", seconds(3600));
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    assert_eq!(cause.message, "timed out waiting for the engine to create container shop-db-1");
    assert_eq!(stage.reminders().len(), 3);
    assert_eq!(stage.reminders()[0], "10 the engine to create container shop-db-1");
    assert_eq!(stage.began.elapsed().as_secs(), 35);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_for_pulls_and_for_every_condition() {
    let needs = |condition: &str| json!({"dep": {"condition": condition, "required": true}});
    let never = Behaviour { healthy_after: None, ..Behaviour::default() };
    for condition in ["service_healthy", "service_completed_successfully"] {
        let check = json!({"test": ["CMD", "ready"], "interval": "60s"});
        let mut stage = Stage::new(json!({"dep": {"healthcheck": check}, "web": {"depends_on": needs(condition)}}));
        stage.deadline = Some(seconds(5));
        stage.script("dep", never.clone());
        let outcome = stage.up(&UpPolicy::default()).await;
        assert!(outcome.is_err_and(|failure| failure.timed_out), "{condition}");
        assert_eq!(stage.began.elapsed().as_secs(), 5, "{condition}");
    }
    let mut stage = Stage::new(json!({"far": {"image": "far"}}));
    stage.engine.offer(MemoryImage::named("far"));
    stage.engine.slow("pull_image", seconds(60));
    stage.deadline = Some(seconds(5));
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    assert_eq!(cause.message, "timed out waiting for the engine to pull image far");
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_no_wait() {
    let stage = Stage::new(json!({"db": {}}));
    stage.engine.fail_next("create_container", EngineError::new(ErrorKind::Internal, "create", "disk full"));
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    assert!(cause.message.contains("disk full"));
    assert_eq!(stage.reminders(), [""; 0]);
}
