//! What differs in a field: what it was and what it is to be, with secrets left out.

use std::fmt;

use serde_json::Value;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Parts of names that give a secret away.
const SECRET_WORDS: [&str; 8] = ["PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "SECRET", "KEY", "CREDENTIAL", "AUTH"];
/// Characters of a value that are shown to people.
const SHOWN: usize = 60;

/// One field of a container, a network or a volume that is not as the file has it. Holds no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// As in the file: `environment.LOG_LEVEL`.
    pub path: String,
    pub from: Side,
    pub to: Side,
}

/// A field's value on one side of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nothing tells what it was.
    Unknown,
    Absent,
    Value(Value),
}

impl Side {
    /// Nothing, null and empty values are absent.
    pub fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Absent,
            Some(Value::Object(fields)) if fields.is_empty() => Self::Absent,
            Some(Value::Array(items)) if items.is_empty() => Self::Absent,
            Some(value) => Self::Value(value.clone()),
        }
    }

    fn masked(self, path: &str) -> Self {
        match self {
            Self::Value(value) => Self::Value(masked(path, value)),
            other => other,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Unknown => "?".to_owned(),
            Self::Absent => "none".to_owned(),
            Self::Value(Value::String(text)) if text == MASK => MASK.to_owned(),
            Self::Value(value) => shortened(&value.to_string()),
        }
    }
}

impl FieldChange {
    pub fn new(path: impl Into<String>, from: Side, to: Side) -> Self {
        let path = path.into();
        Self { from: from.masked(&path), to: to.masked(&path), path }
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, from, to } = self;
        match (from, to) {
            (Side::Unknown, Side::Unknown) => f.write_str(path),
            (Side::Unknown, Side::Absent) => write!(f, "{path}: removed"),
            (Side::Unknown, to) => write!(f, "{path}: now {}", to.text()),
            (from, to) => write!(f, "{path}: {} → {}", from.text(), to.text()),
        }
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN - 1).chain(['…']).collect()
}

/// A value without what looks like a secret, by the name of its field or by what it says itself.
fn masked(path: &str, value: Value) -> Value {
    let name = path.rsplit('.').next().unwrap_or(path);
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let value = masked(&key, value);
                (key, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => Value::Array(masked_words(items)),
        Value::Null => Value::Null,
        _ if is_secret(name) => Value::String(MASK.to_owned()),
        Value::String(text) => Value::String(without_login(&text)),
        other => other,
    }
}

/// The words of a command line: `--password=x`, `--token x` and `PASSWORD=x` give away what follows.
fn masked_words(items: Vec<Value>) -> Vec<Value> {
    let mut follows = false;
    items
        .into_iter()
        .map(|item| {
            let Value::String(word) = item else { return masked("", item) };
            let hidden = std::mem::take(&mut follows);
            let masked = match word.split_once('=') {
                Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
                _ if hidden && !word.starts_with('-') => MASK.to_owned(),
                _ => without_login(&word),
            };
            follows = word.starts_with('-') && !word.contains('=') && is_secret(&word);
            Value::String(masked)
        })
        .collect()
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // `requirepass`, but not `bypass` and not `PASS_THROUGH`.
    let is_pass = name.ends_with("PASS") && !name.ends_with("BYPASS");
    is_pass || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// `postgres://me:secret@db/app` without who logs in.
fn without_login(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#', ' ', '"', '\'']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{MASK}@{host}{}", without_login(tail)),
        None => format!("{scheme}://{authority}{}", without_login(tail)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_told_without_secrets() {
        let side = |value: Value| Side::of(Some(&value));
        let table = [
            (
                "environment.LOG_LEVEL",
                side(json!("info")),
                side(json!("debug")),
                r#"environment.LOG_LEVEL: "info" → "debug""#,
            ),
            ("environment.A", Side::Absent, side(json!("")), r#"environment.A: none → """#),
            ("environment.DB_PASSWORD", side(json!("a")), side(json!("b")), "environment.DB_PASSWORD: *** → ***"),
            ("environment.api_key", side(json!("a")), Side::Absent, "environment.api_key: *** → none"),
            (
                "environment.URL",
                side(json!("amqp://me:pw@mq:5672/x")),
                side(json!("amqp://mq/x")),
                r#"environment.URL: "amqp://***@mq:5672/x" → "amqp://mq/x""#,
            ),
            (
                "environment",
                Side::Unknown,
                side(json!({"TOKEN": "x", "B": "y"})),
                r#"environment: now {"TOKEN":"***","B":"y"}"#,
            ),
            (
                "command",
                side(json!(["db", "--requirepass", "x", "--port", "1"])),
                side(json!(["db", "--token=x", "-e", "SECRET=x"])),
                r#"command: ["db","--requirepass","***","--port","1"] → ["db","--token=***","-e","SECRET=***"]"#,
            ),
            ("hostname", Side::Unknown, Side::Absent, "hostname: removed"),
            ("ports", Side::Unknown, Side::Unknown, "ports"),
            ("mem_limit", side(json!(1024)), side(json!(2048)), "mem_limit: 1024 → 2048"),
            ("tty", side(json!(true)), side(json!([])), "tty: true → none"),
        ];
        for (path, from, to, expected) in table {
            assert_eq!(FieldChange::new(path, from, to).to_string(), expected);
        }
    }

    #[test]
    fn long_values_are_cut() {
        let change = FieldChange::new("command", Side::Unknown, Side::Value(json!("x".repeat(100))));
        assert_eq!(change.to_string().chars().count(), "command: now ".len() + SHOWN);
    }
}
