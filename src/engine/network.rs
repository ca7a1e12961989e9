//! Networks and volumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Labels;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    pub id: String,
    pub name: String,
    pub driver: String,
    pub labels: Labels,
    pub driver_options: BTreeMap<String, String>,
    pub internal: bool,
    pub attachable: bool,
    pub enable_ipv6: bool,
    pub ipam_driver: String,
    pub ipam_pools: Vec<IpamPoolSpec>,
    /// Address ranges in CIDR form.
    pub subnets: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NetworkSpec {
    pub name: String,
    pub driver: String,
    pub driver_options: BTreeMap<String, String>,
    pub internal: bool,
    pub attachable: bool,
    pub enable_ipv4: Option<bool>,
    pub enable_ipv6: Option<bool>,
    pub labels: Labels,
    pub ipam_driver: String,
    pub ipam_options: BTreeMap<String, String>,
    pub ipam_pools: Vec<IpamPoolSpec>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpamPoolSpec {
    pub subnet: String,
    pub ip_range: String,
    pub gateway: String,
    pub auxiliary_addresses: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    pub name: String,
    pub driver: String,
    pub driver_options: BTreeMap<String, String>,
    pub labels: Labels,
    pub mountpoint: String,
    /// `local`, or `global` where several engines share it.
    #[serde(default)]
    pub scope: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VolumeSpec {
    pub name: String,
    pub driver: String,
    pub driver_options: BTreeMap<String, String>,
    pub labels: Labels,
}
