//! Mappings that may be written as a list of `NAME=value`.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Map, Node};

use super::strings;

/// `environment`, `args`: a name without a value stays without one.
pub(super) fn pairs(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    if let Some(items) = node.as_seq() {
        let mut map = Map::default();
        for item in items {
            let Some(entry) = item.as_str() else { continue };
            let (name, value) = match entry.split_once('=') {
                Some((name, value)) => (name, item.likewise(Kind::Str(value.into()))),
                None => (entry, item.likewise(Kind::Null)),
            };
            if name.ends_with(char::is_whitespace) {
                findings.push(
                    Diagnostic::error(format!("the variable name {name:?} ends with a space"))
                        .at(item.span)
                        .help(format!("write {}=…, without a space before the equals sign", name.trim_end())),
                );
            }
            map.insert(name, item.span, value);
        }
        node.kind = Kind::Map(map);
    }
    values(node);
}

/// `labels`, `sysctls`: a name without a value has an empty one.
pub(super) fn filled(node: &mut Node, _: &mut Vec<Diagnostic>) {
    if let Some(items) = node.as_seq() {
        let mut map = Map::default();
        for item in items {
            let Some(entry) = item.as_str() else { continue };
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            map.insert(name, item.span, item.likewise(Kind::Str(value.into())));
        }
        node.kind = Kind::Map(map);
    }
    options(node, &mut Vec::new());
}

/// `driver_opts`: a mapping only; what is null becomes empty.
pub(super) fn options(node: &mut Node, _: &mut Vec<Diagnostic>) {
    values(node);
    for (_, _, value) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        if value.is_null() {
            value.kind = Kind::Str("".into());
        }
    }
}

pub(super) fn logging(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, &[("options", options)], findings);
}

fn values(node: &mut Node) {
    for (_, _, value) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        strings::into_text(value);
    }
}
