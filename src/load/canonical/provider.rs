//! `provider.options`: each option has one value or several.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Map, Node};

use super::strings;

pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, &[("options", options)], findings);
}

fn options(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    for (_, _, value) in node.as_map_mut().into_iter().flat_map(Map::iter_mut) {
        strings::into_text(value);
        strings::list(value, findings);
    }
}
