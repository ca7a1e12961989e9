//! Commands inside containers and talking with processes: what was scripted, or one's own words back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Sink, StreamExt};
use tokio::sync::watch;

use super::Shared;
use super::containers::{Occupant, Written};
use super::streams::gone;
use super::world::{Outcome, World, refusal};
use crate::engine::{
    ContainerId, EngineError, ErrorKind, ExecId, ExecOutcome, ExecSpec, HealthSpec, LogChunk, State, Stream, Talk,
};

/// A command inside a container.
#[derive(Clone, Debug)]
pub(super) struct Exec {
    container: String,
    spec: ExecSpec,
    started: bool,
    output: Vec<Written>,
    /// Its exit code; `None` while it runs.
    pub(super) exit: Option<i64>,
}

impl World {
    pub(super) fn exec(&self, id: &str) -> Outcome<&Exec> {
        self.execs.get(id).ok_or_else(|| refusal(ErrorKind::NotFound, format!("No such exec instance: {id}")))
    }

    pub(super) fn create_exec(&mut self, container: &str, spec: &ExecSpec) -> Outcome<String> {
        let occupant = self.container(container)?;
        if occupant.state != State::Running {
            return Err(refusal(ErrorKind::Conflict, format!("Container {} is not running", occupant.id)));
        }
        let container = occupant.id.clone();
        self.tell_of(&container, &format!("exec_create: {}", spec.command.join(" ")), &[]);
        let id = self.fresh("exec");
        let exec = Exec { container, spec: spec.clone(), started: false, output: Vec::new(), exit: None };
        self.execs.insert(id.clone(), exec);
        Ok(id)
    }

    pub(super) fn start_exec(&mut self, id: &str) -> Outcome<()> {
        let exec = self.exec(id)?.clone();
        if exec.started {
            return Err(refusal(ErrorKind::Conflict, format!("Error: Exec command {id} is already running")));
        }
        let now = self.clock.now();
        let occupant = self.container(&exec.container)?;
        let answer = scripted(occupant, &exec.spec, now);
        let repeats = answer.is_none() && occupant.behaviour.repeats && exec.spec.stdin;
        if answer.is_none() && exec.spec.command.first().is_some_and(|program| program == "rm") {
            self.rm(&exec.container, &exec.spec.command)?;
        }
        let answer = answer.unwrap_or_default();
        let time = self.clock.tick();
        let Some(own) = self.execs.get_mut(id) else { return Ok(()) };
        own.started = true;
        for (stream, bytes) in [(Stream::Stdout, answer.stdout), (Stream::Stderr, answer.stderr)] {
            if !bytes.is_empty() {
                own.output.push(Written { time, stream, bytes: bytes.into() });
            }
        }
        self.tell_of(&exec.container, &format!("exec_start: {}", exec.spec.command.join(" ")), &[]);
        if !repeats {
            self.end_exec(id, answer.exit_code);
        }
        Ok(())
    }

    fn end_exec(&mut self, id: &str, code: i64) {
        let Some(exec) = self.execs.get_mut(id).filter(|exec| exec.exit.is_none()) else { return };
        exec.exit = Some(code);
        let container = exec.container.clone();
        self.tell_of(&container, "exec_die", &[("exitCode", code.to_string())]);
    }

    pub(super) fn end_exec_input(&mut self, id: &str) {
        self.end_exec(id, 0);
    }

    /// All that a command printed and how it ended.
    pub(super) fn outcome_of(&self, id: &str) -> Outcome<ExecOutcome> {
        let exec = self.exec(id)?;
        let of =
            |stream| exec.output.iter().filter(|it| it.stream == stream).flat_map(|it| it.bytes.to_vec()).collect();
        Ok(ExecOutcome {
            exit_code: exec.exit.unwrap_or_default(),
            stdout: of(Stream::Stdout),
            stderr: of(Stream::Stderr),
        })
    }

    /// What a process writes, and whether that is all there will be.
    fn written(&self, process: &Process) -> (&[Written], bool) {
        match process {
            Process::Exec(id) => match self.execs.get(id) {
                Some(exec) => (&exec.output, exec.exit.is_some() || self.container(&exec.container).is_err()),
                None => (&[], true),
            },
            Process::Own { id, life } => match self.containers.get(id) {
                Some(occupant) => {
                    (&occupant.output, occupant.lives > *life || occupant.lives == *life && !occupant.is_up())
                }
                None => (&[], true),
            },
        }
    }

    /// Hands a process what was typed.
    fn take_input(&mut self, process: &Process, bytes: Bytes) {
        let time = self.clock.tick();
        let written = Written { time, stream: Stream::Stdout, bytes };
        match process {
            Process::Exec(id) => {
                if let Some(exec) = self.execs.get_mut(id).filter(|exec| exec.exit.is_none()) {
                    exec.output.push(written);
                }
            }
            Process::Own { id, .. } => {
                if let Some(occupant) = self.containers.get_mut(id).filter(|it| it.is_up() && it.behaviour.repeats) {
                    occupant.output.push(written);
                }
            }
        }
    }

    fn end_input(&mut self, process: &Process) {
        match process {
            Process::Exec(id) => self.end_exec_input(id),
            Process::Own { id, .. } => {
                if self.containers.get(id).is_some_and(|it| it.is_up() && it.behaviour.repeats) {
                    self.end_container(id, 0, false);
                }
            }
        }
    }
}

/// What a command answers: what was scripted, or the health check.
fn scripted(occupant: &Occupant, spec: &ExecSpec, now: i64) -> Option<ExecOutcome> {
    if let Some((_, outcome)) = occupant.behaviour.answers.iter().find(|(command, _)| *command == spec.command) {
        return Some(outcome.clone());
    }
    if !is_check(occupant.health_check.as_ref(), &spec.command) {
        return None;
    }
    let healthy = occupant.behaviour.is_healthy(occupant.age(now));
    let stdout = if healthy { Vec::new() } else { occupant.behaviour.complaint.clone().into_bytes() };
    Some(ExecOutcome { exit_code: i64::from(!healthy), stdout, stderr: Vec::new() })
}

/// Whether a command is the container's own health check, as an engine would run it.
fn is_check(check: Option<&HealthSpec>, command: &[String]) -> bool {
    let Some((kind, words)) = check.and_then(|check| check.test.split_first()) else { return false };
    match kind.as_str() {
        "CMD" => words == command,
        "CMD-SHELL" => command.last() == words.first(),
        _ => false,
    }
}

/// Whom one talks with.
#[derive(Clone, Debug)]
enum Process {
    Exec(String),
    /// A container's own, in the life of this number.
    Own {
        id: String,
        life: u64,
    },
}

pub(super) fn with_exec(shared: &Arc<Shared>, exec: &ExecId) -> Talk {
    with(shared, Process::Exec(exec.0.clone()), 0)
}

/// The life that lasts, or the one to come.
pub(super) fn with_container(shared: &Arc<Shared>, id: &ContainerId) -> Outcome<Talk> {
    let (process, position) = {
        let world = shared.world();
        let occupant = world.container(id.as_str())?;
        if occupant.state == State::Paused {
            return Err(refusal(ErrorKind::Conflict, "container is paused, unpause the container before attach"));
        }
        let life = if occupant.is_up() { occupant.lives } else { occupant.lives + 1 };
        (Process::Own { id: occupant.id.clone(), life }, occupant.output.len())
    };
    Ok(with(shared, process, position))
}

fn with(shared: &Arc<Shared>, process: Process, position: usize) -> Talk {
    let changes = shared.changes.subscribe();
    let hung_up = *changes.borrow();
    let ear = Ear { shared: Arc::clone(shared), process: process.clone(), changes, hung_up, position };
    Talk { output: listen(ear), input: Box::pin(Mouth { shared: Arc::clone(shared), process }) }
}

struct Ear {
    shared: Arc<Shared>,
    process: Process,
    changes: watch::Receiver<u64>,
    /// How often the engine had hung up when this was opened.
    hung_up: u64,
    /// So much of the output was heard.
    position: usize,
}

fn listen(ear: Ear) -> BoxStream<'static, Result<LogChunk, EngineError>> {
    stream::unfold(Some(ear), |ear| async move {
        let mut ear = ear?;
        loop {
            if *ear.changes.borrow_and_update() != ear.hung_up {
                return Some((Err(gone()), None));
            }
            let (next, over) = {
                let world = ear.shared.world();
                let (output, over) = world.written(&ear.process);
                let next = output.get(ear.position);
                (next.map(|it| LogChunk { stream: it.stream, bytes: it.bytes.clone() }), over)
            };
            if let Some(chunk) = next {
                ear.position += 1;
                return Some((Ok(chunk), Some(ear)));
            }
            if over || ear.changes.changed().await.is_err() {
                return None;
            }
        }
    })
    .boxed()
}

struct Mouth {
    shared: Arc<Shared>,
    process: Process,
}

impl Sink<Bytes> for Mouth {
    type Error = EngineError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), EngineError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, bytes: Bytes) -> Result<(), EngineError> {
        self.shared.change(|world| world.take_input(&self.process, bytes));
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), EngineError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), EngineError>> {
        self.shared.change(|world| world.end_input(&self.process));
        Poll::Ready(Ok(()))
    }
}
