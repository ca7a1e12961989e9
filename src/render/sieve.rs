//! Which lines of a log are shown: those that match, that are serious enough, and as many around them as are wanted.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use regex::bytes::Regex;

use crate::engine::Stream;
use crate::event::LogLine;

use super::parsed::{self, Level};

/// What a line has to be like. By default every line is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// One of them matches; none means any line.
    pub grep: Vec<Regex>,
    /// None of them matches.
    pub not: Vec<Regex>,
    /// At least as serious.
    pub level: Option<Level>,
    /// So many lines of the same container before and after it come along.
    pub context: usize,
}

impl Wanted {
    pub fn is_everything(&self) -> bool {
        self.grep.is_empty() && self.not.is_empty() && self.level.is_none()
    }
}

/// Lets wanted lines through. What is kept is at most [`Wanted::context`] lines for each container.
#[derive(Debug)]
pub struct Sieve {
    wanted: Wanted,
    containers: HashMap<Arc<str>, Container>,
}

/// What is remembered of one container.
#[derive(Debug, Default)]
struct Container {
    /// Lines that were not shown, the latest last.
    before: VecDeque<LogLine>,
    /// So many lines are still shown behind one that was wanted.
    after: usize,
    /// Whether something was shown, and whether something was left out since then.
    shown: bool,
    gap: bool,
    levels: [Option<Level>; 2],
}

/// What comes out of a sieve.
#[derive(Clone, Debug)]
pub enum Shown {
    Line(LogLine),
    /// Lines of this one's container were left out between two groups that are shown.
    Gap(LogLine),
}

impl Sieve {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, containers: HashMap::new() }
    }

    pub fn lets_everything_through(&self) -> bool {
        self.wanted.is_everything()
    }

    /// Gives what a line brings with it: nothing, or itself with what stood before it.
    pub fn pass(&mut self, line: LogLine, give: &mut dyn FnMut(Shown)) {
        let container = self.containers.entry(Arc::clone(&line.label)).or_default();
        if container.is_wanted(&line, &self.wanted) {
            container.give_before(give);
            container.shown = true;
            container.after = self.wanted.context;
            give(Shown::Line(line));
        } else if container.after > 0 {
            container.after -= 1;
            give(Shown::Line(line));
        } else {
            container.keep(line, self.wanted.context);
        }
    }
}

impl Container {
    fn is_wanted(&mut self, line: &LogLine, wanted: &Wanted) -> bool {
        let serious = wanted.level.is_none_or(|least| self.level(line) >= least);
        let matches = |pattern: &Regex| pattern.is_match(&line.text);
        serious && (wanted.grep.is_empty() || wanted.grep.iter().any(matches)) && !wanted.not.iter().any(matches)
    }

    /// The level of a line; one that continues another has the level of that.
    fn level(&mut self, line: &LogLine) -> Level {
        let last = &mut self.levels[usize::from(line.stream == Stream::Stderr)];
        let continued = || last.filter(|_| parsed::is_continuation(&line.text));
        let level = parsed::level(&line.text).or_else(continued).unwrap_or_else(|| parsed::usual_level(line.stream));
        *last = Some(level);
        level
    }

    fn give_before(&mut self, give: &mut dyn FnMut(Shown)) {
        if self.gap
            && self.shown
            && let Some(first) = self.before.front()
        {
            give(Shown::Gap(first.clone()));
        }
        self.gap = false;
        self.before.drain(..).for_each(|line| give(Shown::Line(line)));
    }

    fn keep(&mut self, line: LogLine, most: usize) {
        self.before.push_back(line);
        if self.before.len() > most {
            self.before.pop_front();
            self.gap = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sieved(wanted: Wanted, lines: &[(&str, &str)]) -> Vec<String> {
        let mut sieve = Sieve::new(wanted);
        let mut shown = Vec::new();
        for (label, text) in lines {
            let (label, stream) = match label.strip_suffix('!') {
                Some(label) => (label, Stream::Stderr),
                None => (*label, Stream::Stdout),
            };
            sieve.pass(LogLine::of(label, stream, text), &mut |line| {
                shown.push(match line {
                    Shown::Line(line) => format!("{} {}", line.label, String::from_utf8_lossy(&line.text)),
                    Shown::Gap(line) => format!("{} --", line.label),
                });
            });
        }
        shown
    }

    fn patterns(patterns: &[&str]) -> Vec<Regex> {
        patterns.iter().map(|pattern| Regex::new(pattern).expect("a pattern")).collect()
    }

    #[test]
    fn what_matches_is_shown_and_what_is_not_wanted_is_not() {
        let lines = [("a", "get /1"), ("b", "get /2 health"), ("a", "post /3"), ("b", "GET /4")];
        let grep = patterns(&["^get", "post"]);
        assert_eq!(
            sieved(Wanted { grep: grep.clone(), ..Wanted::default() }, &lines),
            ["a get /1", "b get /2 health", "a post /3"]
        );
        assert_eq!(
            sieved(Wanted { grep, not: patterns(&["health"]), ..Wanted::default() }, &lines),
            ["a get /1", "a post /3"]
        );
        assert_eq!(sieved(Wanted { not: patterns(&["/"]), ..Wanted::default() }, &lines), [""; 0]);
        assert_eq!(sieved(Wanted::default(), &lines).len(), 4);
    }

    #[test]
    fn lines_around_come_along_once_and_from_the_same_container() {
        let lines = [
            ("a", "1"),
            ("a", "2"),
            ("b", "no"),
            ("a", "3 x"),
            ("a", "4"),
            ("a", "5 x"),
            ("a", "6"),
            ("a", "7"),
            ("a", "8"),
            ("a", "9 x"),
            ("b", "x"),
        ];
        let wanted = Wanted { grep: patterns(&["x"]), context: 1, ..Wanted::default() };
        let shown = sieved(wanted, &lines);
        assert_eq!(shown, ["a 2", "a 3 x", "a 4", "a 5 x", "a 6", "a --", "a 8", "a 9 x", "b no", "b x"]);
    }

    #[test]
    fn groups_that_touch_have_no_gap_between_them() {
        let lines = [("a", "1 x"), ("a", "2"), ("a", "3"), ("a", "4 x")];
        let wanted = Wanted { grep: patterns(&["x"]), context: 1, ..Wanted::default() };
        assert_eq!(sieved(wanted, &lines), ["a 1 x", "a 2", "a 3", "a 4 x"]);
    }

    #[test]
    fn levels_follow_the_lines_that_they_belong_to() {
        let lines = [
            ("a", "level=info a=1"),
            ("a", "ERROR it broke"),
            ("a", "  at line 3"),
            ("a", "next, with no level"),
            ("a!", "Traceback of something"),
            ("a!", "  File x"),
            ("a!", "INFO fine"),
            ("a!", "  more of it"),
        ];
        let wanted = Wanted { level: Some(Level::Warn), ..Wanted::default() };
        let expected = ["a ERROR it broke", "a   at line 3", "a Traceback of something", "a   File x"];
        assert_eq!(sieved(wanted, &lines), expected);
    }
}
