//! Document → model.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::model::{Extensions, GrantSource, ModelResource, Network, Project, Service, ServiceName, Volume};
use crate::yaml::{self, Node};

/// The document as serde reads it. What is null stands for what is all defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    name: String,
    services: BTreeMap<ServiceName, Box<Service>>,
    networks: BTreeMap<String, Option<Network>>,
    volumes: BTreeMap<String, Option<Volume>>,
    configs: BTreeMap<String, GrantSource>,
    secrets: BTreeMap<String, GrantSource>,
    models: BTreeMap<String, ModelResource>,
    #[serde(rename = "x-*")]
    extensions: Extensions,
}

/// Reads the finished document: what can be made of it, and every value that does not fit its attribute. Paths,
/// environment and profiles are left for the caller to fill in.
pub(super) fn project(document: &Node) -> (Option<Project>, Vec<Diagnostic>) {
    let (written, findings) = yaml::decode_all::<Written>(document);
    let project = written.map(|written| Project {
        name: written.name,
        services: written.services,
        networks: filled(written.networks),
        volumes: filled(written.volumes),
        configs: written.configs,
        secrets: written.secrets,
        models: written.models,
        extensions: written.extensions,
        ..Project::default()
    });
    (project, findings)
}

fn filled<T: Default>(resources: BTreeMap<String, Option<T>>) -> BTreeMap<String, T> {
    resources.into_iter().map(|(key, resource)| (key, resource.unwrap_or_default())).collect()
}
