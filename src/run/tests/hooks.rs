use super::*;

use crate::engine::State;
use crate::event::Event;

fn shop() -> Stage {
    Stage::new(json!({
        "web": {"pre_start": [{"command": ["migrate"]}, {"command": ["seed"]}]},
        "other": {},
    }))
}

/// The starts that were asked for, in order.
fn starts(stage: &Stage) -> Vec<String> {
    let calls = stage.engine.take_calls();
    calls.into_iter().filter(|call| call.method == "start_container").map(|call| call.subject).collect()
}

/// What was shown of output.
fn lines(stage: &Stage) -> Vec<String> {
    let told = stage.told.borrow();
    let line = |(_, event): &(u64, Event)| match event {
        Event::Log(line) => Some(format!("{} {}", line.label, String::from_utf8_lossy(&line.text))),
        _ => None,
    };
    told.iter().filter_map(line).collect()
}

async fn names(stage: &Stage) -> Vec<String> {
    stage.containers().await.into_iter().map(|it| format!("{} {}", it.name, it.state.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn hooks_before_the_start_run_to_their_end_one_after_the_other() {
    let stage = shop();
    let first = Behaviour::exits(seconds(4), 0).writing(seconds(1), "migrated\n");
    stage.engine.script("shop-web-pre_start-0", first);
    stage.engine.script("shop-web-pre_start-1", Behaviour::exits(seconds(3), 0));
    let done = stage.up(&UpPolicy::default()).await.expect("done");
    assert_eq!(done.elapsed.as_secs(), 7);
    assert_eq!(starts(&stage), ["shop-other-1", "shop-web-pre_start-0", "shop-web-pre_start-1", "shop-web-1"]);
    assert_eq!(names(&stage).await, ["shop-other-1 running", "shop-web-1 running"]);
    assert_eq!(lines(&stage), ["shop-web-pre_start-0 -> migrated"]);
    assert_eq!(stage.plan(&UpPolicy::default()).await.to_string(), "");
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_keeps_its_service_from_starting_and_can_be_looked_at() {
    let stage = shop();
    let fails = Behaviour::exits(seconds(4), 3).writing(seconds(1), "no such table\n");
    stage.engine.script("shop-web-pre_start-0", fails);
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    assert_eq!(cause.message, "pre_start hook of web failed: container shop-web-pre_start-0 exited (3)");
    assert_eq!(cause.last_logs, ["no such table"]);
    let left = stage.containers().await;
    let state = |name: &str| left.iter().find(|it| it.name == name).map(|it| it.state);
    assert_eq!((state("shop-web-pre_start-0"), state("shop-web-1")), (Some(State::Exited), Some(State::Created)));
    stage.engine.script("shop-web-pre_start-0", Behaviour::exits(seconds(1), 0));
    stage.engine.script("shop-web-pre_start-1", Behaviour::exits(seconds(1), 0));
    stage.up(&UpPolicy::default()).await.expect("done");
    assert_eq!(names(&stage).await, ["shop-other-1 running", "shop-web-1 running"]);
}

#[tokio::test(start_paused = true)]
async fn hooks_around_a_life_run_inside_and_fail_with_their_words() {
    let stage = Stage::new(json!({"web": {"post_start": [{"command": ["warm"], "user": "7"}]}}));
    let outcome = crate::engine::ExecOutcome { exit_code: 2, stdout: b"cold".to_vec(), stderr: b"no fuel\n".to_vec() };
    stage.script("web", Behaviour::default().answering(&["warm"], outcome));
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    assert_eq!(cause.message, "web hook exited with status 2: no fuel");
}
