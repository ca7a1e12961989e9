//! Lists whose entries have a key: a later entry takes the place of an earlier one with the same key.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::canonical;
use super::path::{Branch, Path, Pattern, Table};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Node};

/// What makes an entry the same as another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// The text up to the first `=`.
    Name,
    /// The number or text as a whole.
    Value,
    /// An attribute of the long form.
    Attribute(&'static str),
    /// The path in the container; by default the source below this directory.
    Grant(&'static str),
    /// Where a mount ends up.
    Mount,
    /// Address, published port, port in the container, and protocol.
    Port,
}

const KEYS: &[(Pattern, Key)] = &[
    (Pattern("networks.*.labels"), Key::Name),
    (Pattern("services.*.annotations"), Key::Name),
    (Pattern("services.*.build.additional_contexts"), Key::Name),
    (Pattern("services.*.build.args"), Key::Name),
    (Pattern("services.*.build.labels"), Key::Name),
    (Pattern("services.*.build.tags"), Key::Name),
    (Pattern("services.*.cap_add"), Key::Name),
    (Pattern("services.*.cap_drop"), Key::Name),
    (Pattern("services.*.configs"), Key::Grant("")),
    (Pattern("services.*.deploy.labels"), Key::Name),
    (Pattern("services.*.devices"), Key::Attribute("target")),
    (Pattern("services.*.dns"), Key::Name),
    (Pattern("services.*.dns_opt"), Key::Name),
    (Pattern("services.*.dns_search"), Key::Name),
    (Pattern("services.*.env_file"), Key::Attribute("path")),
    (Pattern("services.*.environment"), Key::Name),
    (Pattern("services.*.expose"), Key::Value),
    (Pattern("services.*.labels"), Key::Name),
    (Pattern("services.*.links"), Key::Name),
    (Pattern("services.*.networks.*.aliases"), Key::Name),
    (Pattern("services.*.networks.*.link_local_ips"), Key::Name),
    (Pattern("services.*.ports"), Key::Port),
    (Pattern("services.*.profiles"), Key::Name),
    (Pattern("services.*.secrets"), Key::Grant("/run/secrets")),
    (Pattern("services.*.sysctls"), Key::Name),
    (Pattern("services.*.tmpfs"), Key::Name),
    (Pattern("services.*.volumes"), Key::Mount),
];

static TABLE: LazyLock<Table<Key>> = LazyLock::new(|| Table::new(KEYS));

/// Leaves one entry for each key in every such list of a document. A short form is its own key until it is made long.
pub(super) fn keep_last(document: &mut Node, findings: &mut Vec<Diagnostic>) {
    walk(document, TABLE.root(), Path::Root, findings);
}

/// Whether entries of the list at this place have keys.
pub fn has_keys(place: &[&str]) -> bool {
    let branch = place.iter().try_fold(TABLE.root(), |branch, step| branch.key(step));
    branch.is_some_and(|branch| branch.rule().is_some())
}

fn walk(node: &mut Node, keys: &Branch<Key>, path: Path<'_>, findings: &mut Vec<Diagnostic>) {
    match &mut node.kind {
        Kind::Map(map) => {
            for (name, _, value) in map.iter_mut() {
                if let Some(keys) = keys.key(name) {
                    walk(value, keys, path.key(name), findings);
                }
            }
        }
        Kind::Seq(items) => {
            if let Some(key) = keys.rule() {
                keep_last_items(items, *key, path, findings);
            }
        }
        _ => {}
    }
}

fn keep_last_items(items: &mut Vec<Node>, key: Key, path: Path<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, item) in items.iter().enumerate() {
        findings.extend(key.lacking(item, path.item(index)));
    }
    if items.len() < 2 {
        return;
    }
    let mut places: HashMap<String, usize, RandomState> =
        HashMap::with_capacity_and_hasher(items.len(), RandomState::default());
    let mut kept: Vec<Node> = Vec::with_capacity(items.len());
    for item in std::mem::take(items) {
        match key.of(&item).map(|key| *places.entry(key).or_insert(kept.len())) {
            Some(place) if place < kept.len() => kept[place].give_way(item),
            _ => kept.push(item),
        }
    }
    *items = kept;
}

impl Key {
    /// The finding about an entry that has no key, where each needs one.
    fn lacking(self, item: &Node, path: Path<'_>) -> Option<Diagnostic> {
        let (what, help) = match self {
            Self::Mount => ("target", "add `target:`, the path in the container"),
            Self::Port => ("target port", "add `target:`, the port in the container"),
            Self::Attribute("target") => ("target", "add `target:`, the path in the container"),
            _ => return None,
        };
        if item.as_map()?.get("target").is_some_and(|target| !target.is_null()) {
            return None;
        }
        Some(Diagnostic::error(format!("{path} has no {what}")).at(item.span).help(help))
    }

    /// The key of an entry; `None` for one of a wrong kind, which the shape check reports.
    fn of(self, item: &Node) -> Option<String> {
        match (self, &item.kind) {
            (Self::Name, Kind::Str(text)) => Some(text.split('=').next().unwrap_or(text).to_owned()),
            (Self::Value | Self::Port, Kind::Int(number)) => Some(number.to_string()),
            (Self::Grant(directory), Kind::Str(source)) => Some(format!("{directory}/{source}")),
            (_, Kind::Str(text)) => Some(text.to_string()),
            (Self::Attribute(name), Kind::Map(map)) => Some(map.get(name)?.as_str()?.to_owned()),
            (Self::Mount, Kind::Map(map)) => {
                let target = map.get("target")?.as_str()?;
                Some(if target.len() > 1 { target.trim_end_matches('/') } else { target }.to_owned())
            }
            (Self::Grant(directory), Kind::Map(map)) => match map.get("target").and_then(Node::as_str) {
                Some(target) => Some(target.to_owned()),
                None => Some(format!("{directory}/{}", map.get("source")?.as_str()?)),
            },
            (Self::Port, Kind::Map(map)) => {
                let text = |name: &str| map.get(name).and_then(Node::as_str);
                let Kind::Int(target) = map.get("target")?.kind else { return None };
                let host = text("host_ip").unwrap_or("0.0.0.0");
                let number = || map.get("published").and_then(canonical::text).unwrap_or_default();
                let published = text("published").map_or_else(number, str::to_owned);
                let protocol = text("protocol").unwrap_or("tcp");
                Some(format!("{host}:{published}:{target}/{protocol}"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::load::path::overlaps;
    use crate::yaml::parse;

    #[test]
    fn no_two_keys_are_about_the_same_place() {
        assert_eq!(overlaps(KEYS), []);
    }

    /// The kept items of one attribute of a service, as they were written.
    fn kept(attribute: &str, list: &str) -> Vec<String> {
        let text = format!("services: {{a: {{{attribute}: {list}}}}}");
        let mut document = parse(FileId(0), &text).unwrap().remove(0);
        keep_last(&mut document, &mut Vec::new());
        let get = |node: &Node, key: &str| node.as_map().unwrap().get(key).unwrap().clone();
        let list = get(&get(&get(&document, "services"), "a"), attribute);
        let slice = |item: &Node| text[item.span.start as usize..item.span.end as usize].to_owned();
        list.as_seq().unwrap().iter().map(slice).collect()
    }

    #[test]
    fn the_later_entry_takes_the_place_of_the_earlier() {
        for (attribute, list, expected) in [
            ("cap_add", "[A, C, A=1, B]", vec!["A=1", "C", "B"]),
            ("tmpfs", "['/a:size=1', '/a:size=2']", vec!["'/a:size=2'"]),
            ("expose", "[80, '80', 81]", vec!["'80'", "81"]),
            ("secrets", "[c, {source: d, target: /run/secrets/c}]", vec!["{source: d, target: /run/secrets/c}"]),
            ("secrets", "[c, {source: d, target: c}]", vec!["c", "{source: d, target: c}"]),
            ("configs", "[c, {source: c}]", vec!["{source: c}"]),
            ("volumes", "[{target: /x}, {target: /x/}]", vec!["{target: /x/}"]),
            ("ports", "[{target: 80}, {target: 80, host_ip: 0.0.0.0}]", vec!["{target: 80, host_ip: 0.0.0.0}"]),
            (
                "ports",
                "[{target: 80}, {target: 80, protocol: udp}]",
                vec!["{target: 80}", "{target: 80, protocol: udp}"],
            ),
            ("security_opt", "[a, a]", vec!["a", "a"]),
        ] {
            assert_eq!(kept(attribute, list), expected, "{attribute}: {list}");
        }
    }

    #[test]
    fn mounts_and_ports_must_say_where_they_end_up() {
        let text = "services: {a: {volumes: [{type: bind, source: z}], ports: [1, {published: 2}]}}";
        let mut document = parse(FileId(0), text).unwrap().remove(0);
        let mut findings = Vec::new();
        keep_last(&mut document, &mut findings);
        let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["services.a.volumes[0] has no target", "services.a.ports[1] has no target port"]);
    }
}
