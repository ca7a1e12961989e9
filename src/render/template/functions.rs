//! The functions of templates.

use std::cmp::Ordering;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::TemplateError;
use super::text::{is_true, plain, printf};
use crate::render::human;

type Function = fn(&[Value]) -> Result<Value, TemplateError>;

/// A function, what it is called, and how many arguments it takes: at least and at most.
struct Known {
    name: &'static str,
    least: usize,
    most: usize,
    function: Function,
}

const fn known(name: &'static str, least: usize, most: usize, function: Function) -> Known {
    Known { name, least, most, function }
}

const ANY: usize = usize::MAX;

const FUNCTIONS: &[Known] = &[
    known("and", 1, ANY, |values| Ok(values.iter().find(|value| !is_true(value)).unwrap_or(last(values)).clone())),
    known("eq", 2, ANY, |values| {
        Ok(values[1..].iter().any(|value| order(&values[0], value) == Some(Ordering::Equal)).into())
    }),
    known("ge", 2, 2, |values| compare(values, Ordering::is_ge)),
    known("gt", 2, 2, |values| compare(values, Ordering::is_gt)),
    known("index", 2, 2, |values| index(&values[0], &values[1])),
    known("join", 2, 2, |values| {
        let texts: Vec<String> = values[0].as_array().into_iter().flatten().map(plain).collect();
        Ok(texts.join(&plain(&values[1])).into())
    }),
    known("json", 1, 1, |values| Ok(json(&values[0]).into())),
    known("le", 2, 2, |values| compare(values, Ordering::is_le)),
    known("len", 1, 1, |values| match &values[0] {
        Value::String(text) => Ok(text.len().into()),
        Value::Array(items) => Ok(items.len().into()),
        Value::Object(fields) => Ok(fields.len().into()),
        other => Err(TemplateError::of(format!("len of {}", plain(other)))),
    }),
    known("lower", 1, 1, |values| Ok(plain(&values[0]).to_lowercase().into())),
    known("lt", 2, 2, |values| compare(values, Ordering::is_lt)),
    known("ne", 2, 2, |values| Ok((order(&values[0], &values[1]) != Some(Ordering::Equal)).into())),
    known("not", 1, 1, |values| Ok((!is_true(&values[0])).into())),
    known("or", 1, ANY, |values| Ok(values.iter().find(|value| is_true(value)).unwrap_or(last(values)).clone())),
    known("pad", 3, 3, |values| {
        let text = plain(&values[0]);
        if text.is_empty() {
            return Ok(text.into());
        }
        Ok(format!("{}{text}{}", " ".repeat(number(&values[1])?), " ".repeat(number(&values[2])?)).into())
    }),
    known("print", 0, ANY, |values| Ok(values.iter().map(plain).collect::<String>().into())),
    known("printf", 1, ANY, |values| Ok(printf(&plain(&values[0]), &values[1..]).into())),
    known("println", 0, ANY, |values| {
        Ok(format!("{}\n", values.iter().map(plain).collect::<Vec<_>>().join(" ")).into())
    }),
    known("split", 2, 2, |values| {
        let (text, separator) = (plain(&values[0]), plain(&values[1]));
        Ok(text.split(&separator).map(Value::from).collect())
    }),
    known("title", 1, 1, |values| Ok(title(&plain(&values[0])).into())),
    known("truncate", 2, 2, |values| {
        let text = plain(&values[0]);
        let length = number(&values[1])?;
        Ok(if text.width() > length { text.chars().take(length).collect::<String>() } else { text }.into())
    }),
    known("upper", 1, 1, |values| Ok(plain(&values[0]).to_uppercase().into())),
];

pub(super) fn is_known(name: &str) -> bool {
    FUNCTIONS.iter().any(|known| known.name == name)
}

pub(super) fn call(name: &str, values: &[Value]) -> Result<Value, TemplateError> {
    let known = FUNCTIONS.iter().find(|known| known.name == name);
    let known = known.ok_or_else(|| TemplateError::of(format!("function {name:?} not defined")))?;
    if values.len() < known.least || values.len() > known.most {
        let wanted = match (known.least, known.most) {
            (least, ANY) => format!("at least {}", human::count(least, "argument")),
            (least, _) => human::count(least, "argument"),
        };
        return Err(TemplateError::of(format!("{name} takes {wanted}, and got {}", values.len())));
    }
    (known.function)(values)
}

fn last(values: &[Value]) -> &Value {
    values.last().unwrap_or(&Value::Null)
}

/// JSON as Go writes it: what could be taken for HTML is escaped.
pub fn json(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn number(value: &Value) -> Result<usize, TemplateError> {
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| TemplateError::of(format!("{} is no number", plain(value))))
}

fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

fn compare(values: &[Value], holds: fn(Ordering) -> bool) -> Result<Value, TemplateError> {
    let order = order(&values[0], &values[1]);
    let order = order.ok_or_else(|| TemplateError::of("incompatible types for comparison"))?;
    Ok(holds(order).into())
}

fn index(value: &Value, key: &Value) -> Result<Value, TemplateError> {
    let found = match (value, key) {
        (Value::Array(items), Value::Number(_)) => items.get(number(key)?).cloned(),
        (Value::Object(fields), Value::String(name)) => Some(fields.get(name).cloned().unwrap_or_default()),
        _ => None,
    };
    found.ok_or_else(|| TemplateError::of(format!("index out of range: {}", plain(key))))
}

/// The first letter of each word becomes a capital.
fn title(text: &str) -> String {
    let mut after_letter = false;
    let mut titled = String::with_capacity(text.len());
    for letter in text.chars() {
        if after_letter {
            titled.push(letter);
        } else {
            titled.extend(letter.to_uppercase());
        }
        after_letter = letter.is_alphanumeric() || letter == '_' || letter == '\'';
    }
    titled
}
