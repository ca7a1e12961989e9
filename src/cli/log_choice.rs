//! The flags of `up` and `logs` that say which lines are wanted and what becomes of them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use regex::bytes::{Regex, RegexBuilder};

use crate::render::parsed;
use crate::render::sieve::Wanted;

/// A pattern may become an automaton of at most so many bytes.
const LARGEST: usize = 10 * 1024 * 1024;

#[derive(Args, Clone, Debug, Default)]
pub struct LogChoice {
    /// Only lines that match this regular expression; may be given several times, then one of them is enough
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    grep: Vec<Regex>,

    /// No lines that match this regular expression; may be given several times
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    not: Vec<Regex>,

    /// With each line also so many before and behind it, of the same container
    #[arg(short = 'C', long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    context: usize,

    /// Only lines that are at least as serious; understands JSON, logfmt and the usual words. What names no level counts
    /// as info on standard output, and as error on standard error
    #[arg(long, value_enum, value_name = "LEVEL")]
    level: Option<Level>,

    /// Write each line as a JSON object: time, project, service, replica, stream, line, and the fields of JSON and logfmt
    #[arg(long)]
    pub json: bool,

    /// Keep all output in files as well: one for each container and one for all, in a folder
    #[arg(long, value_name = "DIR")]
    pub log_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    Trace,
    Debug,
    Info,
    #[value(alias = "warning")]
    Warn,
    Error,
    Fatal,
}

impl LogChoice {
    /// Whether lines are left out, written otherwise, or kept: whether it makes a difference that they are read.
    pub fn is_made(&self) -> bool {
        self.json || self.log_dir.is_some() || self.context > 0 || !self.wanted().is_everything()
    }

    /// # Errors
    /// When lines around others are wanted, and no others are named.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.context > 0 && self.wanted().is_everything() {
            return Err("-C shows the lines around others: say which, with --grep, --not or --level");
        }
        Ok(())
    }

    pub fn wanted(&self) -> Wanted {
        Wanted {
            grep: self.grep.clone(),
            not: self.not.clone(),
            level: self.level.map(parsed::Level::from),
            context: self.context,
        }
    }
}

impl From<Level> for parsed::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
            Level::Fatal => Self::Fatal,
        }
    }
}

fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(LARGEST).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
        error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    })
}
