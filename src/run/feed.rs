//! One subscription to what happens to a project's containers, shared by everybody who waits.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::broadcast;

use crate::engine::{Engine, EngineError, EngineEvent, ErrorKind, EventRequest, Filters};
use crate::model::labels;

use super::outage;

/// How many events somebody may lag behind before being told to look for themselves.
const BACKLOG: usize = 1024;

/// What a subscriber is told.
#[derive(Clone, Debug)]
pub(super) enum Update {
    Event(Arc<EngineEvent>),
    /// The engine is away, and may come back.
    Away,
    /// Something may have been missed: look at the state.
    Unsure,
    /// Nothing more will come.
    Lost(EngineError),
}

/// The source. Somebody has to poll `run` for anything to come.
pub(super) struct Feed<'a> {
    engine: &'a dyn Engine,
    project: &'a str,
    sender: RefCell<Option<broadcast::Sender<Update>>>,
    error: RefCell<Option<EngineError>>,
    /// The latest event's time, and the events of that very time.
    last: Cell<i64>,
    latest: RefCell<Vec<EngineEvent>>,
}

impl<'a> Feed<'a> {
    pub fn new(engine: &'a dyn Engine, project: &'a str) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        Self {
            engine,
            project,
            sender: RefCell::new(Some(sender)),
            error: RefCell::default(),
            last: Cell::new(0),
            latest: RefCell::default(),
        }
    }

    /// Hears everything from now on.
    pub fn subscribe(&self) -> Subscription<'_> {
        Subscription { receiver: self.sender.borrow().as_ref().map(broadcast::Sender::subscribe), feed: self }
    }

    /// Listens for as long as it is polled; a broken connection is made again from where it broke.
    pub async fn run(&self) -> Infallible {
        let mut failures = 0;
        loop {
            let error = self.listen(&mut failures).await;
            failures += 1;
            if failures == outage::NOTICED {
                self.send(Update::Away);
            }
            if failures > outage::ATTEMPTS {
                *self.error.borrow_mut() = Some(error);
                *self.sender.borrow_mut() = None;
                return std::future::pending().await;
            }
            tokio::time::sleep(outage::pause(failures)).await;
            self.send(Update::Unsure);
        }
    }

    /// One connection, until it breaks.
    async fn listen(&self, failures: &mut u32) -> EngineError {
        let mut events = self.engine.events(&self.request());
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    *failures = 0;
                    if self.is_new(&event) {
                        self.send(Update::Event(Arc::new(event)));
                    }
                }
                Err(error) => return error,
            }
        }
        EngineError::new(ErrorKind::Unreachable, "listen for events", "the engine ended the connection")
    }

    fn request(&self) -> EventRequest {
        let last = self.last.get();
        let since = if last == 0 {
            String::new()
        } else {
            format!("{}.{:09}", last.div_euclid(1_000_000_000), last.rem_euclid(1_000_000_000))
        };
        let filters = Filters::label(labels::PROJECT, self.project).and("type", "container");
        EventRequest { filters, since, until: String::new() }
    }

    /// Whether an event was not heard before the connection broke. Runs of health checks are of no interest.
    fn is_new(&self, event: &EngineEvent) -> bool {
        if event.action.starts_with("exec_") {
            return false;
        }
        let mut latest = self.latest.borrow_mut();
        if event.time == self.last.get() && latest.contains(event) {
            return false;
        }
        if event.time != self.last.get() {
            latest.clear();
        }
        self.last.set(event.time.max(self.last.get()));
        latest.push(event.clone());
        true
    }

    fn send(&self, update: Update) {
        if let Some(sender) = &*self.sender.borrow() {
            // Nobody listening is no error.
            let _ = sender.send(update);
        }
    }
}

/// One listener.
pub(super) struct Subscription<'f> {
    receiver: Option<broadcast::Receiver<Update>>,
    feed: &'f Feed<'f>,
}

impl Subscription<'_> {
    pub async fn next(&mut self) -> Update {
        let received = match &mut self.receiver {
            Some(receiver) => receiver.recv().await,
            None => Err(broadcast::error::RecvError::Closed),
        };
        match received {
            Ok(update) => update,
            Err(broadcast::error::RecvError::Lagged(_)) => Update::Unsure,
            Err(broadcast::error::RecvError::Closed) => {
                Update::Lost(self.feed.error.borrow().clone().unwrap_or_else(|| {
                    EngineError::new(ErrorKind::Unreachable, "listen for events", "nobody listens any more")
                }))
            }
        }
    }

    /// Waits for the end of one container, and gives what it exited with; nothing when that cannot be told.
    pub async fn end_of(&mut self, actor: &str) -> Option<i64> {
        loop {
            match self.next().await {
                Update::Event(event) if event.actor == actor && event.action == "die" => {
                    return event.attributes.get("exitCode")?.parse().ok();
                }
                Update::Event(_) | Update::Away => {}
                Update::Unsure | Update::Lost(_) => return None,
            }
        }
    }

    /// Waits until something happens to one container, or until that cannot be told.
    ///
    /// # Errors
    /// When the engine went away.
    pub async fn about(&mut self, actor: &str) -> Result<(), EngineError> {
        loop {
            match self.next().await {
                Update::Event(event) if event.actor == actor => return Ok(()),
                Update::Event(_) | Update::Away => {}
                Update::Unsure => return Ok(()),
                Update::Lost(error) => return Err(error),
            }
        }
    }
}
