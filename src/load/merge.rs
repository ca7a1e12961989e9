//! How a later document changes what earlier ones said: a table of rules, and one default.
//!
//! By default mappings are merged key by key, lists are appended, anything else is replaced, and null changes nothing.

use std::sync::{Arc, LazyLock};

use super::canonical;
use super::path::{Branch, Path, Pattern, Table};
use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::{Author, Kind, Map, Node, word};

/// How two values at one place become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The later value stands alone.
    Replace,
    /// Mappings and single strings become lists of `key=value`, which are appended. Unique keys are seen to later.
    Texts,
    /// As [`Rule::Texts`], for hosts: an address may be a list, and exact duplicates are left out.
    Hosts,
    /// A string is the context.
    Build,
    /// A list of names is a mapping of these to the plain dependency.
    DependsOn,
    /// A list of names is a mapping of these to null.
    Named,
    /// The options of another driver do not carry over.
    Logging,
    /// Address pools are merged by subnet.
    Pools,
}

const RULES: &[(Pattern, Rule)] = &[
    (Pattern("networks.*.ipam.config"), Rule::Pools),
    (Pattern("networks.*.labels"), Rule::Texts),
    (Pattern("services.*.annotations"), Rule::Texts),
    (Pattern("services.*.build"), Rule::Build),
    (Pattern("services.*.build.additional_contexts"), Rule::Texts),
    (Pattern("services.*.build.args"), Rule::Texts),
    (Pattern("services.*.build.extra_hosts"), Rule::Hosts),
    (Pattern("services.*.build.labels"), Rule::Texts),
    (Pattern("services.*.command"), Rule::Replace),
    (Pattern("services.*.depends_on"), Rule::DependsOn),
    (Pattern("services.*.deploy.labels"), Rule::Texts),
    (Pattern("services.*.dns"), Rule::Texts),
    (Pattern("services.*.dns_opt"), Rule::Texts),
    (Pattern("services.*.dns_search"), Rule::Texts),
    (Pattern("services.*.entrypoint"), Rule::Replace),
    (Pattern("services.*.env_file"), Rule::Texts),
    (Pattern("services.*.environment"), Rule::Texts),
    (Pattern("services.*.extra_hosts"), Rule::Hosts),
    (Pattern("services.*.healthcheck.test"), Rule::Replace),
    (Pattern("services.*.label_file"), Rule::Texts),
    (Pattern("services.*.labels"), Rule::Texts),
    (Pattern("services.*.logging"), Rule::Logging),
    (Pattern("services.*.models"), Rule::Named),
    (Pattern("services.*.networks"), Rule::Named),
    (Pattern("services.*.sysctls"), Rule::Texts),
    (Pattern("services.*.tmpfs"), Rule::Texts),
    (Pattern("services.*.ulimits.*"), Rule::Replace),
    (Pattern("volumes.*.labels"), Rule::Texts),
];

static TABLE: LazyLock<Table<Rule>> = LazyLock::new(|| Table::new(RULES));

/// Merges a later document onto what earlier ones said.
///
/// `as_lists`: mappings of texts become lists even where both sides are mappings, for a document that is shown as it is.
pub(super) fn documents(base: &mut Node, over: Node, as_lists: bool, findings: &mut Vec<Diagnostic>) {
    Merge { as_lists, findings }.values(base, over, Some(TABLE.root()), Path::Root);
}

/// Merges a service onto the one that it extends.
pub(super) fn services(base: &mut Node, over: Node, name: &str, as_lists: bool, findings: &mut Vec<Diagnostic>) {
    let services = Path::Root.key("services");
    let rules = TABLE.root().key("services").and_then(|branch| branch.key(name));
    Merge { as_lists, findings }.values(base, over, rules, services.key(name));
}

struct Merge<'f> {
    as_lists: bool,
    findings: &'f mut Vec<Diagnostic>,
}

impl Merge<'_> {
    fn values(&mut self, base: &mut Node, over: Node, rules: Option<&Branch<Rule>>, path: Path<'_>) {
        match rules.and_then(Branch::rule) {
            None => self.by_default(base, over, rules, path),
            Some(Rule::Replace) => base.give_way(over),
            Some(_) if over.is_null() => {}
            Some(Rule::Texts) => self.texts(base, over),
            Some(Rule::Hosts) => append_new(base, over),
            Some(Rule::Build) => self.promoted(base, over, context, rules, path),
            Some(Rule::DependsOn) => self.promoted(base, over, dependencies, rules, path),
            Some(Rule::Named) => self.promoted(base, over, named, rules, path),
            Some(Rule::Logging) => self.logging(base, over, rules, path),
            Some(Rule::Pools) => self.pools(base, over, path),
        }
    }

    fn by_default(&mut self, base: &mut Node, over: Node, rules: Option<&Branch<Rule>>, path: Path<'_>) {
        let (base_noun, over_noun, base_span, over_span) = (base.noun(), over.noun(), base.span, over.span);
        match (&mut base.kind, over.kind) {
            (_, Kind::Null) => {}
            (Kind::Map(base), Kind::Map(over)) => self.mappings(base, over, rules, path),
            (Kind::Seq(base), Kind::Seq(over)) => base.extend(over),
            (Kind::Map(_) | Kind::Seq(_), _) => self.findings.push(
                Diagnostic::error(format!("cannot override {path}: it is {base_noun}, and this is {over_noun}"))
                    .at(over_span)
                    .label(base_span, format!("{base_noun} here")),
            ),
            (_, kind) => base.give_way(Node { kind, ..over }),
        }
    }

    fn mappings(&mut self, base: &mut Map, over: Map, rules: Option<&Branch<Rule>>, path: Path<'_>) {
        for (key, key_span, value) in over {
            match base.get_mut(&key) {
                Some(present) => {
                    let rules = rules.and_then(|branch| branch.key(&key));
                    self.values(present, value, rules, path.key(&key));
                }
                None => {
                    base.insert(key, key_span, value);
                }
            }
        }
    }

    /// Brings both sides into the shape of a mapping, and merges these.
    fn promoted(
        &mut self,
        base: &mut Node,
        mut over: Node,
        promote: fn(&mut Node),
        rules: Option<&Branch<Rule>>,
        path: Path<'_>,
    ) {
        promote(base);
        promote(&mut over);
        self.by_default(base, over, rules, path);
    }

    /// Two mappings need not become lists: the later value of a key stands alone.
    fn texts(&self, base: &mut Node, over: Node) {
        match (&mut base.kind, over.kind) {
            (Kind::Map(base), Kind::Map(over)) if !self.as_lists => {
                for (key, key_span, value) in over {
                    if let Some(earlier) = base.insert(key.clone(), key_span, value)
                        && let Some(value) = base.get_mut(&key)
                    {
                        value.follow(earlier);
                    }
                }
            }
            (_, kind) => append(base, Node { kind, tag: None, ..over }),
        }
    }

    fn logging(&mut self, base: &mut Node, over: Node, rules: Option<&Branch<Rule>>, path: Path<'_>) {
        let driver = |node: &Node| node.as_map().and_then(|map| map.get("driver")?.as_str().map(str::to_owned));
        match (driver(base), driver(&over)) {
            (Some(before), Some(after)) if before != after => base.give_way(over),
            _ => self.by_default(base, over, rules, path),
        }
    }

    fn pools(&mut self, base: &mut Node, over: Node, path: Path<'_>) {
        let (Some(pools), Some(_)) = (base.as_seq_mut(), over.as_seq()) else {
            return self.by_default(base, over, None, path);
        };
        let subnet = |node: &Node| node.as_map().and_then(|map| map.get("subnet")?.as_str().map(str::to_owned));
        let Kind::Seq(later) = over.kind else { return };
        for pool in later {
            let wanted = subnet(&pool);
            match pools.iter().position(|present| wanted.is_some() && subnet(present) == wanted) {
                Some(at) => self.by_default(&mut pools[at], pool, None, path.item(at)),
                None => pools.push(pool),
            }
        }
    }
}

fn append(base: &mut Node, over: Node) {
    let mut items = texts(taken(base));
    items.extend(texts(over));
    base.kind = Kind::Seq(items);
}

/// A value that goes to another place, and leaves behind what there is to remember of this one.
fn taken(node: &mut Node) -> Node {
    let rest = node.likewise(Kind::Null);
    std::mem::replace(node, rest)
}

fn append_new(base: &mut Node, over: Node) {
    let mut items = hosts(taken(base));
    for host in hosts(over) {
        if host.as_str().is_none() || !items.iter().any(|present| present.as_str() == host.as_str()) {
            items.push(host);
        }
    }
    base.kind = Kind::Seq(items);
}

/// The `key=value` texts of a mapping, sorted; a list as it is; anything else as the only item of one.
fn texts(node: Node) -> Vec<Node> {
    match node.kind {
        Kind::Null => Vec::new(),
        Kind::Seq(items) => items,
        Kind::Map(map) => sorted(map.into_iter().map(|(key, span, value)| assignment(&key, span, value)).collect()),
        _ => vec![node],
    }
}

/// As [`texts`], with one item for each address of a host.
fn hosts(node: Node) -> Vec<Node> {
    let Kind::Map(map) = node.kind else { return texts(node) };
    let mut items = Vec::new();
    for (host, span, value) in map {
        match value.kind {
            Kind::Seq(addresses) => items.extend(addresses.into_iter().map(|one| assignment(&host, span, one))),
            _ => items.push(assignment(&host, span, value)),
        }
    }
    sorted(items)
}

fn sorted(mut items: Vec<Node>) -> Vec<Node> {
    items.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
    items
}

/// `key=value`, or `key` for null. A value that has no text keeps the whole entry a mapping, for the shape check to see.
fn assignment(key: &Arc<str>, key_span: Span, value: Node) -> Node {
    let span = if value.span.file == key_span.file && key_span.start <= value.span.end {
        Span { start: key_span.start, end: value.span.end, ..key_span }
    } else {
        value.span
    };
    if value.is_null() {
        return Node { kind: Kind::Str(key.clone()), span: key_span, ..value };
    }
    match value.as_str().map(str::to_owned).or_else(|| canonical::text(&value)) {
        Some(text) => Node { kind: Kind::Str(format!("{key}={text}").into()), span, ..value },
        None => {
            let mut entry = Map::default();
            entry.insert(key.clone(), key_span, value);
            Node::new(Kind::Map(entry), span)
        }
    }
}

fn context(build: &mut Node) {
    if build.as_str().is_some() {
        let mut map = Map::default();
        map.insert("context", build.span, taken(build));
        build.kind = Kind::Map(map);
    }
}

fn named(list: &mut Node) {
    keys_of_list(list, |name| name.likewise(Kind::Null));
}

fn dependencies(list: &mut Node) {
    keys_of_list(list, |name| {
        let span = name.span;
        let mut map = Map::with_capacity(2);
        map.insert(word("condition"), span, Node::string(word("service_started"), span).by(Author::Format));
        map.insert(word("required"), span, Node::new(Kind::Bool(true), span).by(Author::Format));
        name.likewise(Kind::Map(map))
    });
}

/// Makes a mapping of a list of names. A list of anything else stays one.
fn keys_of_list(list: &mut Node, value: fn(&Node) -> Node) {
    let Some(items) = list.as_seq() else { return };
    let mut map = Map::default();
    for item in items {
        let Some(name) = item.as_str() else { return };
        map.insert(name, item.span, value(item));
    }
    list.kind = Kind::Map(map);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::path::overlaps;

    #[test]
    fn no_two_rules_are_about_the_same_place() {
        assert_eq!(overlaps(RULES), []);
    }
}
