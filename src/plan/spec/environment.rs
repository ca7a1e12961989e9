//! Variables, names of hosts, name servers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::{Service, ServiceName};

use super::super::PlanError;

/// `KEY=value`, or `KEY` alone to unset what the image sets; proxies below what the service says itself.
pub fn variables(service: &Service, proxies: &BTreeMap<String, String>) -> Vec<String> {
    let mut all: BTreeMap<&str, Option<&str>> =
        proxies.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
    all.extend(service.environment.iter().map(|(name, value)| (name.as_str(), value.as_deref())));
    let text = |(name, value): (&str, Option<&str>)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.to_owned(),
    };
    all.into_iter().map(text).collect()
}

/// `host:address`, an entry for each address.
pub fn extra_hosts(service: &Service) -> Vec<String> {
    let lines = |(host, addresses): (&String, &Vec<String>)| {
        addresses.iter().map(|address| format!("{host}:{address}")).collect::<Vec<_>>()
    };
    service.extra_hosts.iter().flat_map(lines).collect()
}

pub fn check_dns(name: &ServiceName, service: &Service) -> Result<(), PlanError> {
    match service.dns.iter().find(|server| server.parse::<IpAddr>().is_err()) {
        None => Ok(()),
        Some(server) => Err(PlanError::of_service(name, "dns", format!("invalid DNS address: {server:?}"))
            .help("a name server is given by its IP address")),
    }
}
