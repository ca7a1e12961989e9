use super::*;

use crate::engine::ContainerId;

/// How long `up --wait` takes, in whole seconds, or why it fails.
async fn settled(stage: &Stage) -> Result<u64, String> {
    let began = Instant::now();
    let outcome = stage.up(&waiting()).await;
    outcome.map(|_| began.elapsed().as_secs()).map_err(|failure| failure.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ends_well_is_done_whatever_its_policy_of_restarts_unless_it_is_to_run_on() {
    let job = |restart: &str| Stage::new(json!({"job": {"restart": restart}}));
    for restart in ["", "no", "on-failure", "on-failure:3"] {
        let stage = job(restart);
        stage.script("job", Behaviour::exits(seconds(2), 0));
        // It runs when it is looked at: without a health check that is all that is asked.
        assert_eq!(settled(&stage).await, Ok(0), "{restart}");
        stage.script("job", Behaviour::exits(Duration::ZERO, 0));
        stage.engine.slow("start_container", seconds(1));
        stage.engine.end("shop-job-1", 0);
        assert_eq!(settled(&stage).await, Ok(1), "{restart}: over before it is looked at");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_needs_to_depend_on_a_job_for_its_good_end_to_count() {
    let services = json!({
        "job": {"healthcheck": checked_every(60)},
        "db": {"healthcheck": checked_every(3)},
        "web": {"depends_on": {"db": {"condition": "service_healthy", "required": true}}},
    });
    let stage = Stage::new(services);
    stage.script("job", Behaviour::exits(seconds(5), 0));
    assert_eq!(settled(&stage).await, Ok(5));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_is_told_with_its_status_and_its_last_lines() {
    let stage = Stage::new(json!({"job": {"healthcheck": checked_every(60)}, "web": {}}));
    stage.script("job", Behaviour::exits(seconds(5), 3).writing(seconds(4), "no such table: orders\n"));
    let cause = only_cause(stage.up(&waiting()).await);
    assert_eq!(cause.message, "container shop-job-1 exited (3)");
    assert_eq!(cause.service.as_ref().map(|name| name.as_str()), Some("job"));
    assert_eq!(cause.last_logs, ["no such table: orders"]);
}

#[tokio::test(start_paused = true)]
async fn each_condition_holds_its_dependents_up_until_it_is_met() {
    let needs = |condition: &str| json!({"dep": {"condition": condition, "required": true}});
    let table = [
        ("service_started", Behaviour::healthy(seconds(7)), Ok(0)),
        ("service_healthy", Behaviour::healthy(seconds(7)), Ok(8)),
        ("service_completed_successfully", Behaviour::exits(seconds(9), 0), Ok(9)),
        (
            "service_completed_successfully",
            Behaviour::exits(seconds(9), 4),
            Err("service \"dep\" didn't complete successfully: exit 4"),
        ),
        ("service_healthy", Behaviour::exits(seconds(1), 0), Err("container shop-dep-1 exited (0)")),
        (
            "service_healthy",
            Behaviour { healthy_after: None, ..Behaviour::default() },
            Err("container shop-dep-1 is unhealthy"),
        ),
    ];
    for (condition, behaviour, expected) in table {
        let stage =
            Stage::new(json!({"dep": {"healthcheck": checked_every(4)}, "web": {"depends_on": needs(condition)}}));
        stage.script("dep", behaviour);
        let outcome = stage.up(&UpPolicy::default()).await;
        let outcome = outcome.map(|done| done.elapsed.as_secs()).map_err(|failure| failure.to_string());
        assert_eq!(outcome, expected.map_err(str::to_owned), "{condition}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_optional_dependency_that_fails_is_a_warning_and_its_dependents_start() {
    let needs = json!({"dep": {"condition": "service_completed_successfully", "required": false}});
    let stage = Stage::new(json!({"dep": {}, "web": {"depends_on": needs}}));
    stage.script("dep", Behaviour::exits(seconds(2), 1));
    stage.up(&UpPolicy::default()).await.expect("done");
    let warned = stage.told.borrow().iter().any(|(_, event)| {
        matches!(event, Event::Step { phase: crate::event::Phase::Tolerated { message }, .. }
            if message == "optional dependency: service \"dep\" didn't complete successfully: exit 1")
    });
    assert!(warned, "{:?}", stage.told.borrow());
    assert_eq!(stage.containers().await.iter().filter(|it| it.state == crate::engine::State::Running).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_replica_has_to_be_ready_and_none_of_a_service_scaled_to_nothing() {
    let needs = json!({
        "db": {"condition": "service_healthy", "required": true},
        "off": {"condition": "service_healthy", "required": true},
    });
    let stage = Stage::new(json!({
        "db": {"scale": 3, "healthcheck": checked_every(5)},
        "off": {"scale": 0, "healthcheck": checked_every(5)},
        "web": {"depends_on": needs},
    }));
    stage.engine.script("shop-db-3", Behaviour::healthy(seconds(12)));
    let done = stage.up(&UpPolicy::default()).await.expect("done");
    assert_eq!(done.elapsed.as_secs(), 15);
}

/// An engine that starts a container again may tell what the last check of its earlier life said.
#[tokio::test(start_paused = true)]
async fn health_from_before_a_restart_does_not_count() {
    let stage = Stage::new(json!({"db": {"healthcheck": checked_every(5)}}));
    stage.script("db", Behaviour { healthy_after: None, ..Behaviour::default() });
    let cause = only_cause(stage.up(&waiting()).await);
    assert_eq!(cause.message, "container shop-db-1 is unhealthy");
    stage.script("db", Behaviour { keeps_health: true, ..Behaviour::healthy(seconds(7)) });
    let id = ContainerId::new("shop-db-1");
    stage.engine.restart_container(&id, None).await.expect("restarted");
    let stale = stage.engine.inspect_container(&id).await.expect("details");
    assert_eq!((stale.health, stale.probes.len()), (crate::engine::Health::Unhealthy, 3));
    assert_eq!(settled(&stage).await, Ok(10));
}

#[tokio::test(start_paused = true)]
async fn the_checks_own_command_is_tried_right_after_start() {
    let mut stage = Stage::new(json!({"db": {"healthcheck": checked_every(3600)}}));
    stage.readiness = Readiness::Probe;
    stage.script("db", Behaviour::healthy(seconds(3)));
    assert_eq!(settled(&stage).await, Ok(3));
}
