//! How a string is written so that every reader of YAML, old or new, reads the same string.

use super::Kind;
use super::scalar::resolve;

/// The ways of writing a string, in the order in which they are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Single,
    Double,
    /// `|` and lines of their own.
    Literal,
}

/// The form that docker compose would choose for a value.
pub(super) fn form(text: &str) -> Form {
    if text.contains('\n') {
        return if is_block(text) { Form::Literal } else { Form::Double };
    }
    let readable = text.chars().all(is_printable);
    if !readable || !matches!(resolve(text), Kind::Str(_)) || is_old_boolean(text) || is_sexagesimal(text) {
        Form::Double
    } else if is_plain(text) {
        Form::Plain
    } else {
        Form::Single
    }
}

/// Puts a text into double quotes, with escapes for all that cannot stand for itself.
pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match short_escape(character) {
            Some(letter) => quoted.extend(['\\', letter]),
            None if is_printable(character) => quoted.push(character),
            None => quoted.push_str(&long_escape(character)),
        }
    }
    quoted.push('"');
    quoted
}

/// Puts a text of one line into single quotes.
pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What stands behind `|`: whether lines start with spaces, and what becomes of the line breaks at the end.
pub(super) fn block_header(text: &str) -> String {
    let indentation = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let end = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    format!("|{indentation}{end}")
}

fn short_escape(character: char) -> Option<char> {
    Some(match character {
        '"' => '"',
        '\\' => '\\',
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => return None,
    })
}

fn long_escape(character: char) -> String {
    match character as u32 {
        code @ ..=0xff => format!("\\x{code:02X}"),
        code @ ..=0xffff => format!("\\u{code:04X}"),
        code => format!("\\U{code:08X}"),
    }
}

/// Whether docker compose writes a character as it is; what other readers take for the end of a line never is.
fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn is_block(text: &str) -> bool {
    let readable = text.chars().all(|character| matches!(character, '\n' | '\t') || is_printable(character));
    readable && !text.contains(" \n") && !text.ends_with(' ')
}

/// Whether the syntax lets a text stand without quotes between `key: ` and the end of a line.
fn is_plain(text: &str) -> bool {
    const STARTS_OTHERWISE: &str = "#,[]{}&*!|>'\"%@`";
    let Some(first) = text.chars().next() else { return false };
    let ambiguous = text.starts_with("---")
        || text.starts_with("...")
        || text.starts_with(' ')
        || text.ends_with([' ', ':'])
        || STARTS_OTHERWISE.contains(first)
        || matches!(text, "-" | "?")
        || ["- ", "? "].iter().any(|indicator| text.starts_with(indicator))
        || text.contains(": ")
        || text.contains(" #");
    !ambiguous
}

/// What was a boolean in YAML 1.1 and is none here.
fn is_old_boolean(text: &str) -> bool {
    const WORDS: [&str; 6] = ["y", "yes", "on", "n", "no", "off"];
    let upper = text.to_ascii_uppercase();
    let spelled_alike =
        text == text.to_ascii_lowercase() || text == upper || text.get(1..) == upper.to_ascii_lowercase().get(1..);
    spelled_alike && WORDS.contains(&&*text.to_ascii_lowercase())
}

/// What was a number to the base of 60 in YAML 1.1, as `12:30`.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some((head, rest)) = unsigned.split_once(':') else { return false };
    let digits_or_underscores = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let sixties = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => matches!(tens, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    };
    head.starts_with(|first: char| first.is_ascii_digit())
        && digits_or_underscores(head)
        && digits_or_underscores(fraction)
        && rest.split(':').all(sixties)
}
