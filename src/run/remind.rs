//! Tells whoever waits what for: every ten seconds, with what was last seen of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::ContainerId;
use crate::event::Event;
use crate::plan::StepId;

use super::execute::{Ending, Execution};
use super::step::waiting_for;

/// How often somebody who waits is told so.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What was last seen of the containers that steps wait for.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<BTreeMap<(StepId, ContainerId), String>>);

impl Notes {
    pub fn keep(&self, step: StepId, container: &ContainerId, seen: String) {
        self.0.borrow_mut().insert((step, container.clone()), seen);
    }

    pub fn forget(&self, step: StepId, container: &ContainerId) {
        self.0.borrow_mut().remove(&(step, container.clone()));
    }

    /// What a step waits for, in one line.
    fn of(&self, step: StepId) -> String {
        let notes = self.0.borrow();
        let seen = notes.iter().filter(|((waiting, _), _)| *waiting == step).map(|(_, seen)| seen.as_str());
        seen.collect::<Vec<_>>().join(", ")
    }
}

impl Execution<'_> {
    /// The step, and a word every now and then while it lasts. That an engine does not answer shows in the same way.
    pub(super) async fn patiently(&self, id: StepId) -> Ending {
        let began = Instant::now();
        let mut step = std::pin::pin!(self.perform(id));
        loop {
            tokio::select! {
                biased;
                ending = &mut step => return ending,
                () = tokio::time::sleep(PATIENCE) => {}
            }
            let subject = self.plan.step(id).subject();
            (self.work.tell)(Event::StillWaiting { subject, what: self.awaited(id), elapsed: began.elapsed() });
        }
    }

    /// What a step waits for: `service db to be healthy (shop-db-1 is starting)`.
    pub(super) fn awaited(&self, id: StepId) -> String {
        let (what, seen) = (waiting_for(self.plan.step(id)), self.notes.of(id));
        if seen.is_empty() { what } else { format!("{what} ({seen})") }
    }
}
