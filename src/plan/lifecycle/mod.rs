//! One recipe for each verb that moves containers from state to state, and makes none.

mod hold;
mod kill;
mod remove;
mod restart;
mod start;

use crate::engine::Container;
use crate::model::{Project, ServiceName};

use super::{Labelled, Observed};

pub use hold::{pause, unpause};
pub use kill::kill;
pub use remove::remove;
pub use restart::restart;
pub use start::start;

/// Whether a service was named; naming none means all.
fn is_named(targets: &[ServiceName], service: &str) -> bool {
    targets.is_empty() || targets.iter().any(|target| target.as_str() == service)
}

/// The replicas of the project's named services (or of all), by name.
fn replicas<'o>(project: &Project, observed: &'o Observed, targets: &[ServiceName]) -> Vec<&'o Container> {
    observed
        .containers
        .iter()
        .filter(|container| container.is_replica() && is_named(targets, container.service()))
        .filter(|container| project.services.contains_key(container.service()))
        .collect()
}
