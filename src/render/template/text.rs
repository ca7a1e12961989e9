//! Values → text, the way Go prints them.

use serde_json::Value;

/// What `{{.Field}}` prints.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => format!("{{{}}}", fields.values().map(plain).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}

/// Whether there is something to a value.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// `%s`, `%d`, `%v`, `%q` and `%%`, each with a width if wanted (`%-20s`).
pub(super) fn printf(format: &str, values: &[Value]) -> String {
    let mut text = String::new();
    let mut values = values.iter();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let mut size = String::new();
        while let Some(next) = letters.next_if(|next| *next == '-' || next.is_ascii_digit()) {
            size.push(next);
        }
        let printed = match letters.next() {
            Some('%') => "%".to_owned(),
            Some('q') => values.next().map_or("%!q(MISSING)".to_owned(), |value| format!("{:?}", plain(value))),
            Some(verb @ ('s' | 'd' | 'v' | 't' | 'f')) => values.next().map_or(format!("%!{verb}(MISSING)"), plain),
            Some(other) => format!("%!{other}"),
            None => "%!(NOVERB)".to_owned(),
        };
        let width: usize = size.trim_start_matches('-').parse().unwrap_or(0);
        let padded = if size.starts_with('-') { format!("{printed:<width$}") } else { format!("{printed:>width$}") };
        text.push_str(&padded);
    }
    text
}
