//! One container's output as lines, in the order in which they were written.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::engine::{Container, ContainerId, Engine, EngineError, EngineEvent, LogChunk, LogRequest};
use crate::event::{Event, LogLine};
use crate::model::{ServiceName, labels};

use super::label::label;
use super::lines::{Line, Lines};

/// Whose output it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub id: ContainerId,
    pub service: ServiceName,
    /// Counted from 1.
    pub replica: u32,
    /// As shown in front of a line.
    pub label: Arc<str>,
}

impl Source {
    pub fn new(project: &str, id: &ContainerId, service: &str, name: &str) -> Self {
        let (label, replica) = label(project, service, name);
        Self { id: id.clone(), service: service.into(), replica, label: label.into() }
    }

    pub fn of(project: &str, container: &Container) -> Self {
        let service = container.labels.get(labels::SERVICE).map_or("", String::as_str);
        Self::new(project, &container.id, service, &container.name)
    }

    /// The container that an event is about; `None` for containers that belong to no service, and for one-offs.
    pub fn of_event(project: &str, event: &EngineEvent) -> Option<Self> {
        let attribute = |name: &str| event.attributes.get(name).map_or("", String::as_str);
        let service = attribute(labels::SERVICE);
        if service.is_empty() || attribute(labels::ONE_OFF) == "True" || !attribute(labels::HOOK).is_empty() {
            return None;
        }
        Some(Self::new(project, &ContainerId::new(&event.actor), service, attribute("name")))
    }

    /// The line as it is told.
    pub fn told(&self, line: Line) -> Event {
        Event::Log(LogLine {
            service: self.service.clone(),
            replica: self.replica,
            label: Arc::clone(&self.label),
            stream: line.stream,
            text: line.text,
            time: line.stamped.then_some(line.at),
        })
    }
}

/// Lines as they come.
pub(super) struct Reader {
    chunks: BoxStream<'static, Result<LogChunk, EngineError>>,
    lines: Lines,
    ready: VecDeque<Line>,
    /// How much memory the ready lines take, in bytes.
    ahead: usize,
    /// What has no line end at the end of the output is the beginning of a line that somebody else will read.
    whole_lines_only: bool,
    /// After the last chunk: with what it ended, where that was an error.
    end: Option<Option<EngineError>>,
}

impl Reader {
    /// Asks for stamps whatever the request says.
    pub fn new(engine: &dyn Engine, container: &ContainerId, request: LogRequest, tty: bool) -> Self {
        let chunks = engine.logs(container, &LogRequest { timestamps: true, ..request });
        Self { chunks, lines: Lines::new(tty), ready: VecDeque::new(), ahead: 0, whole_lines_only: false, end: None }
    }

    /// Leaves out a last line that has no end yet.
    #[must_use]
    pub fn whole_lines_only(mut self) -> Self {
        self.whole_lines_only = true;
        self
    }

    /// The next line; `None` at the end. After an error nothing more comes.
    pub async fn next(&mut self) -> Option<Result<Line, EngineError>> {
        poll_fn(|cx| self.poll_ahead(cx, 1)).await;
        self.take()
    }

    /// Reads on until the lines that nobody took yet are so many bytes, or until the end. What has arrived by then can be
    /// taken in any case.
    pub fn poll_ahead(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<()> {
        while self.ahead < most && self.end.is_none() {
            let (ready, ahead) = (&mut self.ready, &mut self.ahead);
            let mut keep = |line: Line| {
                *ahead += size_of::<Line>() + line.text.len();
                ready.push_back(line);
            };
            match ready!(self.chunks.poll_next_unpin(cx)) {
                Some(Ok(chunk)) => self.lines.push(chunk, &mut keep),
                Some(Err(error)) => self.end = Some(Some(error)),
                None => {
                    if !self.whole_lines_only {
                        self.lines.finish(&mut keep);
                    }
                    self.end = Some(None);
                }
            }
        }
        Poll::Ready(())
    }

    /// Whether there is a line to take, or the end has come.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty() || self.end.is_some()
    }

    /// What was read ahead, one after the other, and then the error with which it ended.
    pub fn take(&mut self) -> Option<Result<Line, EngineError>> {
        match self.ready.pop_front() {
            Some(line) => {
                self.ahead -= size_of::<Line>() + line.text.len();
                Some(Ok(line))
            }
            None => self.end.as_mut()?.take().map(Err),
        }
    }
}
