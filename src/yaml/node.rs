//! The tree that every phase of loading works on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::map::Map;
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

thread_local! {
    static WORDS: RefCell<HashMap<&'static str, Arc<str>, RandomState>> = RefCell::default();
}

/// A word of the format as a text that all trees share: long forms would make it again for each service.
pub fn word(text: &'static str) -> Arc<str> {
    WORDS.with_borrow_mut(|words| Arc::clone(words.entry(text).or_insert_with(|| text.into())))
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
