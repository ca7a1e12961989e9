//! The last word of a command that failed, in the form that was asked for.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Files};

use crate::render::paint::{BAD, Paint, WARNING};
use serde_json::json;

use super::globals::ErrorFormat;
use super::outcome::{Failure, Status};

/// How errors are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    pub format: ErrorFormat,
    pub color: bool,
}

impl Manner {
    pub fn text(self, findings: &[Diagnostic], files: &Files) -> String {
        let paint = Paint::new(self.color);
        let told = |finding| match self.format {
            ErrorFormat::Human => brief(finding, files, paint),
            ErrorFormat::Json | ErrorFormat::Github => one_line(finding, files, self.format),
        };
        findings.iter().map(told).collect()
    }
}

fn one_line(finding: &Diagnostic, files: &Files, format: ErrorFormat) -> String {
    let (path, (line, column)) = match finding.span {
        Some(span) => (files.path(span.file).display().to_string(), files.line_column(span)),
        None => (String::new(), (1, 1)),
    };
    let level = if finding.is_error() { "error" } else { "warning" };
    match format {
        ErrorFormat::Github => format!("::{level} file={path},line={line},col={column}::{finding}\n"),
        _ => {
            let (message, help) = (&finding.message, &finding.help);
            format!(
                "{}\n",
                json!({ "level": level, "message": message, "file": path, "line": line, "column": column, "help": help })
            )
        }
    }
}

fn brief(finding: &Diagnostic, files: &Files, paint: Paint) -> String {
    let word = if finding.is_error() { paint.paint(BAD, "error") } else { paint.paint(WARNING, "warning") };
    let place = finding.span.map_or(String::new(), |span| {
        let (line, column) = files.line_column(span);
        format!("\n --> {}:{line}:{column}", files.path(span.file).display())
    });
    let help: String = finding.help.iter().map(|help| format!("\n  = help: {help}")).collect();
    format!("{word}: {finding}{place}{help}\n")
}

/// Tells what went wrong, and with which status to leave. Nobody may be left to read it: that changes nothing.
pub fn report(failure: &Failure, manner: Manner) -> Status {
    let text = match failure {
        // A reader who has left has read enough.
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return Status::SUCCESS,
        Failure::Output(error) => plain(&format!("write output: {error}"), manner),
        Failure::Findings(files, findings) => manner.text(findings, files),
    };
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    Status::FAILURE
}

fn plain(message: &str, manner: Manner) -> String {
    manner.text(&[Diagnostic::error(message)], &Files::default())
}
