//! Ports: exposed to other containers, published on the host.

use crate::engine::{ContainerSpec, PortBinding};
use crate::model::{Port, Service};

pub fn fill(spec: &mut ContainerSpec, service: &Service) {
    let published = service.ports.iter().map(target);
    let mut exposed: Vec<_> = service.expose.iter().flat_map(|text| exposed(text)).chain(published).collect();
    exposed.sort_unstable();
    exposed.dedup();
    spec.exposed_ports = exposed;
    for port in &service.ports {
        let binding = PortBinding { address: port.host_ip.clone(), published: port.published.clone() };
        spec.port_bindings.entry(target(port)).or_default().push(binding);
    }
}

/// `80/tcp`
fn target(port: &Port) -> String {
    let protocol = if port.protocol.is_empty() { "tcp" } else { &port.protocol };
    format!("{}/{protocol}", port.target)
}

/// `8000-8001/udp` is two ports; the protocol is tcp where none is given.
fn exposed(text: &str) -> Vec<String> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).map(|port| format!("{port}/{protocol}")).collect(),
        _ => vec![format!("{ports}/{protocol}")],
    }
}
