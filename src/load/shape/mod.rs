//! The shape of a compose file: which keys there are and what kind of value each takes.
//!
//! The tables say the same as the format's published schema; `walk` reads them against a document.

mod advice;
mod deploy;
mod elsewhere;
mod indented;
mod notes;
mod resources;
#[cfg(test)]
mod schema;
mod service;
mod table;
mod walk;

use std::ops::BitOr;

use crate::yaml::{Kind, Node};

pub(super) use walk::check;

pub use notes::{Note, note};

/// Extensions that begin so mean something to us, or nothing at all.
const OURS: &str = "x-convoke-";

/// Kinds of values, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    const NONE: Self = Self(0);
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

    /// Whether a string is meant, and not only let through for the sake of variables.
    fn means_string(self) -> bool {
        self.holds(Self::STRING)
            && (self.holds(Self::NUMBER.or(Self::BOOL)) || !self.meets(Self::NUMBER.or(Self::BOOL)))
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// `a string or a list`.
    fn words(self) -> String {
        // What becomes a text may be written as a number or a boolean.
        if self.holds(Self::BOOL.or(Self::NUMBER).or(Self::STRING)) {
            return "a text".to_owned();
        }
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

/// A test for strings.
#[derive(Clone, Copy)]
struct Pattern {
    holds: fn(&str) -> bool,
    /// What it wants, in words.
    words: &'static str,
    /// The same as a regular expression, for the schema.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the schema has a use for it"))]
    expression: &'static str,
}

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
