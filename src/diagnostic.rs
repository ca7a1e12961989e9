//! What is wrong with the input, and where: findings with spans into the files that were read.

use std::fmt::{self, Write as _};
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
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|at| at + 1)).collect()
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

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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

/// How many findings are worth showing.
pub const FINDING_LIMIT: usize = 250;

/// How many findings get hints that take a search through many names, and how many names are looked at for all of them.
const HINT_LIMIT: usize = 50;
const NAME_LIMIT: usize = 50_000;

/// Whether another finding gets a hint that takes a search through so many names, when so many were told already.
pub fn is_worth_a_search(told: usize, names: usize) -> bool {
    told < HINT_LIMIT.min(NAME_LIMIT / names.max(1))
}

/// How long a message may be, in bytes: some hold values as they are written.
const MESSAGE_LIMIT: usize = 2000;

/// Leaves as many findings as anybody would read, and says so.
pub fn shorten(findings: &mut Vec<Diagnostic>) {
    if findings.len() > FINDING_LIMIT {
        findings.truncate(FINDING_LIMIT);
        findings.push(Diagnostic::warning(format!("there is more to find: the first {FINDING_LIMIT} are shown")));
    }
}

/// The start of a text, with a sign behind it where there is more. What follows is not even written out.
fn start(text: impl fmt::Display) -> String {
    let mut start = Start(String::new());
    match write!(start, "{text}") {
        Ok(()) => start.0,
        Err(fmt::Error) => start.0 + "…",
    }
}

/// Takes as much of a text as a message may have.
struct Start(String);

impl fmt::Write for Start {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = MESSAGE_LIMIT - self.0.len();
        self.0.push_str(&more[..more.floor_char_boundary(room)]);
        if more.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Diagnostic {
    pub fn error(message: impl fmt::Display) -> Self {
        let message = start(message);
        Self { severity: Severity::Error, message, span: None, labels: Vec::new(), help: Vec::new() }
    }

    pub fn warning(message: impl fmt::Display) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Points at a place, unless a more exact one is already known: the innermost place wins.
    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    pub fn label(mut self, span: Span, text: impl fmt::Display) -> Self {
        self.labels.push((span, start(text)));
        self
    }

    pub fn help(mut self, text: impl fmt::Display) -> Self {
        self.help.push(start(text));
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

/// How many names of a chain are told.
pub const CHAIN_LIMIT: usize = 20;

/// The names of a chain one behind the other; of a long one its start and its end.
pub fn chain<N: fmt::Display>(names: &[N], between: &str) -> String {
    let texts = |names: &[N]| names.iter().map(N::to_string).collect::<Vec<_>>();
    if names.len() <= CHAIN_LIMIT {
        return texts(names).join(between);
    }
    let (start, end) = (&names[..CHAIN_LIMIT / 2], &names[names.len() - CHAIN_LIMIT / 2..]);
    let left_out = format!("({} more)", names.len() - start.len() - end.len());
    [texts(start), vec![left_out], texts(end)].concat().join(between)
}

/// The candidate that was most likely meant by `word`, if one is near enough to be worth proposing.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).take(WORD_LIMIT + 1).collect();
    if word.len() > WORD_LIMIT {
        return None;
    }
    let limit = (word.len() / 3).clamp(1, 3);
    let bytes = |letters: &[char]| letters.iter().map(|letter| letter.len_utf8()).sum::<usize>();
    let (own, mut letters) = (bytes(&word), Vec::new());
    candidates
        .into_iter()
        // No more than the lengths are apart can the words be; most are passed over for that.
        .filter(|candidate| candidate.len() <= own + 4 * limit && own <= candidate.len() + 4 * limit)
        .filter_map(|candidate| {
            letters.clear();
            match candidate.is_ascii() {
                true => letters.extend(candidate.bytes().map(|byte| char::from(byte.to_ascii_lowercase()))),
                false => letters.extend(candidate.chars().flat_map(char::to_lowercase)),
            }
            let steps = distance(&word, &letters, limit)?;
            // Short words are near to everything: at least half of the letters must agree.
            (steps * 2 <= own.min(candidate.len())).then_some((steps, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// How long a word may be to be taken for a misspelled one.
const WORD_LIMIT: usize = 100;

/// Counts the insertions, deletions, substitutions and swaps of neighbours that turn one word into the other; nothing
/// when there are more than the limit.
fn distance(left: &[char], right: &[char], limit: usize) -> Option<usize> {
    if left.len().abs_diff(right.len()) > limit {
        return None;
    }
    // What both begin or end with needs no step.
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[same..], &right[same..]);
    let same = left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[..left.len() - same], &right[..right.len() - same]);
    let width = right.len() + 1;
    // Small numbers: to set a table to zero for each of thousands of names takes longer than most comparisons.
    let mut rows = [[0_u8; WORD_LIMIT + 5]; 3];
    for (steps, column) in rows[0][..width].iter_mut().zip(0..) {
        *steps = column;
    }
    for i in 1..=left.len() {
        let (row, above, higher) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[row][0] = u8::try_from(i).unwrap_or(u8::MAX);
        for j in 1..width {
            let replaced = rows[above][j - 1] + u8::from(left[i - 1] != right[j - 1]);
            let mut best = replaced.min(rows[above][j] + 1).min(rows[row][j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[higher][j - 2] + 1);
            }
            rows[row][j] = best;
        }
        // A swap reaches over one row: two of them must be too far.
        let far = |row: usize| rows[row][..width].iter().all(|steps| usize::from(*steps) > limit);
        if far(row) && far(above) {
            return None;
        }
    }
    let steps = usize::from(rows[left.len() % 3][right.len()]);
    (steps <= limit).then_some(steps)
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
        assert_eq!(nearest("iamge", ["image"]), Some("image"));
        assert_eq!(nearest("ÄPFEL", ["birne", "äpfle"]), Some("äpfle"));
        assert_eq!(nearest("service-1", ["server-1", "service-22", "service-2"]), Some("service-2"));
        assert_eq!(nearest(&"x".repeat(1000), [&*"x".repeat(1001)]), None);
    }

    #[test]
    fn messages_and_lists_of_findings_stay_short() {
        let finding = Diagnostic::error("é".repeat(5000));
        assert_eq!(finding.message.len(), MESSAGE_LIMIT + "…".len());
        let mut findings = vec![finding; FINDING_LIMIT + 2];
        shorten(&mut findings);
        assert_eq!(findings.len(), FINDING_LIMIT + 1);
        assert_eq!(findings[FINDING_LIMIT].message, "there is more to find: the first 250 are shown");
    }

    #[test]
    fn a_long_chain_is_told_by_its_ends() {
        assert_eq!(chain(&["a", "b", "a"], " -> "), "a -> b -> a");
        let names: Vec<usize> = (0..50).collect();
        let told = chain(&names, ">");
        assert_eq!(told, "0>1>2>3>4>5>6>7>8>9>(30 more)>40>41>42>43>44>45>46>47>48>49");
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
