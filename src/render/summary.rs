//! What stands now that `up` has left: services, how they are, and where they can be reached.

use std::collections::BTreeMap;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use crate::engine::{Container, Health, State};
use crate::model::{ServiceName, labels};

use super::human;
use super::paint::{BAD, FAINT, GOOD, Paint, WARNING};

/// How a service became ready, as far as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Since the command began.
    pub after: Duration,
    /// It was waited for, and not only started: whatever the engine says, its own check has succeeded.
    pub awaited: bool,
}

/// What stands beside a name, a state and the addresses, with room for how many more addresses there are.
const BESIDE: usize = 9;
/// What stands before addresses that have a line of their own.
const BELOW: &str = "\n   ";
/// Narrower than this, a name says nothing any more.
const SHORTEST_NAME: usize = 8;

const GOOD_MARK: &str = "✔";
const BAD_MARK: &str = "✘";
const OPEN_MARK: &str = "-";

/// One line for each service of the project.
pub fn summary(containers: &[Container], ready: &BTreeMap<ServiceName, Ready>, columns: usize, paint: Paint) -> String {
    let mut services: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in containers {
        if let Some(service) = container.labels.get(labels::SERVICE) {
            services.entry(service).or_default().push(container);
        }
    }
    let states: Vec<(&str, String, &str, Vec<String>)> = services
        .into_iter()
        .map(|(service, containers)| {
            let seen = ready.get(service);
            let (mark, mut words) = state(&containers, seen.is_some_and(|ready| ready.awaited));
            if let (true, Some(ready)) = (mark == GOOD_MARK, seen) {
                words = format!("{words} after {}", human::elapsed(ready.after));
            }
            (service, words, mark, addresses(&containers))
        })
        .collect();
    let width = |texts: Vec<&str>| texts.into_iter().map(UnicodeWidthStr::width).max().unwrap_or(0);
    let words = width(states.iter().map(|(_, words, ..)| words.as_str()).collect());
    let name = width(states.iter().map(|(service, ..)| *service).collect());
    // In a narrow window names are shortened, and addresses that have no room beside move below.
    let name = name.min(columns.saturating_sub(words + BESIDE)).max(SHORTEST_NAME.min(name));
    let mut text = String::new();
    for (service, state, mark, addresses) in &states {
        let style = match *mark {
            GOOD_MARK => GOOD,
            BAD_MARK => BAD,
            _ => WARNING,
        };
        let service = human::shorten_name(service, name);
        let room = columns.saturating_sub(name + words + BESIDE);
        let below = addresses.first().is_some_and(|first| first.len() > room);
        let links = links(addresses, if below { columns.saturating_sub(BELOW.len() + 5) } else { room }, paint);
        let line = format!(
            " {} {service}{}  {}{}{links}",
            paint.paint(style, mark),
            " ".repeat(name.saturating_sub(service.width())),
            paint.paint(FAINT, format_args!("{state:<width$}", width = if below { 0 } else { words })),
            if below { BELOW } else { "  " },
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// As many addresses as there is room for; a link is never cut.
fn links(addresses: &[String], room: usize, paint: Paint) -> String {
    let mut shown = Vec::new();
    let mut used = 0;
    for address in addresses {
        used += address.len() + 1;
        if used > room && !shown.is_empty() {
            shown.push(format!("+{}", addresses.len() - shown.len()));
            break;
        }
        shown.push(paint.link(address));
    }
    shown.join(" ")
}

/// The worst that can be said of any of them, and of how many.
fn state(containers: &[&Container], awaited: bool) -> (&'static str, String) {
    let worst =
        containers.iter().map(|container| told(container, awaited)).max().unwrap_or((0, GOOD_MARK, String::new()));
    let (_, mark, words) = worst;
    if containers.len() > 1 {
        let running = containers.iter().filter(|container| container.state == State::Running).count();
        (mark, format!("{words}, {running}/{} running", containers.len()))
    } else {
        (mark, words)
    }
}

/// How bad it is, its mark, and the word for it.
fn told(container: &Container, awaited: bool) -> (u8, &'static str, String) {
    match (container.state, container.health, container.exit_code) {
        (State::Running, Health::Starting, _) if awaited => (0, GOOD_MARK, "healthy".into()),
        (State::Running, Health::Healthy, _) => (0, GOOD_MARK, "healthy".into()),
        (State::Running, Health::None, _) => (1, GOOD_MARK, "running".into()),
        (State::Exited, _, Some(0)) => (2, GOOD_MARK, "completed".into()),
        (State::Created, ..) => (3, OPEN_MARK, "created".into()),
        (State::Running, Health::Starting, _) => (4, OPEN_MARK, "starting".into()),
        (State::Running, Health::Unhealthy, _) => (5, BAD_MARK, "unhealthy".into()),
        (State::Exited, _, Some(code)) => (6, BAD_MARK, format!("exited ({code})")),
        (state, ..) => (7, BAD_MARK, state.as_str().into()),
    }
}

/// `http://localhost:8080` for every TCP port that is published, each once.
fn addresses(containers: &[&Container]) -> Vec<String> {
    let mut addresses = Vec::new();
    for port in containers.iter().flat_map(|container| &container.ports).filter(|port| port.protocol == "tcp") {
        let Some(published) = port.published else { continue };
        let host = match port.address.as_str() {
            "" | "0.0.0.0" | "::" | "127.0.0.1" | "::1" => "localhost",
            address => address,
        };
        let scheme = if matches!(port.target, 443 | 8443) { "https" } else { "http" };
        let address = format!("{scheme}://{}", human::host_and_port(host, &published.to_string()));
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.sort();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ContainerId, ImageId, PublishedPort};

    fn container(service: &str, state: State, health: Health, exit_code: Option<i64>, ports: &[u16]) -> Container {
        let port = |address: &str, port: u16| PublishedPort {
            address: address.into(),
            published: Some(port),
            target: 80,
            protocol: "tcp".into(),
        };
        Container {
            id: ContainerId::new("1"),
            name: format!("shop-{service}-1"),
            image: String::new(),
            image_id: ImageId::new(""),
            command: String::new(),
            created: 0,
            state,
            status: String::new(),
            health,
            exit_code,
            labels: [(labels::SERVICE.to_owned(), service.to_owned())].into(),
            ports: ports.iter().flat_map(|number| [port("0.0.0.0", *number), port("::", *number)]).collect(),
            mounts: Vec::new(),
            networks: BTreeMap::new(),
        }
    }

    #[test]
    fn services_their_state_and_their_addresses() {
        let containers = [
            container("gateway", State::Running, Health::Healthy, None, &[8080, 9090]),
            container("migrate", State::Exited, Health::None, Some(0), &[]),
            container("orders", State::Running, Health::None, None, &[]),
            container("orders", State::Exited, Health::None, Some(3), &[]),
            container("store", State::Running, Health::Starting, None, &[]),
            container("payments-and-invoices", State::Running, Health::None, None, &[8081]),
        ];
        let times = [("gateway", 3200), ("migrate", 700), ("orders", 900)];
        let ready =
            |(service, time): (&str, _)| (service.into(), Ready { after: Duration::from_millis(time), awaited: false });
        let ready = times.map(ready).into();
        insta::assert_snapshot!(summary(&containers, &ready, 80, Paint::PLAIN));
        insta::assert_snapshot!(summary(&containers, &ready, 40, Paint::PLAIN));
    }
}
