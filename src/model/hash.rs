//! Configuration hashes: what tells whether a container, network or volume is still as the file says.
//!
//! They are those of docker compose, so that either tool finds what the other made up to date.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Network, Service, Volume, json, tree::Tree};

/// The hash of a service: without what changes nothing about a container that runs already.
pub fn service_hash(service: &Service) -> String {
    let mut service = service.clone();
    service.build = None;
    service.pull_policy.clear();
    service.scale = None;
    if let Some(deploy) = &mut service.deploy {
        deploy.replicas = None;
    }
    service.depends_on.clear();
    service.profiles.clear();
    digest(&service)
}

pub fn network_hash(network: &Network) -> String {
    digest(network)
}

/// The hash of a volume; no driver means `local`.
pub fn volume_hash(volume: &Volume) -> String {
    let mut volume = volume.clone();
    if volume.driver.is_empty() {
        "local".clone_into(&mut volume.driver);
    }
    digest(&volume)
}

fn digest(value: &impl Serialize) -> String {
    // The model's types always have a tree.
    let tree = Tree::of(value).unwrap_or(Tree::Null);
    hex::encode(Sha256::digest(json::compact(&tree)))
}
