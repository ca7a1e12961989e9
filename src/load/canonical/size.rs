//! How much short forms stand for, counted before they are written out: a range of ports is one text until then, and a
//! command is one.

use super::ports;
use crate::diagnostic::Diagnostic;
use crate::load::growth::Growth;
use crate::yaml::{Kind, Map, Node};

/// What a port consists of in its long form.
const VALUES_OF_A_PORT: usize = 6;

/// What holds command lines, at whatever depth.
const COMMANDS: &[&str] = &["command", "entrypoint", "healthcheck", "post_start", "pre_start", "pre_stop"];

/// Empties the lists of ports that make a project too large.
pub(in crate::load) fn limit_ports(document: &mut Node, growth: &mut Growth, findings: &mut Vec<Diagnostic>) {
    limit(document, &["ports"], growth, findings, |ports| {
        let ports = ports.as_seq().unwrap_or_default();
        ports.iter().map(ports::count).sum::<usize>() * VALUES_OF_A_PORT
    });
}

/// Empties the commands that make a project too large.
pub(in crate::load) fn limit_commands(document: &mut Node, growth: &mut Growth, findings: &mut Vec<Diagnostic>) {
    limit(document, COMMANDS, growth, findings, words);
}

fn limit(
    document: &mut Node,
    keys: &[&str],
    growth: &mut Growth,
    findings: &mut Vec<Diagnostic>,
    count: impl Fn(&Node) -> usize,
) {
    super::each(document, "services", |_, service: &mut Map| {
        for key in keys {
            let Some(value) = service.get_mut(key) else { continue };
            if !growth.values(count(value), Some(value.span), findings) {
                value.kind = Kind::Null;
            }
        }
    });
}

fn words(node: &Node) -> usize {
    match &node.kind {
        Kind::Str(text) => text.bytes().filter(u8::is_ascii_whitespace).count(),
        Kind::Seq(items) => items.iter().map(words).sum(),
        Kind::Map(map) => map.iter().map(|(_, _, value)| words(value)).sum(),
        _ => 0,
    }
}
