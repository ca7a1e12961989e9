//! Attributes that contradict one another within one entry of the document, whether or not it is used.

use std::net::IpAddr;

use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::{Kind, Map, Node};

/// Looks at every entry of the finished document, also at those that no service of this run uses.
pub(in crate::load) fn check(document: &Node, findings: &mut Vec<Diagnostic>) {
    for (name, place, volume) in section(document, "volumes") {
        external(name, place, volume, findings);
    }
    for (name, place, config) in section(document, "configs") {
        sources("configs", name, place, config, &["file", "environment", "content"], findings);
    }
    for (name, place, secret) in section(document, "secrets") {
        sources("secrets", name, place, secret, &["file", "environment"], findings);
    }
    for (name, _, service) in section(document, "services") {
        for (index, port) in list(Some(service), "ports").iter().enumerate() {
            let place = format!("services.{name}.ports[{index}]");
            address(&place, port, findings);
            target(&place, port, findings);
        }
        requests(&format!("services.{name}.gpus"), list(Some(service), "gpus"), findings);
        let reservations = ["deploy", "resources", "reservations"]
            .iter()
            .try_fold(service, |map, key| map.get(key).and_then(Node::as_map));
        let place = format!("services.{name}.deploy.resources.reservations.devices");
        requests(&place, list(reservations, "devices"), findings);
        let develop = service.get("develop").and_then(Node::as_map);
        for (index, trigger) in list(develop, "watch").iter().enumerate() {
            if let Some(path) = trigger.as_map().and_then(|trigger| trigger.get("path"))
                && path.as_str() == Some("")
            {
                let message = format!("services.{name}.develop.watch[{index}].path: value can't be blank");
                findings.push(Diagnostic::error(message).at(path.span));
            }
        }
    }
}

fn section<'d>(document: &'d Node, section: &str) -> impl Iterator<Item = (&'d str, Span, &'d Map)> {
    let entries = document.as_map().and_then(|top| top.get(section)).and_then(Node::as_map);
    entries
        .into_iter()
        .flat_map(Map::iter)
        .filter_map(|(name, span, entry)| entry.as_map().map(|entry| (&**name, span, entry)))
}

fn list<'m>(map: Option<&'m Map>, key: &str) -> &'m [Node] {
    map.and_then(|map| map.get(key)).and_then(Node::as_seq).unwrap_or_default()
}

/// An external volume is described by its name alone.
fn external(name: &str, place: Span, volume: &Map, findings: &mut Vec<Diagnostic>) {
    if !matches!(volume.get("external"), Some(Node { kind: Kind::Bool(true), .. })) {
        return;
    }
    for (key, span, _) in volume.iter() {
        if !matches!(&**key, "name" | "external") && !key.starts_with("x-") {
            findings.push(
                Diagnostic::error(format!(
                    "volumes.{name}: conflicting parameters \"external\" and {:?} specified",
                    &**key
                ))
                .at(span)
                .label(volume.key_span("external").unwrap_or(place), "it is declared as external here")
                .help("an external volume exists already: only its `name` can be given"),
            );
        }
    }
}

/// A config or secret comes from exactly one place.
fn sources(section: &str, name: &str, place: Span, grant: &Map, keys: &[&str], findings: &mut Vec<Diagnostic>) {
    let given: Vec<(&str, Span)> = keys.iter().filter_map(|key| Some((*key, grant.key_span(key)?))).collect();
    match given[..] {
        [(_, first), (_, second), ..] => findings.push(
            Diagnostic::error(format!("{section}.{name}: {} attributes are mutually exclusive", keys.join("|")))
                .at(second)
                .label(first, "the other source"),
        ),
        [] if !grant.contains_key("driver") && !grant.contains_key("external") => findings
            .push(Diagnostic::error(format!("{section}.{name}: one of {} must be set", keys.join("|"))).at(place)),
        _ => {}
    }
}

fn address(place: &str, port: &Node, findings: &mut Vec<Diagnostic>) {
    if let Some(node) = port.as_map().and_then(|port| port.get("host_ip"))
        && let Some(text) = node.as_str()
        && text.parse::<IpAddr>().is_err()
    {
        findings.push(Diagnostic::error(format!("{place}: invalid ip address: {text}")).at(node.span));
    }
}

/// A port in the container is never 0: nobody could know where it is.
fn target(place: &str, port: &Node, findings: &mut Vec<Diagnostic>) {
    if let Some(node) = port.as_map().and_then(|port| port.get("target"))
        && matches!(node.kind, Kind::Int(0))
    {
        findings.push(Diagnostic::error(format!("{place}: the port in the container cannot be 0")).at(node.span));
    }
}

fn requests(place: &str, requests: &[Node], findings: &mut Vec<Diagnostic>) {
    for (index, request) in requests.iter().enumerate() {
        let Some(request) = request.as_map() else { continue };
        if let (Some(count), Some(ids)) = (request.key_span("count"), request.key_span("device_ids")) {
            findings.push(
                Diagnostic::error(format!("{place}[{index}]: \"count\" and \"device_ids\" attributes are exclusive"))
                    .at(ids)
                    .label(count, "the count stands here"),
            );
        }
    }
}
