//! Why there can be no plan.

use crate::model::ServiceName;

/// A wish that the engine's state, or the file itself, makes impossible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PlanError {
    pub message: String,
    /// The keys that lead to the place in the file: `services`, `web`, `container_name`.
    pub place: Vec<String>,
    /// What the reader can do, each a short text.
    pub help: Vec<String>,
}

impl PlanError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Vec::new(), help: Vec::new() }
    }

    /// An error about one key of a service, or about the service when the key is empty.
    pub fn of_service(service: &ServiceName, key: &str, message: impl Into<String>) -> Self {
        let keys = ["services", service.as_str(), key];
        Self::new(message).at(keys.into_iter().filter(|key| !key.is_empty()))
    }

    #[must_use]
    pub fn at<'k>(mut self, keys: impl IntoIterator<Item = &'k str>) -> Self {
        self.place = keys.into_iter().map(str::to_owned).collect();
        self
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}
