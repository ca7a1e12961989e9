//! `networks` and `models` of a service: a list of names, or a mapping from name to settings.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Map, Node};

use super::mappings;

/// A list of names is a mapping to null.
pub(super) fn names(node: &mut Node, _: &mut Vec<Diagnostic>) {
    let Some(items) = node.as_seq() else { return };
    let mut map = Map::default();
    for item in items {
        let Some(name) = item.as_str() else { continue };
        map.insert(name, item.span, item.likewise(Kind::Null));
    }
    node.kind = Kind::Map(map);
}

pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    for (_, _, endpoint) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        super::within(endpoint, &[("driver_opts", mappings::options)], findings);
    }
}
