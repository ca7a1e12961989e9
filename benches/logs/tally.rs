//! Counts numbered lines as they come: which service wrote which, and how often each was seen.

use std::io::{BufRead, BufReader, Read};
use std::thread;
use std::time::{Duration, Instant};

use crate::verdict;

pub struct Tally {
    /// For each service, by its number, how often each line was seen.
    services: Vec<Vec<u8>>,
    lines: u64,
    /// Without the pause.
    took: Duration,
}

impl Tally {
    pub fn read(output: impl Read) -> Self {
        Self::with_pause(output, 0, Duration::ZERO)
    }

    /// After so many lines nothing is read for a while.
    pub fn with_pause(output: impl Read, after: u64, pause: Duration) -> Self {
        let mut tally = Self { services: Vec::new(), lines: 0, took: Duration::ZERO };
        let mut output = BufReader::with_capacity(1 << 16, output);
        let mut line = Vec::new();
        let mut began = None;
        while output.read_until(b'\n', &mut line).expect("a readable output") > 0 {
            began.get_or_insert_with(Instant::now);
            tally.count(&line);
            line.clear();
            if tally.lines == after {
                thread::sleep(pause);
            }
        }
        tally.took = began.map_or(Duration::ZERO, |began| began.elapsed().saturating_sub(pause));
        tally
    }

    /// `s7-1  | line 12`; anything else counts as a line of nobody.
    fn count(&mut self, line: &[u8]) {
        let numbers = std::str::from_utf8(line).ok().and_then(|line| {
            let (service, rest) = line.strip_prefix('s')?.split_once('-')?;
            let (_, number) = rest.trim_end().split_once(" | line ")?;
            Some((service.parse::<usize>().ok()?, number.parse::<usize>().ok()?))
        });
        self.lines += 1;
        let Some((service, number)) = numbers else { return };
        if self.services.len() <= service {
            self.services.resize(service + 1, Vec::new());
        }
        let seen = &mut self.services[service];
        if seen.len() <= number {
            seen.resize(number + 1, 0);
        }
        seen[number] = seen[number].saturating_add(1);
    }

    pub fn a_second(&self) -> f64 {
        self.lines as f64 / self.took.as_secs_f64()
    }

    /// Prints whether each of so many services has all lines up to the last, each once.
    pub fn is_complete(&self, services: usize, last: u64) -> bool {
        let expected = services as u64 * last;
        let once = self.services.iter().flatten().filter(|times| **times == 1).count() as u64;
        let doubled = self.services.iter().flatten().filter(|times| **times > 1).count();
        let kept = once == expected && self.lines == expected;
        println!("  lines: {} of {expected}, {doubled} of them doubled: {}", self.lines, verdict(kept));
        kept
    }
}
