//! JSON as Go's encoder writes it: the text that configuration hashes are made of.

use std::fmt::Write;

use serde::Serialize;

use super::tree::{EXTENSIONS, Tree};

/// The text of a tree on one line. `x-*` keys of objects are left out, keys of mappings are sorted.
pub fn compact(tree: &Tree) -> String {
    let mut printer = Printer { text: String::new(), indent: None };
    printer.value(tree, 0);
    printer.text
}

/// As [`compact`], with each entry on a line of its own, indented by two spaces a level.
///
/// # Errors
/// A number that JSON does not have.
pub fn indented(tree: &Tree) -> Result<String, NoJson> {
    if let Some(found) = not_finite(tree) {
        return Err(found);
    }
    let mut printer = Printer { text: String::new(), indent: Some("  ") };
    printer.value(tree, 0);
    Ok(printer.text)
}

/// Whether JSON has all that a value holds.
///
/// # Errors
/// A number that JSON does not have.
pub fn check(value: &impl Serialize) -> Result<(), NoJson> {
    Tree::of(value).ok().as_ref().and_then(not_finite).map_or(Ok(()), Err)
}

/// A number that JSON does not have, and the keys that lead to it; those of list items are like `[0]`.
#[derive(Clone, Debug, PartialEq)]
pub struct NoJson {
    pub keys: Vec<String>,
    pub number: f64,
}

impl NoJson {
    /// The same, seen from further up.
    pub fn below(mut self, key: impl Into<String>) -> Self {
        self.keys.insert(0, key.into());
        self
    }
}

/// The first infinite number, or the first that is none, of what is written.
fn not_finite(tree: &Tree) -> Option<NoJson> {
    match tree {
        Tree::Single(number) => not_finite(&Tree::Double(f64::from(*number))),
        Tree::Double(number) => (!number.is_finite()).then_some(NoJson { keys: Vec::new(), number: *number }),
        Tree::List(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| Some(not_finite(item)?.below(format!("[{index}]"))))
        }
        Tree::Map(entries) => entries.iter().find_map(|(key, value)| Some(not_finite(value)?.below(key))),
        Tree::Object(_, fields) => {
            let mut fields = fields.iter().filter(|(key, _)| *key != EXTENSIONS);
            fields.find_map(|(key, value)| Some(not_finite(value)?.below(*key)))
        }
        Tree::Null | Tree::Bool(_) | Tree::Int(_) | Tree::Uint(_) | Tree::Text(_) => None,
    }
}

struct Printer {
    text: String,
    indent: Option<&'static str>,
}

impl Printer {
    fn value(&mut self, tree: &Tree, depth: usize) {
        match tree {
            Tree::Null => self.text.push_str("null"),
            Tree::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Tree::Int(value) => self.print(value),
            Tree::Uint(value) => self.print(value),
            Tree::Single(value) => {
                let exponent = exponent(&format!("{value:e}"));
                self.float(f64::from(*value), &value.to_string(), &format!("{value:e}"), exponent);
            }
            Tree::Double(value) => {
                let exponent = exponent(&format!("{value:e}"));
                self.float(*value, &value.to_string(), &format!("{value:e}"), exponent);
            }
            Tree::Text(text) => self.string(text),
            Tree::List(items) => self.group('[', ']', items, depth, |printer, item| printer.value(item, depth + 1)),
            Tree::Map(entries) => {
                let mut entries: Vec<(&str, &Tree)> =
                    entries.iter().map(|(key, value)| (key.as_str(), value)).collect();
                entries.sort_by_key(|(key, _)| *key);
                self.group('{', '}', &entries, depth, |printer, (key, value)| printer.entry(key, value, depth));
            }
            Tree::Object(_, fields) => {
                let fields: Vec<_> = fields.iter().filter(|(key, _)| *key != EXTENSIONS).collect();
                self.group('{', '}', &fields, depth, |printer, (key, value)| printer.entry(key, value, depth));
            }
        }
    }

    fn entry(&mut self, key: &str, value: &Tree, depth: usize) {
        self.string(key);
        self.text.push(':');
        if self.indent.is_some() {
            self.text.push(' ');
        }
        self.value(value, depth + 1);
    }

    fn group<T>(&mut self, open: char, close: char, items: &[T], depth: usize, each: impl Fn(&mut Self, &T)) {
        self.text.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.line(depth + 1);
            each(self, item);
        }
        if !items.is_empty() {
            self.line(depth);
        }
        self.text.push(close);
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.text.push('\n');
            for _ in 0..depth {
                self.text.push_str(indent);
            }
        }
    }

    fn print(&mut self, value: impl std::fmt::Display) {
        // Writing into a string cannot fail.
        let _ = write!(self.text, "{value}");
    }

    /// Plain digits from 1e-6 up to 1e21, else an exponent. What has no JSON becomes null in a hash.
    fn float(&mut self, value: f64, plain: &str, scientific: &str, exponent: i32) {
        if !value.is_finite() {
            self.text.push_str("null");
        } else if value == 0.0 || (-6..21).contains(&exponent) {
            self.text.push_str(plain);
        } else if exponent > 0 {
            self.text.push_str(&scientific.replace('e', "e+"));
        } else {
            self.text.push_str(scientific);
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(character));
                }
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }
}

fn exponent(scientific: &str) -> i32 {
    scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_written_as_go_writes_them() {
        for (tree, text) in [
            (Tree::Text("a<b>&\"\\\n\u{1}\u{2028}é".into()), r#""a\u003cb\u003e\u0026\"\\\n\u0001\u2028é""#),
            (Tree::Single(0.35), "0.35"),
            (Tree::Double(100_000.5), "100000.5"),
            (Tree::Double(1e20), "100000000000000000000"),
            (Tree::Double(1e21), "1e+21"),
            (Tree::Double(1e-7), "1e-7"),
            (Tree::Double(0.00001), "0.00001"),
            (Tree::Double(0.0), "0"),
            (Tree::Map(vec![("b".into(), Tree::Null), ("B".into(), Tree::Bool(true))]), r#"{"B":true,"b":null}"#),
            (
                Tree::Object("O", vec![("z", Tree::Int(-1)), (EXTENSIONS, Tree::Null), ("a", Tree::List(vec![]))]),
                r#"{"z":-1,"a":[]}"#,
            ),
        ] {
            assert_eq!(compact(&tree), text);
        }
    }

    #[test]
    fn indented_text_has_one_entry_a_line() {
        let tree = Tree::Map(vec![
            ("a".into(), Tree::List(vec![Tree::Int(1), Tree::Int(2)])),
            ("b".into(), Tree::Map(vec![])),
        ]);
        assert_eq!(indented(&tree), Ok("{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}".to_owned()));
    }

    #[test]
    fn numbers_that_json_does_not_have_are_found() {
        let infinite = |number| Tree::List(vec![Tree::Int(1), Tree::Single(number)]);
        let tree = |number| Tree::Map(vec![("a".into(), Tree::Object("O", vec![("b", infinite(number))]))]);
        let keys = vec!["a".to_owned(), "b".to_owned(), "[1]".to_owned()];
        assert_eq!(indented(&tree(f32::NEG_INFINITY)), Err(NoJson { keys, number: f64::NEG_INFINITY }));
        assert!(indented(&tree(f32::NAN)).is_err());
        // What is not written does not matter.
        assert_eq!(indented(&Tree::Object("O", vec![(EXTENSIONS, infinite(f32::NAN))])), Ok("{}".to_owned()));
    }
}
