//! Reads the tables against a document. Where it is plain what was meant, that is put in place of what is wrong, so that
//! the phases behind this one look at the rest as well.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, FINDING_LIMIT, Severity, Span, nearest};
use crate::yaml::{Kind, Map, Node};

use super::super::path::Path;
use super::elsewhere::{self, Meant};
use super::{Kinds, OURS, Object, Others, Pattern, Shape, advice, indented, table};

/// Reports everything in a document that has not the shape of a compose file, and gives the places of those faults that
/// it mended. Keys that the format lets through although nothing reads them are dropped, with a warning.
pub(in crate::load) fn check(document: &mut Node, findings: &mut Vec<Diagnostic>) -> Vec<Span> {
    let mut walk = Walk { findings, mended: Vec::new(), told: HashSet::new(), moved: Vec::new() };
    walk.visit(document, &table::FILE, &Path::Root);
    for Moved { to, key, place, value } in std::mem::take(&mut walk.moved) {
        walk.put(document, &table::FILE, &Path::Root, &to, (key, place, value));
    }
    walk.mended
}

pub(super) struct Walk<'f> {
    pub(super) findings: &'f mut Vec<Diagnostic>,
    pub(super) mended: Vec<Span>,
    /// What several services share is told once: the place, and what is wrong there.
    told: HashSet<(Span, &'static str)>,
    moved: Vec<Moved>,
}

/// An entry that stands elsewhere than it belongs.
struct Moved {
    to: Vec<String>,
    key: Arc<str>,
    place: Span,
    value: Node,
}

impl Walk<'_> {
    fn visit(&mut self, node: &mut Node, shape: &'static Shape, path: &Path<'_>) {
        if shape.kinds == Kinds::ANY || self.findings.len() > FINDING_LIMIT {
            return;
        }
        if !shape.kinds.holds(Kinds::of(node)) {
            self.report("kind", advice::mismatch(node, shape, path));
            if !advice::mend(node, shape) {
                return;
            }
            self.mended.push(node.span);
        }
        let span = node.span;
        match &mut node.kind {
            Kind::Str(text) => self.string(text, span, shape, path),
            Kind::Int(number) => self.bounds(*number, span, shape, path),
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
            Kind::Float(number) => self.bounds(*number as i64, span, shape, path),
            Kind::Seq(items) => {
                if let Some(item) = shape.item {
                    for (index, node) in items.iter_mut().enumerate() {
                        self.visit(node, item, &path.item(index));
                    }
                }
                if shape.unique {
                    self.duplicates(items, path);
                }
            }
            Kind::Map(map) => {
                if let Some(object) = shape.object {
                    self.entries(map, span, object, path);
                }
            }
            _ => {}
        }
    }

    /// Tells one kind of fault once for a place.
    fn report(&mut self, what: &'static str, finding: Diagnostic) {
        if finding.span.is_none_or(|place| self.told.insert((place, what))) {
            self.findings.push(finding);
        }
    }

    fn string(&mut self, text: &str, span: Span, shape: &Shape, path: &Path<'_>) {
        if !shape.words.is_empty() && !shape.words.contains(&text) {
            let finding = Diagnostic::error(format_args!("{path} cannot be {text:?}")).at(span);
            let near = nearest(text, shape.words.iter().copied());
            let near = near.or_else(|| shape.words.iter().copied().find(|word| word.ends_with(&format!("_{text}"))));
            let finding = near.into_iter().fold(finding, |it, near| it.help(format!("did you mean `{near}`?")));
            self.report("word", finding.help(format!("use one of {}", shape.words.join(", "))));
        }
        if let Some(Pattern { holds, words, .. }) = shape.pattern
            && !holds(text)
        {
            let finding = Diagnostic::error(format_args!("{path} cannot be {text:?}")).at(span);
            self.report("pattern", finding.help(format!("use {words}")));
        }
    }

    fn bounds(&mut self, number: i64, span: Span, shape: &Shape, path: &Path<'_>) {
        let limits = match (shape.least, shape.most) {
            (least, most) if (least..=most).contains(&number) => return,
            (least, i64::MAX) => format!("at least {least}"),
            (least, most) => format!("from {least} to {most}"),
        };
        self.report("bounds", Diagnostic::error(format!("{path} must be {limits}, not {number}")).at(span));
    }

    fn duplicates(&mut self, items: &[Node], path: &Path<'_>) {
        if items.len() < 2 {
            return;
        }
        let mut seen: HashMap<(bool, Cow<'_, str>), usize> = HashMap::with_capacity(items.len());
        for (later, item) in items.iter().enumerate() {
            let earlier = *seen.entry(spelled(item)).or_insert(later);
            if earlier < later {
                self.report(
                    "twice",
                    Diagnostic::error(format!("{path}: items {earlier} and {later} say the same"))
                        .at(item.span)
                        .label(items[earlier].span, "it stands here already")
                        .help("take one of them away"),
                );
            }
        }
    }

    fn entries(&mut self, map: &mut Map, span: Span, object: &'static Object, path: &Path<'_>) {
        indented::mend(self, map, path);
        let mut unknown: Vec<(Arc<str>, Span)> = Vec::new();
        let mut useless: Vec<Arc<str>> = Vec::new();
        for (key, place, value) in map.iter_mut() {
            if let Some(shape) = object.known(key) {
                self.visit(value, shape, &path.key(key));
                if elsewhere::is_useless(key, object) {
                    let finding = Diagnostic::warning(format!("{path}.{key} is ignored"));
                    self.report("useless", finding.at(place).help("docker compose reads it, but does nothing with it"));
                    useless.push(key.clone());
                }
                if elsewhere::is_newer(key, object) {
                    let finding =
                        Diagnostic::warning(format!("`{key}` is newer than the format of docker compose 2.40"));
                    self.report("newer", finding.at(place).help("docker compose up to that version refuses the file"));
                }
            } else if object.extensions && key.starts_with("x-") && !key.starts_with(OURS) {
            } else if let Some((names, shape)) = object.named
                && names.good(key)
            {
                self.visit(value, shape, &path.key(key));
            } else if object.others != Others::Let {
                unknown.push((key.clone(), place));
            }
        }
        for key in useless {
            map.remove(&key);
        }
        for (key, place) in unknown {
            self.unknown(map, &key, place, object, path);
        }
        for required in object.required {
            if !map.contains_key(required) {
                self.mended.push(span);
                let finding = Diagnostic::error(format!("{path} lacks `{required}`")).at(span);
                self.report(required, finding.help(format!("add `{required}:`")));
            }
        }
    }

    /// A key that does not belong where it stands goes where it belongs, where that is plain.
    fn unknown(&mut self, map: &mut Map, key: &Arc<str>, place: Span, object: &'static Object, path: &Path<'_>) {
        let Some(value) = map.get(key) else { return };
        let (finding, meant) = elsewhere::unknown(key, place, value, object, path);
        if object.others == Others::Useless {
            self.report("unknown", Diagnostic { severity: Severity::Warning, ..finding });
            map.remove(key);
            return;
        }
        self.report("unknown", finding);
        match meant {
            Meant::Key(name) if !map.contains_key(name) => {
                let Some(shape) = object.known(name).filter(|shape| shape.kinds.holds(Kinds::of(value))) else {
                    return;
                };
                let Some(mut value) = map.remove(key) else { return };
                // For these two it is too late.
                if !matches!(name, "extends" | "include") {
                    self.mended.push(place);
                }
                self.visit(&mut value, shape, &path.key(name));
                map.insert(name, place, value);
            }
            Meant::Place(to) => {
                if let Some(value) = map.remove(key) {
                    if &**key != "include" {
                        self.mended.push(place);
                    }
                    self.move_to(to, key.clone(), place, value);
                }
            }
            Meant::Key(_) | Meant::Unclear => {}
        }
    }

    /// Has an entry put into the mapping at another place, once all that stands there was seen.
    pub(super) fn move_to(&mut self, to: Vec<String>, key: Arc<str>, place: Span, value: Node) {
        self.moved.push(Moved { to, key, place, value });
    }

    /// Puts an entry into the mapping at a place below this node, unless that has one of its name.
    fn put(
        &mut self,
        node: &mut Node,
        shape: &'static Shape,
        path: &Path<'_>,
        to: &[String],
        entry: (Arc<str>, Span, Node),
    ) {
        let Some(object) = shape.object else { return };
        if node.is_null() {
            node.kind = Kind::Map(Map::default());
        }
        let Some(map) = node.as_map_mut() else { return };
        let key = entry.0.clone();
        let (name, rest) = match to.split_first() {
            Some((name, rest)) => (name.as_str(), Some(rest)),
            None => (&*key, None),
        };
        let shape = object.known(name).or_else(|| object.named.map(|(_, shape)| shape));
        let Some(shape) = shape else { return };
        match rest {
            None if map.contains_key(name) => {}
            None => {
                let (_, place, mut value) = entry;
                self.visit(&mut value, shape, &path.key(name));
                map.insert(name, place, value);
            }
            Some(rest) => {
                if !map.contains_key(name) {
                    map.insert(name, entry.1, Node::new(Kind::Map(Map::default()), entry.1));
                }
                if let Some(inner) = map.get_mut(name) {
                    self.put(inner, shape, &path.key(name), rest, entry);
                }
            }
        }
    }
}

/// What is the same for values that are the same: whether it is a text, and that; or what it is spelled as.
fn spelled(node: &Node) -> (bool, Cow<'_, str>) {
    if let Kind::Str(text) = &node.kind {
        return (true, Cow::Borrowed(text));
    }
    let mut text = String::new();
    spell(node, &mut text);
    (false, Cow::Owned(text))
}

/// A text that is the same for values that are the same, whatever the order of their keys. Numbers are the same with
/// and without a point.
fn spell(node: &Node, text: &mut String) {
    let _ = match &node.kind {
        Kind::Null => text.write_str("~"),
        Kind::Bool(value) => write!(text, "{value}"),
        Kind::Int(number) => write!(text, "{number}"),
        Kind::Uint(number) => write!(text, "{number}"),
        Kind::Float(number) => write!(text, "{number}"),
        Kind::Time(value) | Kind::Str(value) => write!(text, "{value:?}"),
        Kind::Seq(items) => {
            text.push('[');
            for item in items {
                spell(item, text);
                text.push(',');
            }
            text.write_str("]")
        }
        Kind::Map(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, ..)| *key);
            text.push('{');
            for (key, _, value) in entries {
                let _ = write!(text, "{key:?}:");
                spell(value, text);
                text.push(',');
            }
            text.write_str("}")
        }
    };
}
