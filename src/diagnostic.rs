//! What is wrong with the input, and where: findings with spans into the files that were read.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Names one entry of [`Files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u16);

/// A half-open range of bytes in one file. Spans order by file, then by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

/// One text that was read: a compose file, an env file, standard input.
#[derive(Clone, Debug)]
pub struct File {
    /// As shown to people: relative to the working directory where that is shorter.
    pub path: PathBuf,
    pub text: String,
    /// Where each line begins; found out when it is first asked for.
    lines: OnceLock<Vec<usize>>,
}

impl File {
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        })
    }

    /// The line, counted from 0, that a byte belongs to.
    fn line(&self, byte: usize) -> usize {
        self.lines().partition_point(|start| *start <= byte) - 1
    }

    /// The whole lines from one byte to another, and the number of the first of them, counted from 1.
    pub fn whole_lines(&self, from: usize, to: usize) -> (Range<usize>, usize) {
        let (first, last) = (self.line(from.min(to)), self.line(to));
        let end = self.lines().get(last + 1).copied().unwrap_or(self.text.len());
        (self.lines()[first]..end, first + 1)
    }
}

/// Every text that was read, so that a span can be shown long after loading.
#[derive(Clone, Debug, Default)]
pub struct Files(Vec<File>);

impl Files {
    /// Keeps a text and returns the name that spans into it carry.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: String) -> FileId {
        let id = FileId(u16::try_from(self.0.len()).unwrap_or(u16::MAX));
        self.0.push(File { path: path.into(), text, lines: OnceLock::new() });
        id
    }

    pub fn get(&self, id: FileId) -> Option<&File> {
        self.0.get(usize::from(id.0))
    }

    pub fn iter(&self) -> impl Iterator<Item = &File> {
        self.0.iter()
    }

    pub fn path(&self, id: FileId) -> &Path {
        self.get(id).map_or(Path::new("?"), |file| &file.path)
    }

    /// The text that a span covers; empty when the span points nowhere.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file).and_then(|file| file.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }

    /// One-based line and column (in characters) of the first byte of a span.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let Some(file) = self.get(span.file) else { return (1, 1) };
        let mut end = (span.start as usize).min(file.text.len());
        while !file.text.is_char_boundary(end) {
            end -= 1;
        }
        let line = file.line(end);
        (line + 1, file.text[file.lines()[line]..end].chars().count() + 1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// One finding: what is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A lower-case sentence without a full stop.
    pub message: String,
    /// The place that the message is about.
    pub span: Option<Span>,
    /// Other places that explain it, each with a short text.
    pub labels: Vec<(Span, String)>,
    /// What the reader can do, each a short text.
    pub help: Vec<String>,
}

impl Diagnostic {
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), span: None, labels: Vec::new(), help: Vec::new() }
    }

    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Points at a place, unless a more exact one is already known: the innermost place wins.
    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// The candidate that was most likely meant by `word`, if one is near enough to be worth proposing.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        // Short words are near to everything: at least half of the letters must agree.
        .filter(|(steps, candidate)| *steps <= limit && steps * 2 <= word.len().min(candidate.len()))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Counts the insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) =
        (left.to_lowercase().chars().collect(), right.to_lowercase().chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("imagee", ["image", "init"]), Some("image"));
        assert_eq!(nearest("enviroment", ["environment", "env_file"]), Some("environment"));
        assert_eq!(nearest("prots", ["ports", "pid"]), Some("ports"));
        assert_eq!(nearest("zebra", ["ports", "pid"]), None);
        assert_eq!(nearest("X", ["_", "Y"]), None);
    }

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let mut files = Files::default();
        let file = files.add("compose.yaml", "a: ü\nbb: é c\n".into());
        assert_eq!(files.line_column(Span { file, start: 0, end: 1 }), (1, 1));
        assert_eq!(files.line_column(Span { file, start: 13, end: 14 }), (2, 7));
        // A place inside a character is the place of that character.
        assert_eq!(files.line_column(Span { file, start: 4, end: 5 }), (1, 4));
    }
}
