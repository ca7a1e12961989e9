//! A person and a process inside a container: what is typed goes in, what is written comes out, and somebody ends it.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::LocalBoxStream;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::engine::{
    AttachRequest, ContainerId, Engine, EngineError, ErrorKind, EventRequest, ExecSpec, Filters, State, Stream, Talk,
    Window,
};

use super::failure::Failure;

/// What a person does at the keyboard, or a file that is piped in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Bytes(Bytes),
    /// The keys that leave the process to itself.
    Leave,
}

/// A signal that reached convoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// `SIGTERM`
    pub name: &'static str,
    pub number: u8,
}

/// The near side of a talk.
pub struct Person<'p> {
    /// Its end is the end of the process's input.
    pub says: LocalBoxStream<'p, Said>,
    /// How large the window is: now, and after each change.
    pub windows: LocalBoxStream<'p, Window>,
    pub signals: LocalBoxStream<'p, Signal>,
    pub out: Box<dyn AsyncWrite + Unpin + 'p>,
    pub err: Box<dyn AsyncWrite + Unpin + 'p>,
}

/// How a talk came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// With the process, and its exit code.
    Exited(i64),
    /// The person left; the process goes on.
    Left,
    /// Because of a signal that was for convoke.
    Signal(Signal),
}

#[derive(Debug)]
pub enum TalkError {
    Engine(EngineError),
    /// The start did not come to its end.
    Start(Box<Failure>),
    /// Nobody takes what the process writes.
    Output(io::Error),
}

impl From<EngineError> for TalkError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// A container whose own process is talked with.
#[derive(Clone, Debug)]
pub struct Joined<'c> {
    pub id: &'c ContainerId,
    pub request: AttachRequest,
    /// Signals are for the process.
    pub forwards: bool,
    /// It was not started yet: its end is told in any case, even if it is removed with it.
    pub is_new: bool,
}

/// A terminal that was just made may not be there yet: so often, and with pauses that grow, its size is set again.
const RESIZES: u32 = 10;
const RESIZE_PAUSE: Duration = Duration::from_millis(10);
/// The output is over a moment before the engine knows how the process ended.
const END_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_END_PAUSE: Duration = Duration::from_millis(500);
/// What the engine tells of a container's end it tells within this time, or never.
const LAST_WORD: Duration = Duration::from_secs(10);

/// Runs a command inside a container and stays with it.
///
/// # Errors
/// When the engine refuses or goes away, and when nobody takes the output any more.
pub async fn exec(
    engine: &dyn Engine,
    container: &ContainerId,
    spec: &ExecSpec,
    person: Person<'_>,
) -> Result<Parting, TalkError> {
    let exec = engine.create_exec(container, spec).await?;
    let talk = engine.talk_with_exec(&exec, spec).await?;
    let Person { says, windows, mut signals, out, err } = person;
    let resizing = resize(windows, |window| engine.resize_exec(&exec, window));
    let parted = tokio::select! {
        biased;
        parted = converse(talk, says, out, err) => parted?,
        Some(signal) = signals.next() => return Ok(Parting::Signal(signal)),
        never = resizing => match never {},
    };
    if parted == Parted::Left {
        return Ok(Parting::Left);
    }
    let mut pause = END_PAUSE;
    loop {
        if let Some(code) = engine.exec_ended(&exec).await? {
            return Ok(Parting::Exited(code));
        }
        tokio::select! {
            biased;
            Some(signal) = signals.next() => return Ok(Parting::Signal(signal)),
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_END_PAUSE),
        }
    }
}

/// Joins a container's own process; `begin` is done once somebody listens.
///
/// # Errors
/// When the engine refuses or goes away, when `begin` fails, and when nobody takes the output any more.
pub async fn attach(
    engine: &dyn Engine,
    joined: &Joined<'_>,
    begin: impl Future<Output = Result<(), TalkError>>,
    person: Person<'_>,
) -> Result<Parting, TalkError> {
    let id = joined.id;
    let Person { says, windows, signals, out, err } = person;
    let mut death = std::pin::pin!(death(engine, joined));
    let mut code = None;
    let talking = async {
        let talk = engine.talk_with_container(id, &joined.request).await?;
        begin.await?;
        let tty = joined.request.tty;
        let windows = if tty { windows } else { futures_util::stream::pending().boxed_local() };
        let resizing = resize(windows, |window| engine.resize_container(id, window));
        tokio::select! {
            biased;
            parted = converse(talk, says, out, err) => match parted? {
                Parted::Ended => Ok(None),
                Parted::Left => Ok(Some(Parting::Left)),
            },
            signal = heed(engine, joined, signals) => Ok(Some(Parting::Signal(signal))),
            never = resizing => match never {},
        }
    };
    let mut talking = std::pin::pin!(talking);
    let parting = loop {
        tokio::select! {
            biased;
            parting = &mut talking => break parting.map_err(|error: TalkError| error)?,
            told = &mut death, if code.is_none() => code = Some(told),
        }
    };
    match (parting, code) {
        (Some(parting), _) => Ok(parting),
        (None, Some(code)) => Ok(Parting::Exited(code)),
        (None, None) => last_word(engine, id, death).await,
    }
}

/// The exit code of a container whose output is over.
async fn last_word(
    engine: &dyn Engine,
    id: &ContainerId,
    death: std::pin::Pin<&mut impl Future<Output = i64>>,
) -> Result<Parting, TalkError> {
    match engine.inspect_container(id).await {
        // It has closed its streams and goes on, or is only about to end.
        Ok(details) if matches!(details.state, State::Running | State::Paused) => Ok(Parting::Exited(death.await)),
        Ok(details) => Ok(Parting::Exited(details.exit_code)),
        Err(error) if error.kind == ErrorKind::NotFound => match tokio::time::timeout(LAST_WORD, death).await {
            Ok(code) => Ok(Parting::Exited(code)),
            Err(_) => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Waits until a container is gone that the engine removes with its end. It does that in its own time.
pub async fn gone(engine: &dyn Engine, id: &ContainerId) {
    let filters = Filters::default().and("container", id.as_str()).and("event", "destroy");
    let mut told = engine.events(&EventRequest { filters, since: "0".into(), until: String::new() });
    if tokio::time::timeout(LAST_WORD, told.next()).await.is_err() {
        tracing::debug!(%id, "the engine takes its time to remove the container");
    }
}

/// The exit code that the engine tells when the container's process ends.
async fn death(engine: &dyn Engine, joined: &Joined<'_>) -> i64 {
    let filters = Filters::default().and("container", joined.id.as_str()).and("event", "die");
    let since = if joined.is_new { "0".into() } else { String::new() };
    let mut deaths = engine.events(&EventRequest { filters, since, until: String::new() });
    while let Some(Ok(event)) = deaths.next().await {
        if let Some(code) = event.attributes.get("exitCode").and_then(|code| code.parse().ok()) {
            return code;
        }
    }
    // The engine tells no more: whoever asks finds out by himself.
    std::future::pending().await
}

/// Hands signals on to the process. Returns the first that is convoke's own: the person's terminal is gone, or nothing is
/// handed on.
async fn heed(engine: &dyn Engine, joined: &Joined<'_>, mut signals: LocalBoxStream<'_, Signal>) -> Signal {
    while let Some(signal) = signals.next().await {
        if !joined.forwards {
            return signal;
        }
        // A process that is gone already needs no signal; its end is about to be heard.
        if let Err(error) = engine.kill_container(joined.id, signal.name).await {
            tracing::debug!(signal = signal.name, %error, "signal not handed on");
        }
        if signal.name == "SIGHUP" {
            return signal;
        }
    }
    std::future::pending().await
}

/// Tells the engine each size of the window.
async fn resize<F: Future<Output = Result<(), EngineError>>>(
    mut windows: LocalBoxStream<'_, Window>,
    tell: impl Fn(Window) -> F,
) -> std::convert::Infallible {
    while let Some(window) = windows.next().await {
        for attempt in 1..=RESIZES {
            match tell(window).await {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, attempt, "terminal not resized"),
            }
            tokio::time::sleep(RESIZE_PAUSE * attempt).await;
        }
    }
    std::future::pending().await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parted {
    Ended,
    Left,
}

/// Carries both directions until the process's output ends or the person leaves.
async fn converse(
    talk: Talk,
    mut says: LocalBoxStream<'_, Said>,
    mut out: impl AsyncWrite + Unpin,
    mut err: impl AsyncWrite + Unpin,
) -> Result<Parted, TalkError> {
    let Talk { mut output, mut input } = talk;
    let speaking = async {
        while let Some(said) = says.next().await {
            match said {
                Said::Leave => return true,
                Said::Bytes(bytes) => {
                    // A process that does not read any more may still write.
                    if input.send(bytes).await.is_err() {
                        return false;
                    }
                }
            }
        }
        let _ = input.close().await;
        false
    };
    let listening = async {
        while let Some(chunk) = output.next().await {
            let chunk = chunk?;
            let written = match chunk.stream {
                Stream::Stdout => write(&mut out, &chunk.bytes).await,
                Stream::Stderr => write(&mut err, &chunk.bytes).await,
            };
            written.map_err(TalkError::Output)?;
        }
        Ok(())
    };
    let (mut speaking, mut listening) = (std::pin::pin!(speaking), std::pin::pin!(listening));
    tokio::select! {
        biased;
        heard = &mut listening => heard.map(|()| Parted::Ended),
        left = &mut speaking => if left { Ok(Parted::Left) } else { listening.await.map(|()| Parted::Ended) },
    }
}

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::engine::memory::{Behaviour, MemoryEngine};
    use crate::engine::{ContainerSpec, ExecOutcome};

    fn engine(behaviour: Behaviour) -> MemoryEngine {
        let engine = MemoryEngine::new().with_image("busybox");
        engine.script("web", behaviour);
        engine
    }

    async fn container(engine: &MemoryEngine) -> ContainerId {
        let spec = ContainerSpec { name: "web".into(), image: "busybox".into(), ..Default::default() };
        engine.create_container(&spec).await.expect("created").id
    }

    /// A person with a script; nothing more is said after it, and the input ends only if `ends`.
    fn person<'p>(says: &[Said], ends: bool, heard: &'p mut Vec<u8>, err: &'p mut Vec<u8>) -> Person<'p> {
        let says = stream::iter(says.to_vec());
        Person {
            says: if ends { says.boxed_local() } else { says.chain(stream::pending()).boxed_local() },
            windows: stream::iter([Window { columns: 90, rows: 20 }]).boxed_local(),
            signals: stream::pending().boxed_local(),
            out: Box::new(heard),
            err: Box::new(err),
        }
    }

    async fn started(engine: &MemoryEngine, id: &ContainerId) -> Result<(), TalkError> {
        Ok(engine.start_container(id).await?)
    }

    fn said(text: &'static str) -> Said {
        Said::Bytes(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_is_heard_on_two_streams_and_its_code_counts() {
        let answer = ExecOutcome { exit_code: 7, stdout: b"one".to_vec(), stderr: b"two".to_vec() };
        let engine = engine(Behaviour::default().answering(&["try"], answer));
        let id = container(&engine).await;
        engine.start_container(&id).await.expect("started");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let spec = ExecSpec { command: vec!["try".into()], ..Default::default() };
        let parting = exec(&engine, &id, &spec, person(&[], false, &mut out, &mut err)).await.expect("talked");
        assert_eq!((parting, out.as_slice(), err.as_slice()), (Parting::Exited(7), &b"one"[..], &b"two"[..]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_what_is_said_is_not_the_end_of_what_is_heard() {
        let engine = engine(Behaviour { repeats: true, ..Behaviour::default() });
        let id = container(&engine).await;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let person = person(&[said("a"), said("b")], true, &mut out, &mut err);
        let request = AttachRequest { stdin: true, ..Default::default() };
        let joined = Joined { id: &id, request, forwards: true, is_new: true };
        let parting = attach(&engine, &joined, started(&engine, &id), person).await.expect("talked");
        assert_eq!((parting, out.as_slice()), (Parting::Exited(0), &b"ab"[..]));
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_leaves_the_process_running() {
        let engine = engine(Behaviour::default());
        let id = container(&engine).await;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let request = AttachRequest { stdin: true, tty: true, ..Default::default() };
        let joined = Joined { id: &id, request, forwards: true, is_new: true };
        let person = Person {
            // Leaves once the window was told.
            says: stream::once(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Said::Leave
            })
            .boxed_local(),
            ..person(&[], false, &mut out, &mut err)
        };
        let parting = attach(&engine, &joined, started(&engine, &id), person).await.expect("talked");
        assert_eq!(parting, Parting::Left);
        assert_eq!(engine.inspect_container(&id).await.expect("there").state, State::Running);
        assert_eq!(engine.window("web"), Some(Window { columns: 90, rows: 20 }));
    }

    #[tokio::test(start_paused = true)]
    async fn signals_are_for_the_process_or_for_convoke() {
        let term = Signal { name: "SIGTERM", number: 15 };
        for (forwards, expected) in [(true, Parting::Exited(143)), (false, Parting::Signal(term))] {
            let engine = engine(Behaviour::default());
            let id = container(&engine).await;
            engine.start_container(&id).await.expect("started");
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let signals = stream::iter([term]).chain(stream::pending()).boxed_local();
            let person = Person { signals, ..person(&[], false, &mut out, &mut err) };
            let joined = Joined { id: &id, request: AttachRequest::default(), forwards, is_new: false };
            let parting = attach(&engine, &joined, async { Ok(()) }, person).await.expect("talked");
            assert_eq!(parting, expected, "{forwards}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_container_that_is_removed_with_its_end_still_tells_its_code() {
        let engine = engine(Behaviour::exits(Duration::from_secs(1), 5));
        let spec =
            ContainerSpec { name: "web".into(), image: "busybox".into(), auto_remove: true, ..Default::default() };
        let id = engine.create_container(&spec).await.expect("created").id;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let joined = Joined { id: &id, request: AttachRequest::default(), forwards: true, is_new: true };
        let person = person(&[], false, &mut out, &mut err);
        let parting = attach(&engine, &joined, started(&engine, &id), person).await.expect("talked");
        assert_eq!(parting, Parting::Exited(5));
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_goes_away_ends_the_talk() {
        let engine = engine(Behaviour::default());
        let id = container(&engine).await;
        engine.start_container(&id).await.expect("started");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let joined = Joined { id: &id, request: AttachRequest::default(), forwards: true, is_new: false };
        let person = person(&[], false, &mut out, &mut err);
        let talking = attach(&engine, &joined, async { Ok(()) }, person);
        let (talked, ()) = tokio::join!(talking, async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            engine.hang_up();
        });
        assert!(matches!(talked, Err(TalkError::Engine(error)) if error.kind == ErrorKind::Unreachable));
    }
}
