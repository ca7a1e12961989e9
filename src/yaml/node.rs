//! The tree that every phase of loading works on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::trail::{Author, Trail};
use crate::diagnostic::Span;

/// The two tags that the Compose format gives a meaning to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!reset`: takes the attribute away from what earlier files said.
    Reset,
    /// `!override`: replaces what earlier files said instead of merging with it.
    Override,
}

/// One value and the place where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    pub span: Span,
    pub tag: Option<Tag>,
    pub author: Author,
    /// What it remembers; nothing in a load whose values nobody will ask after.
    pub trail: Option<Box<Trail>>,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    /// Only what does not fit into an `i64`.
    Uint(u64),
    Float(f64),
    /// A date or time that was written plain: its canonical text. Compose keeps these apart from strings.
    Time(Arc<str>),
    Str(Arc<str>),
    Seq(Vec<Node>),
    Map(Map),
}

/// The entries of a mapping in the order in which they were written, each key with its own place. It takes little room
/// itself, so that nodes of other kinds need not be as large. Every phase of loading looks keys up in all of them, which
/// the standard library's way to hash would take a good part of the time for.
#[derive(Clone, Debug, Default)]
pub struct Map(Box<Entries>);

type Entries = IndexMap<Arc<str>, (Span, Node), RandomState>;

impl Map {
    pub fn with_capacity(entries: usize) -> Self {
        Self(Box::new(Entries::with_capacity_and_hasher(entries, RandomState::default())))
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.get(key).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.0.get_mut(key).map(|(_, value)| value)
    }

    pub fn key_span(&self, key: &str) -> Option<Span> {
        self.0.get(key).map(|(span, _)| *span)
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Adds or replaces an entry; a replaced one keeps its position.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, key_span: Span, value: Node) -> Option<Node> {
        self.0.insert(key.into(), (key_span, value)).map(|(_, old)| old)
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        self.0.shift_remove(key).map(|(_, value)| value)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, Span, &Node)> + DoubleEndedIterator {
        self.0.iter().map(|(key, (span, value))| (key, *span, value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Arc<str>, Span, &mut Node)> {
        self.0.iter_mut().map(|(key, (span, value))| (key, *span, value))
    }

    /// The entry at a position in the order in which they were written.
    pub fn at(&self, position: usize) -> Option<(&Arc<str>, Span, &Node)> {
        self.0.get_index(position).map(|(key, (span, value))| (key, *span, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|key| &**key)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Node) -> bool) {
        self.0.retain(|key, (_, value)| keep(key, value));
    }

    /// As [`Map::retain`], by the places of a key and its value.
    pub fn retain_places(&mut self, keep: impl Fn(Span, Span) -> bool) {
        self.0.retain(|_, (key, value)| keep(*key, value.span));
    }
}

thread_local! {
    static WORDS: RefCell<HashMap<&'static str, Arc<str>, RandomState>> = RefCell::default();
}

/// A word of the format as a text that all trees share: long forms would make it again for each service.
pub fn word(text: &'static str) -> Arc<str> {
    WORDS.with_borrow_mut(|words| Arc::clone(words.entry(text).or_insert_with(|| text.into())))
}

impl IntoIterator for Map {
    type Item = (Arc<str>, Span, Node);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        (*self.0).into_iter().map(|(key, (span, value))| (key, span, value)).collect::<Vec<_>>().into_iter()
    }
}

impl Node {
    pub fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span, tag: None, author: Author::Text, trail: None }
    }

    pub fn string(text: impl Into<Arc<str>>, span: Span) -> Self {
        Self::new(Kind::Str(text.into()), span)
    }

    pub fn null(span: Span) -> Self {
        Self::new(Kind::Null, span)
    }

    /// The number of nodes in it, itself included.
    pub fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Seq(items) => items.iter().map(Self::size).sum(),
            Kind::Map(map) => map.iter().map(|(_, _, value)| value.size()).sum(),
            _ => 0,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Seq(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.kind {
            Kind::Seq(items) => Some(items),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// Whether both say the same, wherever they were written and in whatever order their keys stand.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(left), Kind::Bool(right)) => left == right,
            (Kind::Int(left), Kind::Int(right)) => left == right,
            (Kind::Uint(left), Kind::Uint(right)) => left == right,
            (Kind::Float(left), Kind::Float(right)) => left == right,
            (Kind::Time(left), Kind::Time(right)) | (Kind::Str(left), Kind::Str(right)) => left == right,
            (Kind::Seq(left), Kind::Seq(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.same(right))
            }
            (Kind::Map(left), Kind::Map(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(key, _, value)| right.get(key).is_some_and(|other| value.same(other)))
            }
            _ => false,
        }
    }

    /// What the value is, in a word that an error message can use.
    pub fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => "a number",
            Kind::Time(_) => "a date",
            Kind::Str(_) => "a string",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}
