//! The mistake behind an error in the syntax, which often stands on a line before it.

use super::syntax::{Fault, closing};
use crate::diagnostic::{Diagnostic, FileId, Span};

/// An error in the syntax, and what is known about its surroundings.
pub(super) struct Scene<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    /// The byte at which reading stopped.
    pub(super) at: usize,
    pub(super) fault: &'t Fault,
    /// Where the innermost bracket stands that is open there.
    pub(super) bracket: Option<usize>,
}

/// One line of the text without its end.
#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn indentation(self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// What is written on it behind its indentation, without a comment.
    fn content(self) -> &'t str {
        let content = self.text.trim_start_matches(' ');
        if content.trim_start().starts_with('#') {
            ""
        } else {
            content.split(" #").next().unwrap_or(content).trim_end()
        }
    }

    /// The key that it starts with, or its first word.
    fn name(self) -> &'t str {
        let content = self.content();
        content.split(": ").next().unwrap_or(content).trim_end_matches(':')
    }
}

impl Scene<'_> {
    /// The finding about the likely mistake; `None` where the error itself says enough.
    pub(super) fn finding(&self) -> Option<Diagnostic> {
        self.merge_conflict().or_else(|| match self.fault {
            Fault::TextAfterQuote => self.open_quote(),
            Fault::UnexpectedValue | Fault::MissingColon | Fault::ExpectedComma(_) | Fault::ExpectedValue
                if self.bracket.is_some() =>
            {
                self.open_bracket()
            }
            Fault::UnexpectedValue => self.line_without_colon().or_else(|| self.line_below_value()),
            Fault::CommentInText => self.line_without_colon_but_with_comment(),
            Fault::ExpectedKey | Fault::ExpectedItem => self.other_kind_of_entry().or_else(|| self.wrong_column()),
            _ => None,
        })
    }

    fn span(&self, start: usize, length: usize) -> Span {
        Span { file: self.file, start: start as u32, end: (start + length) as u32 }
    }

    /// Where the name of a line is written; its first letter, where it has none.
    fn place(&self, line: Line<'_>) -> Span {
        let column = line.indentation();
        let length = match line.name().len() {
            0 => line.text[column..].chars().next().map_or(1, char::len_utf8),
            length => length,
        };
        self.span(line.start + column, length)
    }

    /// The line on which reading stopped.
    fn line(&self) -> Line<'_> {
        let start = self.text[..self.at].rfind('\n').map_or(0, |end| end + 1);
        let text = self.text[start..].split('\n').next().unwrap_or_default();
        Line { start, text: text.trim_end_matches('\r') }
    }

    /// The lines before it that say something, the nearest one first.
    fn lines_before(&self) -> impl Iterator<Item = Line<'_>> {
        let mut end = self.line().start;
        std::iter::from_fn(move || {
            let text = self.text[..end].strip_suffix('\n')?;
            let start = text.rfind('\n').map_or(0, |end| end + 1);
            end = start;
            Some(Line { start, text: text[start..].trim_end_matches('\r') })
        })
        .filter(|line| !line.content().is_empty())
    }

    fn merge_conflict(&self) -> Option<Diagnostic> {
        let marker = ["<<<<<<< ", "=======\n", ">>>>>>> "];
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            if marker.iter().any(|marker| line.starts_with(marker)) {
                let place = self.span(start, line.trim_end().len());
                let finding = Diagnostic::error("a merge conflict was left in this file").at(place);
                return Some(finding.help("keep one of the two versions, and remove the marks"));
            }
            start += line.len();
        }
        None
    }

    /// A quoted text of several lines, with more behind its end: its first line lacks the closing quote.
    fn open_quote(&self) -> Option<Diagnostic> {
        let before = self.text[..self.at].trim_end();
        let quote = before.chars().next_back().filter(|last| matches!(last, '"' | '\''))?;
        let end = before.len() - 1;
        if self.text[self.line().start..end].matches(quote).count() % 2 == 1 {
            return None;
        }
        let line = self.lines_before().find(|line| line.text.matches(quote).count() % 2 == 1)?;
        let at = line.text.rfind(quote)?;
        let finding = Diagnostic::error("this quoted text does not end on its line");
        let finding = finding.at(self.span(line.start + at, line.text.len() - at));
        Some(finding.label(self.span(end, 1), "it ends at this quote").help(format!("add the closing `{quote}`")))
    }

    /// A bracket that was opened on an earlier line, and that nothing has closed.
    fn open_bracket(&self) -> Option<Diagnostic> {
        let start = self.bracket?;
        let open = self.text[start..].chars().next()?;
        if start >= self.line().start {
            return None;
        }
        let finding = Diagnostic::error(format!("this `{open}` is not closed")).at(self.span(start, 1));
        let place = self.place(self.line());
        let close = closing(open);
        Some(finding.label(place, format!("expected `{close}` before this")).help(format!("add `{close}`")))
    }

    /// A line that looks like a key but lacks the colon, or the space behind it: it became part of the next key.
    fn line_without_colon(&self) -> Option<Diagnostic> {
        let line = self.line();
        if line.text[..self.at - line.start].contains(": ") {
            return None;
        }
        self.missing_colon(self.lines_before().next()?)
    }

    /// The same with a comment behind it, at which reading stopped.
    fn line_without_colon_but_with_comment(&self) -> Option<Diagnostic> {
        let is_first = self.lines_before().next()?.content().ends_with(':');
        if is_first { self.missing_colon(self.line()) } else { None }
    }

    fn missing_colon(&self, line: Line<'_>) -> Option<Diagnostic> {
        let content = line.content();
        let word = content.trim_start_matches("- ");
        let start = line.start + line.text.find(content)? + content.len() - word.len();
        if word.ends_with(':') || word.contains(": ") || word.starts_with(['"', '\'', '[', '{', '|', '>']) {
            return None;
        }
        match word.find(':') {
            Some(colon) => {
                let finding = Diagnostic::error("expected a space after `:`").at(self.span(start + colon, 1));
                Some(finding.help(format!("write `{}: {}`", &word[..colon], &word[colon + 1..])))
            }
            None => {
                let finding = Diagnostic::error("expected `:` after a key").at(self.span(start, word.len()));
                Some(finding.help(format!("write `{word}:`")))
            }
        }
    }

    /// A line that stands below one that has its value already.
    fn line_below_value(&self) -> Option<Diagnostic> {
        let line = self.line();
        let before = self.lines_before().next()?;
        let (_, value) = before.content().split_once(": ")?;
        let is_first_colon = !line.text[..self.at - line.start].contains(": ");
        if !is_first_colon || line.indentation() <= before.indentation() || value.starts_with(['|', '>', '&', '!']) {
            return None;
        }
        let place = self.place(line);
        let message = format!("this line stands below `{}`, which has a value already", before.name());
        let help = format!("indent it by {} to stand beside `{}`", spaces(before), before.name());
        Some(Diagnostic::error(message).at(place).help(help))
    }

    /// An item among keys, or a key among items.
    fn other_kind_of_entry(&self) -> Option<Diagnostic> {
        let line = self.line();
        let content = line.content();
        let place = self.place(line);
        let is_item = |content: &str| content.starts_with("- ") || content == "-";
        let beside = self.lines_before().find(|before| before.indentation() <= line.indentation())?;
        if beside.indentation() != line.indentation() {
            return None;
        }
        match (is_item(beside.content()), is_item(content)) {
            (false, true) if !beside.content().ends_with(':') => {
                let finding = Diagnostic::error("a list item cannot stand among keys").at(place);
                Some(finding.help("write `key: value`, or `- ` before every entry"))
            }
            (true, false) if content.contains(':') => {
                let finding = Diagnostic::error("a key cannot stand among list items").at(place);
                Some(finding.help("write `- ` before it, or `key: value` for every entry"))
            }
            _ => None,
        }
    }

    /// A line between two columns, in neither of which it stands.
    fn wrong_column(&self) -> Option<Diagnostic> {
        let line = self.line();
        let column = line.indentation();
        let mut inner: Option<Line<'_>> = None;
        let mut outer = None;
        for before in self.lines_before() {
            match before.indentation() {
                indentation if indentation == column => return None,
                indentation if indentation < column => {
                    outer = Some(before);
                    break;
                }
                indentation if inner.is_none_or(|inner| indentation < inner.indentation()) => inner = Some(before),
                _ => {}
            }
        }
        let inner = inner?;
        let finding = Diagnostic::error("this line is not indented like any line above it");
        let finding = finding.at(self.place(line));
        let beside = |line: Line<'_>| format!("{} to stand beside `{}`", spaces(line), line.name());
        Some(match outer {
            Some(outer) => finding.help(format!("indent it by {}, or by {}", beside(inner), beside(outer))),
            None => finding.help(format!("indent it by {}", beside(inner))),
        })
    }
}

fn spaces(line: Line<'_>) -> String {
    match line.indentation() {
        0 => "no space".to_owned(),
        1 => "1 space".to_owned(),
        count => format!("{count} spaces"),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::FileId;
    use crate::yaml::parse;

    #[test]
    fn the_mistake_behind_an_error_is_told() {
        for (text, message, place, label, help) in [
            ("a: \"b\nc: \"d\"\n", "this quoted text does not end on its line", "\"b", "\"", "add the closing `\"`"),
            ("a: 'b'\nc: 'd' e\n", "text cannot go on after the closing quote", "e", "", "quote the whole text"),
            ("a:\n  b:c\n  d: e\n", "expected a space after `:`", ":", "", "write `b: c`"),
            ("a:\n  b # why\n  d: e\n", "expected `:` after a key", "b", "", "write `b:`"),
            ("a: {b: c\nd: {}\n", "this `{` is not closed", "{", "d", "add `}`"),
            ("a: [b, c\n  d\nf: {}\n", "this `[` is not closed", "[", "f", "add `]`"),
            (
                "a:\n  - b\n  c: d\n",
                "a key cannot stand among list items",
                "c",
                "",
                "write `- ` before it, or `key: value` for every entry",
            ),
            (
                "a:\n  b: c\n  - d\n",
                "a list item cannot stand among keys",
                "- d",
                "",
                "write `key: value`, or `- ` before every entry",
            ),
            (
                "a:\n    b: c\n  d: e\n",
                "this line is not indented like any line above it",
                "d",
                "",
                "indent it by 4 spaces to stand beside `b`, or by no space to stand beside `a`",
            ),
            (
                " a: b\nc: d\n",
                "this line is not indented like any line above it",
                "c",
                "",
                "indent it by 1 space to stand beside `a`",
            ),
            (
                "a: b\n  c: d\n",
                "this line stands below `a`, which has a value already",
                "c",
                "",
                "indent it by no space to stand beside `a`",
            ),
            (
                "<<<<<<< ours\na: b\n=======\na: c\n>>>>>>> theirs\n",
                "a merge conflict was left in this file",
                "<<<<<<< ours",
                "",
                "keep one of the two versions, and remove the marks",
            ),
        ] {
            let finding = parse(FileId(0), text).expect_err(text).remove(0);
            let slice = |span: crate::diagnostic::Span| &text[span.start as usize..span.end as usize];
            let labels: Vec<_> = finding.labels.iter().map(|(span, _)| slice(*span)).collect();
            let told = (&*finding.message, slice(finding.span.unwrap()), labels.concat(), finding.help.concat());
            assert_eq!(told, (message, place, label.to_owned(), help.to_owned()), "{text}");
        }
    }
}
