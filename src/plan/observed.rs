//! What the engine holds, read once before planning.

use serde::{Deserialize, Serialize};

use crate::engine::{ApiVersion, Container, Image, Network, Volume};

/// A snapshot, sorted by name. The reading of it is in `run/observe.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// The project's containers, one-offs included.
    pub containers: Vec<Container>,
    /// All networks of the engine: external and foreign ones are found here too.
    pub networks: Vec<Network>,
    /// All volumes of the engine.
    pub volumes: Vec<Volume>,
    /// All images of the engine.
    pub images: Vec<Image>,
    #[serde(skip, default = "oldest")]
    pub api: ApiVersion,
}

fn oldest() -> ApiVersion {
    ApiVersion::new(1, 41)
}

impl Default for Observed {
    fn default() -> Self {
        Self { containers: Vec::new(), networks: Vec::new(), volumes: Vec::new(), images: Vec::new(), api: oldest() }
    }
}
