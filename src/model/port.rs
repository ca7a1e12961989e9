//! Ports that a service publishes on the host.

use serde::{Deserialize, Serialize};

use super::Extensions;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Port {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mode: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host_ip: String,
    /// The port inside the container.
    #[serde(skip_serializing_if = "super::service::is_default")]
    pub target: u16,
    /// A port or a range on the host; empty: the engine chooses one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub published: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_protocol: String,
    #[serde(rename = "x-*", skip_serializing_if = "Extensions::is_empty")]
    pub extensions: Extensions,
}
