//! `extra_hosts`: host names and their addresses.

use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::{Kind, Map, Node};

/// A list of `host=address` or `host:address`, or a mapping, becomes a mapping from host to addresses.
pub(super) fn long(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Seq(items) => {
            let mut map = Map::default();
            for item in items {
                let Some(entry) = item.as_str() else { continue };
                match entry.split_once('=').or_else(|| entry.split_once(':')) {
                    Some((host, address)) if !host.is_empty() => {
                        push(&mut map, host.trim(), address, item, findings);
                    }
                    _ => findings.push(bad(entry, item.span)),
                }
            }
            node.kind = Kind::Map(map);
        }
        Kind::Map(hosts) => {
            let mut map = Map::default();
            for (host, _, addresses) in hosts.iter() {
                let addresses = match &addresses.kind {
                    Kind::Seq(items) => items.as_slice(),
                    _ => std::slice::from_ref(addresses),
                };
                let span = node.span;
                entry(&mut map, host, span);
                for address in addresses {
                    let Some(text) = address.as_str() else { continue };
                    push(&mut map, host, text, address, findings);
                }
            }
            node.kind = Kind::Map(map);
        }
        _ => {}
    }
}

fn bad(entry: &str, span: Span) -> Diagnostic {
    Diagnostic::error(format!("invalid extra host {entry:?}"))
        .at(span)
        .help("write host=address, for example `db.local=10.0.0.5` or `host.docker.internal=host-gateway`")
}

fn push(hosts: &mut Map, host: &str, address: &str, written: &Node, findings: &mut Vec<Diagnostic>) {
    let bare = match address.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').unwrap_or(address),
        None => address,
    };
    if bare.is_empty() {
        findings.push(Diagnostic::warning(format!("the host {host} has no address")).at(written.span));
    }
    entry(hosts, host, written.span);
    if let Some(addresses) = hosts.get_mut(host).and_then(Node::as_seq_mut) {
        addresses.push(written.likewise(Kind::Str(bare.into())));
    }
}

/// Makes sure that a host is there.
fn entry(hosts: &mut Map, host: &str, span: Span) {
    if !hosts.contains_key(host) {
        hosts.insert(host, span, Node::new(Kind::Seq(Vec::new()), span));
    }
}
