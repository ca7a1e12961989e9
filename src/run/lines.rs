//! Chunks of output → whole lines with the engine's time of each.
//!
//! The engine cuts lines after 16 KiB and stamps every piece; pieces that belong together are joined again here.

use bytes::{Buf, Bytes};

use crate::engine::{LogChunk, Stream};

/// Where the engine's log drivers cut a line.
const PIECE: usize = 16 * 1024;
/// A longer line is given on in parts, so that a program that never ends a line cannot fill the memory.
const LONGEST: usize = 4 * 1024 * 1024;

/// One whole line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub stream: Stream,
    /// Nanoseconds since 1970; lines without a stamp have their predecessor's.
    pub at: i64,
    /// Whether the engine told a time.
    pub stamped: bool,
    pub text: Bytes,
}

/// Puts the lines of one container together. Every line is expected to begin with a stamp.
#[derive(Debug)]
pub(super) struct Lines {
    /// Whether the output is one raw stream: then pieces of a line follow one another without a sign.
    tty: bool,
    stdout: Carry,
    stderr: Carry,
}

/// The beginning of a line that has no end yet.
#[derive(Debug, Default)]
struct Carry {
    bytes: Vec<u8>,
    /// Of the line before.
    at: i64,
    stamped: bool,
    minute: Minute,
}

/// What stamps begin with for a minute: most begin as the one before did.
#[derive(Debug, Default)]
struct Minute {
    /// `2026-01-02T03:04:`.
    text: [u8; 17],
    /// Its beginning, in nanoseconds since 1970.
    at: i64,
}

impl Lines {
    pub fn new(tty: bool) -> Self {
        Self { tty, stdout: Carry::default(), stderr: Carry::default() }
    }

    /// Takes a chunk and gives every line that it ends.
    pub fn push(&mut self, chunk: LogChunk, give: &mut dyn FnMut(Line)) {
        let tty = self.tty;
        let LogChunk { stream, mut bytes } = chunk;
        let carry = self.carry(stream);
        // Nearly every chunk is one line.
        if carry.bytes.is_empty() && memchr::memchr(b'\n', &bytes).is_some_and(|end| end + 1 == bytes.len()) {
            bytes.truncate(bytes.len() - 1);
            return give(carry.line(stream, bytes, tty));
        }
        let length = bytes.len();
        let stamped = if tty { 0 } else { stamp(&bytes).map_or(0, |(_, width)| width) };
        if !carry.bytes.is_empty() {
            // The next piece of the same line: its stamp is none of the line's text.
            bytes.advance(stamped);
        }
        while let Some(end) = memchr::memchr(b'\n', &bytes) {
            let rest = bytes.split_off(end + 1);
            bytes.truncate(end);
            let whole = std::mem::replace(&mut bytes, rest);
            let whole = if carry.bytes.is_empty() { whole } else { carry.complete(&whole) };
            give(carry.line(stream, whole, tty));
        }
        carry.bytes.extend_from_slice(&bytes);
        if carry.bytes.is_empty() {
            return;
        }
        // Only what is cut is as long as this: older engines forget the end of a long line of the driver `local`.
        let is_last_piece = stamped > 0 && length - stamped < PIECE;
        if is_last_piece || carry.bytes.len() > LONGEST {
            let part = carry.complete(&[]);
            give(carry.line(stream, part, tty));
        }
    }

    /// Gives what has no line end at the end of the output.
    pub fn finish(&mut self, give: &mut dyn FnMut(Line)) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let tty = self.tty;
            let carry = self.carry(stream);
            if !carry.bytes.is_empty() {
                let whole = carry.complete(&[]);
                give(carry.line(stream, whole, tty));
            }
        }
    }

    fn carry(&mut self, stream: Stream) -> &mut Carry {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

impl Carry {
    fn complete(&mut self, end: &[u8]) -> Bytes {
        self.bytes.extend_from_slice(end);
        Bytes::from(std::mem::take(&mut self.bytes))
    }

    /// Takes the stamp off a line.
    fn line(&mut self, stream: Stream, whole: Bytes, tty: bool) -> Line {
        let mut text = whole;
        if let Some((at, width)) = self.minute.stamp(&text) {
            self.at = at;
            self.stamped = true;
            text.advance(width);
        }
        if tty {
            text = joined(text);
            if text.ends_with(b"\r") {
                text.truncate(text.len() - 1);
            }
        }
        Line { stream, at: self.at, stamped: self.stamped, text }
    }
}

impl Minute {
    /// As [`stamp`] does, and quicker where only the seconds differ from the stamp before.
    fn stamp(&mut self, text: &[u8]) -> Option<(i64, usize)> {
        // `05.000000001Z ` is what engines put behind a minute.
        let Some((minute, seconds)) = text.get(..31).and_then(<[u8]>::split_first_chunk) else { return stamp(text) };
        let is_usual = seconds[2] == b'.' && seconds[12..] == *b"Z ";
        if is_usual
            && *minute == self.text
            && let (Some(whole), Some(nanoseconds)) = (number(&seconds[..2]), number(&seconds[3..12]))
        {
            return Some((self.at + whole * SECOND + nanoseconds, 31));
        }
        let (at, width) = stamp(text)?;
        if is_usual {
            *self = Self { text: *minute, at: at - at.rem_euclid(60 * SECOND) };
        }
        Some((at, width))
    }
}

const SECOND: i64 = 1_000_000_000;

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

/// Takes the stamps out that stand between the pieces of a line in a raw stream.
fn joined(text: Bytes) -> Bytes {
    if text.len() <= PIECE {
        return text;
    }
    let mut joined = Vec::with_capacity(text.len());
    let mut rest = &text[..];
    while rest.len() > PIECE {
        let (piece, next) = rest.split_at(PIECE);
        joined.extend_from_slice(piece);
        rest = stamp(next).map_or(next, |(_, width)| &next[width..]);
    }
    joined.extend_from_slice(rest);
    Bytes::from(joined)
}

/// The stamp at the beginning of a text: its time, and its width with the space behind it.
fn stamp(text: &[u8]) -> Option<(i64, usize)> {
    // `2026-01-02T03:04:05Z` is the shortest there is, nanoseconds and an offset make the longest.
    let end = text.iter().take(36).position(|byte| *byte == b' ')?;
    if end < 20 || text[4] != b'-' || text[10] != b'T' {
        return None;
    }
    let time: jiff::Timestamp = std::str::from_utf8(&text[..end]).ok()?.parse().ok()?;
    Some((i64::try_from(time.as_nanosecond()).ok()?, end + 1))
}

/// A time as the engine's API takes it: seconds with nine digits of fraction.
pub(super) fn as_since(nanoseconds: i64) -> String {
    format!("{}.{:09}", nanoseconds.div_euclid(SECOND), nanoseconds.rem_euclid(SECOND))
}

/// A time as the engine writes it into its answers; `None` for what never happened.
pub(super) fn instant(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok().filter(|time| *time > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: &str = "2026-01-02T03:04:05.000000001Z ";
    const NEXT: &str = "2026-01-02T03:04:05.000000002Z ";
    const AT: i64 = 1_767_323_045_000_000_000;

    fn chunk(stream: Stream, text: impl Into<Vec<u8>>) -> LogChunk {
        LogChunk { stream, bytes: Bytes::from(text.into()) }
    }

    fn all(tty: bool, chunks: &[LogChunk]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut splitter = Lines::new(tty);
        for chunk in chunks {
            splitter.push(chunk.clone(), &mut |line| lines.push(line));
        }
        splitter.finish(&mut |line| lines.push(line));
        lines
    }

    fn out(text: impl Into<Vec<u8>>) -> LogChunk {
        chunk(Stream::Stdout, text)
    }

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
    }

    #[test]
    fn whole_lines_with_their_times() {
        let lines = all(false, &[out(format!("{FIRST}one\n")), out(format!("{NEXT}\n"))]);
        assert_eq!(texts(&lines), ["one", ""]);
        assert!(lines[0].stamped);
        assert_eq!((lines[0].at, lines[1].at), (AT + 1, AT + 2));
    }

    #[test]
    fn times_are_those_of_the_stamps() {
        let stamps = [
            ("2026-01-02T03:04:05.000000001Z", AT + 1),
            ("2026-01-02T03:04:59.999999999Z", AT + 54 * SECOND + 999_999_999),
            ("2026-01-02T03:04:00.000000000Z", AT - 5 * SECOND),
            ("2026-01-02T03:05:00.5Z", AT + 55 * SECOND + 500_000_000),
            ("2026-01-02T05:04:05.000000002+02:00", AT + 2),
            ("2026-01-02T03:05:00.000000003Z", AT + 55 * SECOND + 3),
        ];
        let lines = all(false, &stamps.map(|(stamp, _)| out(format!("{stamp} text\n"))));
        assert_eq!(lines.iter().map(|line| line.at).collect::<Vec<_>>(), stamps.map(|(_, at)| at));
        assert!(lines.iter().all(|line| &line.text[..] == b"text"));
        // No stamp, although it begins as the one before did.
        let lines = all(false, &[out(format!("{FIRST}a\n")), out("2026-01-02T03:04:x5.000000001Z b\n")]);
        assert_eq!(texts(&lines)[1], "2026-01-02T03:04:x5.000000001Z b");
    }

    #[test]
    fn several_lines_in_one_chunk_and_a_last_one_without_end() {
        let lines = all(false, &[out(format!("{FIRST}a\n{NEXT}b\n{NEXT}c"))]);
        assert_eq!(texts(&lines), ["a", "b", "c"]);
    }

    #[test]
    fn streams_are_kept_apart() {
        let begin = "b".repeat(PIECE);
        let chunks = [
            out(format!("{FIRST}{begin}")),
            chunk(Stream::Stderr, format!("{FIRST}error\n")),
            out(format!("{NEXT}end\n")),
        ];
        let lines = all(false, &chunks);
        assert_eq!(texts(&lines), ["error", &format!("{begin}end")]);
        assert_eq!(lines[1].at, AT + 1);
    }

    #[test]
    fn a_short_piece_is_the_last_one_of_its_line() {
        let begin = "b".repeat(PIECE);
        let pieces = [format!("{FIRST}{begin}"), format!("{FIRST}end"), format!("{NEXT}next\n")];
        assert_eq!(texts(&all(false, &pieces.map(out))), [&format!("{begin}end"), "next"]);
    }

    #[test]
    fn text_without_stamps_is_lines_as_well() {
        let lines = all(false, &[out("a b\nc"), out("d\n")]);
        assert_eq!(texts(&lines), ["a b", "cd"]);
        assert!(!lines[0].stamped);
    }

    #[test]
    fn only_a_terminal_ends_lines_with_a_carriage_return() {
        assert_eq!(texts(&all(true, &[out(format!("{FIRST}a\r\n"))])), ["a"]);
        assert_eq!(texts(&all(false, &[out(format!("{FIRST}a\r\n"))])), ["a\r"]);
    }

    #[test]
    fn a_line_of_a_mebibyte_is_one_line() {
        let text = "x".repeat(1024 * 1024);
        let mut chunks = Vec::new();
        for piece in text.as_bytes().chunks(PIECE) {
            chunks.push(out([NEXT.as_bytes(), piece].concat()));
        }
        chunks.push(out(format!("{NEXT}\n")));
        assert_eq!(texts(&all(false, &chunks)), [text.as_str()]);
    }

    #[test]
    fn a_line_without_end_is_given_on_in_parts() {
        let piece = [FIRST.as_bytes(), "x".repeat(PIECE).as_bytes()].concat();
        let mut splitter = Lines::new(false);
        let mut lines = Vec::new();
        for _ in 0..600 {
            splitter.push(out(piece.clone()), &mut |line| lines.push(line));
        }
        assert_eq!(lines.len(), 2);
        assert!(splitter.stdout.bytes.len() <= LONGEST);
        assert!(lines.iter().all(|line| line.text.iter().all(|byte| *byte == b'x')), "no stamp inside");
        assert_eq!(lines[1].at, AT + 1);
    }

    /// What the engine writes for some lines: pieces of at most 16 KiB, each with a stamp.
    fn written(lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        for line in lines {
            let ended = [line.as_slice(), b"\n"].concat();
            for piece in ended.chunks(PIECE) {
                frames.push([FIRST.as_bytes(), piece].concat());
            }
        }
        frames
    }

    fn some_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let short = proptest::collection::vec(97_u8..123, 0..40);
        let long = (0_usize..3, 0_usize..3).prop_map(|(pieces, more)| vec![b'y'; pieces * PIECE + more]);
        proptest::collection::vec(prop_oneof![4 => short, 1 => long], 0..8)
    }

    proptest! {
        #[test]
        fn frames_become_the_lines_that_were_written(lines in some_lines()) {
            let chunks: Vec<_> = written(&lines).into_iter().map(out).collect();
            let got: Vec<Vec<u8>> = all(false, &chunks).into_iter().map(|line| line.text.to_vec()).collect();
            prop_assert_eq!(got, lines);
        }

        #[test]
        fn a_raw_stream_may_be_cut_anywhere(lines in some_lines(), width in 1_usize..5000) {
            let raw = written(&lines).concat();
            let chunks: Vec<_> = raw.chunks(width).map(out).collect();
            let got: Vec<Vec<u8>> = all(true, &chunks).into_iter().map(|line| line.text.to_vec()).collect();
            prop_assert_eq!(got, lines);
        }
    }
}
