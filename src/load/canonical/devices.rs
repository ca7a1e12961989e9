//! `devices`: a path on the host, a path in the container, permissions; and limits.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Map, Node};

pub(super) fn long(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::each_item(node, findings, mapping);
}

fn mapping(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    let Some(spec) = node.as_str() else { return };
    let parts: Vec<&str> = spec.split(':').collect();
    let (source, target, permissions) = match parts[..] {
        [path] => (path, path, "rwm"),
        [source, target] => (source, target, "rwm"),
        [source, target, permissions] => (source, target, permissions),
        _ => {
            findings.push(
                Diagnostic::error(format!("this device has too many colons: {spec}"))
                    .at(node.span)
                    .help("use the long form: source, target, permissions"),
            );
            return;
        }
    };
    let entries = [("source", source), ("target", target), ("permissions", permissions)];
    node.kind = super::mapping(node.span, entries.map(|(key, text)| (key, Kind::Str(text.into()))));
}

/// A limit that is written as a string of digits is a number.
pub(super) fn ulimits(node: &mut Node, _: &mut Vec<Diagnostic>) {
    let number = |node: &mut Node| {
        if let Some(value) = node.as_str().and_then(|text| text.parse().ok()) {
            node.kind = Kind::Int(value);
        }
    };
    for (_, _, limit) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        number(limit);
        for (_, _, bound) in limit.as_map_mut().into_iter().flat_map(Map::iter_mut) {
            number(bound);
        }
    }
}
