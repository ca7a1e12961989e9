//! `provider.options`: each option has one value or several.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Map, Node};

use super::strings;

pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, &[("options", options)], findings);
}

/// An option with no value at all is left out.
fn options(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    if let Some(options) = node.as_map_mut() {
        options.retain(|_, value| value.as_seq().is_none_or(|values| !values.is_empty()));
    }
    for (_, _, value) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        strings::into_text(value);
        strings::list(value, findings);
    }
}
