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

/// A limit is a whole number, and written as one.
pub(super) fn ulimits(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    let mut number = |node: &Node| {
        if matches!(node.kind, Kind::Str(_) | Kind::Float(_)) {
            findings.push(Diagnostic::error("a limit must be a whole number").at(node.span));
        }
    };
    for (_, _, limit) in node.as_map().into_iter().flat_map(Map::iter) {
        number(limit);
        for (key, _, bound) in limit.as_map().into_iter().flat_map(Map::iter) {
            if !key.starts_with("x-") {
                number(bound);
            }
        }
    }
}
