//! Networks.

use bollard::models::{NetworkConnectRequest, NetworkDisconnectRequest};
use serde_json::{Value, json};

use super::DockerEngine;
use super::answers::{CreatedContainer as CreatedNetwork, IpamPool, ListedNetwork};
use super::error::translate;
use super::translate::{MULTIPLE_ENDPOINTS, endpoint_body};
use super::wire::Query;
use crate::engine::{
    ApiVersion, ContainerId, EndpointSpec, EngineError, Filters, IpamPoolSpec, Network, NetworkId, NetworkSpec,
};

impl DockerEngine {
    pub(super) async fn list_networks(&self, filters: &Filters) -> Result<Vec<Network>, EngineError> {
        let listed: Vec<ListedNetwork> = self
            .wire
            .get_json("/networks", &Query::default().filters(filters))
            .await
            .map_err(|error| translate("list networks", error))?;
        let mut networks: Vec<Network> = listed.into_iter().map(network).collect();
        networks.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(networks)
    }

    pub(super) async fn make_network(&self, spec: &NetworkSpec) -> Result<NetworkId, EngineError> {
        let body = network_body(spec, self.about.api);
        let answer: CreatedNetwork = self
            .wire
            .post_json("/networks/create", &Query::default(), &body)
            .await
            .map_err(|error| translate(&format!("create network {}", spec.name), error))?;
        Ok(NetworkId(answer.id))
    }

    pub(super) async fn delete_network(&self, id: &NetworkId) -> Result<(), EngineError> {
        let done = self.docker.remove_network(id.as_str()).await;
        done.map_err(|error| translate(&format!("remove network {}", id.short()), error))
    }

    pub(super) async fn connect(
        &self,
        network: &str,
        container: &ContainerId,
        endpoint: &EndpointSpec,
    ) -> Result<(), EngineError> {
        let request = NetworkConnectRequest {
            container: container.0.clone(),
            endpoint_config: Some(endpoint_body(endpoint, self.about.api)),
        };
        let done = self.docker.connect_network(network, request).await;
        done.map_err(|error| translate(&format!("connect container {} to network {network}", container.short()), error))
    }

    pub(super) async fn disconnect(
        &self,
        network: &str,
        container: &ContainerId,
        force: bool,
    ) -> Result<(), EngineError> {
        let request = NetworkDisconnectRequest { container: container.0.clone(), force: Some(force) };
        let done = self.docker.disconnect_network(network, request).await;
        let action = || format!("disconnect container {} from network {network}", container.short());
        done.map_err(|error| translate(&action(), error))
    }
}

/// The ranges in this machine's table of routes, where the engine listens on a socket of this machine.
pub(super) fn routes(address: &str) -> Vec<String> {
    if !address.starts_with("unix://") {
        return Vec::new();
    }
    // Where there is no such table, nothing is known.
    let table = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    table.lines().filter_map(route).collect()
}

/// One line of the table: destination and mask are the second and eighth word, in the machine's order of bytes.
fn route(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| u32::from_str_radix(words.get(at)?, 16).ok();
    let (destination, mask) = (number(1)?, number(7)?);
    Some(format!("{}/{}", std::net::Ipv4Addr::from(destination.to_ne_bytes()), mask.count_ones()))
}

fn network(listed: ListedNetwork) -> Network {
    let pool = |pool: &IpamPool| IpamPoolSpec {
        subnet: pool.subnet.clone(),
        ip_range: pool.ip_range.clone(),
        gateway: pool.gateway.clone(),
        auxiliary_addresses: pool.auxiliary_addresses.clone(),
    };
    Network {
        driver_options: listed.options,
        attachable: listed.attachable,
        enable_ipv6: listed.enable_ipv6,
        ipam_driver: listed.ipam.driver.clone(),
        ipam_pools: listed.ipam.config.iter().map(pool).collect(),
        id: listed.id,
        name: listed.name,
        driver: listed.driver,
        labels: listed.labels,
        internal: listed.internal,
        subnets: listed.ipam.config.into_iter().map(|pool| pool.subnet).filter(|subnet| !subnet.is_empty()).collect(),
    }
}

/// Made here, for older engines need `CheckDuplicate`, or they make a second network of the same name.
fn network_body(spec: &NetworkSpec, api: ApiVersion) -> Value {
    let mut body = json!({
        "Name": spec.name,
        "Driver": spec.driver,
        "Internal": spec.internal,
        "Attachable": spec.attachable,
        "Options": spec.driver_options,
        "Labels": spec.labels,
    });
    if api < MULTIPLE_ENDPOINTS {
        body["CheckDuplicate"] = json!(true);
    }
    for (field, value) in [("EnableIPv4", spec.enable_ipv4), ("EnableIPv6", spec.enable_ipv6)] {
        if let Some(value) = value {
            body[field] = json!(value);
        }
    }
    if !(spec.ipam_driver.is_empty() && spec.ipam_options.is_empty() && spec.ipam_pools.is_empty()) {
        let pools: Vec<Value> = spec.ipam_pools.iter().map(ipam_pool).collect();
        body["IPAM"] = json!({ "Driver": spec.ipam_driver, "Options": spec.ipam_options, "Config": pools });
    }
    body
}

fn ipam_pool(pool: &crate::engine::IpamPoolSpec) -> Value {
    let mut body = json!({});
    for (field, value) in [("Subnet", &pool.subnet), ("IPRange", &pool.ip_range), ("Gateway", &pool.gateway)] {
        if !value.is_empty() {
            body[field] = json!(value);
        }
    }
    if !pool.auxiliary_addresses.is_empty() {
        body["AuxiliaryAddresses"] = json!(pool.auxiliary_addresses);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn a_route_is_read_from_the_kernels_table() {
        let line = "eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";
        assert_eq!(route(line).as_deref(), Some("192.168.2.0/24"));
        assert_eq!(route("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask"), None);
        assert_eq!(routes("tcp://elsewhere:2375"), [] as [String; 0]);
    }

    #[test]
    fn an_old_engine_is_told_to_look_for_duplicates() {
        let spec = NetworkSpec { name: "n".into(), ..Default::default() };
        assert_eq!(network_body(&spec, ApiVersion::new(1, 41))["CheckDuplicate"], json!(true));
        assert_eq!(network_body(&spec, ApiVersion::new(1, 44)).get("CheckDuplicate"), None);
        assert_eq!(network_body(&spec, ApiVersion::new(1, 41)).get("IPAM"), None);
    }
}
