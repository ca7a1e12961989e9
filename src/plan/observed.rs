//! What the engine holds, read once before planning.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::{ApiVersion, Container, Image, Network, State, Volume};
use crate::model::labels;

use super::Inspected;

/// A snapshot, sorted by name. The reading of it is in `run/observe.rs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// The project's containers, one-offs included.
    pub containers: Vec<Container>,
    /// All networks of the engine: external and foreign ones are found here too.
    pub networks: Vec<Network>,
    /// All volumes of the engine.
    pub volumes: Vec<Volume>,
    /// The images of the engine: at least those of [`super::named_images`].
    pub images: Vec<Image>,
    /// When it was read, in seconds since 1970.
    pub read_at: i64,
    /// When an image's name was last set, in seconds since 1970: for images under `pull_policy: daily` and the like.
    pub tagged_at: BTreeMap<String, i64>,
    /// What more is known of containers that are about to be replaced: see [`super::unexplained`].
    #[serde(skip)]
    pub inspected: BTreeMap<Configured, Inspected>,
    /// Digests of the files on the host that configs and secrets come from; a file that cannot be read has none.
    pub files: BTreeMap<PathBuf, String>,
    #[serde(skip, default = "oldest")]
    pub api: ApiVersion,
}

/// All containers of one service that were made from the same configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Configured {
    pub service: String,
    /// As their labels have it.
    pub hash: String,
}

impl Configured {
    pub fn of(container: &Container) -> Self {
        let hash = container.labels.get(labels::CONFIG_HASH).cloned().unwrap_or_default();
        Self { service: container.service().to_owned(), hash }
    }
}

fn oldest() -> ApiVersion {
    ApiVersion::new(1, 41)
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            containers: Vec::new(),
            networks: Vec::new(),
            volumes: Vec::new(),
            images: Vec::new(),
            read_at: 0,
            tagged_at: BTreeMap::new(),
            inspected: BTreeMap::new(),
            files: BTreeMap::new(),
            api: oldest(),
        }
    }
}

impl Observed {
    /// A service's replicas, by number.
    pub fn replicas(&self, service: &str) -> Vec<&Container> {
        let mut replicas: Vec<_> = self
            .containers
            .iter()
            .filter(|container| container.is_replica() && container.service() == service)
            .collect();
        replicas.sort_by_key(|container| (container.number(), container.name.as_str()));
        replicas
    }

    /// The containers that `run` made.
    pub fn one_offs(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|container| container.is_one_off())
    }

    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == name)
    }
}

/// What compose's labels say of a container.
pub trait Labelled {
    /// The service's name; empty when it has none.
    fn service(&self) -> &str;
    /// The replica's number; `None` on one-offs.
    fn number(&self) -> Option<u32>;
    fn is_one_off(&self) -> bool;
    /// Whether it is one of the service's own containers: no one-off, no hook's container.
    fn is_replica(&self) -> bool;
    /// As people see it in front of a log line: `web-1`; a name of its own stays whole.
    fn label(&self) -> String;
    /// Left by a `run` that is over.
    fn is_spent_one_off(&self) -> bool;
}

impl Labelled for Container {
    fn service(&self) -> &str {
        self.labels.get(labels::SERVICE).map_or("", String::as_str)
    }

    fn number(&self) -> Option<u32> {
        self.labels.get(labels::CONTAINER_NUMBER)?.parse().ok()
    }

    fn is_one_off(&self) -> bool {
        self.labels.get(labels::ONE_OFF).is_some_and(|value| value == "True")
    }

    fn is_replica(&self) -> bool {
        !self.is_one_off() && self.labels.contains_key(labels::CONFIG_HASH) && !self.service().is_empty()
    }

    fn label(&self) -> String {
        let after = |text: &'_ str, prefix: &str| -> Option<String> {
            (!prefix.is_empty())
                .then(|| text.strip_prefix(prefix)?.strip_prefix(['-', '_']).map(str::to_owned))
                .flatten()
        };
        let project = self.labels.get(labels::PROJECT).map_or("", String::as_str);
        let short = after(&self.name, project);
        let is_canonical = |short: &String| {
            let number = after(short, self.service());
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
        };
        short.filter(is_canonical).unwrap_or_else(|| self.name.clone())
    }

    fn is_spent_one_off(&self) -> bool {
        self.is_one_off() && matches!(self.state, State::Exited | State::Dead)
    }
}
