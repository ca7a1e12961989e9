//! The configuration hashes, as the labels carry them.

use sha2::{Digest, Sha256};

use crate::model::{Network, Service, Volume};

fn digest(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    hex::encode(Sha256::digest(text.as_bytes()))
}

pub fn service_hash(service: &Service) -> String {
    let mut service = service.clone();
    service.build = None;
    service.pull_policy.clear();
    service.scale = None;
    service.depends_on.clear();
    service.profiles.clear();
    if let Some(deploy) = &mut service.deploy {
        deploy.replicas = None;
    }
    digest(&service)
}

pub fn network_hash(network: &Network) -> String {
    digest(network)
}

pub fn volume_hash(volume: &Volume) -> String {
    digest(volume)
}
