//! One container's output as lines, in the order in which they were written.

use std::collections::VecDeque;

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
    pub label: String,
}

impl Source {
    pub fn new(project: &str, id: &ContainerId, service: &str, name: &str) -> Self {
        let (label, replica) = label(project, service, name);
        Self { id: id.clone(), service: service.into(), replica, label }
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
            label: self.label.clone(),
            stream: line.stream,
            text: line.text,
            time: Some(line.stamp).filter(|stamp| !stamp.is_empty()),
        })
    }
}

/// Lines as they come.
pub(super) struct Reader {
    chunks: BoxStream<'static, Result<LogChunk, EngineError>>,
    lines: Lines,
    ready: VecDeque<Line>,
    /// What has no line end at the end of the output is the beginning of a line that somebody else will read.
    unfinished: bool,
}

impl Reader {
    /// Asks for stamps whatever the request says.
    pub fn new(engine: &dyn Engine, container: &ContainerId, request: LogRequest, tty: bool) -> Self {
        let chunks = engine.logs(container, &LogRequest { timestamps: true, ..request });
        Self { chunks, lines: Lines::new(tty), ready: VecDeque::new(), unfinished: false }
    }

    /// Leaves out a last line that has no end yet.
    #[must_use]
    pub fn whole_lines_only(mut self) -> Self {
        self.unfinished = true;
        self
    }

    /// The next line; `None` at the end. After an error nothing more comes.
    pub async fn next(&mut self) -> Option<Result<Line, EngineError>> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(Ok(line));
            }
            let ready = &mut self.ready;
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.lines.push(&chunk, &mut |line| ready.push_back(line)),
                Some(Err(error)) => {
                    self.chunks = Box::pin(futures_util::stream::empty());
                    self.unfinished = true;
                    return Some(Err(error));
                }
                None if self.unfinished => return None,
                None => {
                    self.unfinished = true;
                    self.lines.finish(&mut |line| ready.push_back(line));
                }
            }
        }
    }
}
