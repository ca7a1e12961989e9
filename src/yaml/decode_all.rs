//! Reading on behind each fault, so that one run shows all of them.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::{Kind, Node, decode};
use crate::diagnostic::{Diagnostic, Span};

/// Each finding costs one more reading of the tree. So many are worth the time in any tree, and as many as it takes to
/// read so many nodes.
const FINDINGS: usize = 20;
const NODES: usize = 2_000_000;

/// Reads a value of a type from a tree and goes on behind each fault, so that one run shows all of them: what can be
/// made of it, and all things that do not fit, in the order in which they were met.
pub fn decode_all<T: DeserializeOwned>(node: &Node) -> (Option<T>, Vec<Diagnostic>) {
    let first = match decode(node) {
        Ok(value) => return (Some(value), Vec::new()),
        Err(finding) => finding,
    };
    let mut value = None;
    let mut rest = node.clone();
    let limit = FINDINGS.max(NODES / nodes(node));
    let mut findings: Vec<Diagnostic> = Vec::new();
    // A place that lost a part may miss it now: that is no fault of the text.
    let mut damaged = HashSet::new();
    let mut next = Some(first);
    while let Some(finding) = next.take() {
        let place = finding.span;
        if !place.is_some_and(|place| damaged.contains(&place)) {
            findings.push(finding);
        }
        if let Some(place) = place
            && findings.len() < limit
            && cut(&mut rest, place, &mut damaged)
        {
            match decode(&rest) {
                Ok(sound) => value = Some(sound),
                Err(finding) => next = Some(finding),
            }
        }
    }
    if findings.len() >= limit
        && let Some(last) = findings.pop()
    {
        findings.push(last.help("there may be more like these: they are told when these are mended"));
    }
    (value, findings)
}

/// How many nodes a tree has.
fn nodes(node: &Node) -> usize {
    let below: usize = match &node.kind {
        Kind::Seq(items) => items.iter().map(nodes).sum(),
        Kind::Map(map) => map.iter().map(|(_, _, value)| nodes(value)).sum(),
        _ => 0,
    };
    below + 1
}

/// Takes out every entry or item that stands at a place; whether there was any.
fn cut(node: &mut Node, place: Span, damaged: &mut HashSet<Span>) -> bool {
    let mut found = false;
    let mut found_below = false;
    match &mut node.kind {
        Kind::Seq(items) => {
            let before = items.len();
            items.retain(|item| item.span != place);
            found = items.len() < before;
            for item in items {
                found_below |= cut(item, place, damaged);
            }
        }
        Kind::Map(map) => {
            let faulty = map.iter().filter(|(_, key, value)| *key == place || value.span == place);
            let faulty: Vec<_> = faulty.map(|(name, ..)| name.clone()).collect();
            for name in &faulty {
                map.remove(name);
            }
            found = !faulty.is_empty();
            for (_, _, value) in map.iter_mut() {
                found_below |= cut(value, place, damaged);
            }
        }
        _ => {}
    }
    if found {
        damaged.insert(node.span);
    }
    found || found_below
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::decode_all;
    use crate::diagnostic::{Diagnostic, FileId};
    use crate::yaml::{Node, parse};

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Rack {
        name: String,
        handles: u8,
        herbs: Vec<String>,
        spoons: BTreeMap<String, Spoon>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Spoon {
        #[expect(dead_code, reason = "only its faults matter")]
        length: i64,
    }

    fn tree(text: &str) -> Node {
        parse(FileId(0), text).unwrap().remove(0)
    }

    fn place<'t>(text: &'t str, finding: &Diagnostic) -> &'t str {
        let span = finding.span.unwrap();
        &text[span.start as usize..span.end as usize]
    }

    #[test]
    fn all_faults_of_a_value_are_found_and_none_is_made_up() {
        let text = "nmae: a\nhandles: x\nherbs: [1, b, 2]\nspoons: {a: {length: x}, b: {deep: 1}, c: {length: 1}}\n";
        let found: Vec<_> = decode_all::<Rack>(&tree(text)).1.iter().map(|finding| place(text, finding)).collect();
        assert_eq!(found, ["nmae", "x", "1", "2", "x", "deep"]);
        assert_eq!(decode_all::<Rack>(&tree("name: a")).0.unwrap().name, "a");
        let rest = decode_all::<Rack>(&tree("name: a\nhandles: x\nherbs: [1, b]")).0.unwrap();
        assert_eq!((rest.name, rest.handles, rest.herbs), ("a".to_owned(), 0, vec!["b".to_owned()]));
        let many = |count: usize| tree(&format!("herbs: [{}]", vec!["1"; count].join(", ")));
        assert_eq!(decode_all::<Rack>(&many(500)).1.len(), 500);
        let endless = decode_all::<Rack>(&many(10_000)).1;
        assert_eq!(endless.len(), super::NODES / 10_002);
        assert!(endless.last().is_some_and(|last| last.help.iter().any(|help| help.contains("may be more"))));
    }

    #[test]
    fn a_fault_that_an_alias_repeats_is_told_once() {
        let text = "spoons:\n  a: &a {length: x}\n  b: *a\n  c: {<<: *a}\n";
        assert_eq!(decode_all::<Rack>(&tree(text)).1.len(), 1);
    }
}
