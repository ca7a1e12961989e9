//! Networks without wires.

use std::collections::BTreeMap;

use super::filter::{Facts, matches};
use super::world::{Outcome, World, refusal};
use crate::engine::{
    EndpointSpec, EngineError, ErrorKind, Filters, IpamPoolSpec, Network, NetworkId, NetworkSpec, State,
};

/// One network.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) id: String,
    pub(super) spec: NetworkSpec,
    /// The last part of the address that was given out last.
    last_host: u32,
}

/// A container's place on a network.
#[derive(Clone, Debug, Default)]
pub(super) struct Joint {
    /// Known from the first start on.
    pub(super) network_id: String,
    pub(super) endpoint: EndpointSpec,
    /// Only while it runs.
    pub(super) address: String,
    pub(super) mac_address: String,
}

const PREDEFINED: [&str; 3] = ["bridge", "host", "none"];

impl World {
    pub(super) fn add_predefined_networks(&mut self) {
        for name in PREDEFINED {
            let driver = if name == "none" { "null" } else { name };
            let spec = NetworkSpec { name: name.into(), driver: driver.into(), ..Default::default() };
            self.add_network(spec);
        }
    }

    fn add_network(&mut self, mut spec: NetworkSpec) -> String {
        let id = self.fresh("network");
        if spec.driver.is_empty() {
            spec.driver = "bridge".into();
        }
        if spec.ipam_pools.is_empty() && spec.driver == "bridge" {
            let subnet = format!("172.{}.{}.0/24", 17 + self.networks.len() / 250, self.networks.len() % 250);
            spec.ipam_pools.push(IpamPoolSpec { subnet, ..Default::default() });
        }
        self.networks.insert(id.clone(), Segment { id: id.clone(), spec, last_host: 1 });
        id
    }

    /// Finds a network by name, id, or the beginning of its id.
    pub(super) fn network(&self, name: &str) -> Outcome<&Segment> {
        let named = self.networks.values().find(|network| network.spec.name == name);
        let begins = |network: &&Segment| !name.is_empty() && network.id.starts_with(name);
        named.or_else(|| self.networks.values().find(begins)).ok_or_else(|| no_such_network(name))
    }

    pub(super) fn list_networks(&self, filters: &Filters) -> Vec<Network> {
        let mut networks: Vec<Network> = self
            .networks
            .values()
            .filter(|network| {
                let spec = &network.spec;
                let values = [("driver", spec.driver.as_str())];
                matches(
                    filters,
                    &Facts { labels: &spec.labels, values: &values, names: &[&spec.name], id: &network.id },
                )
            })
            .map(|network| Network {
                id: network.id.clone(),
                name: network.spec.name.clone(),
                driver: network.spec.driver.clone(),
                labels: network.spec.labels.clone(),
                driver_options: network.spec.driver_options.clone(),
                internal: network.spec.internal,
                attachable: network.spec.attachable,
                enable_ipv6: network.spec.enable_ipv6 == Some(true),
                ipam_driver: network.spec.ipam_driver.clone(),
                ipam_pools: network.spec.ipam_pools.clone(),
                subnets: network.spec.ipam_pools.iter().map(|pool| pool.subnet.clone()).collect(),
            })
            .collect();
        networks.sort_by(|left, right| left.name.cmp(&right.name));
        networks
    }

    pub(super) fn create_network(&mut self, spec: &NetworkSpec) -> Outcome<NetworkId> {
        if PREDEFINED.contains(&spec.name.as_str()) {
            let message = format!("operation is not permitted on predefined {} network", spec.name);
            return Err(refusal(ErrorKind::Denied, message));
        }
        if self.networks.values().any(|network| network.spec.name == spec.name) {
            return Err(refusal(ErrorKind::Conflict, format!("network with name {} already exists", spec.name)));
        }
        let taken = |pool: &IpamPoolSpec| {
            let mut pools = self.networks.values().flat_map(|network| &network.spec.ipam_pools);
            !pool.subnet.is_empty() && pools.any(|other| other.subnet == pool.subnet)
        };
        if spec.ipam_pools.iter().any(taken) {
            return Err(refusal(ErrorKind::InUse, "Pool overlaps with other one on this address space"));
        }
        let id = self.add_network(spec.clone());
        self.tell_of_network(&id, "create", None);
        Ok(NetworkId(id))
    }

    pub(super) fn remove_network(&mut self, name: &str) -> Outcome<()> {
        let network = self.network(name)?.clone();
        if PREDEFINED.contains(&network.spec.name.as_str()) {
            let message = format!("{} is a pre-defined network and cannot be removed", network.spec.name);
            return Err(refusal(ErrorKind::Denied, message));
        }
        let users = self.containers.values().filter(|it| it.is_up() && it.joints.contains_key(&network.spec.name));
        if users.count() > 0 {
            let message = format!(
                "error while removing network: network {} id {} has active endpoints",
                network.spec.name, network.id
            );
            return Err(refusal(ErrorKind::InUse, message));
        }
        self.tell_of_network(&network.id, "destroy", None);
        self.networks.remove(&network.id);
        Ok(())
    }

    pub(super) fn connect(&mut self, network: &str, container: &str, endpoint: &EndpointSpec) -> Outcome<()> {
        let network = self.network(network)?.clone();
        let occupant = self.container_mut(container)?;
        let name = occupant.spec.name.clone();
        if occupant.is_up() && occupant.joints.contains_key(&network.spec.name) {
            let message = format!("endpoint with name {name} already exists in network {}", network.spec.name);
            return Err(refusal(ErrorKind::Conflict, message));
        }
        let joint = Joint { endpoint: endpoint.clone(), ..Default::default() };
        occupant.joints.insert(network.spec.name.clone(), joint);
        let (id, up) = (occupant.id.clone(), occupant.is_up());
        if up {
            self.attach(&id, &network.spec.name)?;
        }
        Ok(())
    }

    pub(super) fn disconnect(&mut self, network: &str, container: &str) -> Outcome<()> {
        let network = self.network(network)?.clone();
        let occupant = self.container_mut(container)?;
        let id = occupant.id.clone();
        if occupant.joints.remove(&network.spec.name).is_none() {
            let message = format!("container {id} is not connected to the network {}", network.spec.name);
            return Err(refusal(ErrorKind::NotFound, message));
        }
        self.tell_of_network(&network.id, "disconnect", Some(&id));
        Ok(())
    }

    /// Gives a container that starts its address on one of its networks.
    pub(super) fn attach(&mut self, container: &str, network: &str) -> Outcome<()> {
        let id = self.network(network)?.id.clone();
        let Some(segment) = self.networks.get_mut(&id) else { return Err(no_such_network(network)) };
        segment.last_host += 1;
        let host = segment.last_host;
        let subnet = segment.spec.ipam_pools.first().map(|pool| pool.subnet.clone()).unwrap_or_default();
        let occupant = self.container_mut(container)?;
        let primary = occupant.spec.network_mode == network;
        let wanted_mac = if primary { occupant.spec.mac_address.clone() } else { String::new() };
        let Some(joint) = occupant.joints.get_mut(network) else { return Ok(()) };
        joint.network_id.clone_from(&id);
        joint.address = match joint.endpoint.ipv4_address.as_str() {
            "" => address_in(&subnet, host),
            fixed => fixed.to_owned(),
        };
        joint.mac_address = [joint.endpoint.mac_address.clone(), wanted_mac]
            .into_iter()
            .find(|address| !address.is_empty())
            .unwrap_or_else(|| format!("02:42:00:00:{:02x}:{:02x}", host / 256 % 256, host % 256));
        self.tell_of_network(&id, "connect", Some(container));
        Ok(())
    }

    /// Takes the addresses of a container that ended.
    pub(super) fn detach(&mut self, container: &str) {
        let Some(occupant) = self.containers.get_mut(container) else { return };
        let mut left = Vec::new();
        for joint in occupant.joints.values_mut() {
            joint.address.clear();
            joint.mac_address.clear();
            left.push(joint.network_id.clone());
        }
        for network in left {
            self.tell_of_network(&network, "disconnect", Some(container));
        }
    }

    fn tell_of_network(&mut self, id: &str, action: &str, container: Option<&str>) {
        let Some(network) = self.networks.get(id) else { return };
        let mut attributes = BTreeMap::from([
            ("name".to_owned(), network.spec.name.clone()),
            ("type".to_owned(), network.spec.driver.clone()),
        ]);
        attributes.extend(container.map(|container| ("container".to_owned(), container.to_owned())));
        self.tell("network", action, id, attributes);
    }

    /// Whether a container can be started with the networks that there are.
    pub(super) fn networks_are_there(&self, container: &str) -> Outcome<()> {
        let occupant = self.container(container)?;
        if let Some(owner) = occupant.spec.network_mode.strip_prefix("container:") {
            let owner = self.container(owner)?;
            if owner.state != State::Running {
                let message = format!("cannot join network of a non running container: {}", owner.id);
                return Err(refusal(ErrorKind::Conflict, message));
            }
        }
        occupant.joints.keys().try_for_each(|name| self.network(name).map(drop))
    }
}

fn no_such_network(name: &str) -> EngineError {
    refusal(ErrorKind::NotFound, format!("network {name} not found"))
}

/// The address with this last part in a range.
fn address_in(subnet: &str, host: u32) -> String {
    let base = subnet.split('/').next().unwrap_or_default();
    match base.rsplit_once('.') {
        Some((front, _)) => format!("{front}.{}", host % 254 + 1),
        None => String::new(),
    }
}
