//! What a line of a log says about itself: its fields where it is JSON or logfmt, and how serious it is.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::engine::Stream;

/// How serious a line is. A later one is more serious.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// Where programs write the level of a structured line, most telling first.
const LEVEL_KEYS: &[&str] =
    &["level", "severity", "lvl", "log.level", "loglevel", "log_level", "levelname", "severity_text", "@l"];

/// So many words of a plain line are looked at for a level: behind them it is part of the message.
const WORDS: usize = 6;

impl Level {
    /// The level that a word means, in any case: `warning`, `E`, `CRITICAL`.
    pub fn of_word(word: &str) -> Option<Self> {
        const WORDS: &[(Level, &[&str])] = &[
            (Level::Trace, &["trace", "trc", "finest", "verbose"]),
            (Level::Debug, &["debug", "dbg", "fine", "debug1", "debug2"]),
            (Level::Info, &["info", "information", "informational", "inf", "notice", "log", "i"]),
            (Level::Warn, &["warn", "warning", "wrn", "w"]),
            (Level::Error, &["error", "err", "eror", "severe", "e"]),
            (Level::Fatal, &["fatal", "critical", "crit", "panic", "alert", "emerg", "emergency", "ftl", "f"]),
        ];
        let found = WORDS.iter().find(|(_, words)| words.iter().any(|known| known.eq_ignore_ascii_case(word)));
        found.map(|(level, _)| *level)
    }

    /// The scale of bunyan and pino: 10 is trace, 60 is fatal.
    fn of_number(number: u64) -> Option<Self> {
        match number {
            1..=10 => Some(Self::Trace),
            11..=20 => Some(Self::Debug),
            21..=30 => Some(Self::Info),
            31..=40 => Some(Self::Warn),
            41..=50 => Some(Self::Error),
            51..=60 => Some(Self::Fatal),
            _ => None,
        }
    }
}

/// The fields of a line that is a JSON object, or logfmt from beginning to end.
pub fn fields(line: &[u8]) -> Option<Map<String, Value>> {
    let line = line.trim_ascii();
    if line.first() == Some(&b'{') {
        return serde_json::from_slice(line).ok();
    }
    logfmt(std::str::from_utf8(line).ok()?)
}

/// How serious a line says that it is; `None` when it does not say.
pub fn level(line: &[u8]) -> Option<Level> {
    match fields(line) {
        Some(fields) => field_level(&fields),
        None => plain_level(&String::from_utf8_lossy(line)),
    }
}

/// What a line counts as that names no level: programs write what went wrong to standard error.
pub fn usual_level(stream: Stream) -> Level {
    match stream {
        Stream::Stdout => Level::Info,
        Stream::Stderr => Level::Error,
    }
}

/// Whether a line belongs to the one before it, as those of a stack trace do.
pub fn is_continuation(line: &[u8]) -> bool {
    const BEGINNINGS: &[&[u8]] = &[b" ", b"\t", b"Caused by", b"}", b"]", b"..."];
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

fn field_level(fields: &Map<String, Value>) -> Option<Level> {
    let nested = || fields.get("log").and_then(|log| log.get("level"));
    let value = LEVEL_KEYS.iter().find_map(|key| fields.get(*key)).or_else(nested)?;
    match value {
        Value::String(word) => Level::of_word(word).or_else(|| Level::of_number(word.parse().ok()?)),
        Value::Number(number) => Level::of_number(number.as_u64()?),
        _ => None,
    }
}

/// `[warn]`, `ERROR:`, `<error>`, `level=info`, `E1126` of klog: a word at the beginning of a line that nobody would take
/// for part of the message. A bare word counts in capitals only.
fn plain_level(line: &str) -> Option<Level> {
    line.split_whitespace().take(WORDS).find_map(|word| {
        if let Some((key, value)) = word.split_once('=') {
            return LEVEL_KEYS.contains(&key).then(|| Level::of_word(value.trim_matches('"')))?;
        }
        let bare = word.trim_matches(|sign: char| !sign.is_alphanumeric());
        let enclosed = word.starts_with(['[', '<', '(', '|']) || word.ends_with(':');
        let capitals = bare.len() > 2 && bare.bytes().all(|byte| byte.is_ascii_uppercase());
        if (enclosed && bare.len() > 2) || capitals { Level::of_word(bare) } else { klog_level(word) }
    })
}

/// `I1126` at the very beginning: a letter, month and day.
fn klog_level(word: &str) -> Option<Level> {
    let (letter, day) = word.split_at_checked(1)?;
    let dated = day.len() == 4 && day.bytes().all(|byte| byte.is_ascii_digit());
    (dated && ["I", "W", "E", "F"].contains(&letter)).then(|| Level::of_word(letter))?
}

/// The pairs of a logfmt line: at least two, and nothing between them.
fn logfmt(line: &str) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (key, behind) = rest.split_once('=')?;
        let good = |sign: char| sign.is_alphanumeric() || "_.-@/".contains(sign);
        if key.is_empty() || !key.chars().all(good) {
            return None;
        }
        let (value, behind) = logfmt_value(behind)?;
        fields.insert(key.to_owned(), Value::String(value.into_owned()));
        rest = behind.trim_start_matches(' ');
        if rest.len() == behind.len() && !rest.is_empty() {
            return None;
        }
    }
    (fields.len() >= 2).then_some(fields)
}

/// A value with or without quotes, and what stands behind it.
fn logfmt_value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if !text.starts_with('"') {
        let end = text.find(' ').unwrap_or(text.len());
        let (value, behind) = text.split_at(end);
        return (!value.contains('"')).then_some((Cow::Borrowed(value), behind));
    }
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find_map(|(at, byte)| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes.then_some(at)
    })?;
    let (quoted, behind) = text.split_at(end + 1);
    let value = serde_json::from_str(quoted).unwrap_or_else(|_| quoted.trim_matches('"').to_owned());
    Some((Cow::Owned(value), behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_of_lines_as_programs_write_them() {
        let table = [
            (r#"{"level":"warn","msg":"slow"}"#, Some(Level::Warn)),
            (r#"{"level":50,"msg":"pino"}"#, Some(Level::Error)),
            (r#"{"severity":"CRITICAL"}"#, Some(Level::Fatal)),
            (r#"{"log":{"level":"debug"}}"#, Some(Level::Debug)),
            (r#"{"log.level":"Error","message":"ecs"}"#, Some(Level::Error)),
            (r#"{"msg":"ERROR is only a word here"}"#, None),
            (r#"time=12:00 level=info msg="all well""#, Some(Level::Info)),
            ("listening level=debug port 80", Some(Level::Debug)),
            ("2026/11/26 10:00:00 [warn] 7#7: *1 upstream is slow", Some(Level::Warn)),
            ("2026-11-26 10:00:00.123 UTC [55] ERROR:  relation \"x\" does not exist", Some(Level::Error)),
            ("2026-11-26 10:00:00.123 UTC [1] LOG:  database system is ready", Some(Level::Info)),
            ("10:00:00.000 [main] ERROR com.example.App - no", Some(Level::Error)),
            ("E1126 10:00:00.000000       1 main.go:1] no", Some(Level::Error)),
            ("INFO:     Uvicorn running", Some(Level::Info)),
            ("2026-11-26T10:00:00Z  WARN tower: late", Some(Level::Warn)),
            ("panic: runtime error", Some(Level::Fatal)),
            ("a line with an error in it", None),
            ("E2 and I are letters", None),
            ("GET /error HTTP/1.1 200", None),
            ("", None),
        ];
        for (line, expected) in table {
            assert_eq!(level(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn fields_are_those_of_json_and_of_whole_logfmt_lines() {
        let text = |line: &str| fields(line.as_bytes()).map(|fields| Value::Object(fields).to_string());
        let table = [
            (r#"  {"a":1,"b":{"c":[2]}}  "#, Some(r#"{"a":1,"b":{"c":[2]}}"#)),
            (r#"{"a":1"#, None),
            ("[1,2]", None),
            (
                r#"a=1 msg="two \"words\"" empty= last=x"#,
                Some(r#"{"a":"1","msg":"two \"words\"","empty":"","last":"x"}"#),
            ),
            ("a=1", None),
            ("see a=1 b=2", None),
            ("a=1 b=2 and so on", None),
            (r#"a="1"b="2""#, None),
            (r#"a=1 b="open"#, None),
        ];
        for (line, expected) in table {
            assert_eq!(text(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_stack_trace_belongs_to_the_line_above_it() {
        for line in ["  at main (app.js:1:1)", "\tat App.main(App.java:3)", "Caused by: IOException", "}"] {
            assert!(is_continuation(line.as_bytes()), "{line}");
        }
        assert!(!is_continuation(b"next"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_line(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            level(&line);
            fields(&line);
        }

        #[test]
        fn what_is_written_as_logfmt_is_read_back(pairs in proptest::collection::btree_map("[a-z]{1,5}", ".{0,8}", 2..5)) {
            let line: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", Value::from(value.as_str()))).collect();
            let read = fields(line.join(" ").as_bytes()).expect("logfmt");
            for (key, value) in &pairs {
                prop_assert_eq!(&read[key.as_str()], value.as_str());
            }
        }
    }
}
