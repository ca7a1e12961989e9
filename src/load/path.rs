//! Places in a document, and tables of rules that are looked up by place.

use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;

/// A place as rules name it: `services.*.ports`. A `*` stands for any one key, or for any item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pattern(pub &'static str);

impl Pattern {
    fn segments(self) -> impl Iterator<Item = &'static str> {
        self.0.split('.')
    }
}

/// Rules by pattern, laid out as a tree: a walk through a document carries its place in the tree along, so that no
/// node is compared with rules that lie elsewhere.
#[derive(Debug)]
pub(super) struct Table<R: 'static> {
    root: Branch<R>,
}

/// The rules at one place, and those below it.
#[derive(Debug)]
pub(super) struct Branch<R: 'static> {
    rule: Option<&'static R>,
    named: HashMap<&'static str, Branch<R>, RandomState>,
    any: Option<Box<Branch<R>>>,
}

impl<R> Default for Branch<R> {
    fn default() -> Self {
        Self { rule: None, named: HashMap::default(), any: None }
    }
}

impl<R> Table<R> {
    pub fn new(rules: &'static [(Pattern, R)]) -> Self {
        let mut root = Branch::default();
        for (pattern, rule) in rules {
            let mut branch = &mut root;
            for segment in pattern.segments() {
                branch = match segment {
                    "*" => branch.any.get_or_insert_default(),
                    name => branch.named.entry(name).or_default(),
                };
            }
            branch.rule = Some(rule);
        }
        Self { root }
    }

    pub fn root(&self) -> &Branch<R> {
        &self.root
    }
}

impl<R> Branch<R> {
    /// The branch under a key of a mapping.
    pub fn key(&self, key: &str) -> Option<&Self> {
        self.named.get(key).or(self.any.as_deref())
    }

    /// The branch under the items of a list.
    pub fn item(&self) -> Option<&Self> {
        self.any.as_deref()
    }

    pub fn rule(&self) -> Option<&'static R> {
        self.rule
    }
}

/// The place of one node, for messages: `services.web.ports[0]`. It lives on the stack of the walk that it describes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    pub fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The pairs of patterns that can mean the same place. A table has none, or the order of its lines would matter.
#[cfg(test)]
pub(super) fn overlaps<R>(rules: &[(Pattern, R)]) -> Vec<(&'static str, &'static str)> {
    let meets = |left: Pattern, right: Pattern| {
        left.segments().count() == right.segments().count()
            && left.segments().zip(right.segments()).all(|(l, r)| l == r || l == "*" || r == "*")
    };
    let mut pairs = Vec::new();
    for (at, (left, _)) in rules.iter().enumerate() {
        pairs.extend(
            rules[at + 1..].iter().filter(|(right, _)| meets(*left, *right)).map(|(right, _)| (left.0, right.0)),
        );
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[(Pattern, &str)] = &[
        (Pattern("services.*.build"), "build"),
        (Pattern("services.*.build.args"), "args"),
        (Pattern("services.*.volumes.*.labels"), "labels"),
    ];

    #[test]
    fn a_walk_finds_the_rule_of_its_place() {
        let table = Table::new(RULES);
        let build = table.root().key("services").and_then(|b| b.key("web")).and_then(|b| b.key("build")).unwrap();
        assert_eq!(build.rule(), Some(&"build"));
        assert_eq!(build.key("args").and_then(Branch::rule), Some(&"args"));
        assert!(build.key("labels").is_none());
        let volumes = table.root().key("services").and_then(|b| b.key("web")).and_then(|b| b.key("volumes")).unwrap();
        assert_eq!(volumes.rule(), None);
        assert_eq!(volumes.item().and_then(|b| b.key("labels")).and_then(Branch::rule), Some(&"labels"));
        assert!(table.root().key("networks").is_none());
    }

    #[test]
    fn overlapping_patterns_are_found() {
        assert_eq!(overlaps(RULES), []);
        assert_eq!(
            overlaps(&[(Pattern("a.*.c"), ()), (Pattern("a.b.c"), ()), (Pattern("a.b"), ())]),
            [("a.*.c", "a.b.c")]
        );
    }

    #[test]
    fn a_path_reads_as_people_write_it() {
        let (root, services) = (Path::Root, Path::Root.key("services"));
        let (web, ports) = (services.key("web"), Path::Root);
        assert_eq!(root.to_string(), "");
        assert_eq!(web.key("ports").item(2).key("target").to_string(), "services.web.ports[2].target");
        assert_eq!(ports.item(1).to_string(), "[1]");
    }
}
