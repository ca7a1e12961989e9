//! What is meant when an attribute that is there leaves something out.

use crate::yaml::{Author, Kind, Map, Node};

use super::canonical::each;

/// Fills the gaps that need nothing but the document: protocols, targets of secrets, counts of devices, contexts.
pub(super) fn fill(document: &mut Node) {
    each(document, "services", |_, service| {
        if let Some(build) = service.get_mut("build") {
            set(build, "context", || Kind::Str(".".into()));
        }
        for port in items(service, "ports") {
            set(port, "protocol", || Kind::Str("tcp".into()));
            set(port, "mode", || Kind::Str("ingress".into()));
        }
        for secret in items(service, "secrets") {
            let source = secret.as_map().and_then(|map| map.get("source")).and_then(Node::as_str);
            let target = format!("/run/secrets/{}", source.unwrap_or_default());
            set(secret, "target", || Kind::Str(target.into()));
        }
        items(service, "gpus").for_each(all_devices);
        let reservations = service
            .get_mut("deploy")
            .and_then(|deploy| deploy.as_map_mut()?.get_mut("resources")?.as_map_mut()?.get_mut("reservations"));
        if let Some(reservations) = reservations.and_then(Node::as_map_mut) {
            items(reservations, "devices").for_each(all_devices);
        }
    });
}

fn items<'m>(map: &'m mut Map, key: &str) -> impl Iterator<Item = &'m mut Node> {
    map.get_mut(key).and_then(Node::as_seq_mut).into_iter().flatten()
}

fn set(node: &mut Node, key: &str, value: impl FnOnce() -> Kind) {
    let span = node.span;
    if let Some(map) = node.as_map_mut()
        && !map.contains_key(key)
    {
        map.insert(key, span, Node::new(value(), span).by(Author::Format));
    }
}

/// A request that says neither how many nor which means all.
fn all_devices(request: &mut Node) {
    if request.as_map().is_some_and(|map| !map.contains_key("device_ids")) {
        set(request, "count", || Kind::Str("all".into()));
    }
}
