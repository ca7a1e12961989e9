//! `depends_on`: a list of services, or a condition for each.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Author, Kind, Map, Node, word};

pub(super) fn long(node: &mut Node, _: &mut Vec<Diagnostic>) {
    if let Some(items) = node.as_seq() {
        let mut map = Map::with_capacity(items.len());
        for item in items {
            let Some(service) = item.as_str() else { continue };
            map.insert(service, item.span, item.likewise(Kind::Map(Map::with_capacity(2))));
        }
        node.kind = Kind::Map(map);
    }
    for (_, _, dependency) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        let span = dependency.span;
        let Some(dependency) = dependency.as_map_mut() else { continue };
        for (key, value) in [("condition", Kind::Str(word("service_started"))), ("required", Kind::Bool(true))] {
            if !dependency.contains_key(key) {
                dependency.insert(word(key), span, Node::new(value, span).by(Author::Format));
            }
        }
    }
}
