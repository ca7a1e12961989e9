//! Findings as text: with the lines that they are about, as GitHub annotations, or as one JSON object each.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, File, FileId, Files, Severity, Span};

/// How wide lines may be, in columns, before their ends are cut off.
const WIDTH: usize = 140;

/// Shows findings as the Rust compiler does: the message, the line, a mark below the place, and what to do about it.
pub fn report(diagnostics: &[Diagnostic], files: &Files, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[group(diagnostic, files)]));
        text.push_str("\n\n");
    }
    // One empty line stands between findings, none behind the last.
    text.truncate(text.trim_end_matches('\n').len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn group<'d>(diagnostic: &'d Diagnostic, files: &'d Files) -> Group<'d> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let places = diagnostic.span.map(|span| (AnnotationKind::Primary, span, None)).into_iter();
    let labels = diagnostic.labels.iter();
    let labels = labels.map(|(span, text)| (AnnotationKind::Context, *span, Some(text.as_str())));
    let mut shown: Vec<(FileId, Vec<Place<'d>>)> = Vec::new();
    for (kind, span, label) in places.chain(labels) {
        let Some(file) = files.get(span.file) else { continue };
        let place = Place { kind, bytes: first_line(&file.text, span), label };
        match shown.iter_mut().find(|(id, _)| *id == span.file) {
            Some((_, places)) => places.push(place),
            None => shown.push((span.file, vec![place])),
        }
    }
    let snippets = shown.into_iter().filter_map(|(id, places)| Some(snippet(files.get(id)?, places)));
    let group = level.primary_title(&diagnostic.message).elements(snippets);
    group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(help)))
}

/// One marked place of a file.
struct Place<'d> {
    kind: AnnotationKind,
    bytes: Range<usize>,
    label: Option<&'d str>,
}

/// The lines of a file with marked places. Only the part from the first to the last of them is given on: what is drawn
/// takes time for every line of it.
fn snippet<'d>(file: &'d File, places: Vec<Place<'d>>) -> Snippet<'d, Annotation<'d>> {
    let first = places.iter().map(|place| place.bytes.start).min().unwrap_or_default();
    let last = places.iter().map(|place| place.bytes.end).max().unwrap_or_default();
    let (part, number) = file.whole_lines(first, last);
    let annotations = places.into_iter().map(|Place { kind, bytes, label }| {
        let annotation = kind.span(bytes.start - part.start..bytes.end - part.start);
        match label {
            Some(label) => annotation.label(label),
            None => annotation,
        }
    });
    let snippet = Snippet::source(&file.text[part.clone()]).line_start(number).path(file.path.to_string_lossy());
    snippet.annotations(annotations)
}

/// The part of a span that stands on its first line, between characters of the text whatever the span says.
fn first_line(text: &str, span: Span) -> Range<usize> {
    let start = boundary(text, span.start as usize);
    let end = boundary(text, span.end as usize).max(start);
    let length = text[start..end].find(['\n', '\r']).unwrap_or(end - start);
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
