//! Whether files are watched at the moment, which may change while a command goes on.

use std::cell::RefCell;
use std::fs::File;

use tokio::sync::watch::{Receiver, Sender};

use crate::engine::Engine;

use super::context::Context;
use super::outcome::Failure;
use super::prepared::Prepared;
use super::turn;

/// Off at first.
#[derive(Debug, Default)]
pub struct Switch {
    wanted: Sender<bool>,
    /// It is on, or what was begun while it was on is not done yet.
    at_work: Sender<bool>,
    /// Kept as long as nobody else may watch this project.
    alone: RefCell<Option<File>>,
}

impl Switch {
    /// # Errors
    /// When somebody else watches this project.
    pub fn turn_on(&self, prepared: &Prepared, context: &Context<'_>) -> Result<(), Failure> {
        if self.alone.borrow().is_none() {
            let (address, project) = (&prepared.engine.about().address, &prepared.project.name);
            self.alone.replace(turn::alone(context.environment, address, project).map_err(Failure::plain)?);
        }
        self.at_work.send_replace(true);
        self.wanted.send_replace(true);
        Ok(())
    }

    /// What is under way is done to its end first.
    pub fn turn_off(&self) {
        self.wanted.send_replace(false);
    }

    pub fn is_on(&self) -> bool {
        *self.wanted.borrow()
    }

    /// From now on nothing is done any more, and somebody else may watch.
    pub fn rests(&self) {
        self.alone.take();
        self.at_work.send_replace(false);
    }

    pub fn wanted(&self) -> Receiver<bool> {
        self.wanted.subscribe()
    }

    pub fn at_work(&self) -> Receiver<bool> {
        self.at_work.subscribe()
    }
}
