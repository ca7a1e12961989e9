//! Which lines of a container were told already, so that reading may be taken up again without loss or doubles.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::lines::Line;

/// Two streams of one container may be written a little out of order: an engine that has much to do stamps a line, and
/// keeps it later. Reading is taken up again that much earlier.
const OVERLAP: i64 = 250_000_000;
/// So many lines are remembered at most.
const MOST: usize = 65_536;
/// With fewer lines, nobody looks whether some of them are too old to come again.
const FEW: usize = 128;

/// What was told of one container, as far back as it matters.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Times and fingerprints of the latest lines, in the order of telling.
    recent: VecDeque<(i64, u64)>,
    /// With so many lines it is looked again whether some are too old.
    enough: usize,
    newest: i64,
    /// Everything before this time was told and is forgotten.
    forgotten: i64,
    /// Where reading was taken up again: what is older was told.
    resumed: i64,
    /// After taking up again: what is expected to come once more.
    expected: HashMap<(i64, u64), u32>,
}

impl Seen {
    /// Takes reading up again: returns the time from which to read, in nanoseconds since 1970; `None` is the beginning.
    pub fn resume(&mut self) -> Option<i64> {
        self.expected.clear();
        if self.newest == 0 {
            return None;
        }
        self.forget();
        for line in &self.recent {
            *self.expected.entry(*line).or_default() += 1;
        }
        self.resumed = self.forgotten.max(self.newest - OVERLAP);
        Some(self.resumed)
    }

    /// Whether a line was not told yet; from now on it is.
    pub fn is_new(&mut self, line: &Line) -> bool {
        if line.at < self.resumed {
            return false;
        }
        let key = (line.at, fingerprint(line));
        if let Some(count) = self.expected.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.expected.remove(&key);
            }
            return false;
        }
        self.newest = self.newest.max(line.at);
        self.recent.push_back(key);
        if self.recent.len() > self.enough.max(FEW) {
            self.forget();
            self.enough = (2 * self.recent.len()).min(MOST);
        }
        true
    }

    /// Drops what is too old to come again, and half of the rest if that is still too much.
    fn forget(&mut self) {
        self.forgotten = self.forgotten.max(self.newest - OVERLAP);
        self.recent.retain(|(at, _)| *at >= self.forgotten);
        if self.recent.len() > MOST / 2 {
            let (middle, _) = self.recent[self.recent.len() - MOST / 2];
            self.forgotten = middle + 1;
            self.recent.retain(|(at, _)| *at > middle);
        }
    }
}

fn fingerprint(line: &Line) -> u64 {
    let mut hasher = DefaultHasher::new();
    (line.stream, &line.text).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::engine::Stream;

    fn line(at: i64, text: &str) -> Line {
        Line { stream: Stream::Stdout, at, stamped: true, text: Bytes::copy_from_slice(text.as_bytes()) }
    }

    #[test]
    fn the_first_time_everything_is_new() {
        let mut seen = Seen::default();
        assert_eq!(seen.resume(), None);
        assert!(seen.is_new(&line(5, "a")));
        assert!(seen.is_new(&line(5, "a")), "the same text at the same time is still another line");
    }

    #[test]
    fn the_second_time_only_what_is_new() {
        let mut seen = Seen::default();
        let base = 1_000_000_000_000;
        for text in ["a", "b", "b"] {
            assert!(seen.is_new(&line(base, text)));
        }
        assert_eq!(seen.resume(), Some(base - OVERLAP));
        let again = [("a", false), ("b", false), ("b", false), ("b", true), ("c", true)];
        for (text, new) in again {
            assert_eq!(seen.is_new(&line(base, text)), new, "{text}");
        }
    }

    #[test]
    fn a_line_that_was_kept_late_is_new() {
        let mut seen = Seen::default();
        let base = 1_000_000_000_000;
        assert!(seen.is_new(&line(base, "told")));
        let late = base - 200_000_000;
        assert!(seen.resume().is_some_and(|from| from <= late), "the engine is asked for it");
        assert!(seen.is_new(&line(late, "late")));
        assert!(!seen.is_new(&line(base, "told")));
    }

    #[test]
    fn more_lines_than_are_remembered() {
        let mut seen = Seen::default();
        let base = 1_000_000_000_000;
        let count = 3 * MOST as i64;
        for at in 0..count {
            assert!(seen.is_new(&line(base + at, "x")));
        }
        let from = seen.resume().expect("a time");
        assert!(seen.recent.len() <= MOST);
        let doubled = (from..base + count).filter(|at| seen.is_new(&line(*at, "x"))).count();
        assert_eq!(doubled, 0);
        assert!(seen.is_new(&line(base + count, "x")));
    }

    proptest! {
        /// Whatever was read before the cut, all lines are told exactly once, also where the engine knows whole seconds only.
        #[test]
        fn nothing_is_lost_or_doubled(
            times in proptest::collection::vec((0_i64..4 * OVERLAP, 0_u8..3), 1..80),
            cut in 0_usize..80,
            granularity in prop_oneof![Just(1_i64), Just(1_000_000_000)],
        ) {
            let base = 1_000_000_000_000;
            let mut times = times;
            times.sort_unstable();
            let lines: Vec<Line> = times.iter().map(|(at, text)| line(base + at, &text.to_string())).collect();
            let cut = cut.min(lines.len());
            let mut seen = Seen::default();
            let mut told = lines[..cut].iter().filter(|line| seen.is_new(line)).count();
            let from = seen.resume().unwrap_or(0) / granularity * granularity;
            told += lines.iter().filter(|line| line.at >= from).filter(|line| seen.is_new(line)).count();
            prop_assert_eq!(told, lines.len());
        }
    }
}
