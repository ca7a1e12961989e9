//! Containers of a project as a table or as JSON objects, with the columns and fields of docker compose.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::engine::{Container, Health, PublishedPort};
use crate::model::labels;

use super::human;
use super::listing::{Entry, Kind, fields};
use super::table::Layout;
use super::template::Row;

pub const CONTAINERS: Kind = Kind {
    columns: &["NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"],
    headings: &[
        ("Command", "COMMAND"),
        ("CreatedAt", "CREATED AT"),
        ("ExitCode", "EXIT CODE"),
        ("Health", "HEALTH"),
        ("ID", "CONTAINER ID"),
        ("Image", "IMAGE"),
        ("Labels", "LABELS"),
        ("LocalVolumes", "LOCAL VOLUMES"),
        ("Mounts", "MOUNTS"),
        ("Name", "NAME"),
        ("Names", "NAMES"),
        ("Networks", "NETWORKS"),
        ("Ports", "PORTS"),
        ("Project", "PROJECT"),
        ("Publishers", "PUBLISHERS"),
        ("RunningFor", "CREATED"),
        ("Service", "SERVICE"),
        ("Size", "SIZE"),
        ("State", "STATE"),
        ("Status", "STATUS"),
    ],
    layout: Layout::USUAL,
    as_array: false,
};

/// What a listing depends on besides the containers.
#[derive(Clone, Debug)]
pub struct Listing {
    pub now: Timestamp,
    pub zone: TimeZone,
    /// Commands, ids and mounts in full length.
    pub in_full: bool,
}

const COMMAND: usize = 20;
const MOUNT: usize = 15;

impl Listing {
    pub fn entry(&self, container: &Container) -> Entry {
        Entry {
            row: Row { fields: fields(self.object(container)), labels: container.labels.clone() },
            cells: vec![
                container.name.clone(),
                container.image.clone(),
                self.command(container),
                label(container, labels::SERVICE),
                self.running_for(container),
                container.status.clone(),
                human::ports(&container.ports),
            ],
        }
    }

    /// All that docker compose tells of a container, under the same names.
    fn object(&self, container: &Container) -> Value {
        let labels: Vec<String> = container.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let networks: Vec<&str> = container.networks.keys().map(String::as_str).collect();
        let local = container.mounts.iter().filter(|mount| mount.driver == "local").count();
        json!({
            "Command": self.command(container),
            "CreatedAt": self.created_at(container),
            "ExitCode": container.exit_code.unwrap_or(0),
            "Health": health(container.health),
            "ID": if self.in_full { container.id.as_str() } else { container.id.short() },
            "Image": container.image,
            "Labels": labels.join(","),
            "LocalVolumes": local.to_string(),
            "Mounts": self.mounts(container),
            "Name": container.name,
            "Names": container.name,
            "Networks": networks.join(","),
            "Ports": human::ports(&container.ports),
            "Project": label(container, labels::PROJECT),
            "Publishers": publishers(&container.ports),
            "RunningFor": self.running_for(container),
            "Service": label(container, labels::SERVICE),
            "Size": "0B",
            "State": container.state.as_str(),
            "Status": container.status,
        })
    }

    fn command(&self, container: &Container) -> String {
        if self.in_full { quoted(&container.command) } else { quoted(&human::shorten(&container.command, COMMAND)) }
    }

    fn running_for(&self, container: &Container) -> String {
        format!("{} ago", human::age(self.now.as_second() - container.created))
    }

    fn created_at(&self, container: &Container) -> String {
        Timestamp::from_second(container.created)
            .map(|time| time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %z %Z").to_string())
            .unwrap_or_default()
    }

    fn mounts(&self, container: &Container) -> String {
        let names: Vec<String> = container
            .mounts
            .iter()
            .map(|mount| if mount.name.is_empty() { &mount.source } else { &mount.name })
            .map(|name| if self.in_full { name.clone() } else { human::shorten(name, MOUNT) })
            .collect();
        names.join(",")
    }
}

fn label(container: &Container, name: &str) -> String {
    container.labels.get(name).cloned().unwrap_or_default()
}

/// The word that docker compose has for a state of health; none where there is no check.
fn health(health: Health) -> &'static str {
    match health {
        Health::None => "",
        Health::Starting => "starting",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
    }
}

fn publishers(ports: &[PublishedPort]) -> Vec<Value> {
    let mut sorted: Vec<&PublishedPort> = ports.iter().collect();
    sorted.sort_by_key(|port| (port.target, &port.address, port.published, &port.protocol));
    sorted
        .into_iter()
        .map(|port| {
            json!({
                "URL": port.address,
                "TargetPort": port.target,
                "PublishedPort": port.published.unwrap_or(0),
                "Protocol": port.protocol,
            })
        })
        .collect()
}

/// In double quotes, with what would be mistaken escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ContainerId, Endpoint, ImageId, MountPoint, State};
    use crate::render::listing::Format;

    fn container() -> Container {
        Container {
            id: ContainerId::new("d2d346718b18d2d346718b18d2d346718b18d2d346718b18d2d346718b18abcd"),
            name: "shop-db-1".into(),
            image: "busybox".into(),
            image_id: ImageId::new("sha256:02c481939542"),
            command: "sh -c 'echo \"hello\"; echo err >&2; sleep 1000'".into(),
            created: 1_795_401_855,
            state: State::Running,
            status: "Up 1 second (healthy)".into(),
            health: Health::Healthy,
            exit_code: None,
            labels: [(labels::PROJECT.into(), "shop".into()), (labels::SERVICE.into(), "db".into())].into(),
            ports: vec![
                PublishedPort { address: "::".into(), published: Some(8471), target: 80, protocol: "tcp".into() },
                PublishedPort { address: "0.0.0.0".into(), published: Some(8471), target: 80, protocol: "tcp".into() },
                PublishedPort { address: String::new(), published: None, target: 53, protocol: "udp".into() },
            ],
            mounts: vec![
                MountPoint {
                    kind: "volume".into(),
                    name: "shop_data".into(),
                    driver: "local".into(),
                    ..MountPoint::default()
                },
                MountPoint { kind: "bind".into(), source: "/home/somebody/project".into(), ..MountPoint::default() },
            ],
            networks: [("shop_default".to_owned(), Endpoint::default())].into(),
        }
    }

    fn listing(in_full: bool) -> Listing {
        let now = Timestamp::from_second(1_795_401_858).expect("a time");
        Listing { now, zone: TimeZone::UTC, in_full }
    }

    #[test]
    fn a_table_as_docker_compose_prints_it() {
        let table =
            |in_full| CONTAINERS.text(&Format::Table, &[listing(in_full).entry(&container())]).expect("a table");
        insta::assert_snapshot!(table(false));
        insta::assert_snapshot!(table(true));
    }

    #[test]
    fn an_object_as_docker_compose_prints_it() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&listing(false).object(&container())).expect("json"));
    }

    #[test]
    fn every_field_has_a_heading() {
        let known: Vec<String> = CONTAINERS.headings.iter().map(|(field, _)| (*field).to_owned()).collect();
        assert_eq!(listing(false).entry(&container()).row.fields.keys().cloned().collect::<Vec<_>>(), known);
    }

    #[test]
    fn what_would_break_a_line_is_escaped() {
        assert_eq!(quoted("a\nb\"\\\u{1}é"), "\"a\\nb\\\"\\\\\\x01é\"");
    }
}
