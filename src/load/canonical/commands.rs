//! Command lines: one string is split into words.

use crate::diagnostic::Diagnostic;
use crate::load::words;
use crate::yaml::{Kind, Node};

use super::{Forms, mappings};

const HOOK: Forms = &[("command", words), ("environment", mappings::pairs)];

/// `command` and `entrypoint`.
pub(super) fn words(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    let Some(line) = node.as_str() else { return };
    match words::split(line) {
        Ok(words) => {
            let words = words.into_iter().map(|word| Node::string(word, node.span)).collect();
            node.kind = Kind::Seq(words);
        }
        Err(error) => findings.push(
            Diagnostic::error(format!("this command line cannot be split into words: {error}"))
                .at(node.span)
                .help("write the command as a list of words"),
        ),
    }
}

/// A test that is one string is a line for the shell.
pub(super) fn healthcheck(node: &mut Node, _: &mut Vec<Diagnostic>) {
    let Some(test) = node.as_map_mut().and_then(|map| map.get_mut("test")) else { return };
    if let Kind::Str(_) = test.kind {
        let line = Node::new(test.kind.clone(), test.span);
        test.kind = Kind::Seq(vec![Node::string("CMD-SHELL", test.span), line]);
    }
}

pub(super) fn hooks(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::each_item(node, findings, hook);
}

/// One hook, or the command that a file change runs.
pub(super) fn hook(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, HOOK, findings);
}
