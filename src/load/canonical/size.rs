//! How much short forms stand for, counted before they are written out: a range of ports is one text until then, and a
//! command is one.

use super::ports;
use crate::diagnostic::Diagnostic;
use crate::load::growth::Growth;
use crate::yaml::{Kind, Map, Node};

/// What an item of these lists consists of in its long form, as far as that is more than a text or two.
const ITEMS: &[(&str, usize)] = &[("depends_on", 3), ("ports", 6), ("volumes", 4)];

/// What holds command lines, at whatever depth.
const COMMANDS: &[&str] = &["command", "entrypoint", "healthcheck", "post_start", "pre_start", "pre_stop"];

/// Empties the lists whose long forms make a project too large.
pub(in crate::load) fn limit_lists(document: &mut Node, growth: &mut Growth, findings: &mut Vec<Diagnostic>) {
    super::each(document, "services", |_, service| {
        for (key, values) in ITEMS {
            let count = |list: &Node| {
                let items = list.as_seq().unwrap_or_default().iter().filter_map(Node::as_str);
                items.map(ports::count).sum::<usize>() * values
            };
            limit(service, key, count, growth, findings);
        }
    });
}

/// Empties the commands that make a project too large.
pub(in crate::load) fn limit_commands(document: &mut Node, growth: &mut Growth, findings: &mut Vec<Diagnostic>) {
    super::each(document, "services", |_, service| {
        COMMANDS.iter().for_each(|key| limit(service, key, words, growth, findings));
    });
}

fn limit(
    service: &mut Map,
    key: &str,
    count: impl Fn(&Node) -> usize,
    growth: &mut Growth,
    findings: &mut Vec<Diagnostic>,
) {
    if let Some(value) = service.get_mut(key)
        && !growth.values(count(value), Some(value.span), findings)
    {
        value.kind = Kind::Null;
    }
}

fn words(node: &Node) -> usize {
    match &node.kind {
        Kind::Str(text) => text.bytes().filter(u8::is_ascii_whitespace).count(),
        Kind::Seq(items) => items.iter().map(words).sum(),
        Kind::Map(map) => map.iter().map(|(_, _, value)| words(value)).sum(),
        _ => 0,
    }
}
