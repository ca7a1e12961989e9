//! Values to text, byte for byte as docker compose prints them.

use serde_yaml::{Mapping, Number, Value};

use super::style::{self, Form};

/// How far each level stands to the right of the one around it, in spaces.
const STEP: usize = 2;

/// The longest key, in bytes, that stands on one line with its value without `?`.
const SHORT_KEY: usize = 128;

/// Writes a value as a YAML document. Entries keep their order.
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Mapping(map) if !map.is_empty() => mapping(&mut text, map, 0),
        Value::Sequence(items) if !items.is_empty() => sequence(&mut text, items, 0),
        scalar => {
            text.push_str(&inline(scalar, STEP));
            text.push('\n');
        }
    }
    text
}

/// Writes entries; the cursor stands where the first one begins.
fn mapping(text: &mut String, map: &Mapping, column: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            indent(text, column);
        }
        let name = inline_key(key, column + STEP);
        if is_short(key) {
            text.push_str(&name);
            text.push(':');
            below(text, value, column + STEP);
        } else {
            text.push_str("? ");
            text.push_str(&name);
            text.push('\n');
            indent(text, column);
            text.push(':');
            beside(text, value, column + STEP);
        }
    }
}

/// Writes items; the cursor stands where the first one begins.
fn sequence(text: &mut String, items: &[Value], column: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            indent(text, column);
        }
        text.push('-');
        beside(text, item, column + STEP);
    }
}

/// Writes what belongs to a key: lists and mappings start on the next line.
fn below(text: &mut String, value: &Value, column: usize) {
    match value {
        Value::Mapping(map) if !map.is_empty() => {
            text.push('\n');
            indent(text, column);
            mapping(text, map, column);
        }
        Value::Sequence(items) if !items.is_empty() => {
            text.push('\n');
            indent(text, column);
            sequence(text, items, column);
        }
        Value::Tagged(tagged) => {
            text.push_str(&format!(" {}", tagged.tag));
            below(text, &tagged.value, column);
        }
        scalar => beside(text, scalar, column),
    }
}

/// Writes what belongs to a `-`, or to the `:` of a long key: everything starts on the same line.
fn beside(text: &mut String, value: &Value, column: usize) {
    text.push(' ');
    match value {
        Value::Mapping(map) if !map.is_empty() => mapping(text, map, column),
        Value::Sequence(items) if !items.is_empty() => sequence(text, items, column),
        Value::Tagged(tagged) => {
            text.push_str(&tagged.tag.to_string());
            below(text, &tagged.value, column);
        }
        scalar => {
            text.push_str(&inline(scalar, column));
            text.push('\n');
        }
    }
}

fn indent(text: &mut String, column: usize) {
    text.extend(std::iter::repeat_n(' ', column));
}

/// A scalar or an empty collection, without the line break behind it.
fn inline(value: &Value, column: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => number(value),
        Value::String(value) => string(value, column),
        Value::Sequence(_) => "[]".to_owned(),
        Value::Mapping(_) => "{}".to_owned(),
        Value::Tagged(tagged) => format!("{} {}", tagged.tag, inline(&tagged.value, column)),
    }
}

fn inline_key(key: &Value, column: usize) -> String {
    match key {
        // Left plain it would be read as a merge.
        Value::String(name) if name == "<<" => style::double_quoted(name),
        key => inline(key, column),
    }
}

fn is_short(key: &Value) -> bool {
    let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    key.as_str().is_none_or(|name| name.len() <= SHORT_KEY && !name.contains(breaks))
}

fn string(text: &str, column: usize) -> String {
    match style::form(text) {
        Form::Plain => text.to_owned(),
        Form::Single => style::single_quoted(text),
        Form::Double => style::double_quoted(text),
        Form::Literal => {
            let mut block = style::block_header(text);
            for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                block.push('\n');
                if !line.is_empty() {
                    indent(&mut block, column);
                    block.push_str(line);
                }
            }
            block
        }
    }
}

fn number(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => float(value),
        _ => number.to_string(),
    }
}

/// The shortest digits that name a float, with an exponent for what is smaller than `1e-4` or not smaller than `1e6`.
fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..6 => value.to_string(),
        exponent => format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

#[cfg(test)]
mod tests {
    use serde_yaml::Value;

    use super::print;
    use crate::diagnostic::FileId;
    use crate::yaml::{parse, to_value};

    /// What docker compose prints for a text as a value and as a key, where we do the same.
    #[test]
    fn strings_are_written_as_docker_compose_writes_them() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/printed.json")).unwrap();
        assert!(rows.len() > 200);
        for row in rows {
            let text = row["text"].as_str().unwrap();
            let entries = |value: Value| Value::Mapping([(Value::from("x-v"), value)].into_iter().collect());
            let map =
                |keys: &[&str]| Value::Mapping(keys.iter().map(|key| (Value::from(*key), Value::from(text))).collect());
            let values = entries(Value::Sequence(vec![Value::from(text), map(&["k", "l"])]));
            assert_eq!(print(&values), row["value"].as_str().unwrap(), "{text:?}");
            let key = Value::Mapping([(Value::from(text), Value::from(1))].into_iter().collect());
            assert_eq!(print(&entries(key)), row["key"].as_str().unwrap(), "{text:?}");
        }
    }

    #[test]
    fn what_docker_compose_would_lose_is_quoted() {
        let line_separator = Value::from("a\u{2028}b");
        assert_eq!(print(&line_separator), "\"a\\Lb\"\n");
        let merge = Value::Mapping([(Value::from("<<"), Value::from("<<"))].into_iter().collect());
        assert_eq!(print(&merge), "\"<<\": <<\n");
    }

    #[test]
    fn a_printed_document_is_read_as_it_was() {
        let text = include_str!("fixtures/printed.yaml");
        let node = parse(FileId(0), text).unwrap().remove(0);
        assert_eq!(print(&to_value(&node)), text);
    }

    #[test]
    fn numbers_are_written_with_the_fewest_digits() {
        for (value, printed) in [
            (Value::from(1.0), "1"),
            (Value::from(1e6), "1e+06"),
            (Value::from(100_000.0), "100000"),
            (Value::from(999_999.5), "999999.5"),
            (Value::from(123_456_789.5), "1.234567895e+08"),
            (Value::from(0.0001), "0.0001"),
            (Value::from(0.00001), "1e-05"),
            (Value::from(5e-324), "5e-324"),
            (Value::from(-0.0), "-0"),
            (Value::from(0.1), "0.1"),
            (Value::from(f64::NAN), ".nan"),
            (Value::from(f64::NEG_INFINITY), "-.inf"),
            (Value::from(u64::MAX), "18446744073709551615"),
            (Value::from(-5), "-5"),
        ] {
            assert_eq!(print(&value), format!("{printed}\n"));
        }
    }
}
