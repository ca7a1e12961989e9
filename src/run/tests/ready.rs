use super::*;

use crate::engine::LogRequest;
use crate::engine::Stream;

fn logged(text: &str) -> Value {
    json!({"x-*": {"x-convoke-ready": {"log": text}}})
}

/// A service that says when it is ready, and one that waits for it.
fn shop(db: &Value) -> Stage {
    let needs = json!({"db": {"condition": "service_healthy", "required": true}});
    Stage::new(json!({"db": db, "web": {"depends_on": needs}}))
}

#[tokio::test(start_paused = true)]
async fn a_line_of_the_log_makes_ready_for_dependents_and_for_wait() {
    for policy in [UpPolicy::default(), waiting()] {
        let stage = shop(&logged("^ready to accept \\d+"));
        let behaviour = Behaviour::default().writing(seconds(1), "getting ready\n").writing_to(
            Stream::Stderr,
            seconds(6),
            "ready to accept 5 connections\n",
        );
        stage.script("db", behaviour);
        assert_eq!(stage.up(&policy).await.expect("done").elapsed.as_secs(), 6);
        assert_eq!(stage.plan(&UpPolicy::default()).await.to_string(), "", "the second time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_from_an_earlier_life_does_not_count() {
    let stage = shop(&logged("^up$"));
    stage.script("db", Behaviour::default().writing(seconds(3), "up\n"));
    stage.up(&UpPolicy::default()).await.expect("done");
    for name in ["shop-db-1", "shop-web-1"] {
        stage.engine.end(name, 1);
    }
    stage.script("db", Behaviour::default().writing(seconds(5), "up\n"));
    assert_eq!(stage.up(&UpPolicy::default()).await.expect("done").elapsed.as_secs(), 5);
    let request = LogRequest { tail: None, ..LogRequest::default() };
    let id = crate::engine::ContainerId::new("shop-db-1");
    let lines = futures_util::StreamExt::collect::<Vec<_>>(stage.engine.logs(&id, &request)).await;
    assert_eq!(lines.len(), 2, "both are still in its log");
}

#[tokio::test(start_paused = true)]
async fn who_ends_before_it_is_ready_fails_and_who_starts_again_is_looked_at_again() {
    let stage = shop(&logged("^up$"));
    stage.script("db", Behaviour::exits(seconds(4), 1).writing(seconds(1), "no disk\n"));
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    assert_eq!(
        (cause.message.as_str(), &cause.last_logs[..]),
        ("container shop-db-1 exited (1)", &["no disk".to_owned()][..])
    );

    let mut again = logged("^up$");
    again["restart"] = json!("on-failure");
    let stage = shop(&again);
    stage.script("db", Behaviour::exits(seconds(4), 1).writing(seconds(1), "no disk\n"));
    let change = async {
        tokio::time::sleep(seconds(6)).await;
        stage.script("db", Behaviour::default().writing(seconds(2), "up\n"));
    };
    let policy = UpPolicy::default();
    let (outcome, ()) = tokio::join!(stage.up(&policy), change);
    assert!((10..13).contains(&outcome.expect("done").elapsed.as_secs()));
}

#[tokio::test(start_paused = true)]
async fn the_time_is_up_and_it_is_said_what_was_not_seen() {
    let mut stage = shop(&logged("^up$"));
    stage.deadline = Some(seconds(15));
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    let seen = "service db to be healthy (shop-db-1: no line of its log matches ^up$)";
    assert_eq!(cause.message, format!("timed out waiting for {seen}"));
    assert_eq!(stage.reminders(), [format!("10 {seen}")]);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_leads_nowhere_is_an_error_with_its_way_out() {
    let stage = shop(&json!({"x-*": {"x-convoke-ready": {"tcp": 5432}}}));
    let cause = only_cause(stage.up(&UpPolicy::default()).await);
    assert!(cause.message.starts_with("port 5432 of container shop-db-1 cannot be reached"), "{}", cause.message);
    assert!(cause.help.as_deref().is_some_and(|help| help.contains("127.0.0.1::5432")), "{:?}", cause.help);
}

/// In real time: a published port of the engine in memory is one that the test listens on itself.
#[tokio::test]
async fn a_published_port_is_knocked_at_until_somebody_answers() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let published = json!({"target": 5432, "published": port.to_string(), "host_ip": "127.0.0.1", "protocol": "tcp"});
    let stage = shop(&json!({"ports": [published], "x-*": {"x-convoke-ready": {"tcp": 5432, "interval": "20ms"}}}));
    let answer = async {
        // Somebody has knocked in vain by then: the wait is under way.
        while stage.containers().await.iter().all(|it| it.state != crate::engine::State::Running) {
            tokio::task::yield_now().await;
        }
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the same port");
        let mut open = Vec::new();
        loop {
            open.push(listener.accept().await.expect("a connection"));
        }
    };
    let policy = UpPolicy::default();
    let outcome = tokio::select! {
        outcome = stage.up(&policy) => outcome,
        () = answer => panic!("nobody knocks any more"),
    };
    outcome.expect("done");
    assert_eq!(stage.containers().await.iter().filter(|it| it.state == crate::engine::State::Running).count(), 2);
}
