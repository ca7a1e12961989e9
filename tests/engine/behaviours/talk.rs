//! Talking with processes: both directions, the end of each, terminals.

use bytes::Bytes;
use convoke::engine::{AttachRequest, ContainerId, ErrorKind, ExecId, ExecSpec, Stream, Talk, Window};
use futures_util::{SinkExt, StreamExt, TryStreamExt};

use super::{created, ended, kind, removed, started};
use crate::stage::Stage;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// All that is written to a stream from now on.
async fn rest(talk: Talk, stream: Stream) -> String {
    let chunks: Vec<_> = talk.output.try_collect().await.expect("heard");
    let bytes: Vec<u8> =
        chunks.iter().filter(|chunk| chunk.stream == stream).flat_map(|chunk| chunk.bytes.to_vec()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits until so many bytes were heard.
async fn hear(talk: &mut Talk, length: usize) -> String {
    let mut heard = Vec::new();
    while heard.len() < length {
        heard.extend_from_slice(&talk.output.next().await.expect("more to hear").expect("heard").bytes);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// The output may be over a moment before the engine knows that the command is.
async fn exit_code(stage: &Stage, exec: &ExecId) -> i64 {
    loop {
        if let Some(code) = stage.engine.exec_ended(exec).await.expect("asked") {
            return code;
        }
        tokio::task::yield_now().await;
    }
}

async fn exec(stage: &Stage, id: &ContainerId, spec: &ExecSpec) -> (ExecId, Talk) {
    let exec = stage.engine.create_exec(id, spec).await.expect("made");
    let talk = stage.engine.talk_with_exec(&exec, spec).await.expect("begun");
    (exec, talk)
}

pub async fn a_command_inside_is_listened_to(stage: &Stage) {
    let spec = stage.spec(&["forever"]);
    let command = words(&["/actor", "out", "one", "err", "two", "exit", "4"]);
    stage.answers(&spec, &command, 4, "one\n", "two\n");
    let id = created(stage, &spec).await;
    let inside = ExecSpec { command, ..Default::default() };
    assert_eq!(kind(stage.engine.create_exec(&id, &inside).await), ErrorKind::Conflict);
    stage.engine.start_container(&id).await.expect("started");
    let (exec, talk) = exec(stage, &id, &inside).await;
    let chunks: Vec<_> = talk.output.try_collect().await.expect("heard");
    let of =
        |stream| chunks.iter().filter(|it| it.stream == stream).flat_map(|it| it.bytes.to_vec()).collect::<Vec<_>>();
    assert_eq!((of(Stream::Stdout), of(Stream::Stderr)), (b"one\n".to_vec(), b"two\n".to_vec()));
    assert_eq!(exit_code(stage, &exec).await, 4);
    removed(stage, &id).await;
    assert_eq!(kind(stage.engine.create_exec(&id, &inside).await), ErrorKind::NotFound);
}

pub async fn a_command_inside_is_talked_with_until_its_input_ends(stage: &Stage) {
    let spec = stage.spec(&["forever"]);
    stage.repeats(&spec);
    let id = started(stage, &spec).await;
    let inside = ExecSpec { command: words(&["/actor", "repeat"]), stdin: true, ..Default::default() };
    let (exec, mut talk) = exec(stage, &id, &inside).await;
    talk.input.send(Bytes::from_static(b"one\n")).await.expect("said");
    assert_eq!(hear(&mut talk, 4).await, "one\n");
    assert_eq!(stage.engine.exec_ended(&exec).await.expect("asked"), None);
    talk.input.send(Bytes::from_static(b"two")).await.expect("said");
    talk.input.close().await.expect("ended");
    assert_eq!(rest(talk, Stream::Stdout).await, "two");
    assert_eq!(exit_code(stage, &exec).await, 0);
    removed(stage, &id).await;
}

pub async fn a_command_inside_is_left_alone(stage: &Stage) {
    let spec = stage.spec(&["forever"]);
    let command = words(&["/actor", "out", "unheard", "exit", "5"]);
    stage.answers(&spec, &command, 5, "unheard\n", "");
    let id = started(stage, &spec).await;
    let inside = ExecSpec { command, ..Default::default() };
    let exec = stage.engine.create_exec(&id, &inside).await.expect("made");
    stage.engine.start_exec(&exec).await.expect("begun");
    assert_eq!(exit_code(stage, &exec).await, 5);
    removed(stage, &id).await;
}

pub async fn a_container_is_talked_with_from_its_start_to_the_end_of_its_input(stage: &Stage) {
    let mut spec = stage.spec(&["repeat"]);
    (spec.stdin_open, spec.stdin_once, spec.attach_stdin) = (true, true, true);
    let id = created(stage, &spec).await;
    let request = AttachRequest { stdin: true, ..Default::default() };
    let mut talk = stage.engine.talk_with_container(&id, &request).await.expect("joined");
    stage.engine.start_container(&id).await.expect("started");
    talk.input.send(Bytes::from_static(b"said\n")).await.expect("said");
    assert_eq!(hear(&mut talk, 5).await, "said\n");
    talk.input.close().await.expect("ended");
    assert_eq!(rest(talk, Stream::Stdout).await, "");
    ended(stage, &id).await;
    assert_eq!(stage.engine.inspect_container(&id).await.expect("details").exit_code, 0);
    removed(stage, &id).await;
    assert_eq!(kind(stage.engine.talk_with_container(&id, &request).await), ErrorKind::NotFound);
}

pub async fn only_what_runs_has_a_window(stage: &Stage) {
    let mut spec = stage.spec(&["forever"]);
    spec.tty = true;
    let id = created(stage, &spec).await;
    let window = Window { columns: 101, rows: 33 };
    assert!(stage.engine.resize_container(&id, window).await.is_err(), "it does not run");
    stage.engine.start_container(&id).await.expect("started");
    stage.engine.resize_container(&id, window).await.expect("resized");
    removed(stage, &id).await;
}

pub async fn a_terminal_is_as_large_as_it_was_made(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    let inside = ExecSpec { command: words(&["/actor", "window"]), stdin: true, tty: true, ..Default::default() };
    let (exec, mut talk) = exec(stage, &id, &inside).await;
    assert_eq!(hear(&mut talk, 6).await, "ready ", "a prompt is heard before its line ends");
    stage.engine.resize_exec(&exec, Window { columns: 101, rows: 33 }).await.expect("resized");
    talk.input.send(Bytes::from_static(b"x\r")).await.expect("said");
    assert_eq!(rest(talk, Stream::Stdout).await, "x\r\n101 33\r\n");
    assert_eq!(exit_code(stage, &exec).await, 0);
    removed(stage, &id).await;
}
