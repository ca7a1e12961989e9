//! An engine that goes away for a while, as it does when it is restarted: whoever only watches waits for it to come back.

use std::cell::Cell;
use std::time::Duration;

use crate::engine::{EngineError, ErrorKind};
use crate::event::Event;

/// How often in a row the engine is tried in vain until it is given up: for about half a minute.
pub(super) const ATTEMPTS: u32 = 32;
/// A connection that broke is one thing, an engine that cannot be reached again is another: with this attempt it is told.
pub(super) const NOTICED: u32 = 2;
/// How long to wait before an attempt, times its number.
const PAUSE: Duration = Duration::from_millis(200);
/// The pause grows no further than so many times.
const MOST_PATIENT: u32 = 5;

/// How long to wait before the next attempt after so many in vain.
pub(super) fn pause(vain: u32) -> Duration {
    PAUSE * vain.min(MOST_PATIENT)
}

/// What is told of an engine that is away: once each time, whoever sees it first.
pub(super) struct Outage<'a> {
    tell: &'a dyn Fn(Event),
    is_told: Cell<bool>,
}

impl<'a> Outage<'a> {
    pub fn new(tell: &'a dyn Fn(Event)) -> Self {
        Self { tell, is_told: Cell::new(false) }
    }

    /// The engine is away.
    pub fn began(&self) {
        if !self.is_told.replace(true) {
            (self.tell)(Event::Warning("the engine went away: waiting for it to come back".into()));
        }
    }

    /// Something came from the engine.
    pub fn ended(&self) {
        self.is_told.set(false);
    }

    /// Asks an engine again and again while it is away.
    ///
    /// # Errors
    /// What the engine answers, or that it did not come back.
    pub async fn outlast<T>(&self, ask: impl AsyncFn() -> Result<T, EngineError>) -> Result<T, EngineError> {
        let mut vain = 0;
        loop {
            match ask().await {
                Err(error) if error.kind == ErrorKind::Unreachable && vain < ATTEMPTS => {
                    vain += 1;
                    if vain == NOTICED {
                        self.began();
                    }
                    tokio::time::sleep(pause(vain)).await;
                }
                answer => return answer,
            }
        }
    }
}
