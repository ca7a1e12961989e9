//! `configs` and `secrets` of a service: a name, or a source with where it goes.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Node};

pub(super) fn long(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::each_item(node, findings, |item, _| {
        if let Kind::Str(_) = item.kind {
            let source = item.kind.clone();
            item.kind = super::mapping(item.span, [("source", source)]);
        }
    });
}
