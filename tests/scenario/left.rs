//! What a command leaves on the engine on purpose, and a scenario must not: volumes without a name.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::engine::text;
use crate::scenario::Scenario;

/// Volumes without a name that nothing refers to any more once their containers are gone: they go with this value.
pub struct Left<'s>(&'s Scenario<'s>, RefCell<BTreeSet<String>>);

impl<'s> Left<'s> {
    pub fn of(scenario: &'s Scenario<'s>) -> Self {
        Self(scenario, RefCell::default())
    }

    /// Notes those of the containers that there are.
    pub fn note(&self) {
        let of_project = format!("{}_", self.0.project);
        for container in self.0.containers() {
            let volumes = container["Mounts"].as_array().into_iter().flatten().map(|mount| text(&mount["Name"]));
            let nameless = volumes.filter(|name| !name.is_empty() && !name.starts_with(&of_project));
            self.1.borrow_mut().extend(nameless.map(str::to_owned));
        }
    }
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        for volume in self.1.take() {
            self.0.engine.call("DELETE", &format!("/volumes/{volume}"), "", b"");
        }
    }
}
