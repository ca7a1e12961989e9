//! What containers write, and what happens.

use convoke::engine::{EventRequest, Filters, LogRequest, Stream};
use futures_util::{StreamExt, TryStreamExt};

use super::{created, ended, removed, started};
use crate::stage::Stage;

const FOLLOW: LogRequest =
    LogRequest { follow: true, tail: None, since: String::new(), until: String::new(), timestamps: false };

pub async fn what_a_container_writes_is_read_on_two_streams(stage: &Stage) {
    let id = started(stage, &stage.spec(&["out", "one", "err", "two"])).await;
    let chunks: Vec<_> = stage.engine.logs(&id, &FOLLOW).try_collect().await.expect("read");
    let of =
        |stream| chunks.iter().filter(|it| it.stream == stream).flat_map(|it| it.bytes.to_vec()).collect::<Vec<_>>();
    assert_eq!((of(Stream::Stdout), of(Stream::Stderr)), (b"one\n".to_vec(), b"two\n".to_vec()));
    removed(stage, &id).await;
}

pub async fn logs_are_read_from_their_end(stage: &Stage) {
    let id = started(stage, &stage.spec(&["out", "1", "out", "2", "out", "3"])).await;
    ended(stage, &id).await;
    for (tail, expected) in [(None, "1\n2\n3\n"), (Some(2), "2\n3\n"), (Some(0), ""), (Some(9), "1\n2\n3\n")] {
        let chunks = stage.engine.logs(&id, &LogRequest { tail, ..Default::default() });
        let bytes: Vec<u8> = chunks.map_ok(|chunk| chunk.bytes).try_concat_bytes().await;
        assert_eq!(String::from_utf8_lossy(&bytes), expected, "tail {tail:?}");
    }
    removed(stage, &id).await;
}

pub async fn lines_carry_their_time(stage: &Stage) {
    let id = started(stage, &stage.spec(&["out", "1", "err", "2"])).await;
    ended(stage, &id).await;
    let request = LogRequest { timestamps: true, ..Default::default() };
    let chunks: Vec<_> = stage.engine.logs(&id, &request).try_collect().await.expect("read");
    for chunk in &chunks {
        let text = String::from_utf8_lossy(&chunk.bytes);
        let (time, rest) = text.split_once(' ').expect("a time in front");
        assert!(time.starts_with("20") && time.ends_with('Z') && time.contains('T'), "{time}");
        assert!(rest == "1\n" || rest == "2\n", "{rest}");
    }
    assert_eq!(chunks.len(), 2);
    removed(stage, &id).await;
}

pub async fn following_ends_with_the_container(stage: &Stage) {
    let id = started(stage, &stage.spec(&["out", "begun", "forever"])).await;
    let mut chunks = stage.engine.logs(&id, &FOLLOW);
    assert_eq!(chunks.next().await.expect("output").expect("read").bytes, "begun\n");
    stage.engine.kill_container(&id, "SIGKILL").await.expect("killed");
    assert!(chunks.next().await.is_none());
    removed(stage, &id).await;
}

pub async fn a_terminal_has_one_stream(stage: &Stage) {
    let mut spec = stage.spec(&["out", "one", "err", "two", "part", "end"]);
    spec.tty = true;
    let id = started(stage, &spec).await;
    ended(stage, &id).await;
    let chunks: Vec<_> = stage.engine.logs(&id, &LogRequest::default()).try_collect().await.expect("read");
    assert!(chunks.iter().all(|chunk| chunk.stream == Stream::Stdout));
    let text: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes.to_vec()).collect();
    assert_eq!(String::from_utf8_lossy(&text), "one\r\ntwo\r\nend");
    removed(stage, &id).await;
}

pub async fn a_life_is_told_in_order(stage: &Stage) {
    let mut spec = stage.spec(&["exit", "3"]);
    spec.labels.insert("who".into(), spec.name.clone());
    let filters = Filters::label("who", &spec.name).and("type", "container");
    let mut events = stage.engine.events(&EventRequest { filters, ..Default::default() });
    let told = async {
        let mut told = Vec::new();
        while let Some(event) = events.next().await {
            let event = event.expect("readable");
            let over = event.action == "destroy";
            told.push(event);
            if over {
                break;
            }
        }
        told
    };
    let life = async {
        // Whoever listens is first: the other branch has been polled by now, but the engine may not have seen it.
        stage.engine.containers(&Filters::default()).await.expect("a list");
        let id = started(stage, &spec).await;
        ended(stage, &id).await;
        removed(stage, &id).await;
        id
    };
    let (told, id) = tokio::join!(told, life);
    let actions: Vec<_> = told.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["create", "start", "die", "destroy"]);
    assert!(told.iter().all(|event| event.actor == id.0 && event.kind == "container"));
    assert!(told.iter().all(|event| event.attributes["name"] == spec.name && event.attributes["who"] == spec.name));
    assert_eq!(told[2].attributes["exitCode"], "3");
    assert!(told.is_sorted_by_key(|event| event.time));
}

pub async fn what_happened_can_be_asked_for_later(stage: &Stage) {
    let id = created(stage, &stage.spec(&["forever"])).await;
    let filters = Filters::default().and("container", id.as_str());
    let request = EventRequest { filters, since: "0".into(), ..Default::default() };
    let event = stage.engine.events(&request).next().await.expect("an event").expect("readable");
    assert_eq!(event.action, "create");
    let later = format!("{}.{:09}", event.time / 1_000_000_000, event.time % 1_000_000_000 + 1);
    stage.engine.rename_container(&id, &stage.name()).await.expect("renamed");
    let request = EventRequest { since: later, ..request };
    let event = stage.engine.events(&request).next().await.expect("an event").expect("readable");
    assert_eq!(event.action, "rename");
    removed(stage, &id).await;
}

pub async fn long_lines_and_broken_letters_arrive_whole(stage: &Stage) {
    let long = "x".repeat(70_000);
    let id = started(stage, &stage.spec(&["out", &long, "part", "no end"])).await;
    // Read when all is written: an engine under load ends what is followed before it gave the last of it.
    ended(stage, &id).await;
    let chunks: Vec<_> = stage.engine.logs(&id, &LogRequest::default()).try_collect().await.expect("read");
    let text: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes.to_vec()).collect();
    assert_eq!(String::from_utf8_lossy(&text), format!("{long}\nno end"));
    removed(stage, &id).await;
}

/// Puts pieces of output together.
trait TryConcatBytes {
    async fn try_concat_bytes(self) -> Vec<u8>;
}

impl<S: futures_util::Stream<Item = Result<bytes::Bytes, convoke::engine::EngineError>> + Unpin> TryConcatBytes for S {
    async fn try_concat_bytes(mut self) -> Vec<u8> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await {
            whole.extend_from_slice(&bytes.expect("read"));
        }
        whole
    }
}
