//! Keys that are right but indented wrongly: they ended up among the services.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::{Kind, Map, Node};

use super::super::path::Path;
use super::Kinds;
use super::service::SERVICE;
use super::walk::Walk;

/// Tells which entries of `services` are none, and puts them where they belong.
pub(super) fn mend(walk: &mut Walk<'_>, map: &mut Map, path: &Path<'_>) {
    match path {
        Path::Root => {
            // What was meant to stand below `services:` stands beside it.
            let beside = map.iter().any(|(_, _, value)| looks_like_service(value));
            if let Some(services) = map.get_mut("services").filter(|services| beside && services.is_null()) {
                services.kind = Kind::Map(Map::default());
            }
        }
        Path::Key(Path::Root, "services") => {
            attributes(walk, map);
            sections(walk, map);
        }
        _ => {}
    }
}

/// Whether a value has an attribute that only services have.
pub(super) fn looks_like_service(value: &Node) -> bool {
    value.as_map().is_some_and(|map| ["image", "build"].iter().any(|key| map.contains_key(key)))
}

/// Attributes of a service that stand beside it instead of below it.
fn attributes(walk: &mut Walk<'_>, map: &mut Map) {
    // Which entries they are, and the service above each.
    let mut found: Vec<(Arc<str>, Span, Arc<str>)> = Vec::new();
    let mut owner: Option<Arc<str>> = None;
    for (key, place, value) in map.iter() {
        match &owner {
            Some(owner) if is_attribute(key, value) => found.push((key.clone(), place, owner.clone())),
            // What stands below a name without a value was meant to be indented.
            _ => owner = value.is_null().then(|| key.clone()),
        }
    }
    for (key, place, owner) in found {
        let Some(value) = map.remove(&key) else { continue };
        let finding =
            Diagnostic::error(format!("`{key}` is an attribute of a service, but stands beside {owner}")).at(place);
        let finding = map.key_span(&owner).into_iter().fold(finding, |it, at| it.label(at, "it belongs below this"));
        walk.findings.push(finding.help(format!("indent it further than `{owner}:`")));
        walk.mended.push(place);
        let Some(service) = map.get_mut(&owner) else { continue };
        if service.is_null() {
            service.kind = Kind::Map(Map::default());
        }
        if let Some(service) = service.as_map_mut() {
            service.insert(key, place, value);
        }
    }
}

fn is_attribute(key: &str, value: &Node) -> bool {
    let Some(shape) = SERVICE.object.and_then(|service| service.known(key)) else { return false };
    !value.is_null() && shape.kinds.holds(Kinds::of(value)) && !has_attributes(value)
}

/// Whether a mapping has any key that services have.
fn has_attributes(value: &Node) -> bool {
    let known = |key: &str| SERVICE.object.is_some_and(|service| service.known(key).is_some());
    value.as_map().is_some_and(|map| map.keys().any(known))
}

/// Sections of the file that stand among the services.
fn sections(walk: &mut Walk<'_>, map: &mut Map) {
    let is_section = |key: &str, value: &Node| {
        let empty = value.is_null() || value.as_map().is_some_and(|map| !map.is_empty() && !has_attributes(value));
        empty && ["volumes", "networks", "configs", "secrets", "models"].contains(&key)
    };
    let found = map.iter().filter(|(key, _, value)| is_section(key, value));
    let found: Vec<(Arc<str>, Span)> = found.map(|(key, place, _)| (key.clone(), place)).collect();
    for (key, place) in found {
        let Some(value) = map.remove(&key) else { continue };
        let finding = Diagnostic::error(format!("`{key}` stands among the services")).at(place);
        walk.findings.push(finding.help(format!("if the top-level `{key}` is meant, take its indentation away")));
        walk.mended.push(place);
        if !value.is_null() {
            walk.move_to(Vec::new(), key, place, value);
        }
    }
}
