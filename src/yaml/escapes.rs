//! Escapes inside double quotes on which docker compose's YAML and the parser underneath do not agree.

use std::ops::Range;

use super::tree::{Event, Place, Style};
use crate::diagnostic::{Diagnostic, FileId, Span};

/// Escapes of one character, each of which can stand in for `\'` while the parser reads.
const STAND_INS: [(char, char); 6] =
    [('a', '\u{7}'), ('v', '\u{b}'), ('f', '\u{c}'), ('b', '\u{8}'), ('e', '\u{1b}'), ('P', '\u{2029}')];

/// A quoted text in which `\'` was hidden from the parser, which does not know it.
#[derive(Clone, Debug)]
pub(super) struct Hidden {
    /// Where the opening quote stands, in bytes.
    pub(super) start: usize,
    /// The character that the parser will see in place of each apostrophe.
    pub(super) stand_in: char,
}

/// Hides every `\'` of the double-quoted text that starts at a byte; all other bytes keep their places.
///
/// `None` when there is none, so that the parser was right to complain.
pub(super) fn hide_apostrophes(text: &mut String, start: usize) -> Option<Hidden> {
    let body = text.get(start..)?.strip_prefix('"')?;
    let pairs = escapes(body);
    let places: Vec<usize> =
        pairs.iter().filter(|(_, escaped)| *escaped == '\'').map(|(at, _)| start + 1 + at).collect();
    let end = pairs.last().map_or(0, |(at, escaped)| at + 1 + escaped.len_utf8());
    let (letter, stand_in) = STAND_INS.into_iter().find(|(letter, stand_in)| {
        !body.contains(*stand_in) && !pairs.iter().any(|(_, escaped)| escaped == letter) && end <= body.len()
    })?;
    for place in &places {
        text.replace_range(place + 1..place + 2, letter.encode_utf8(&mut [0; 4]));
    }
    (!places.is_empty()).then_some(Hidden { start, stand_in })
}

/// One finding for each quoted text with an escape that docker compose refuses.
pub(super) fn findings(file: FileId, text: &str, events: &[(Event<'_>, Place)]) -> Vec<Diagnostic> {
    let quoted = events.iter().filter(|(event, _)| matches!(event, Event::Scalar { style: Style::Quoted, .. }));
    let refused = quoted.filter_map(|(_, Place { span, .. })| {
        let range = refused(text.get(span.start as usize..span.end as usize)?)?;
        Some(Span { file, start: span.start + range.start as u32, end: span.start + range.end as u32 })
    });
    let finding = |span: Span| {
        Diagnostic::error("docker compose does not know this escape").at(span).help("write the character itself")
    };
    refused.map(finding).collect()
}

/// The first escape in a double-quoted text that docker compose refuses, although YAML 1.2 has it.
fn refused(quoted: &str) -> Option<Range<usize>> {
    let body = quoted.strip_prefix('"')?;
    let (at, length) = escapes(body).into_iter().find_map(|(at, escaped)| match escaped {
        '/' => Some((at, 2)),
        'u' => {
            let code = u32::from_str_radix(body.get(at + 2..at + 6)?, 16).ok()?;
            (0xd800..0xe000).contains(&code).then_some((at, 6))
        }
        _ => None,
    })?;
    Some(at + 1..at + 1 + length)
}

/// Each backslash of a text up to its closing quote, with the character behind it.
fn escapes(body: &str) -> Vec<(usize, char)> {
    let mut found = Vec::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => break,
            '\\' => found.extend(characters.next().map(|(_, escaped)| (at, escaped))),
            _ => {}
        }
    }
    found
}
