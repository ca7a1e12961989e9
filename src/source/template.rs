//! The `$` language: variables in texts, with defaults, alternatives and demands, to any depth.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Span};

/// How deep variables may stand inside each other.
pub(super) const DEPTH_LIMIT: usize = 64;

/// Gives the value of a variable; `None` when it is not set.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

/// A text with all variables replaced, and what was met on the way. Ranges are bytes of the template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    pub text: String,
    /// Uses of variables that are not set and have no operator, so that nothing stands in their place.
    pub unset: Vec<Use>,
    pub faults: Vec<Fault>,
}

/// One use of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub name: String,
    pub range: Range<usize>,
}

/// Why a template gives no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `${name:?reason}`, and it is not set, or empty.
    Required {
        name: String,
        reason: String,
    },
    /// `${` and no variable behind it, or no `}` on the same line.
    /// With what is wrong with it.
    Malformed(&'static str),
    TooDeep,
}

impl Fault {
    /// The finding for this fault, at the place of its range in a file.
    pub fn finding(&self, span: Span) -> Diagnostic {
        match &self.kind {
            FaultKind::Required { name, reason } => {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                Diagnostic::error(format!("required variable {name} is missing a value{reason}")).at(span)
            }
            FaultKind::Malformed(why) => {
                let finding = Diagnostic::error("invalid interpolation format").at(span).help(*why);
                finding.help("write `$$` for a literal `$`")
            }
            FaultKind::TooDeep => {
                Diagnostic::error(format!("variables stand more than {DEPTH_LIMIT} deep inside each other")).at(span)
            }
        }
    }
}

/// Replaces `$name` and `${name}` with their values, `$$` with `$`; every other `$` stays.
pub fn expand(template: &str, lookup: Lookup<'_>) -> Expansion {
    let mut expansion = Expansion::default();
    expand_part(template, 0, 0, lookup, &mut expansion);
    expansion
}

/// Expands a part of a template that starts `offset` bytes behind its beginning.
fn expand_part(part: &str, offset: usize, depth: usize, lookup: Lookup<'_>, expansion: &mut Expansion) {
    let mut rest = part;
    while let Some(dollar) = rest.find('$') {
        expansion.text.push_str(&rest[..dollar]);
        rest = &rest[dollar..];
        let at = offset + part.len() - rest.len();
        let behind = &rest[1..];
        let name = name(behind);
        let length = if behind.starts_with('$') {
            expansion.text.push('$');
            2
        } else if !name.is_empty() {
            plain(name, at..at + 1 + name.len(), lookup, expansion);
            1 + name.len()
        } else if behind.starts_with('{') {
            braced(rest, at, depth, lookup, expansion)
        } else {
            expansion.text.push('$');
            1
        };
        rest = &rest[length..];
    }
    expansion.text.push_str(rest);
}

fn plain(name: &str, range: Range<usize>, lookup: Lookup<'_>, expansion: &mut Expansion) {
    match lookup(name) {
        Some(value) => expansion.text.push_str(&value),
        None => expansion.unset.push(Use { name: name.to_owned(), range }),
    }
}

/// Expands the `${…}` at the start of a text and gives its length.
fn braced(text: &str, at: usize, depth: usize, lookup: Lookup<'_>, expansion: &mut Expansion) -> usize {
    let line = &text[..text.find('\n').unwrap_or(text.len())];
    let name = name(&line[2..]);
    let behind = &line[2 + name.len()..];
    if !name.is_empty() && behind.starts_with('}') {
        let length = 3 + name.len();
        plain(name, at..at + length, lookup, expansion);
        return length;
    }
    let operator = Operator::at_start(behind).filter(|_| !name.is_empty());
    let (Some((operator, width)), Some(length)) = (operator, closing_length(line)) else {
        let length = line.find('}').map_or(line.len(), |end| end + 1);
        let why = match name {
            "" if behind.starts_with('}') => "the name of a variable is missing",
            "" => "the name of a variable starts with a letter or `_`",
            _ if operator.is_some() || behind.is_empty() => "the closing `}` is missing",
            _ => "behind the name stands `}`, or `:-`, `-`, `:?`, `?`, `:+` or `+` and a text",
        };
        expansion.faults.push(Fault { kind: FaultKind::Malformed(why), range: at..at + length });
        return length;
    };
    if depth == DEPTH_LIMIT {
        expansion.faults.push(Fault { kind: FaultKind::TooDeep, range: at..at + length });
        return length;
    }
    let start = 2 + name.len() + width;
    let mut argument = Expansion::default();
    expand_part(&line[start..length - 1], at + start, depth + 1, lookup, &mut argument);
    operator.apply(name, at..at + length, argument, lookup, expansion);
    length
}

/// The name of a variable at the start of a text; empty when there is none.
pub(super) fn name(text: &str) -> &str {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = text.bytes().take_while(is_part).count();
    if text.starts_with(|first: char| first.is_ascii_digit()) { "" } else { &text[..length] }
}

/// The length of the `${…}` at the start of a line, found as docker compose finds it: it passes over the character
/// behind each `{`, and where braces do not balance it takes all up to the last `}`.
pub(super) fn closing_length(line: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut bytes = line.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => {
                open += 1;
                bytes.next();
            }
            b'}' => {
                open = open.saturating_sub(1);
                if open == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    line.rfind('}').map(|end| end + 1)
}

/// What stands between a name and the text that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    pub kind: OperatorKind,
    /// With a `:`, an empty value counts as none.
    pub empty_is_unset: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum OperatorKind {
    Default,
    Required,
    Alternative,
}

impl Operator {
    /// The operator and its width in bytes.
    pub fn at_start(text: &str) -> Option<(Self, usize)> {
        let (empty_is_unset, sign) = match text.strip_prefix(':') {
            Some(sign) => (true, sign),
            None => (false, text),
        };
        let kind = match sign.bytes().next()? {
            b'-' => OperatorKind::Default,
            b'?' => OperatorKind::Required,
            b'+' => OperatorKind::Alternative,
            _ => return None,
        };
        Some((Self { kind, empty_is_unset }, 1 + usize::from(empty_is_unset)))
    }

    /// Adds what the whole use stands for. Faults inside the argument count even where the argument does not.
    fn apply(
        self,
        name: &str,
        range: Range<usize>,
        argument: Expansion,
        lookup: Lookup<'_>,
        expansion: &mut Expansion,
    ) {
        let value = lookup(name);
        let present = value.as_ref().is_some_and(|value| !self.empty_is_unset || !value.is_empty());
        expansion.faults.extend(argument.faults);
        let takes_argument = match self.kind {
            OperatorKind::Default => !present,
            OperatorKind::Alternative => present,
            OperatorKind::Required if present => false,
            OperatorKind::Required => {
                let kind = FaultKind::Required { name: name.to_owned(), reason: argument.text };
                expansion.faults.push(Fault { kind, range });
                return;
            }
        };
        if takes_argument {
            expansion.text.push_str(&argument.text);
            expansion.unset.extend(argument.unset);
        } else {
            expansion.text.push_str(&value.unwrap_or_default());
        }
    }
}

/// Where a range of a text stands in the file; the whole scalar where escapes or folded lines hide it.
pub fn place(raw: &str, text: &str, range: Range<usize>, span: Span) -> Span {
    let Some(part) = text.get(range.clone()).filter(|part| !part.is_empty()) else { return span };
    // What occurs as often in the file as in the text occurs there in the same order.
    let (in_file, in_text) = (occurrences(raw, part), occurrences(text, part));
    let at = in_text.iter().position(|at| *at == range.start).filter(|_| in_file.len() == in_text.len());
    let Some(at) = at.map(|number| in_file[number]) else { return span };
    let start = span.start + at as u32;
    Span { start, end: start + part.len() as u32, ..span }
}

/// Where a text begins in another one. Two of these places may overlap: `${A:${A:${` holds `${A:${` twice.
fn occurrences(text: &str, part: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(part).map(|at| from + at) {
        found.push(at);
        from = at + part.chars().next().map_or(1, char::len_utf8);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "A" => Some("va".into()),
            "B" => Some("vb".into()),
            "E" => Some(String::new()),
            _ => None,
        }
    }

    /// What docker compose makes of each template with `A=va B=vb E=`.
    #[test]
    fn templates_expand_as_in_docker_compose() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/templates.json")).unwrap();
        assert!(rows.len() > 100);
        for row in rows {
            let template = row["template"].as_str().unwrap();
            let expansion = expand(template, &lookup);
            match row["value"].as_str() {
                Some(value) => {
                    assert_eq!((&*expansion.text, &*expansion.faults), (value, &[][..]), "{template}");
                }
                None => {
                    let span = Span { file: crate::diagnostic::FileId(0), start: 0, end: 0 };
                    let message = expansion.faults.first().map(|fault| fault.finding(span).message);
                    assert_eq!(message.as_deref(), row["error"].as_str(), "{template}");
                }
            }
            let unset: Vec<_> = expansion.unset.iter().map(|used| &*used.name).collect();
            let expected: Vec<_> = row["unset"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            // docker compose also warns of what stands in a default that is not needed.
            assert!(unset == expected || unset.is_empty() && template.contains("{U}}"), "{template}: {unset:?}");
        }
    }

    #[test]
    fn every_use_knows_its_range() {
        for (template, ranges) in [
            ("a $X b ${Y}", &["$X", "${Y}"][..]),
            ("é ${A:+é ${E:-$X}}", &["$X"]),
            ("${A:-$X}", &[]),
            ("${X:?m ${E:?n}} ${Y!} ${", &["${E:?n}", "${X:?m ${E:?n}}", "${Y!}", "${"]),
        ] {
            let expansion = expand(template, &lookup);
            let unset = expansion.unset.into_iter().map(|used| used.range);
            let found: Vec<_> = unset
                .chain(expansion.faults.into_iter().map(|fault| fault.range))
                .map(|range| &template[range])
                .collect();
            assert_eq!(found, ranges, "{template}");
        }
    }

    #[test]
    fn endless_nesting_is_refused() {
        let template = format!("{}{}", "${X:-".repeat(10_000), "}".repeat(10_000));
        assert_eq!(expand(&template, &lookup).faults[0].kind, FaultKind::TooDeep);
    }
}
