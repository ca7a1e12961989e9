//! Images: what the engine holds, pulls and builds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{HealthSpec, ImageId, Labels, UlimitSpec};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub id: ImageId,
    /// `name:tag`, as the engine lists them.
    pub tags: Vec<String>,
    /// `name@sha256:…`
    pub digests: Vec<String>,
    pub labels: Labels,
    /// Bytes.
    pub size: i64,
    /// Seconds since 1970.
    pub created: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ImageDetails {
    pub id: ImageId,
    pub tags: Vec<String>,
    pub digests: Vec<String>,
    /// Paths that the image declares as VOLUME.
    pub volumes: Vec<String>,
    pub health_check: Option<HealthSpec>,
    pub os: String,
    pub architecture: String,
    /// RFC 3339; when the local tag was last set.
    pub last_tagged: String,
    pub raw: serde_json::Value,
}

impl ImageDetails {
    /// What a list of images would say of it.
    pub fn summary(&self) -> Image {
        let labels = self.raw.pointer("/Config/Labels").and_then(|labels| Labels::deserialize(labels).ok());
        let created = self.raw["Created"].as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok());
        Image {
            id: self.id.clone(),
            tags: self.tags.clone(),
            digests: self.digests.clone(),
            labels: labels.unwrap_or_default(),
            size: self.raw["Size"].as_i64().unwrap_or_default(),
            created: created.map_or(0, jiff::Timestamp::as_second),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImagePull {
    pub image: String,
    pub platform: String,
}

/// One line of the progress of a pull or a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// The layer; empty for the whole image.
    pub layer: String,
    pub status: String,
    /// Bytes done, and of how many, when the engine tells.
    pub current: Option<u64>,
    pub total: Option<u64>,
}

impl PullProgress {
    /// Whether the layer has come to where it belongs.
    pub fn is_done(&self) -> bool {
        matches!(self.status.as_str(), "Pull complete" | "Already exists" | "Pushed" | "Layer already exists")
            || self.status.starts_with("Mounted from ")
    }
}

/// A build with the engine's own (classic) builder.
#[derive(Clone, Debug, Default)]
pub struct ImageBuild {
    /// A tar archive of the context, already without what is ignored.
    pub context: PathOrArchive,
    pub dockerfile: String,
    pub tags: Vec<String>,
    pub arguments: BTreeMap<String, Option<String>>,
    pub labels: Labels,
    pub target: String,
    pub cache_from: Vec<String>,
    pub no_cache: bool,
    pub pull: bool,
    pub network: String,
    pub platform: String,
    pub extra_hosts: Vec<String>,
    pub shm_size: i64,
    pub isolation: String,
    pub ulimits: Vec<UlimitSpec>,
    /// Bytes; 0 is no limit.
    pub memory: i64,
}

/// Where a build's context comes from.
#[derive(Clone, Debug)]
pub enum PathOrArchive {
    /// A tar file on disk, streamed.
    File(PathBuf),
    Archive(Bytes),
    /// A git or http address that the engine fetches by itself.
    Remote(String),
}

impl Default for PathOrArchive {
    fn default() -> Self {
        Self::Archive(Bytes::new())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildOutput {
    Text(String),
    /// The id of the finished image.
    Image(ImageId),
}
