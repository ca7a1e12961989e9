//! `env_file`: a path, a list of paths, or paths with what they may be.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Author, Kind, Node};

pub(super) fn long(node: &mut Node, _: &mut Vec<Diagnostic>) {
    if let Kind::Str(_) = node.kind {
        let only = node.likewise(node.kind.clone());
        node.kind = Kind::Seq(vec![only]);
    }
    for item in node.as_seq_mut().into_iter().flatten() {
        let span = item.span;
        if let Kind::Str(_) = item.kind {
            let path = item.kind.clone();
            item.kind = super::mapping(span, [("path", path)]);
        }
        if let Some(file) = item.as_map_mut()
            && !file.contains_key("required")
        {
            file.insert("required", span, Node::new(Kind::Bool(true), span).by(Author::Format));
        }
    }
}
