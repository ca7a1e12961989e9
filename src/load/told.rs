//! What is told in the end: the order of the findings, and the other places that explain each of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::diagnostic::{Diagnostic, FileId, Files, Span, shorten};
use crate::source::{Origin, mentions};

/// How many files a label may lead through: more would only bury the fault.
const STEPS: usize = 4;

/// What leads from a place to others.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// Where a file is included or extended.
    pub uses: HashMap<FileId, Span>,
    /// Where env files of included projects set variables that the project itself does not have.
    pub included: BTreeMap<String, Span>,
    /// The env files of included projects, as they are shown.
    pub looked_for: Vec<String>,
}

/// Puts findings into the order in which they are read: errors first, each kind from the top of the first file on.
/// Nothing is told twice, and no more than anybody would read.
pub(super) fn in_order(findings: &mut Vec<Diagnostic>) {
    let mut told: HashSet<_, RandomState> = HashSet::default();
    findings.retain(|finding| told.insert((finding.span, finding.message.clone())));
    findings.sort_by_key(|finding| (finding.severity, finding.span.map(|span| (span.file, span.start))));
    shorten(findings);
}

impl Ways {
    /// Says of every error where the file that it lies in is used, and where the variables in its value were set.
    pub fn explain(
        &self,
        findings: &mut [Diagnostic],
        files: &Files,
        origins: &BTreeMap<String, Origin>,
        environment: &BTreeMap<String, String>,
    ) {
        for finding in findings.iter_mut().filter(|finding| finding.is_error()) {
            let Some(place) = finding.span else { continue };
            self.variables(finding, files.slice(place), origins, environment);
            let mut file = place.file;
            for _ in 0..STEPS {
                let Some(used) = self.uses.get(&file) else { break };
                let shown =
                    |file: FileId| finding.labels.iter().any(|(label, _)| files.path(label.file) == files.path(file));
                if !shown(used.file) && files.path(used.file) != files.path(place.file) {
                    finding.labels.push((*used, "this file is used here".to_owned()));
                }
                file = used.file;
            }
        }
    }

    fn variables(
        &self,
        finding: &mut Diagnostic,
        text: &str,
        origins: &BTreeMap<String, Origin>,
        environment: &BTreeMap<String, String>,
    ) {
        if !text.contains('$') || text.len() > 1000 {
            return;
        }
        for mention in mentions(text) {
            let name = mention.name;
            let set = match origins.get(&name) {
                Some(Origin::File(span)) => Some(*span),
                Some(Origin::Shell) => {
                    let value = environment.get(&name).map_or("", String::as_str);
                    finding.help.push(format!("the shell sets {name} to {value:?}"));
                    None
                }
                Some(Origin::Provided) => None,
                None => self.included.get(&name).copied(),
            };
            if let Some(span) = set
                && !finding.labels.iter().any(|(label, _)| *label == span)
            {
                finding.labels.push((span, format!("{name} is set here")));
            }
        }
    }
}
