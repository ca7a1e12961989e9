//! The whole project.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{GrantSource, Network, Service, ServiceName, Volume};

/// The `x-*` keys of an object. Serde sees them as one field named `x-*`: the decoder gathers them under that name, and
/// the printer spreads them out again.
pub type Extensions = BTreeMap<String, serde_yaml::Value>;

/// A project after loading: every reference resolved, every short form in its long form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    pub name: String,
    /// Absolute; relative paths of the files are resolved against it.
    pub working_dir: PathBuf,
    /// Absolute, in the order in which they were merged; `-` is standard input.
    pub compose_files: Vec<PathBuf>,
    /// The `--env-file`s as they were given; empty when the flag was not used.
    pub env_files: Vec<PathBuf>,
    /// The services of this run: each in a place of its own, as a service is large and a map moves what it holds.
    pub services: BTreeMap<ServiceName, Box<Service>>,
    /// Services that a profile keeps out of this run, or that were not asked for. Their containers are no orphans.
    pub disabled_services: BTreeMap<ServiceName, Box<Service>>,
    pub networks: BTreeMap<String, Network>,
    pub volumes: BTreeMap<String, Volume>,
    pub configs: BTreeMap<String, GrantSource>,
    pub secrets: BTreeMap<String, GrantSource>,
    pub models: BTreeMap<String, ModelResource>,
    pub extensions: Extensions,
    /// What interpolation saw: the shell, and below it the env files.
    pub environment: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelResource {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    #[serde(skip_serializing_if = "super::service::is_default")]
    pub context_size: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runtime_flags: Vec<String>,
    #[serde(rename = "x-*", skip_serializing_if = "Extensions::is_empty")]
    pub extensions: Extensions,
}
