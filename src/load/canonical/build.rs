//! `build`: a context alone, or everything about making an image.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Map, Node};

use super::{Forms, devices, extra_hosts, grants, mappings, strings};

const BUILD: Forms = &[
    ("additional_contexts", contexts),
    ("provenance", attestation),
    ("sbom", attestation),
    ("secrets", grants::long),
    ("ssh", ssh),
    ("ulimits", devices::ulimits),
];

const FINISHED: Forms = &[("args", mappings::pairs), ("extra_hosts", extra_hosts::long), ("labels", mappings::filled)];

pub(super) fn long(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    if let Kind::Str(_) = node.kind {
        let context = node.kind.clone();
        node.kind = super::mapping(node.span, [("context", context)]);
    }
    super::within(node, BUILD, findings);
}

pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, FINISHED, findings);
}

/// Every name needs a place that it stands for.
fn contexts(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    let mut lacks = |name: &str, place| {
        findings.push(
            Diagnostic::error(format!("the context {name:?} has no place that it stands for"))
                .at(place)
                .help(format!("write `{name}: path/or/address`")),
        );
    };
    for item in node.as_seq().unwrap_or_default() {
        if let Some(name) = item.as_str()
            && !name.contains('=')
        {
            lacks(name, item.span);
        }
    }
    for (name, _, place) in node.as_map().into_iter().flat_map(Map::iter) {
        if place.as_str().is_none() {
            lacks(name, place.span);
        }
    }
    mappings::filled(node, &mut Vec::new());
}

/// `provenance: true` is the word `true`.
fn attestation(node: &mut Node, _: &mut Vec<Diagnostic>) {
    strings::into_text(node);
}

/// A list of `id=path`, where only `default` can do without a path.
fn ssh(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    let Some(items) = node.as_seq() else {
        for (_, _, path) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
            strings::into_text(path);
        }
        return;
    };
    let mut map = Map::default();
    for item in items {
        let Some(key) = item.as_str() else { continue };
        // The second form is the one that docker compose prints.
        match key.split_once('=').or_else(|| key.split_once(": ")) {
            Some((id, path)) => map.insert(id, item.span, Node::string(path, item.span)),
            None if key == "default" => map.insert(key, item.span, Node::null(item.span)),
            None => {
                findings.push(
                    Diagnostic::error(format!("invalid ssh key {key:?}: it has no path"))
                        .at(item.span)
                        .help(format!("write `{key}=path/to/key`, or `default` for the agent")),
                );
                None
            }
        };
    }
    node.kind = Kind::Map(map);
}
