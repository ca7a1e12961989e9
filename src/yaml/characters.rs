//! Which characters a YAML text may hold.

use std::ops::Range;

use super::tree::{Event, Place, Style};
use crate::diagnostic::{Diagnostic, FileId, Span};

/// How many findings of one kind are worth showing.
const ENOUGH: usize = 10;

/// One finding for each of the first few characters that YAML forbids.
pub(super) fn forbidden(file: FileId, text: &str) -> Vec<Diagnostic> {
    // Most texts are plain, and bytes are looked at faster than characters.
    if text.bytes().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')) {
        return Vec::new();
    }
    text.char_indices()
        .filter(|(at, character)| !is_allowed(*character) && (*at > 0 || *character != '\u{feff}'))
        .take(ENOUGH)
        .map(|(at, character)| {
            let end = at + character.len_utf8();
            let finding = Diagnostic::error(describe(character));
            let finding = finding.at(Span { file, start: at as u32, end: end as u32 });
            match character as u32 {
                0 => finding.help("is this a text file in UTF-8?"),
                0xfeff => finding.help("a byte order mark may stand only at the start of the file: remove it"),
                code => finding.help(format!("inside double quotes it can be written as `\\x{code:02x}`")),
            }
        })
        .collect()
}

/// One finding for each line before `end` that starts with a tab, unless quotes or brackets make it harmless.
pub(super) fn leading_tabs(file: FileId, text: &str, events: &[(Event<'_>, Place)], end: usize) -> Vec<Diagnostic> {
    let tabs = text.match_indices('\t').map(|(at, _)| at).take_while(|at| *at < end);
    let mut tabs = tabs.filter(|at| *at == 0 || text[..*at].ends_with(['\n', '\r'])).peekable();
    if tabs.peek().is_none() {
        return Vec::new();
    }
    let harmless = harmless_ranges(text, events);
    let harmful = tabs.filter(|at| {
        let next = harmless.partition_point(|range| range.end <= *at);
        harmless.get(next).is_none_or(|range| !range.contains(at))
    });
    let finding = |at| {
        Diagnostic::error("a tab cannot be used for indentation")
            .at(Span { file, start: at as u32, end: at as u32 + 1 })
            .help("indent with spaces")
    };
    harmful.take(ENOUGH).map(finding).collect()
}

/// What stands in quotes, and in brackets from the outermost one to its end or the end of the text; in order.
fn harmless_ranges(text: &str, events: &[(Event<'_>, Place)]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut levels = 0_usize;
    // How deep the outermost bracket stands, and where.
    let mut bracket: Option<(usize, usize)> = None;
    for (event, Place { span, .. }) in events {
        let (start, end) = (span.start as usize, span.end as usize);
        match event {
            Event::Scalar { style: Style::Quoted, .. } if bracket.is_none() => ranges.push(start..end),
            Event::Sequence { flow, .. } | Event::Mapping { flow, .. } => {
                levels += 1;
                bracket = bracket.or(flow.then_some((levels, start)));
            }
            Event::End => {
                ranges.extend(bracket.take_if(|(level, _)| *level == levels).map(|(_, start)| start..end));
                levels = levels.saturating_sub(1);
            }
            _ => {}
        }
    }
    ranges.extend(bracket.map(|(_, start)| start..text.len()));
    ranges
}

/// One finding for each plain scalar with a character that is the end of a line to docker compose.
pub(super) fn line_separators(events: &[(Event<'_>, Place)]) -> Vec<Diagnostic> {
    let plain = events.iter().filter_map(|(event, place)| match event {
        Event::Scalar { text, style: Style::Plain, .. } if !text.is_ascii() => {
            Some((text.chars().find(is_separator)?, place.span))
        }
        _ => None,
    });
    let finding = |(separator, span)| {
        Diagnostic::error(format!("U+{:04X} ends a line here", u32::from(separator)))
            .at(span)
            .help("put the text in double quotes and write `\\N`, `\\L` or `\\P` for it")
    };
    plain.take(ENOUGH).map(finding).collect()
}

fn is_separator(character: &char) -> bool {
    matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn describe(character: char) -> String {
    match character {
        '\0' => "a NUL byte cannot stand in YAML".to_owned(),
        '\u{feff}' => "a byte order mark cannot stand inside a file".to_owned(),
        _ => format!("the control character U+{:04X} cannot stand in YAML", character as u32),
    }
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && character != '\u{feff}'
}
