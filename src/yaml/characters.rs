//! Which characters a YAML text may hold.

use crate::diagnostic::{Diagnostic, FileId, Span};

/// One finding for each of the first few characters that YAML forbids.
pub(super) fn forbidden(file: FileId, text: &str) -> Vec<Diagnostic> {
    const ENOUGH: usize = 10;
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
