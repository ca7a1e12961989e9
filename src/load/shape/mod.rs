//! The shape of a compose file: which keys there are and what kind of value each takes.
//!
//! The tables say the same as the format's published schema; this file reads them against a document.

mod deploy;
mod elsewhere;
mod resources;
mod service;
mod table;

use std::ops::BitOr;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::yaml::{Kind, Map, Node};

use super::path::Path;

/// Extensions that begin so mean something to us, or nothing at all.
const OURS: &str = "x-convoke-";

/// Kinds of values, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    const NULL: Self = Self(1);
    const BOOL: Self = Self(2);
    const INTEGER: Self = Self(4);
    const NUMBER: Self = Self(4 | 8);
    const STRING: Self = Self(16);
    const LIST: Self = Self(32);
    const MAPPING: Self = Self(64);
    const ANY: Self = Self(255);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn of(node: &Node) -> Self {
        match &node.kind {
            Kind::Null => Self::NULL,
            Kind::Bool(_) => Self::BOOL,
            Kind::Int(_) | Kind::Uint(_) => Self::INTEGER,
            Kind::Float(value) if value.fract() == 0.0 => Self::INTEGER,
            Kind::Float(_) => Self(8),
            // The format has no dates: one that is written plain is not taken for a string.
            Kind::Time(_) => Self(128),
            Kind::Str(_) => Self::STRING,
            Kind::Seq(_) => Self::LIST,
            Kind::Map(_) => Self::MAPPING,
        }
    }

    /// `a string or a list`.
    fn words(self) -> String {
        let names = [
            (Self::BOOL, "true or false"),
            (Self::NUMBER, "a number"),
            (Self::INTEGER, "a whole number"),
            (Self::STRING, "a string"),
            (Self::LIST, "a list"),
            (Self::MAPPING, "a mapping"),
        ];
        let mut words: Vec<&str> = Vec::new();
        for (kind, word) in names {
            let told = kind == Self::INTEGER && words.contains(&"a number");
            // Where a boolean or a number is meant, a string is only let through for the sake of variables.
            let stand_in = kind == Self::STRING && words.iter().any(|word| *word != "a list");
            if self.holds(kind) && !told && !stand_in {
                words.push(word);
            }
        }
        match words.split_last() {
            None => "null".to_owned(),
            Some((only, [])) => (*only).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        }
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// A test for strings, and what it wants, in words.
type Pattern = (fn(&str) -> bool, &'static str);

/// What a value may be. The parts for lists, mappings and strings apply when the value is one.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    kinds: Kinds,
    /// The only strings that are taken; empty: any.
    words: &'static [&'static str],
    pattern: Option<Pattern>,
    least: i64,
    most: i64,
    item: Option<&'static Shape>,
    unique: bool,
    object: Option<&'static Object>,
}

/// A mapping: keys that are known, keys that are names, or both.
#[derive(Clone, Copy)]
pub(super) struct Object {
    keys: &'static [(&'static str, Shape)],
    required: &'static [&'static str],
    /// Keys that the file chooses: which names are good, and the shape of their values.
    named: Option<(Names, &'static Shape)>,
    others: Others,
    extensions: bool,
}

/// What becomes of a key that is neither known nor a good name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    Refused,
    Let,
    /// Let through by the format but without any effect: told, then dropped.
    Useless,
}

#[derive(Clone, Copy)]
pub(super) enum Names {
    /// `[a-zA-Z0-9._-]+`
    Resource,
    /// `[a-z]+`
    Lower,
    /// Anything but the empty text.
    Filled,
}

impl Names {
    fn good(self, name: &str) -> bool {
        let mut bytes = name.bytes();
        !name.is_empty()
            && match self {
                Self::Resource => bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')),
                Self::Lower => bytes.all(|byte| byte.is_ascii_lowercase()),
                Self::Filled => true,
            }
    }
}

impl Shape {
    const fn of(kinds: Kinds) -> Self {
        Self {
            kinds,
            words: &[],
            pattern: None,
            least: i64::MIN,
            most: i64::MAX,
            item: None,
            unique: false,
            object: None,
        }
    }

    const fn or(self, kinds: Kinds) -> Self {
        Self { kinds: self.kinds.or(kinds), ..self }
    }

    /// A string that is one of these.
    const fn one_of(words: &'static [&'static str]) -> Self {
        Self { words, ..Self::of(Kinds::STRING) }
    }

    const fn between(self, least: i64, most: i64) -> Self {
        Self { least, most, ..self }
    }

    const fn list(item: &'static Self) -> Self {
        Self { item: Some(item), ..Self::of(Kinds::LIST) }
    }

    const fn unique(item: &'static Self) -> Self {
        Self { unique: true, ..Self::list(item) }
    }

    const fn map(object: &'static Object) -> Self {
        Self { object: Some(object), ..Self::of(Kinds::MAPPING) }
    }

    /// This list, or a mapping.
    const fn or_map(self, object: &'static Object) -> Self {
        Self { object: Some(object), ..self.or(Kinds::MAPPING) }
    }
}

impl Object {
    /// A mapping with these keys, `x-*`, and no others.
    const fn closed(keys: &'static [(&'static str, Shape)]) -> Self {
        Self { keys, required: &[], named: None, others: Others::Refused, extensions: true }
    }

    const fn requiring(self, required: &'static [&'static str]) -> Self {
        Self { required, ..self }
    }

    const fn without_extensions(self) -> Self {
        Self { extensions: false, ..self }
    }

    const fn others(self, others: Others) -> Self {
        Self { others, ..self }
    }

    /// A mapping whose keys are names that the file chooses.
    const fn of(names: Names, value: &'static Shape) -> Self {
        Self { keys: &[], required: &[], named: Some((names, value)), others: Others::Refused, extensions: false }
    }

    fn known(&self, key: &str) -> Option<&'static Shape> {
        self.keys.iter().find(|(name, _)| *name == key).map(|(_, shape)| shape)
    }
}

/// Reports everything in a document that has not the shape of a compose file.
///
/// Keys that the format lets through although nothing reads them are dropped, with a warning.
pub(super) fn check(document: &mut Node, findings: &mut Vec<Diagnostic>) {
    visit(document, &table::FILE, &Path::Root, findings);
}

/// The attributes that the format has at a place, where the names that files choose count as any; nothing where the
/// format knows no such place.
pub fn attributes(path: &[&str]) -> Option<Vec<&'static str>> {
    let mut shape = &table::FILE;
    for name in path {
        let object = shape.object?;
        shape = object.known(name).or_else(|| object.named.map(|(_, shape)| shape))?;
    }
    let keys = shape.object.map_or(&[][..], |object| object.keys);
    Some(keys.iter().map(|(name, _)| *name).collect())
}

fn visit(node: &mut Node, shape: &'static Shape, path: &Path<'_>, findings: &mut Vec<Diagnostic>) {
    if shape.kinds == Kinds::ANY {
        return;
    }
    if !shape.kinds.holds(Kinds::of(node)) {
        findings.push(mismatch(node, shape, path));
        return;
    }
    let (span, unique, item) = (node.span, shape.unique, shape.item);
    match &mut node.kind {
        Kind::Str(text) => string(text, span, shape, path, findings),
        Kind::Int(number) => bounds(*number, span, shape, path, findings),
        Kind::Seq(items) => {
            if let Some(item) = item {
                for (index, node) in items.iter_mut().enumerate() {
                    visit(node, item, &path.item(index), findings);
                }
            }
            if unique {
                duplicates(items, path, findings);
            }
        }
        Kind::Map(map) => {
            if let Some(object) = shape.object {
                entries(map, span, object, path, findings);
            }
        }
        _ => {}
    }
}

fn mismatch(node: &Node, shape: &Shape, path: &Path<'_>) -> Diagnostic {
    let wanted = shape.kinds.words();
    let place = if matches!(path, Path::Root) { "a compose file".to_owned() } else { path.to_string() };
    let found = match (&node.kind, shape.kinds.holds(Kinds::INTEGER)) {
        (Kind::Float(value), true) => value.to_string(),
        _ => node.noun().to_owned(),
    };
    let finding = Diagnostic::error(format!("{place} must be {wanted}, not {found}")).at(node.span);
    match &node.kind {
        Kind::Bool(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) | Kind::Time(_)
            if shape.kinds.holds(Kinds::STRING) || shape.item.is_some_and(|item| item.kinds.holds(Kinds::STRING)) =>
        {
            finding.help("put the value in quotes")
        }
        Kind::Str(text) if shape.kinds.holds(Kinds::LIST) => finding.help(format!("write a list: [{text}]")),
        Kind::Null => finding.help("give it a value, or leave the key out"),
        _ => finding,
    }
}

fn string(text: &str, span: Span, shape: &Shape, path: &Path<'_>, findings: &mut Vec<Diagnostic>) {
    if !shape.words.is_empty() && !shape.words.contains(&text) {
        let finding = Diagnostic::error(format!("{path} cannot be {text:?}")).at(span);
        findings.push(match nearest(text, shape.words.iter().copied()) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help(format!("use one of {}", shape.words.join(", "))),
        });
    }
    if let Some((good, wanted)) = shape.pattern
        && !good(text)
    {
        findings.push(Diagnostic::error(format!("{path} cannot be {text:?}")).at(span).help(format!("use {wanted}")));
    }
}

fn bounds(number: i64, span: Span, shape: &Shape, path: &Path<'_>, findings: &mut Vec<Diagnostic>) {
    let limits = match (shape.least, shape.most) {
        (least, most) if (least..=most).contains(&number) => return,
        (least, i64::MAX) => format!("at least {least}"),
        (least, most) => format!("from {least} to {most}"),
    };
    findings.push(Diagnostic::error(format!("{path} must be {limits}, not {number}")).at(span));
}

fn duplicates(items: &[Node], path: &Path<'_>, findings: &mut Vec<Diagnostic>) {
    for (later, item) in items.iter().enumerate() {
        if let Some(earlier) = items[..later].iter().position(|other| equal(other, item)) {
            findings.push(
                Diagnostic::error(format!("{path}: items at {earlier} and {later} are equal"))
                    .at(item.span)
                    .label(items[earlier].span, "it stands here already"),
            );
        }
    }
}

fn equal(left: &Node, right: &Node) -> bool {
    match (&left.kind, &right.kind) {
        (Kind::Null, Kind::Null) => true,
        (Kind::Bool(left), Kind::Bool(right)) => left == right,
        (Kind::Int(left), Kind::Int(right)) => left == right,
        (Kind::Uint(left), Kind::Uint(right)) => left == right,
        (Kind::Float(left), Kind::Float(right)) => left == right,
        #[expect(clippy::cast_precision_loss, reason = "numbers in compose files are far below 2^53")]
        (Kind::Int(whole), Kind::Float(float)) | (Kind::Float(float), Kind::Int(whole)) => *whole as f64 == *float,
        (Kind::Time(left), Kind::Time(right)) | (Kind::Str(left), Kind::Str(right)) => left == right,
        (Kind::Seq(left), Kind::Seq(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Kind::Map(left), Kind::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, _, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        _ => false,
    }
}

fn entries(map: &mut Map, span: Span, object: &'static Object, path: &Path<'_>, findings: &mut Vec<Diagnostic>) {
    let mut useless: Vec<Arc<str>> = Vec::new();
    for (key, key_span, value) in map.iter_mut() {
        if let Some(shape) = object.known(key) {
            visit(value, shape, &path.key(key), findings);
        } else if object.extensions && key.starts_with(OURS) {
            findings.push(elsewhere::unknown(key, key_span, object, path));
        } else if object.extensions && key.starts_with("x-") {
        } else if let Some((names, shape)) = object.named
            && names.good(key)
        {
            visit(value, shape, &path.key(key), findings);
        } else {
            match object.others {
                Others::Let => {}
                Others::Refused => findings.push(elsewhere::unknown(key, key_span, object, path)),
                Others::Useless => {
                    let finding = elsewhere::unknown(key, key_span, object, path);
                    findings.push(Diagnostic { severity: crate::diagnostic::Severity::Warning, ..finding });
                    useless.push(Arc::clone(key));
                }
            }
        }
    }
    for key in useless {
        map.remove(&key);
    }
    for required in object.required {
        if !map.contains_key(required) {
            findings.push(Diagnostic::error(format!("{path} lacks `{required}`")).at(span));
        }
    }
}
