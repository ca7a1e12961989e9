//! Findings as text: with the lines that they are about, as GitHub annotations, or as one JSON object each.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, File, FileId, Files, Severity, Span};

/// How wide lines may be, in columns, before their ends are cut off.
const WIDTH: usize = 140;

/// How much of a file is looked at for two places of it in one piece, in bytes.
const NEAR: usize = 16 << 10;

/// How much of a line that is longer than that is looked at before and behind a place, in bytes.
const AROUND: usize = 100;

/// How long a report may be with lines of files in it, in bytes.
const REPORT_LIMIT: usize = 100_000;

/// Shows findings as the Rust compiler does: the message, the line, a mark below the place, and what to do about it.
pub fn report(diagnostics: &[Diagnostic], files: &Files, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let lines = if text.len() < REPORT_LIMIT { Lines::Shown } else { Lines::Named };
        text.push_str(&renderer.render(&[group(diagnostic, files, lines)]));
        text.push_str("\n\n");
    }
    // One empty line stands between findings, none behind the last.
    text.truncate(text.trim_end_matches('\n').len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Shown,
    /// Places are told without what stands there.
    Named,
}

fn group<'d>(diagnostic: &'d Diagnostic, files: &'d Files, lines: Lines) -> Group<'d> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let excerpts = excerpts(diagnostic, files).into_iter().flat_map(|excerpt| excerpt.elements(lines));
    let group = level.primary_title(&diagnostic.message).elements(excerpts);
    group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(help)))
}

/// One marked place of a file.
struct Place<'d> {
    kind: AnnotationKind,
    bytes: Range<usize>,
    label: Option<&'d str>,
}

/// A part of a file with marked places. Only the lines from the first to the last of them belong to it: what is drawn
/// takes time for every byte.
struct Excerpt<'d> {
    file: &'d File,
    part: Range<usize>,
    /// Of the first line, counted from 1.
    number: usize,
    places: Vec<Place<'d>>,
}

/// The parts of files that a finding is about, files in the order of their first places.
fn excerpts<'d>(diagnostic: &'d Diagnostic, files: &'d Files) -> Vec<Excerpt<'d>> {
    let places = diagnostic.span.map(|span| (AnnotationKind::Primary, span, None)).into_iter();
    let labels = diagnostic.labels.iter();
    let labels = labels.map(|(span, text)| (AnnotationKind::Context, *span, Some(text.as_str())));
    let mut excerpts: Vec<(FileId, Excerpt<'d>)> = Vec::new();
    for (kind, span, label) in places.chain(labels) {
        let Some(file) = files.get(span.file) else { continue };
        let place = Place { kind, bytes: first_line(&file.text, span), label };
        let (part, number) = file.whole_lines(place.bytes.start, place.bytes.end);
        let near = excerpts
            .iter_mut()
            .filter(|(id, _)| *id == span.file)
            .map(|(_, known)| known)
            .find(|known| known.part.end.max(part.end) - known.part.start.min(part.start) <= NEAR);
        match near {
            Some(known) => {
                known.part = known.part.start.min(part.start)..known.part.end.max(part.end);
                known.number = known.number.min(number);
                known.places.push(place);
            }
            None => excerpts.push((span.file, Excerpt { file, part, number, places: vec![place] })),
        }
    }
    excerpts.into_iter().map(|(_, excerpt)| excerpt).collect()
}

impl<'d> Excerpt<'d> {
    fn elements(self, lines: Lines) -> Vec<Element<'d>> {
        let path = self.file.path.to_string_lossy();
        if self.part.len() <= NEAR && lines == Lines::Shown {
            return vec![self.snippet().path(path).into()];
        }
        // The line and the column are told by themselves, since what stands before is not given on.
        let at = self.places[0].bytes.start;
        let (line, number) = self.file.whole_lines(at, at);
        let column = self.file.text[line.start..at].chars().count() + 1;
        let origin = Origin::path(path).line(number).char_column(column);
        match lines {
            Lines::Shown => vec![origin.into(), self.cut().snippet().into()],
            Lines::Named => vec![origin.into()],
        }
    }

    /// What stands around the one place of a line that is too long.
    fn cut(mut self) -> Self {
        let text = &self.file.text;
        for Place { bytes, .. } in &mut self.places {
            bytes.end = boundary(text, bytes.end.min(bytes.start + AROUND));
            let start = boundary(text, bytes.start.saturating_sub(AROUND)).max(self.part.start);
            let end = boundary(text, bytes.end + AROUND).min(self.part.end);
            self.part = start..end;
        }
        self
    }

    fn snippet(self) -> Snippet<'d, Annotation<'d>> {
        let annotations = self.places.into_iter().map(|Place { kind, bytes, label }| {
            let annotation = kind.span(bytes.start - self.part.start..bytes.end - self.part.start);
            match label {
                Some(label) => annotation.label(label),
                None => annotation,
            }
        });
        let snippet = Snippet::source(&self.file.text[self.part.clone()]).line_start(self.number);
        snippet.annotations(annotations)
    }
}

/// The part of a span that stands on its first line, between characters of the text whatever the span says.
fn first_line(text: &str, span: Span) -> Range<usize> {
    let start = boundary(text, span.start as usize);
    let end = boundary(text, span.end as usize).max(start);
    let length = memchr::memchr2(b'\n', b'\r', &text.as_bytes()[start..end]).unwrap_or(end - start);
    start..start + length
}

/// The last place between two characters that is not behind a byte.
fn boundary(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Shows findings as commands that GitHub turns into annotations of the files.
pub fn github(diagnostics: &[Diagnostic], files: &Files) -> String {
    diagnostics.iter().map(|diagnostic| annotation(diagnostic, files)).collect()
}

fn annotation(diagnostic: &Diagnostic, files: &Files) -> String {
    let place = diagnostic.span.filter(|span| files.get(span.file).is_some()).map_or(String::new(), |span| {
        let (line, column) = files.line_column(span);
        let (end_line, end_column) = end(files, span);
        let path = escaped_property(&files.path(span.file).to_string_lossy());
        format!(" file={path},line={line},col={column},endLine={end_line},endColumn={end_column}")
    });
    let labels = diagnostic.labels.iter().filter(|(span, _)| files.get(span.file).is_some()).map(|(span, text)| {
        let (line, column) = files.line_column(*span);
        format!("\n{}:{line}:{column}: {text}", files.path(span.file).display())
    });
    let help = diagnostic.help.iter().map(|help| format!("\nhelp: {help}"));
    let message: String = std::iter::once(diagnostic.message.clone()).chain(labels).chain(help).collect();
    format!("::{}{place}::{}\n", word(diagnostic.severity), escaped(&message))
}

/// What stands for the characters that would end a message.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands for the characters that would end a property.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

/// Shows findings as JSON, one object a line. Lines and columns count from one; columns count characters.
pub fn json(diagnostics: &[Diagnostic], files: &Files) -> String {
    diagnostics.iter().map(|diagnostic| format!("{}\n", object(diagnostic, files))).collect()
}

fn object(diagnostic: &Diagnostic, files: &Files) -> Value {
    let mut object = json!({ "severity": word(diagnostic.severity), "message": diagnostic.message });
    merge(&mut object, diagnostic.span.map(|span| place(files, span)));
    let labels = diagnostic.labels.iter().map(|(span, text)| {
        let mut label = json!({ "message": text });
        merge(&mut label, Some(place(files, *span)));
        label
    });
    merge(&mut object, Some(json!({ "labels": labels.collect::<Vec<_>>(), "help": diagnostic.help })));
    object
}

fn place(files: &Files, span: Span) -> Value {
    let (line, column) = files.line_column(span);
    let (end_line, end_column) = end(files, span);
    json!({
        "file": files.path(span.file).to_string_lossy(),
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    })
}

fn merge(object: &mut Value, more: Option<Value>) {
    if let (Value::Object(object), Some(Value::Object(more))) = (object, more) {
        object.extend(more);
    }
}

/// The line and column behind the last character of a span.
fn end(files: &Files, span: Span) -> (usize, usize) {
    files.line_column(Span { start: span.end.max(span.start), ..span })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn example() -> (Files, Vec<Diagnostic>) {
        let mut files = Files::default();
        let base = files.add("compose.yaml", "services:\n  web:\n    image: ä\n    imagee: b\n".into());
        let other = files.add("override.yaml", "services:\n\tweb: \"two\n  lines\"\n".into());
        let at = |file, start, end| Span { file, start, end };
        let findings = vec![
            Diagnostic::error("unknown key `imagee`").at(at(base, 35, 41)).help("did you mean `image`?"),
            Diagnostic::error("`image` is defined twice")
                .at(at(base, 35, 41))
                .label(at(base, 21, 26), "first defined here")
                .label(at(other, 11, 14), "and here")
                .help("remove one"),
            Diagnostic::warning("this goes on:\nfor lines, with 100%").at(at(other, 16, 29)),
            Diagnostic::error("nothing to point at").help("one").help("two"),
        ];
        (files, findings)
    }

    #[test]
    fn findings_show_the_lines_that_they_are_about() {
        let (files, findings) = example();
        assert_snapshot!(report(&findings, &files, false));
        assert!(report(&findings, &files, true).contains("\u{1b}["));
        assert_eq!(report(&[], &files, false), "");
    }

    #[test]
    fn findings_become_annotations() {
        let (files, findings) = example();
        assert_snapshot!(github(&findings, &files));
    }

    #[test]
    fn findings_become_objects() {
        let (files, findings) = example();
        assert_snapshot!(json(&findings, &files));
    }

    #[test]
    fn long_lines_are_cut() {
        let mut files = Files::default();
        let file = files.add("long.yaml", format!("a: {}!{}\n", "x".repeat(5000), "y".repeat(5000)));
        let finding = Diagnostic::error("unexpected").at(Span { file, start: 5003, end: 5004 });
        assert!(report(&[finding], &files, false).lines().all(|line| line.len() < 200));
    }

    /// Where a line, or what lies between two places, is too long to be looked at as a whole.
    #[test]
    fn places_of_huge_files_are_shown() {
        let mut files = Files::default();
        let line = format!("a: {}!{}\n", "ä".repeat(500_000), "y".repeat(500_000));
        let file = files.add("huge.yaml", format!("{line}{}last\n", "- x\n".repeat(50_000)));
        let at = |start: usize, end: usize| Span { file, start: start as u32, end: end as u32 };
        let end = line.len() + 4 * 50_000;
        let finding = Diagnostic::error("unexpected").at(at(1_000_003, 1_500_000)).label(at(end, end + 4), "end");
        assert_snapshot!(report(&[finding], &files, false));
    }

    proptest! {
        #[test]
        fn no_span_is_too_odd(text in "\\PC{0,9}[\u{0}-\u{7f}é\u{2028}\t\n\r]{0,40}", start in 0_u32..60, end in 0_u32..60, id in 0_u16..2) {
            let mut files = Files::default();
            files.add("a", text);
            let span = Span { file: FileId(id), start, end };
            let finding = Diagnostic::error("odd").at(span).label(span, "here").label(Span { start: end, end: start, ..span }, "");
            prop_assert!(report(std::slice::from_ref(&finding), &files, false).starts_with("error: odd"));
            let line = github(std::slice::from_ref(&finding), &files);
            prop_assert!(line.contains("::odd") && line.lines().count() == 1, "{line}");
            prop_assert!(serde_json::from_str::<Value>(&json(&[finding], &files)).is_ok());
        }
    }
}
