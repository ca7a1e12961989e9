//! The entries of a mapping in the order in which they were written, each key with its own place.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::Node;
use crate::diagnostic::Span;

/// So many keys are looked through one after the other. Nearly all mappings of a compose file have no more: a table for each
/// of them would take longer to make than it saves, and a good part of the memory of a large project.
const FEW: usize = 8;
/// A table that is full gets room for so many times more.
const GROWTH: usize = 3;

/// It takes no more room itself than a list, so that nodes of other kinds need not be larger.
#[derive(Clone, Debug)]
pub enum Map {
    Few(Vec<Entry>),
    Many(Box<Many>),
}

#[derive(Clone, Debug)]
pub struct Many {
    list: Vec<Entry>,
    /// Where each key stands in the list.
    table: HashMap<Arc<str>, usize, RandomState>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    key: Arc<str>,
    span: Span,
    value: Node,
}

impl Default for Map {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Map {
    pub fn with_capacity(entries: usize) -> Self {
        Self::Few(Vec::with_capacity(entries))
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.find(key).map(|place| &self.list()[place].value)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.find(key).map(|place| &mut self.list_mut()[place].value)
    }

    pub fn key_span(&self, key: &str) -> Option<Span> {
        self.find(key).map(|place| self.list()[place].span)
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Adds or replaces an entry; a replaced one keeps its position.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, key_span: Span, value: Node) -> Option<Node> {
        let key = key.into();
        if let Some(place) = self.find(&key) {
            let entry = &mut self.list_mut()[place];
            entry.span = key_span;
            return Some(std::mem::replace(&mut entry.value, value));
        }
        if let Self::Few(list) = self
            && list.len() >= FEW
        {
            let list = std::mem::take(list);
            *self = Self::Many(Box::new(Many { table: table(&list), list }));
        }
        if let Self::Many(many) = self {
            if many.table.len() == many.table.capacity() {
                // Growing looks at all keys again, which lie anywhere in memory: it is to happen seldom.
                many.table.reserve(GROWTH * many.table.len());
            }
            many.table.insert(Arc::clone(&key), many.list.len());
        }
        self.list_mut().push(Entry { key, span: key_span, value });
        None
    }

    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let place = self.find(key)?;
        if let Self::Many(many) = self {
            many.table.remove(key);
            many.table.values_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
        }
        Some(self.list_mut().remove(place).value)
    }

    pub fn len(&self) -> usize {
        self.list().len()
    }

    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, Span, &Node)> + DoubleEndedIterator {
        self.list().iter().map(|entry| (&entry.key, entry.span, &entry.value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Arc<str>, Span, &mut Node)> {
        self.list_mut().iter_mut().map(|entry| (&entry.key, entry.span, &mut entry.value))
    }

    /// The entry at a position in the order in which they were written.
    pub fn at(&self, position: usize) -> Option<(&Arc<str>, Span, &Node)> {
        self.list().get(position).map(|entry| (&entry.key, entry.span, &entry.value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.list().iter().map(|entry| &*entry.key)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Node) -> bool) {
        self.keep(|entry| keep(&entry.key, &mut entry.value));
    }

    /// As [`Map::retain`], by the places of a key and its value.
    pub fn retain_places(&mut self, keep: impl Fn(Span, Span) -> bool) {
        self.keep(|entry| keep(entry.span, entry.value.span));
    }

    fn keep(&mut self, keep: impl FnMut(&mut Entry) -> bool) {
        let before = self.len();
        self.list_mut().retain_mut(keep);
        match self {
            Self::Many(many) if many.list.len() < before => many.table = table(&many.list),
            _ => {}
        }
    }

    fn find(&self, key: &str) -> Option<usize> {
        match self {
            Self::Few(list) => list.iter().position(|entry| *entry.key == *key),
            Self::Many(many) => many.table.get(key).copied(),
        }
    }

    fn list(&self) -> &[Entry] {
        match self {
            Self::Few(list) => list,
            Self::Many(many) => &many.list,
        }
    }

    fn list_mut(&mut self) -> &mut Vec<Entry> {
        match self {
            Self::Few(list) => list,
            Self::Many(many) => &mut many.list,
        }
    }
}

fn table(list: &[Entry]) -> HashMap<Arc<str>, usize, RandomState> {
    list.iter().enumerate().map(|(place, entry)| (Arc::clone(&entry.key), place)).collect()
}

impl IntoIterator for Map {
    type Item = (Arc<str>, Span, Node);
    type IntoIter = std::iter::Map<std::vec::IntoIter<Entry>, fn(Entry) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let list = match self {
            Self::Few(list) => list,
            Self::Many(many) => many.list,
        };
        list.into_iter().map(|entry| (entry.key, entry.span, entry.value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::FileId;
    use crate::yaml::Kind;

    const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

    #[derive(Clone, Debug)]
    enum Deed {
        Insert(u8, i64),
        Remove(u8),
        KeepOdd,
    }

    fn some_deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            8 => (0..24_u8, any::<i64>()).prop_map(|(key, value)| Deed::Insert(key, value)),
            3 => (0..24_u8).prop_map(Deed::Remove),
            1 => Just(Deed::KeepOdd),
        ]
    }

    #[test]
    fn it_takes_no_more_room_than_a_list() {
        assert_eq!(size_of::<Map>(), size_of::<Vec<Entry>>());
    }

    proptest! {
        /// Whether there are few entries or many, whatever happened to them.
        #[test]
        fn entries_are_found_and_keep_their_order(deeds in proptest::collection::vec(some_deed(), 0..60)) {
            let (mut map, mut model) = (Map::default(), Vec::<(String, i64)>::new());
            for deed in deeds {
                match deed {
                    Deed::Insert(key, value) => {
                        let key = key.to_string();
                        let node = Node::new(Kind::Int(value), NOWHERE);
                        let known = model.iter().any(|(name, _)| *name == key);
                        prop_assert_eq!(map.insert(key.as_str(), NOWHERE, node).is_some(), known);
                        match model.iter_mut().find(|(name, _)| *name == key) {
                            Some((_, known)) => *known = value,
                            None => model.push((key, value)),
                        }
                    }
                    Deed::Remove(key) => {
                        let key = key.to_string();
                        let known = model.iter().position(|(name, _)| *name == key).map(|place| model.remove(place));
                        prop_assert_eq!(map.remove(&key).is_some(), known.is_some());
                    }
                    Deed::KeepOdd => {
                        map.retain(|_, value| matches!(value.kind, Kind::Int(number) if number % 2 != 0));
                        model.retain(|(_, value)| value % 2 != 0);
                    }
                }
                let number = |node: &Node| match node.kind { Kind::Int(number) => number, _ => 0 };
                let entries: Vec<_> = map.iter().map(|(key, _, value)| (key.to_string(), number(value))).collect();
                prop_assert_eq!(&entries, &model);
                for key in 0..24_u8 {
                    let known = model.iter().find(|(name, _)| *name == key.to_string()).map(|(_, value)| *value);
                    prop_assert_eq!(map.get(&key.to_string()).map(number), known);
                }
            }
        }
    }
}
