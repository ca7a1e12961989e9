//! Output and events, handed on as they come.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use super::Shared;
use super::clock::{read, written};
use super::containers::Written;
use super::filter::{Facts, matches};
use crate::engine::{EngineError, EngineEvent, ErrorKind, EventRequest, Filters, LogChunk, LogRequest};

/// A reader of one container's output.
struct Reader {
    shared: Arc<Shared>,
    id: String,
    request: LogRequest,
    changes: watch::Receiver<u64>,
    /// How often the engine had hung up when this was opened.
    hung_up: u64,
    /// So much of the output was read; `None` before the first look.
    position: Option<usize>,
    /// The life that is followed: its end is the end.
    life: u64,
    ready: VecDeque<LogChunk>,
}

pub(super) fn logs(
    shared: Arc<Shared>,
    id: String,
    request: LogRequest,
) -> BoxStream<'static, Result<LogChunk, EngineError>> {
    let changes = shared.changes.subscribe();
    let hung_up = *changes.borrow();
    let reader = Reader { shared, id, request, changes, hung_up, position: None, life: 0, ready: VecDeque::new() };
    stream::unfold(Some(reader), |reader| async move {
        let mut reader = reader?;
        match reader.next().await {
            Ok(chunk) => Some((Ok(chunk?), Some(reader))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl Reader {
    async fn next(&mut self) -> Result<Option<LogChunk>, EngineError> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Ok(Some(chunk));
            }
            if *self.changes.borrow_and_update() != self.hung_up {
                return Err(gone());
            }
            let over = self.look()?;
            if self.ready.is_empty() && (over || self.changes.changed().await.is_err()) {
                return Ok(None);
            }
        }
    }

    /// Takes what is new; tells whether nothing more can come.
    fn look(&mut self) -> Result<bool, EngineError> {
        let world = self.shared.world();
        let occupant = match (world.container(&self.id), self.position) {
            (Ok(occupant), _) => occupant,
            // It was removed while being followed.
            (Err(_), Some(_)) => return Ok(true),
            (Err(error), None) => return Err(error),
        };
        let end = occupant.output.len();
        let start = match self.position {
            Some(position) => position,
            None => {
                self.life = occupant.lives;
                let tail = self.request.tail.map_or(end, |lines| usize::try_from(lines).unwrap_or(end));
                end.saturating_sub(tail)
            }
        };
        let since = if self.request.since.is_empty() { 0 } else { read(&self.request.since) };
        let until = if self.request.until.is_empty() { i64::MAX } else { read(&self.request.until) };
        let wanted = occupant.output[start.min(end)..].iter().filter(|it| it.time >= since && it.time <= until);
        self.ready.extend(wanted.map(|it| chunk(it, self.request.timestamps)));
        self.position = Some(end);
        Ok(!self.request.follow || !occupant.is_up() || occupant.lives != self.life)
    }
}

fn chunk(piece: &Written, timestamps: bool) -> LogChunk {
    let mut bytes = BytesMut::new();
    if timestamps {
        bytes.extend_from_slice(written(piece.time).as_bytes());
        bytes.extend_from_slice(b" ");
    }
    bytes.extend_from_slice(&piece.bytes);
    LogChunk { stream: piece.stream, bytes: Bytes::from(bytes) }
}

/// A listener to what happens.
struct Listener {
    shared: Arc<Shared>,
    filters: Filters,
    since: String,
    until: String,
    changes: watch::Receiver<u64>,
    /// How often the engine had hung up when this was opened.
    hung_up: u64,
    /// So many events were heard; `None` before the first look.
    position: Option<usize>,
}

pub(super) fn events(
    shared: Arc<Shared>,
    request: EventRequest,
) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
    let changes = shared.changes.subscribe();
    let EventRequest { filters, since, until } = request;
    let hung_up = *changes.borrow();
    let listener = Listener { shared, filters, since, until, changes, hung_up, position: None };
    stream::unfold(Some(listener), |listener| async move {
        let mut listener = listener?;
        match listener.next().await {
            Ok(event) => Some((Ok(event?), Some(listener))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl Listener {
    async fn next(&mut self) -> Result<Option<EngineEvent>, EngineError> {
        let until = (!self.until.is_empty()).then(|| read(&self.until));
        loop {
            if *self.changes.borrow_and_update() != self.hung_up {
                return Err(gone());
            }
            if let Some(event) = self.look() {
                return Ok(until.is_none_or(|until| event.time <= until).then_some(event));
            }
            let left = until.map(|until| until.saturating_sub(self.shared.world().clock.now()));
            match left {
                None if self.changes.changed().await.is_err() => return Ok(None),
                None => {}
                Some(left) if left <= 0 => return Ok(None),
                Some(left) => {
                    let left = Duration::from_nanos(u64::try_from(left).unwrap_or(0));
                    // Time is up, or something happened: the next look tells.
                    let _ = tokio::time::timeout(left, self.changes.changed()).await;
                }
            }
        }
    }

    /// The next event that is wanted.
    fn look(&mut self) -> Option<EngineEvent> {
        let world = self.shared.world();
        let since = if self.since.is_empty() { i64::MAX } else { read(&self.since) };
        // The first look decides where hearing begins: at a time in the past, or now.
        let start = *self.position.get_or_insert_with(|| world.events.partition_point(|event| event.time < since));
        let found = world.events[start..].iter().position(|event| wanted(&self.filters, event));
        self.position = Some(found.map_or(world.events.len(), |at| start + at + 1));
        found.map(|at| world.events[start + at].clone())
    }
}

fn wanted(filters: &Filters, event: &EngineEvent) -> bool {
    let name = event.attributes.get("name").map(String::as_str).unwrap_or_default();
    let image = event.attributes.get("image").map(String::as_str).unwrap_or_default();
    let own = event.kind.as_str();
    let values =
        [("type", own), ("event", event.action.as_str()), ("image", image), (own, event.actor.as_str()), (own, name)];
    matches(filters, &Facts { labels: &event.attributes, values: &values, names: &[name], id: &event.actor })
}

/// What is told when the engine went away.
pub(super) fn gone() -> EngineError {
    let message = "the engine closed the connection in the middle of its answer";
    EngineError::new(ErrorKind::Unreachable, "listen", message)
}
