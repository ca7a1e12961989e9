//! Where a container's port can be reached from here. Pure: it goes by what the engine says of the container.

use crate::engine::{ContainerDetails, Place};

/// One address that leads to a port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Door {
    pub host: String,
    pub port: u16,
    /// Somebody in between takes every connection, and hangs up when nobody answers inside.
    pub has_porter: bool,
}

/// Every way to a port, the surest first. `owner` is the container whose network it is on: itself, mostly.
///
/// # Errors
/// In words, when there is none; and what can be done about it.
pub(super) fn doors(owner: &ContainerDetails, port: u16, place: &Place) -> Result<Vec<Door>, (String, String)> {
    let this_machine = match place {
        Place::Here | Place::Apart => "127.0.0.1",
        Place::Elsewhere { host } => host,
    };
    if owner.network_mode == "host" {
        return Ok(vec![Door { host: this_machine.to_owned(), port, has_porter: false }]);
    }
    let mut doors = Vec::new();
    for published in owner.ports.iter().filter(|it| it.target == port && it.protocol == "tcp") {
        let Some(number) = published.published else { continue };
        let host = match (published.address.as_str(), place) {
            ("" | "0.0.0.0", _) => this_machine,
            ("::", Place::Here | Place::Apart) => "::1",
            ("::", Place::Elsewhere { host }) => host,
            (address, Place::Elsewhere { .. }) if address == "::1" || address.starts_with("127.") => continue,
            (address, _) => address,
        };
        let door = Door { host: host.to_owned(), port: number, has_porter: true };
        if !doors.contains(&door) {
            doors.push(door);
        }
    }
    if *place == Place::Here {
        let addresses = owner.networks.values().flat_map(|endpoint| [&endpoint.ip_address, &endpoint.ipv6_address]);
        let own = addresses.filter(|address| !address.is_empty());
        doors.extend(own.map(|address| Door { host: address.clone(), port, has_porter: false }));
    }
    if doors.is_empty() { Err(closed(owner, port, place)) } else { Ok(doors) }
}

fn closed(owner: &ContainerDetails, port: u16, place: &Place) -> (String, String) {
    let name = &owner.name;
    let other = "use a `healthcheck` or `log`";
    match place {
        Place::Here => (
            format!("port {port} of container {name} cannot be reached: it is on no network"),
            format!("{other}, or put it on a network"),
        ),
        Place::Apart => (
            format!(
                "port {port} of container {name} cannot be reached: it is not published, and the engine has its networks to itself"
            ),
            format!("publish it, as in `ports: [\"127.0.0.1::{port}\"]`, or {other}"),
        ),
        Place::Elsewhere { host } => (
            format!(
                "port {port} of container {name} cannot be reached: it is not published to others than {host} itself"
            ),
            format!("publish it, as in `ports: [\"{port}\"]`, or {other}"),
        ),
    }
}

impl std::fmt::Display for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::memory::{MemoryEngine, MemoryImage};
    use crate::engine::{ContainerSpec, Endpoint, Engine, PublishedPort};

    /// A container with these ports (`8000>80/tcp` at an address), on a network unless it is on another's.
    async fn container(mode: &str, ports: &[(&str, u16, u16)], addresses: &[&str]) -> ContainerDetails {
        let engine = MemoryEngine::new().with(MemoryImage::named("app"));
        let spec = ContainerSpec { name: "db".into(), image: "app".into(), ..ContainerSpec::default() };
        let id = engine.create_container(&spec).await.expect("created").id;
        let mut details = engine.inspect_container(&id).await.expect("details");
        details.network_mode = mode.to_owned();
        let port = |&(address, published, target): &(&str, u16, u16)| PublishedPort {
            address: address.to_owned(),
            published: Some(published),
            target,
            protocol: "tcp".to_owned(),
        };
        details.ports = ports.iter().map(port).collect();
        let endpoint = |(at, address): (usize, &&str)| {
            (format!("n{at}"), Endpoint { ip_address: (*address).to_owned(), ..Endpoint::default() })
        };
        details.networks = addresses.iter().enumerate().map(endpoint).collect();
        details
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_published_comes_first_and_addresses_only_where_they_are_ours() {
        let elsewhere = Place::Elsewhere { host: "far".into() };
        let everywhere = container("shop_default", &[("0.0.0.0", 8000, 80), ("::", 8000, 80)], &["172.18.0.2"]).await;
        let own = container("shop_default", &[("127.0.0.1", 8000, 80)], &["172.18.0.2", ""]).await;
        let hidden = container("shop_default", &[("0.0.0.0", 8000, 81)], &["172.18.0.2"]).await;
        let host = container("host", &[], &[]).await;
        let none = container("none", &[], &[]).await;
        let table = [
            (&everywhere, &Place::Here, "127.0.0.1:8000 [::1]:8000 172.18.0.2:80"),
            (&everywhere, &Place::Apart, "127.0.0.1:8000 [::1]:8000"),
            (&everywhere, &elsewhere, "far:8000"),
            (&own, &Place::Here, "127.0.0.1:8000 172.18.0.2:80"),
            (
                &own,
                &elsewhere,
                "port 80 of container db cannot be reached: it is not published to others than far itself",
            ),
            (&hidden, &Place::Here, "172.18.0.2:80"),
            (
                &hidden,
                &Place::Apart,
                "port 80 of container db cannot be reached: it is not published, and the engine has its networks to itself",
            ),
            (&host, &Place::Here, "127.0.0.1:80"),
            (&host, &elsewhere, "far:80"),
            (&none, &Place::Here, "port 80 of container db cannot be reached: it is on no network"),
        ];
        for (details, place, expected) in table {
            let found = match doors(details, 80, place) {
                Ok(doors) => doors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                Err((message, help)) => {
                    assert!(help.contains("healthcheck"), "{help}");
                    message
                }
            };
            assert_eq!(found, expected);
        }
    }
}
