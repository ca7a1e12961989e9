//! How a container joins its networks.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::engine::{ApiVersion, ContainerSpec, EndpointSpec};
use crate::model::{Project, Service, ServiceName};

use super::super::PlanError;
use super::{Context, Purpose, names, own_mode};

/// From here on each endpoint may have a hardware address of its own.
const ENDPOINT_MAC_SINCE: ApiVersion = ApiVersion::new(1, 44);
const INTERFACE_NAME_SINCE: ApiVersion = ApiVersion::new(1, 49);
const INTERFACE_NAME: &str = "com.docker.network.endpoint.ifname";

pub fn fill(
    spec: &mut ContainerSpec,
    context: &Context<'_>,
    name: &ServiceName,
    service: &Service,
    purpose: Purpose<'_>,
    links: &[String],
) -> Result<(), PlanError> {
    spec.mac_address = container_mac(context.api, name, service)?;
    check_interface_names(context.api, name, service)?;
    spec.links = links.to_vec();
    if !service.network_mode.is_empty() {
        spec.network_mode = own_mode(&service.network_mode);
        return Ok(());
    }
    spec.endpoints = endpoints(context, name, service, purpose, links);
    let primary = keys_by_priority(service).into_iter().find_map(|key| context.project.networks.get(key));
    spec.network_mode = primary.map_or_else(|| "none".to_owned(), |network| network.name.clone());
    Ok(())
}

/// Every endpoint of a service's container, by the engine's name of the network.
pub fn endpoints(
    context: &Context<'_>,
    name: &ServiceName,
    service: &Service,
    purpose: Purpose<'_>,
    links: &[String],
) -> BTreeMap<String, EndpointSpec> {
    let one = |key: &str| {
        let network = context.project.networks.get(key)?;
        Some((network.name.clone(), endpoint(context, name, service, purpose, key, links)))
    };
    keys_by_priority(service).into_iter().filter_map(one).collect()
}

/// How a service's container joins the network with this key.
pub fn endpoint(
    context: &Context<'_>,
    name: &ServiceName,
    service: &Service,
    purpose: Purpose<'_>,
    key: &str,
    links: &[String],
) -> EndpointSpec {
    let own = service.networks.get(key).and_then(Option::as_ref);
    let mut spec = EndpointSpec {
        aliases: aliases(context.project, name, service, purpose),
        links: links.to_vec(),
        ..EndpointSpec::default()
    };
    if let Some(own) = own {
        if shares_aliases(purpose) {
            spec.aliases.extend(own.aliases.iter().cloned());
        }
        spec.ipv4_address.clone_from(&own.ipv4_address);
        spec.ipv6_address.clone_from(&own.ipv6_address);
        spec.link_local_ips.clone_from(&own.link_local_ips);
        spec.mac_address.clone_from(&own.mac_address);
        spec.driver_options.clone_from(&own.driver_opts);
        spec.gateway_priority = own.gw_priority;
        if !own.interface_name.is_empty() {
            spec.driver_options.insert(INTERFACE_NAME.into(), own.interface_name.clone());
        }
    }
    let is_primary = keys_by_priority(service).first() == Some(&key);
    if is_primary && spec.mac_address.is_empty() && context.api >= ENDPOINT_MAC_SINCE {
        spec.mac_address.clone_from(&service.mac_address);
    }
    spec
}

fn shares_aliases(purpose: Purpose<'_>) -> bool {
    match purpose {
        Purpose::Replica(_) | Purpose::Hook(_) => true,
        Purpose::OneOff(one_off) => one_off.aliases,
    }
}

/// The container's own name, and what all replicas answer to.
fn aliases(project: &Project, name: &ServiceName, service: &Service, purpose: Purpose<'_>) -> Vec<String> {
    let mut aliases = vec![names::of(project, name, service, purpose)];
    if shares_aliases(purpose) {
        aliases.push(name.to_string());
    }
    aliases
}

/// Keys of a service's networks, the primary one first; `default` where it names none.
pub fn keys_by_priority(service: &Service) -> Vec<&str> {
    if service.networks.is_empty() {
        return vec!["default"];
    }
    let mut keys: Vec<_> = service.networks.iter().collect();
    keys.sort_by_key(|(key, own)| (Reverse(own.as_ref().map_or(0, |own| own.priority)), key.as_str()));
    keys.into_iter().map(|(key, _)| key.as_str()).collect()
}

/// The container-wide hardware address, for engines that know no other.
fn container_mac(api: ApiVersion, name: &ServiceName, service: &Service) -> Result<String, PlanError> {
    let of = |key: &str| service.networks.get(key).and_then(Option::as_ref).map_or("", |own| own.mac_address.as_str());
    let primary = keys_by_priority(service)[0];
    let (own, on_primary) = (service.mac_address.as_str(), of(primary));
    if !own.is_empty() && !on_primary.is_empty() && own != on_primary {
        let message = format!("the service-level mac_address should have the same value as network {primary}");
        return Err(PlanError::of_service(name, "mac_address", message));
    }
    if api >= ENDPOINT_MAC_SINCE {
        return Ok(String::new());
    }
    let with: Vec<_> = service.networks.keys().map(String::as_str).filter(|key| !of(key).is_empty()).collect();
    if with.len() > 1 {
        let message = format!(
            "a MAC address is given for several networks ({}), which takes Docker Engine 25 or later (this one speaks API {api})",
            with.join(", ")
        );
        return Err(PlanError::of_service(name, "networks", message));
    }
    Ok(if on_primary.is_empty() { own } else { on_primary }.to_owned())
}

fn check_interface_names(api: ApiVersion, name: &ServiceName, service: &Service) -> Result<(), PlanError> {
    let named = service.networks.values().flatten().any(|own| !own.interface_name.is_empty());
    if !named || api >= INTERFACE_NAME_SINCE {
        return Ok(());
    }
    let message = format!("interface_name requires Docker Engine 28.1 or later (this one speaks API {api})");
    Err(PlanError::of_service(name, "networks", message))
}
