//! The `$` language: variables in texts, with defaults, alternatives and demands, to any depth.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Span};

/// How deep variables may stand inside each other.
pub(super) const DEPTH_LIMIT: usize = 64;

/// How long a text with variables may become, in bytes: variables that hold variables grow without end otherwise.
pub(crate) const LENGTH_LIMIT: usize = 1 << 20;

/// How many variables without a value one text may have.
const USE_LIMIT: usize = 10_000;

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
    /// What the variables stand for makes the text too long. The expansion has no text then.
    TooLong,
    /// As before, but it is the variables without a value that are too many.
    TooMany,
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
            FaultKind::TooLong => {
                let limit = LENGTH_LIMIT >> 20;
                let message = format!("with the values of its variables this text would be longer than {limit} MiB");
                Diagnostic::error(message).at(span).help("look for variables whose values repeat one another")
            }
            FaultKind::TooMany => {
                Diagnostic::error(format!("this text uses more than {USE_LIMIT} variables that have no value")).at(span)
            }
        }
    }
}

/// Replaces `$name` and `${name}` with their values, `$$` with `$`; every other `$` stays.
pub fn expand(template: &str, lookup: Lookup<'_>) -> Expansion {
    let mut expansion = Expansion::default();
    expand_part(template, 0, 0, lookup, &mut expansion);
    if expansion.is_too_long() {
        expansion.text.clear();
    }
    expansion
}

impl Expansion {
    /// Whether to go on would take too much memory, which is a fault.
    fn is_too_much(&mut self, at: usize) -> bool {
        if !self.is_too_long() && self.unset.len() + self.faults.len() >= USE_LIMIT {
            self.faults.push(Fault { kind: FaultKind::TooMany, range: at..at + 1 });
        }
        self.is_too_long()
    }

    fn is_too_long(&self) -> bool {
        self.faults.last().is_some_and(|fault| matches!(fault.kind, FaultKind::TooLong | FaultKind::TooMany))
    }

    /// Puts in what a variable stands for.
    fn put(&mut self, value: &str, range: Range<usize>) {
        if self.text.len() + value.len() > LENGTH_LIMIT && !value.is_empty() {
            return self.faults.push(Fault { kind: FaultKind::TooLong, range });
        }
        self.text.push_str(value);
    }
}

/// Expands a part of a template that starts `offset` bytes behind its beginning.
fn expand_part(part: &str, offset: usize, depth: usize, lookup: Lookup<'_>, expansion: &mut Expansion) {
    let mut rest = part;
    while let Some(dollar) = rest.find('$') {
        expansion.text.push_str(&rest[..dollar]);
        rest = &rest[dollar..];
        let at = offset + part.len() - rest.len();
        if expansion.is_too_much(at) {
            return;
        }
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
        Some(value) => expansion.put(&value, range),
        None => expansion.unset.push(Use { name: name.to_owned(), range }),
    }
}

/// Expands the `${…}` at the start of a text and gives its length.
fn braced(text: &str, at: usize, depth: usize, lookup: Lookup<'_>, expansion: &mut Expansion) -> usize {
    let name = name(&text[2..]);
    let behind = &text[2 + name.len()..];
    if !name.is_empty() && behind.starts_with('}') {
        let length = 3 + name.len();
        plain(name, at..at + length, lookup, expansion);
        return length;
    }
    let operator = Operator::at_start(behind).filter(|_| !name.is_empty());
    let (Some((operator, width)), Some(length)) = (operator, closing_length(text)) else {
        let length = match text.find(['}', '\n']) {
            Some(end) if text[end..].starts_with('}') => end + 1,
            end => end.unwrap_or(text.len()),
        };
        let why = match name {
            "" if behind.starts_with('}') => "the name of a variable is missing",
            "" => "the name of a variable starts with a letter or `_`",
            _ if operator.is_some() || behind.is_empty() || behind.starts_with('\n') => "the closing `}` is missing",
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
    expand_part(&text[start..length - 1], at + start, depth + 1, lookup, &mut argument);
    operator.apply(name, at..at + length, argument, lookup, expansion);
    length
}

/// The name of a variable at the start of a text; empty when there is none.
pub(super) fn name(text: &str) -> &str {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = text.bytes().take_while(is_part).count();
    if text.starts_with(|first: char| first.is_ascii_digit()) { "" } else { &text[..length] }
}

/// The length of the `${…}` at the start of a text, found as docker compose finds it: it passes over the character
/// behind each `{`, and where braces do not balance it takes all up to the last `}` of the line.
pub(super) fn closing_length(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut bytes = text.bytes().take_while(|byte| *byte != b'\n').enumerate();
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
    let line = &text[..text.find('\n').unwrap_or(text.len())];
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
            expansion.put(&argument.text, range);
            expansion.unset.extend(argument.unset);
        } else {
            expansion.put(&value.unwrap_or_default(), range);
        }
    }
}

/// Finds where parts of a text stand in the file that it was read from. Each part begins with a `$`.
pub struct Places<'t> {
    raw: &'t str,
    text: &'t str,
    span: Span,
    /// Every `$` of the text, and the same one of the file; nothing where escapes hide some.
    dollars: Vec<(usize, usize)>,
}

impl<'t> Places<'t> {
    /// `raw` is what the file has at the span, `text` what it was read as.
    pub fn new(raw: &'t str, text: &'t str, span: Span) -> Self {
        let ours = text.bytes().enumerate().filter(|(_, byte)| *byte == b'$').map(|(at, _)| at);
        let theirs = raw.bytes().enumerate().filter(|(_, byte)| *byte == b'$').map(|(at, _)| at);
        let same = ours.clone().count() == theirs.clone().count();
        Self { raw, text, span, dollars: if same { ours.zip(theirs).collect() } else { Vec::new() } }
    }

    /// The place of a range of the text; that of the whole where escapes or folded lines hide it.
    pub fn of(&self, range: Range<usize>) -> Span {
        let found = self.dollars.binary_search_by_key(&range.start, |(ours, _)| *ours);
        let (Ok(index), Some(part)) = (found, self.text.get(range)) else { return self.span };
        let (_, at) = self.dollars[index];
        if !self.raw[at..].starts_with(part) {
            return self.span;
        }
        let start = self.span.start + at as u32;
        Span { start, end: start + part.len() as u32, ..self.span }
    }
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
