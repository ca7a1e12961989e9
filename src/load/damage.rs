//! What is left out of the findings: a fault is told by the phase that meets it first, and what only follows from it
//! is not told at all.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::{Diagnostic, FileId, Span};
use crate::yaml::{Kind, Node};

/// The places of all faults that were told so far, and what the documents lack because of them.
#[derive(Debug, Default)]
pub(super) struct Damage {
    /// Ranges of bytes that do not overlap: where each starts, and where it ends.
    ranges: BTreeMap<(FileId, u32), u32>,
    /// Places that the current phase gave up beside those of its findings.
    fresh: Vec<Span>,
    /// How many findings are settled already.
    settled: usize,
    /// Some file was not read, or not to its end: what cannot be found may well stand there.
    pub files: bool,
    /// Some env file could not be read, or not as a whole: a variable that is not set may well be set there.
    pub variables: bool,
    /// Services that lack what they extend.
    pub services: HashSet<String>,
}

impl Damage {
    pub fn of_variables(missing: bool) -> Self {
        Self { variables: missing, ..Self::default() }
    }

    /// Gives up a value as a whole.
    pub fn note(&mut self, place: Span) {
        self.fresh.push(place);
    }

    /// Ends a phase. What it found at a place that an earlier one gave up is dropped; the places of its own errors are
    /// given up, except those that it mended well enough to go on with.
    pub fn settle(&mut self, findings: &mut Vec<Diagnostic>, mended: &[Span]) {
        let found = findings.split_off(self.settled.min(findings.len()));
        for finding in found {
            if finding.is_error() {
                let labels = finding.labels.iter().map(|(place, _)| *place);
                if finding.span.into_iter().chain(labels).any(|place| self.covers(place)) {
                    continue;
                }
                self.fresh.extend(finding.span.filter(|place| !mended.contains(place)));
            }
            findings.push(finding);
        }
        self.settled = findings.len();
        for place in std::mem::take(&mut self.fresh) {
            self.add(place);
        }
    }

    fn add(&mut self, place: Span) {
        let Span { file, mut start, mut end } = place;
        while let Some((&(_, low), &high)) = self.ranges.range((file, 0)..=(file, end)).next_back() {
            if high < start {
                break;
            }
            (start, end) = (start.min(low), end.max(high));
            self.ranges.remove(&(file, low));
        }
        self.ranges.insert((file, start), end);
    }

    /// Whether a place lies inside of one that was given up.
    pub fn covers(&self, place: Span) -> bool {
        let before = self.ranges.range((place.file, 0)..=(place.file, place.start)).next_back();
        before.is_some_and(|(_, end)| place.end <= *end)
    }

    /// Whether a section of the document has a name, be it with faults, or may have it in what could not be read.
    pub fn may_hold(&self, document: &Node, section: &str, name: &str) -> bool {
        let entries = document.as_map().and_then(|top| top.get(section)).and_then(Node::as_map);
        self.files || entries.is_some_and(|entries| entries.contains_key(name))
    }

    /// The document without the entries and items that were given up; nothing when that changes nothing.
    pub fn sound_part(&mut self, document: &Node) -> Option<Node> {
        if self.ranges.is_empty() {
            return None;
        }
        self.spread(document);
        let mut sound = document.clone();
        self.cut(&mut sound);
        Some(sound)
    }

    /// A key whose value was given up is given up with it.
    pub fn spread(&mut self, node: &Node) {
        if self.ranges.is_empty() {
            return;
        }
        match &node.kind {
            Kind::Seq(items) => {
                for item in items {
                    if !self.covers(item.span) {
                        self.spread(item);
                    }
                }
            }
            Kind::Map(map) => {
                for (_, key, value) in map.iter() {
                    if self.covers(key) {
                        continue;
                    }
                    if self.covers(value.span) { self.add(key) } else { self.spread(value) }
                }
            }
            _ => {}
        }
    }

    fn cut(&self, node: &mut Node) {
        match &mut node.kind {
            Kind::Seq(items) => {
                items.retain(|item| !self.covers(item.span));
                items.iter_mut().for_each(|item| self.cut(item));
            }
            Kind::Map(map) => {
                map.retain_places(|key, value| !self.covers(key) && !self.covers(value));
                map.iter_mut().for_each(|(_, _, value)| self.cut(value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32) -> Span {
        Span { file: FileId(0), start, end }
    }

    #[test]
    fn what_a_later_phase_finds_at_a_place_that_was_given_up_is_dropped() {
        let mut damage = Damage::default();
        let mut findings =
            vec![Diagnostic::error("first").at(span(10, 20)), Diagnostic::error("inner").at(span(12, 14))];
        damage.note(span(40, 50));
        damage.settle(&mut findings, &[]);
        assert_eq!(findings.len(), 2);
        findings.push(Diagnostic::error("follows").at(span(12, 20)));
        findings.push(Diagnostic::error("follows too").at(span(60, 61)).label(span(41, 42), "because"));
        findings.push(Diagnostic::error("wider").at(span(5, 21)));
        findings.push(Diagnostic::warning("a warning").at(span(12, 20)));
        findings.push(Diagnostic::error("elsewhere").at(Span { file: FileId(1), ..span(12, 20) }));
        damage.settle(&mut findings, &[]);
        let told: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(told, ["first", "inner", "wider", "a warning", "elsewhere"]);
        assert!(damage.covers(span(5, 21)) && !damage.covers(span(5, 22)) && !damage.covers(span(60, 61)));
    }

    #[test]
    fn what_was_mended_stays() {
        let mut damage = Damage::default();
        let mut findings = vec![Diagnostic::error("mended").at(span(10, 20))];
        damage.settle(&mut findings, &[span(10, 20)]);
        assert!(!damage.covers(span(10, 20)));
    }
}
