//! Env files: names and values, with quotes, escapes, comments and variables.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::template::{Expansion, LENGTH_LIMIT, Lookup, Places, expand};
use crate::diagnostic::{Diagnostic, FileId, Span};

/// How many variables an env file may have. A kernel hands no process that many.
pub(super) const VARIABLE_LIMIT: usize = 20_000;

/// How many faults of a file are worth telling.
pub(super) const FAULT_LIMIT: usize = 500;

/// How much the variables of one file may add to it, in bytes.
const GROWTH_LIMIT: usize = 4 * LENGTH_LIMIT;

/// One line of an env file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// `None` for a name that stands alone and that the environment does not know.
    pub value: Option<String>,
    pub name_span: Span,
    /// Where the value is written; the name where there is none.
    pub span: Span,
}

/// What an env file says, in its own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFile {
    pub variables: Vec<Variable>,
    /// The uses of variables that are not set.
    pub unset: Vec<(String, Span)>,
}

/// Reads an env file. Its variables are looked for in the environment first, then on the lines above, then in what
/// earlier files said.
///
/// # Errors
/// All lines that cannot be read, and variables that are required but missing.
pub fn parse(file: FileId, text: &str, lookup: Lookup<'_>, earlier: Lookup<'_>) -> Result<EnvFile, Vec<Diagnostic>> {
    let (found, faults) = parse_what_can_be(file, text, lookup, earlier);
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// As [`parse`]: what could be read of it, and what could not.
pub(super) fn parse_what_can_be(
    file: FileId,
    text: &str,
    lookup: Lookup<'_>,
    earlier: Lookup<'_>,
) -> (EnvFile, Vec<Diagnostic>) {
    let mut reading = Reading {
        file,
        text,
        at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
        lookup,
        earlier,
        known: HashMap::default(),
        grown: 0,
        overgrown: false,
        found: EnvFile::default(),
        faults: Vec::new(),
    };
    while reading.seek_statement() && reading.faults.len() < FAULT_LIMIT {
        if reading.found.variables.len() == VARIABLE_LIMIT {
            reading.faults.push(too_many(reading.span(reading.at, reading.at + 1)));
            break;
        }
        reading.statement();
    }
    (reading.found, reading.faults)
}

struct Reading<'r> {
    file: FileId,
    text: &'r str,
    at: usize,
    lookup: Lookup<'r>,
    earlier: Lookup<'r>,
    /// What the lines above say.
    known: HashMap<String, String, RandomState>,
    /// How many bytes variables have added, and whether that was too much.
    grown: usize,
    overgrown: bool,
    found: EnvFile,
    faults: Vec<Diagnostic>,
}

impl<'r> Reading<'r> {
    fn rest(&self) -> &'r str {
        &self.text[self.at..]
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end as u32 }
    }

    /// Goes on while a test holds for what stands at the cursor.
    fn skip(&mut self, test: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(test).len();
    }

    /// Goes over empty lines and comments; whether anything is left.
    fn seek_statement(&mut self) -> bool {
        loop {
            self.skip(char::is_whitespace);
            if !self.rest().starts_with('#') {
                return !self.rest().is_empty();
            }
            self.skip(|character| character != '\n');
        }
    }

    fn statement(&mut self) {
        if let Some(rest) = self.rest().strip_prefix("export").filter(|rest| rest.starts_with(is_blank)) {
            self.at = self.text.len() - rest.len();
            self.skip(is_blank);
        }
        let start = self.at;
        match name_length(self.rest()) {
            Ok((length, separator)) => {
                let name = self.text[start..start + length].trim_end();
                self.at = start + length + separator.map_or(0, char::len_utf8);
                self.named(name, self.span(start, start + name.len()), separator);
            }
            Err((offset, character)) => {
                let at = start + offset;
                let message = format!("unexpected character {character:?} in a variable name");
                let finding = Diagnostic::error(message).at(self.span(at, at + character.len_utf8()));
                self.faults.push(finding.help("names have letters, digits, `_`, `.`, `-`, `[` and `]`"));
                self.skip(|character| character != '\n');
            }
        }
    }

    /// Reads on behind a name and what separates it from its value.
    fn named(&mut self, name: &str, name_span: Span, separator: Option<char>) {
        if name.is_empty() && matches!(separator, Some('\n') | None) {
            return;
        }
        if name.is_empty() || name.contains(' ') {
            let message = if name.is_empty() { "a name is missing here" } else { "a name cannot contain a space" };
            let place = Span { end: name_span.end.max(name_span.start + 1), ..name_span };
            self.faults.push(Diagnostic::error(message).at(place).help("write `NAME=value`"));
            if separator != Some('\n') {
                self.skip(|character| character != '\n');
            }
            return;
        }
        let (value, span) = match separator {
            Some('=' | ':') => {
                self.skip(is_blank);
                let Some((value, span)) = self.value(name_span) else { return };
                (Some(value), span)
            }
            _ => ((self.lookup)(name), name_span),
        };
        if let Some(value) = &value {
            self.known.insert(name.to_owned(), value.clone());
        }
        self.found.variables.push(Variable { name: name.to_owned(), value, name_span, span });
    }

    /// Reads a value; `None` where there is none to be had.
    fn value(&mut self, name_span: Span) -> Option<(String, Span)> {
        match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => {
                let start = self.at;
                self.skip(|character| character != '\n');
                let line = &self.text[start..self.at];
                let value = line.split_once(" #").map_or(line, |(value, _)| value).trim_end();
                let written = self.span(start, start + value.len());
                let span = if value.is_empty() { name_span } else { written };
                Some((self.expanded(value, written), span))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Option<(String, Span)> {
        let start = self.at;
        let Some((content, length)) = unquoted(&self.rest()[1..], quote) else {
            let line = self.rest().lines().next().unwrap_or_default().len();
            let finding = Diagnostic::error("unterminated quoted value").at(self.span(start, start + line));
            self.faults.push(finding.help(format!("add the closing `{quote}`")));
            self.at = self.text.len();
            return None;
        };
        self.at = start + 1 + length;
        let span = self.span(start, self.at);
        let value = if quote == '"' { self.expanded(&unescaped(&content), span) } else { content.into_owned() };
        Some((value, span))
    }

    /// Replaces the variables of a value, and notes what is wrong with them.
    fn expanded(&mut self, value: &str, span: Span) -> String {
        if !value.contains('$') {
            return value.to_owned();
        }
        let lookup =
            |name: &str| (self.lookup)(name).or_else(|| self.known.get(name).cloned()).or_else(|| (self.earlier)(name));
        let Expansion { text, unset, faults } = expand(value, &lookup);
        let raw = &self.text[span.start as usize..span.end as usize];
        let places = Places::new(raw, value, span);
        self.found.unset.extend(unset.into_iter().map(|used| (used.name, places.of(used.range))));
        self.faults.extend(faults.iter().map(|fault| fault.finding(places.of(fault.range.clone()))));
        self.grown += text.len().saturating_sub(value.len());
        if self.grown <= GROWTH_LIMIT {
            return text;
        }
        if !std::mem::replace(&mut self.overgrown, true) {
            let message =
                format!("the values of variables make this file longer by more than {} MiB", GROWTH_LIMIT >> 20);
            let finding = Diagnostic::error(message).at(span);
            self.faults.push(finding.help("look for variables whose values repeat one another"));
        }
        String::new()
    }
}

/// The finding about a file with more variables than it may have, where the first of them stands that is too much.
pub(super) fn too_many(place: Span) -> Diagnostic {
    let finding = Diagnostic::error(format!("an env file cannot have more than {VARIABLE_LIMIT} variables")).at(place);
    finding.help("no container can be started with that many: leave out what it does not need")
}

/// Blanks inside a line; the end of a line is none.
fn is_blank(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// The length of a name with the blanks behind it, and what ends it; `None` is the end of the file.
///
/// A character that no name can have is an error, with its offset.
fn name_length(text: &str) -> Result<(usize, Option<char>), (usize, char)> {
    for (at, character) in text.char_indices() {
        match character {
            '=' | ':' | '\n' => return Ok((at, Some(character))),
            '_' | '.' | '-' | '[' | ']' => {}
            _ if is_blank(character) || character.is_alphanumeric() => {}
            _ => return Err((at, character)),
        }
    }
    Ok((text.len(), None))
}

/// The content of a quoted value without the backslashes before quotes, and its length with the closing quote.
fn unquoted(text: &str, quote: char) -> Option<(Cow<'_, str>, usize)> {
    let quoted = &text[..closing_quote(text.as_bytes(), quote as u8)?];
    Some((without_escapes(quoted, quote), quoted.len() + 1))
}

/// Where a quoted value ends. A backslash takes the quote behind it for one of the value's own.
fn closing_quote(text: &[u8], quote: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(quote, b'\\', text.get(from..)?)?;
        if text[at] == quote {
            return Some(at);
        }
        // The first byte of a longer character will do: none of the others is a quote or a backslash.
        from = at + 2;
    }
}

/// Drops the backslashes that stand before quotes; all others stay, and so do those that they escape.
fn without_escapes(quoted: &str, quote: char) -> Cow<'_, str> {
    if !quoted.contains('\\') {
        return Cow::Borrowed(quoted);
    }
    let mut content = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        if character == '\\'
            && let Some(escaped) = characters.next()
        {
            content.extend((escaped != quote).then_some('\\'));
            content.push(escaped);
        } else {
            content.push(character);
        }
    }
    Cow::Owned(content)
}

/// Replaces the escapes that env files know; all other backslashes stay.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let letter = match behind.chars().next() {
            Some('a') => "\u{7}",
            Some('b') => "\u{8}",
            Some('f') => "\u{c}",
            Some('n') => "\n",
            Some('r') => "\r",
            Some('t') => "\t",
            Some('v') => "\u{b}",
            Some('\\') => "\\",
            Some('"') => "\"",
            // A dollar that is no variable is written twice for what comes next.
            Some('$') => "$$",
            Some('0') => {
                let digits: String = behind[1..].chars().take(3).take_while(char::is_ascii_digit).collect();
                out.push_str(&octal(&digits));
                rest = &behind[1 + digits.len()..];
                continue;
            }
            _ => {
                out.push('\\');
                rest = behind;
                continue;
            }
        };
        out.push_str(letter);
        rest = &behind[1..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What `\0` and digits stand for: three octal digits are a character; fewer, or too large a number, lose the zero.
fn octal(digits: &str) -> String {
    match u8::from_str_radix(digits, 8) {
        Ok(code) if digits.len() == 3 => char::from(code).to_string(),
        _ => format!("\\{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FILE: FileId = FileId(0);

    fn lookup(name: &str) -> Option<String> {
        match name {
            "A" => Some("va".into()),
            "E" => Some(String::new()),
            _ => None,
        }
    }

    /// What docker compose reads from each text with `A=va E=`.
    #[test]
    fn texts_are_read_as_docker_compose_reads_them() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/dotenv.json")).unwrap();
        assert!(rows.len() > 100);
        for row in rows {
            let text = row["text"].as_str().unwrap();
            let found = parse(FILE, text, &lookup, &|_| None);
            let Some(expected) = row["dotenv"]["values"].as_object() else {
                assert!(found.is_err(), "{text:?}: {found:?}");
                continue;
            };
            let mut values = BTreeMap::new();
            for variable in found.unwrap_or_else(|faults| panic!("{text:?}: {faults:?}")).variables {
                values.extend(variable.value.map(|value| (variable.name, serde_json::Value::from(value))));
            }
            assert_eq!(values, expected.clone().into_iter().collect(), "{text:?}");
        }
    }

    #[test]
    fn a_name_at_the_very_end_is_a_name() {
        let found = parse(FILE, "K=1\nA", &lookup, &|_| None).unwrap().variables;
        assert_eq!((&*found[1].name, found[1].value.as_deref()), ("A", Some("va")));
        assert_eq!(parse(FILE, "export ", &lookup, &|_| None), Ok(EnvFile::default()));
    }

    #[test]
    fn a_backslash_takes_the_quote_behind_it_along() {
        let table = [
            (r"K='a\'b'", Some(r"a'b")),
            (r"K='a\\'", Some(r"a\\")),
            (r"K='\é\é'", Some(r"\é\é")),
            (r"K='é\'é'", Some("é'é")),
            (r"K='a\", None),
            (r"K='a\'", None),
            (r"K='a\é", None),
            ("K='", None),
        ];
        for (text, expected) in table {
            let found = parse(FILE, text, &lookup, &|_| None).ok();
            assert_eq!(found.as_ref().and_then(|it| it.variables[0].value.as_deref()), expected, "{text}");
        }
    }

    #[test]
    fn names_and_values_know_their_places() {
        let text = "# c\nexport K = a b # c\nL=\"x\ny\" M='z'\nEMPTY=\n";
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let found = parse(FILE, text, &lookup, &|_| None).unwrap().variables;
        let places: Vec<_> = found.iter().map(|found| (slice(found.name_span), slice(found.span))).collect();
        assert_eq!(places, [("K", "a b"), ("L", "\"x\ny\""), ("M", "'z'"), ("EMPTY", "EMPTY")]);
    }

    #[test]
    fn all_faults_are_told_with_their_places() {
        let text = "A B=1\nC!=2\n=3\nD=${X:?why}\nE=\"\\t${\"\nF=$Y\nG='x\n";
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let faults = parse(FILE, text, &lookup, &|_| None).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (&*fault.message, slice(fault.span.unwrap()))).collect();
        let expected = [
            ("a name cannot contain a space", "A B"),
            ("unexpected character '!' in a variable name", "!"),
            ("a name is missing here", "="),
            ("required variable X is missing a value: why", "${X:?why}"),
            ("invalid interpolation format", "${"),
            ("unterminated quoted value", "'x"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn variables_that_are_not_set_are_noted() {
        let text = "K=$Y${Z-}\n";
        let unset = parse(FILE, text, &lookup, &|_| None).unwrap().unset;
        assert_eq!(unset, [("Y".to_owned(), Span { file: FILE, start: 2, end: 4 })]);
    }
}
