//! What the steps of a plan tell a foreground `up` about the containers that they start.

use std::cell::RefCell;

use tokio::sync::Notify;

use crate::event::{Event, Phase};
use crate::plan::{Action, StepId};

/// What the steps of the plan tell the session.
#[derive(Default)]
pub(super) struct Progress {
    told: RefCell<Vec<Told>>,
    /// Wakes whoever has to look at it.
    pub ready: Notify,
}

/// A change of a step that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The first container is about to be started.
    Starting,
    Started(StepId),
    /// The guard said no.
    Unneeded(StepId),
}

impl Progress {
    pub fn note(&self, event: &Event) {
        let Event::Step { id, action, phase, .. } = event else { return };
        let told = match (action, phase) {
            (Action::Start, Phase::Began) => Told::Starting,
            (Action::Start, Phase::Done { .. }) => Told::Started(*id),
            (Action::Stop | Action::Remove, Phase::Unneeded) => Told::Unneeded(*id),
            _ => return,
        };
        self.told.borrow_mut().push(told);
        self.ready.notify_one();
    }

    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.borrow_mut())
    }
}
