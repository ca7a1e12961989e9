//! What to tell people when a text is no YAML.

use super::suspect::Scene;
use crate::diagnostic::{Diagnostic, FileId, Span};

/// Why the parser stopped, as far as there is something of our own to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Tab,
    Indentation,
    UnclosedQuote,
    UnclosedBracket(char),
    WrongBracket { open: char, close: char },
    StrayBracket,
    MissingColon,
    UnexpectedValue,
    UnexpectedItem,
    ExpectedKey,
    ExpectedItem,
    ExpectedComma(char),
    ExpectedValue,
    Character(char),
    UnknownEscape,
    InvalidEscape,
    TextAfterQuote,
    CommentInText,
    CommentTooClose,
    Name,
    BlockHeader,
    UndeclaredTag,
    TooDeep,
    Other(String),
}

/// The finding for a fault at a byte of a text, inside of brackets of which the innermost starts at another byte.
pub(super) fn explain(file: FileId, text: &str, at: usize, fault: &Fault, bracket: Option<usize>) -> Diagnostic {
    let at = last_boundary(text, at.min(text.len()));
    let tab_ahead = || (*fault == Fault::Tab).then(|| text[at..].find('\t').map_or(at, |tab| at + tab));
    if let Some(tab) = indenting_tab(text, at).or_else(tab_ahead) {
        return Diagnostic::error("a tab cannot be used for indentation")
            .at(Span { file, start: tab as u32, end: next_boundary(text, tab) as u32 })
            .help("indent with spaces");
    }
    if let Some(finding) = (Scene { file, text, at, fault, bracket }).finding() {
        return finding;
    }
    let (message, help) = words(fault);
    let place = match fault {
        Fault::UnclosedBracket(_) | Fault::WrongBracket { .. } => {
            Span { file, start: at as u32, end: next_boundary(text, at) as u32 }
        }
        _ => visible_place(file, text, at),
    };
    let finding = Diagnostic::error(message).at(place);
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

fn words(fault: &Fault) -> (String, Option<String>) {
    let (message, help) = match fault {
        Fault::Tab => ("a tab cannot stand here", Some("use spaces")),
        Fault::Indentation => {
            ("this line is indented wrongly", Some("entries of one list or mapping start in one column"))
        }
        Fault::UnclosedQuote => ("this quoted text never ends", Some("add the closing quote")),
        Fault::UnclosedBracket(open) => {
            return (format!("this `{open}` is never closed"), Some(format!("add `{}`", closing(*open))));
        }
        Fault::WrongBracket { open, close } => {
            return (format!("this `{open}` is closed by `{close}`"), Some(format!("use `{}`", closing(*open))));
        }
        Fault::StrayBracket => ("nothing was opened that this could close", None),
        Fault::MissingColon => ("expected `:` after a key", Some("write `key: value`, with a space after the colon")),
        Fault::UnexpectedValue => (
            "a value of the form `key: value` cannot stand here",
            Some("quote a text that contains `: ` or ends with `:`"),
        ),
        Fault::UnexpectedItem => ("a list item cannot stand here", Some("start the list on a line of its own")),
        Fault::ExpectedKey => ("expected a key in the same column as the keys above", None),
        Fault::ExpectedItem => ("expected `- ` in the same column as the items above", None),
        Fault::ExpectedComma(close) => return (format!("expected `,` or `{close}`"), None),
        Fault::ExpectedValue => ("expected a value", None),
        Fault::Character(character) => {
            return (format!("a text cannot start with `{character}`"), Some("put the text in quotes".to_owned()));
        }
        Fault::UnknownEscape => {
            ("this escape is not known", Some("use single quotes for a text with backslashes, or write `\\\\`"))
        }
        Fault::InvalidEscape => ("this escape names no character", None),
        Fault::TextAfterQuote => ("text cannot go on after the closing quote", Some("quote the whole text")),
        Fault::CommentInText => ("a comment cannot interrupt a text of several lines", Some("put the text in quotes")),
        Fault::CommentTooClose => {
            ("expected a space before `#`", Some("put a space before a comment, or the whole text in quotes"))
        }
        Fault::Name => ("expected the name of an anchor", Some("quote a text that starts with `*` or `&`")),
        Fault::BlockHeader => ("`|` and `>` take `+`, `-` and a digit from 1 to 9 only", None),
        Fault::UndeclaredTag => ("this tag uses a prefix that was not declared", None),
        Fault::TooDeep => return (too_deep(), None),
        Fault::Other(message) => return (message.clone(), None),
    };
    (message.to_owned(), help.map(str::to_owned))
}

pub(super) fn too_deep() -> String {
    format!("lists and mappings are nested more than {} deep", super::tree::DEPTH_LIMIT)
}

pub(super) fn closing(open: char) -> char {
    if open == '[' { ']' } else { '}' }
}

/// The tab in the white space that starts the line of a byte, or the line before it.
fn indenting_tab(text: &str, at: usize) -> Option<usize> {
    let line = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let previous = text[..line.saturating_sub(1)].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    [line, previous].into_iter().find_map(|start| {
        let blank = text[start..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        text[start..start + blank].find('\t').map(|tab| start + tab)
    })
}

/// The word at a byte; at the end of the text its last visible character, as there is nothing else to show.
fn visible_place(file: FileId, text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let length = rest.find(|character: char| character.is_whitespace()).unwrap_or(rest.len());
    if length > 0 {
        return Span { file, start: at as u32, end: (at + length) as u32 };
    }
    let shown = text[..at].trim_end().len();
    let start = if text[shown..at].contains('\n') && !rest.trim().is_empty() {
        at
    } else {
        last_boundary(text, shown.saturating_sub(1))
    };
    Span { file, start: start as u32, end: next_boundary(text, start) as u32 }
}

fn last_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn next_boundary(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}
