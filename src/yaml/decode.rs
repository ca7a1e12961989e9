//! Tree to types: lets serde read a node, and pins each error to the place that caused it.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::mismatch::EXTENSIONS;
use super::{Kind, Map, Node};
use crate::diagnostic::{Diagnostic, Span};

/// Reads a value of a type from a tree.
///
/// # Errors
/// The first thing that does not fit, with its place.
pub fn decode<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Diagnostic> {
    T::deserialize(node)
}

impl Node {
    /// A number without a fraction, however it is written: `2.0` is taken for `2`, as docker compose does.
    fn whole(&self) -> Option<i128> {
        match self.kind {
            Kind::Int(number) => Some(number.into()),
            Kind::Uint(number) => Some(number.into()),
            Kind::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => Some(number as i128),
            _ => None,
        }
    }

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
            let Some(whole) = self.whole() else { return Err(self.mismatch("a whole number")) };
            if <$type>::try_from(whole).is_err() {
                let limits = format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX);
                return Err(Diagnostic::error(format!("expected {limits}, found {whole}")).at(self.span));
            }
            match i64::try_from(whole) {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_u64(whole.unsigned_abs() as u64),
            }
            .map_err(|finding: Diagnostic| finding.at(self.span))
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

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Diagnostic> {
        let Kind::Map(map) = &self.kind else { return Err(self.mismatch("a mapping")) };
        visitor.visit_map(Entries::sorted(map)).map_err(|finding| finding.at(self.span))
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

/// From how many entries on they are sorted: trees of the standard library move what they hold for each that comes out of
/// order, and services are large.
const SORTED_FROM: usize = 50;

/// The entries of a mapping; for a struct, the extensions come last and as one.
struct Entries<'de> {
    map: &'de Map,
    part: Part,
    /// The positions that are to come.
    positions: std::ops::Range<usize>,
    /// What stands at the positions instead, where another order is better.
    order: Option<Vec<usize>>,
    /// Whether extensions are still to come.
    extended: bool,
    value: Option<Value<'de>>,
}

/// Which of the entries come one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Fields,
    Extensions,
}

enum Value<'de> {
    One(&'de Node),
    Extensions,
}

impl<'de> Entries<'de> {
    fn of(map: &'de Map) -> Self {
        Self { map, part: Part::All, positions: 0..map.len(), order: None, extended: false, value: None }
    }

    /// For what has an order of its own.
    fn sorted(map: &'de Map) -> Self {
        let order = (map.len() >= SORTED_FROM).then(|| {
            let mut names: Vec<_> = map.keys().enumerate().map(|(position, name)| (name, position)).collect();
            names.sort_unstable();
            names.into_iter().map(|(_, position)| position).collect()
        });
        Self { order, ..Self::of(map) }
    }

    fn of_struct(map: &'de Map, fields: &[&str]) -> Self {
        let extended = map.keys().any(is_extension) && fields.contains(&EXTENSIONS);
        Self { part: Part::Fields, extended, ..Self::of(map) }
    }

    fn extensions(map: &'de Map) -> Self {
        Self { part: Part::Extensions, ..Self::of(map) }
    }

    fn next(&mut self) -> Option<(&'de str, Span, &'de Node)> {
        loop {
            let position = self.positions.next()?;
            let position = self.order.as_ref().map_or(position, |order| order[position]);
            let (name, span, value) = self.map.at(position)?;
            if self.part == Part::All || is_extension(name) == (self.part == Part::Extensions) {
                return Some((name, span, value));
            }
        }
    }
}

fn is_extension(name: &str) -> bool {
    name.starts_with("x-")
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Diagnostic;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Diagnostic> {
        if let Some((name, span, value)) = self.next() {
            self.value = Some(Value::One(value));
            let key = BorrowedStrDeserializer::new(name);
            return seed.deserialize(key).map(Some).map_err(|finding: Diagnostic| finding.at(span));
        }
        if !std::mem::take(&mut self.extended) {
            return Ok(None);
        }
        self.value = Some(Value::Extensions);
        seed.deserialize(BorrowedStrDeserializer::new(EXTENSIONS)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Diagnostic> {
        match self.value.take() {
            Some(Value::One(node)) => seed.deserialize(node),
            Some(Value::Extensions) => seed.deserialize(MapAccessDeserializer::new(Entries::extensions(self.map))),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::decode;
    use crate::diagnostic::{Diagnostic, FileId};
    use crate::yaml::{Node, parse};

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Pot {
        name: String,
        lid: Option<bool>,
        litres: f32,
        handles: u8,
        restart: Restart,
        herbs: Vec<String>,
        spoons: BTreeMap<String, Spoon>,
        #[serde(rename = "x-*")]
        extensions: BTreeMap<String, serde_yaml::Value>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Spoon {
        length: i64,
        #[serde(default)]
        depth: u64,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Restart {
        #[default]
        No,
        OnFailure,
    }

    fn tree(text: &str) -> Node {
        parse(FileId(0), text).unwrap().remove(0)
    }

    fn told(text: &str, finding: &Diagnostic) -> (String, String, String) {
        let span = finding.span.unwrap();
        let place = text[span.start as usize..span.end as usize].to_owned();
        (finding.message.clone(), place, finding.help.join("; "))
    }

    #[test]
    fn a_struct_is_read_with_its_extensions_as_one_map() {
        let text = "{name: a, lid: null, litres: 2, handles: 2.0, restart: on-failure, x-a: 1, herbs: [b, c], \
                    x-b: {c: [d]}, spoons: {big: {length: -3, depth: 18446744073709551615, x-skipped: 1}}}";
        let pot: Pot = decode(&tree(text)).unwrap();
        let big = Spoon { length: -3, depth: u64::MAX };
        let expected = Pot {
            name: "a".into(),
            lid: None,
            litres: 2.0,
            handles: 2,
            restart: Restart::OnFailure,
            herbs: vec!["b".into(), "c".into()],
            spoons: BTreeMap::from([("big".into(), big)]),
            extensions: serde_yaml::from_str("{x-a: 1, x-b: {c: [d]}}").unwrap(),
        };
        assert_eq!(pot, expected);
    }

    #[test]
    fn the_innermost_place_is_told_in_words_for_people() {
        for (text, message, place, help) in [
            ("[a]", "expected a mapping, found a list", "[a]", ""),
            ("name: [a]", "expected a string, found a list", "[a]", ""),
            ("name: 12", "expected a string, found a number", "12", "put it in quotes"),
            ("name: 2001-12-14", "expected a string, found a date", "2001-12-14", "put it in quotes"),
            ("name:", "expected a string, found null", "name", ""),
            ("lid: maybe", "expected `true` or `false`, found a string", "maybe", ""),
            ("litres: x", "expected a number, found a string", "x", ""),
            ("handles: 300", "expected a whole number from 0 to 255, found 300", "300", ""),
            ("handles: 1.5", "expected a whole number, found a number", "1.5", ""),
            ("restart: on-failur", "unknown value `on-failur`", "on-failur", "did you mean `on-failure`?"),
            ("restart: zebra", "unknown value `zebra`", "zebra", "use one of `no`, `on-failure`"),
            ("herbs: {a: b}", "expected a list, found a mapping", "{a: b}", ""),
            ("herbs: [a, {}]", "expected a string, found a mapping", "{}", ""),
            ("nmae: a", "unknown key `nmae`", "nmae", "did you mean `name`?"),
            ("spoons: {a: {lentgh: 1}}", "unknown key `lentgh`", "lentgh", "did you mean `length`?"),
            ("spoons: {a: {depth: 1}}", "`length` is missing", "{depth: 1}", ""),
            ("spoons: {a: {zebra: 1}}", "unknown key `zebra`", "zebra", "known here: `length`, `depth`"),
            (
                "spoons: {a: {length: 1, depth: -1}}",
                "expected a whole number from 0 to 18446744073709551615, found -1",
                "-1",
                "",
            ),
        ] {
            let finding = decode::<Pot>(&tree(text)).expect_err(text);
            assert_eq!(told(text, &finding), (message.into(), place.into(), help.into()), "{text}");
        }
    }
}
