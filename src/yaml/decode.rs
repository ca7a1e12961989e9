//! Tree to types: lets serde read a node, and pins each error to the place that caused it.

use std::collections::HashSet;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::mismatch::EXTENSIONS;
use super::{Kind, Map, Node};
use crate::diagnostic::{Diagnostic, Span};

/// How many findings are worth the time: each costs one more reading.
const FINDING_LIMIT: usize = 20;

/// Reads a value of a type from a tree.
///
/// # Errors
/// The first thing that does not fit, with its place.
pub fn decode<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Diagnostic> {
    T::deserialize(node)
}

/// Reads a value of a type from a tree and goes on behind each fault, so that one run shows all of them.
///
/// # Errors
/// All things that do not fit, in the order in which they were met.
pub fn decode_all<T: de::DeserializeOwned>(node: &Node) -> Result<T, Vec<Diagnostic>> {
    let first = match decode(node) {
        Ok(value) => return Ok(value),
        Err(finding) => finding,
    };
    let mut rest = node.clone();
    let mut findings = Vec::new();
    // A place that lost a part may miss it now: that is no fault of the text.
    let mut damaged = HashSet::new();
    let mut next = Some(first);
    while let Some(finding) = next.take() {
        let place = finding.span;
        if !place.is_some_and(|place| damaged.contains(&place)) {
            findings.push(finding);
        }
        if let Some(place) = place
            && findings.len() < FINDING_LIMIT
            && cut(&mut rest, place, &mut damaged)
        {
            next = decode::<T>(&rest).err();
        }
    }
    Err(findings)
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

impl Node {
    fn mismatch(&self, expected: &str) -> Diagnostic {
        let finding = Diagnostic::error(format!("expected {expected}, found {}", self.noun())).at(self.span);
        match self.kind {
            Kind::Bool(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) | Kind::Time(_) if expected == "a string" => {
                finding.help("put it in quotes")
            }
            _ => finding,
        }
    }
}

/// The simple types: which kind of node each takes, and how it is called in messages.
macro_rules! scalars {
    ($($method:ident => $matching:pat, $words:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
            match &self.kind {
                $matching => self.deserialize_any(visitor),
                _ => Err(self.mismatch($words)),
            }
        }
    )*};
}

/// The integer types, whose limits stand in the message for a number outside of them.
macro_rules! integers {
    ($($method:ident => $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
            let limits = || format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX);
            let fits = match &self.kind {
                Kind::Int(number) => <$type>::try_from(*number).is_ok(),
                Kind::Uint(number) => <$type>::try_from(*number).is_ok(),
                _ => return Err(self.mismatch("a whole number")),
            };
            if fits { self.deserialize_any(visitor) } else { Err(self.out_of_range(&limits())) }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = Diagnostic;

    scalars! {
        deserialize_bool => Kind::Bool(_), "`true` or `false`";
        deserialize_char => Kind::Str(_), "a string";
        deserialize_str => Kind::Str(_), "a string";
        deserialize_string => Kind::Str(_), "a string";
        deserialize_bytes => Kind::Str(_), "a string";
        deserialize_byte_buf => Kind::Str(_), "a string";
        deserialize_identifier => Kind::Str(_), "a string";
        deserialize_unit => Kind::Null, "null";
        deserialize_seq => Kind::Seq(_), "a list";
        deserialize_map => Kind::Map(_), "a mapping";
    }

    integers! {
        deserialize_i8 => i8;
        deserialize_i16 => i16;
        deserialize_i32 => i32;
        deserialize_i64 => i64;
        deserialize_u8 => u8;
        deserialize_u16 => u16;
        deserialize_u32 => u32;
        deserialize_u64 => u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
        match &self.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Int(number) => match u64::try_from(*number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(*number),
            },
            Kind::Uint(number) => visitor.visit_u64(*number),
            Kind::Float(number) => visitor.visit_f64(*number),
            Kind::Time(text) | Kind::Str(text) => visitor.visit_borrowed_str(text),
            Kind::Seq(items) => visitor.visit_seq(Items(items.iter())),
            Kind::Map(map) => visitor.visit_map(Entries::of(map)),
        }
        .map_err(|finding| finding.at(self.span))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
        match &self.kind {
            Kind::Float(number) => visitor.visit_f64(*number),
            Kind::Int(number) => visitor.visit_f64(*number as f64),
            Kind::Uint(number) => visitor.visit_f64(*number as f64),
            _ => return Err(self.mismatch("a number")),
        }
        .map_err(|finding: Diagnostic| finding.at(self.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Diagnostic> {
        visitor.visit_newtype_struct(self).map_err(|finding| finding.at(self.span))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Diagnostic> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Diagnostic> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Diagnostic> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Diagnostic> {
        let Kind::Map(map) = &self.kind else { return Err(self.mismatch("a mapping")) };
        visitor.visit_map(Entries::of_struct(map, fields)).map_err(|finding| finding.at(self.span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Diagnostic> {
        match &self.kind {
            Kind::Str(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Kind::Map(map) if map.len() == 1 => visitor.visit_enum(MapAccessDeserializer::new(Entries::of(map))),
            _ => return Err(self.mismatch("a string")),
        }
        .map_err(|finding| finding.at(self.span))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 }
}

impl Node {
    fn out_of_range(&self, limits: &str) -> Diagnostic {
        let number = match self.kind {
            Kind::Int(number) => number.to_string(),
            Kind::Uint(number) => number.to_string(),
            _ => self.noun().to_owned(),
        };
        Diagnostic::error(format!("expected {limits}, found {number}")).at(self.span)
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Diagnostic;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Diagnostic> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

type Entry<'de> = (&'de str, Span, &'de Node);

/// The entries of a mapping; for a struct, the extensions come last and as one.
struct Entries<'de> {
    entries: std::vec::IntoIter<Entry<'de>>,
    extensions: Vec<Entry<'de>>,
    value: Option<Value<'de>>,
}

enum Value<'de> {
    One(&'de Node),
    Extensions(Vec<Entry<'de>>),
}

impl<'de> Entries<'de> {
    fn of(map: &'de Map) -> Self {
        let entries: Vec<_> = map.iter().map(|(name, span, value)| (&**name, span, value)).collect();
        Self { entries: entries.into_iter(), extensions: Vec::new(), value: None }
    }

    fn of_struct(map: &'de Map, fields: &[&str]) -> Self {
        let (mut extensions, entries): (Vec<_>, Vec<_>) =
            map.iter().map(|(name, span, value)| (&**name, span, value)).partition(|(name, ..)| name.starts_with("x-"));
        if !fields.contains(&EXTENSIONS) {
            extensions.clear();
        }
        Self { entries: entries.into_iter(), extensions, value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Diagnostic;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Diagnostic> {
        if let Some((name, span, value)) = self.entries.next() {
            self.value = Some(Value::One(value));
            let key = BorrowedStrDeserializer::new(name);
            return seed.deserialize(key).map(Some).map_err(|finding: Diagnostic| finding.at(span));
        }
        if self.extensions.is_empty() {
            return Ok(None);
        }
        self.value = Some(Value::Extensions(std::mem::take(&mut self.extensions)));
        seed.deserialize(BorrowedStrDeserializer::new(EXTENSIONS)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Diagnostic> {
        match self.value.take() {
            Some(Value::One(node)) => seed.deserialize(node),
            Some(Value::Extensions(entries)) => {
                let entries = Entries { entries: entries.into_iter(), extensions: Vec::new(), value: None };
                seed.deserialize(MapAccessDeserializer::new(entries))
            }
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len() + usize::from(!self.extensions.is_empty()))
    }
}
