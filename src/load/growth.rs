//! How large a project may become. Small files can stand for much: services that extend one another, ranges of ports,
//! variables that hold variables, files that are included again and again.

use crate::diagnostic::{Diagnostic, Files, Span};
use crate::yaml;

/// How many values the files of a project may stand for: more than may be written, as a range of ports stands for many.
const VALUE_LIMIT: usize = 400_000;

/// How many bytes variables and the env files of services may add.
const TEXT_LIMIT: usize = 8 << 20;

/// How many files a project may be read from, and how many bytes they may have together before the last of them is read.
const FILE_LIMIT: usize = 1000;
const SIZE_LIMIT: usize = 16 << 20;

/// How many services a document may have: no engine on one machine runs as many containers.
const SERVICE_LIMIT: usize = 10_000;

/// How many services may extend one another in a row.
const BASE_LIMIT: usize = 1000;

/// What one load has read and made of it so far.
#[derive(Debug, Default)]
pub(super) struct Growth {
    values: usize,
    text: usize,
    told: bool,
}

impl Growth {
    /// How many values there may be beyond those that were counted.
    pub fn room(&self) -> usize {
        yaml::VALUE_LIMIT.saturating_sub(self.values)
    }

    /// Counts values that are to be added. Where they are too many, that is a finding at the place that asks for them.
    pub fn values(&mut self, more: usize, place: Option<Span>, findings: &mut Vec<Diagnostic>) -> bool {
        self.values = self.values.saturating_add(more);
        let fits = self.values <= VALUE_LIMIT;
        if !fits {
            self.tell(format!("this makes the project larger than {VALUE_LIMIT} values"), place, findings);
        }
        fits
    }

    /// As [`Growth::values`], for the bytes of texts.
    pub fn text(&mut self, more: usize, place: Option<Span>, findings: &mut Vec<Diagnostic>) -> bool {
        self.text = self.text.saturating_add(more);
        let fits = self.text <= TEXT_LIMIT;
        if !fits {
            let limit = TEXT_LIMIT >> 20;
            let message = format!("variables and env files make the project grow by more than {limit} MiB");
            self.tell(message, place, findings);
        }
        fits
    }

    /// Whether a document may have so many services.
    pub fn services(&mut self, count: usize, place: Option<Span>, findings: &mut Vec<Diagnostic>) -> bool {
        let fits = count <= SERVICE_LIMIT;
        if !fits {
            self.tell(format!("a project may have {SERVICE_LIMIT} services, and these are {count}"), place, findings);
        }
        fits
    }

    /// Whether a service may rest on so many others, each of which extends the next.
    pub fn bases(&mut self, count: usize, place: Option<Span>, findings: &mut Vec<Diagnostic>) -> bool {
        let fits = count <= BASE_LIMIT;
        if !fits {
            self.tell(format!("more than {BASE_LIMIT} services extend one another in a row"), place, findings);
        }
        fits
    }

    /// Whether another file may be read.
    pub fn another_file(&mut self, files: &Files, place: Option<Span>, findings: &mut Vec<Diagnostic>) -> bool {
        let size = files.iter().map(|file| file.text.len()).sum::<usize>();
        let fits = files.len() < FILE_LIMIT && size <= SIZE_LIMIT;
        if !fits {
            let limit = SIZE_LIMIT >> 20;
            let message = format!("a project may be read from {FILE_LIMIT} files, of {limit} MiB together");
            self.tell(message, place, findings);
        }
        fits
    }

    /// Whether something was too much: then the project is not worth another look.
    pub fn is_over(&self) -> bool {
        self.told
    }

    fn tell(&mut self, message: String, place: Option<Span>, findings: &mut Vec<Diagnostic>) {
        if !std::mem::replace(&mut self.told, true) {
            let finding =
                Diagnostic::error(message).help("split the project, or let fewer files and services repeat it");
            findings.push(place.into_iter().fold(finding, Diagnostic::at));
        }
    }
}
