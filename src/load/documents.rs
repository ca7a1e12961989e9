//! Files → documents: the texts are read and parsed, and the project gets its name.

use std::path::{Path, PathBuf};

use super::reset::Resets;
use super::{Loading, Options};
use crate::diagnostic::{Diagnostic, Files, Span};
use crate::source::{self, ReadError, Reader, Rejected, Source, is_remote, shown};
use crate::yaml::{self, Kind, Map, Node, Parsed};

/// How many documents a file may have: each is merged onto all before it.
const DOCUMENT_LIMIT: usize = 100;

/// One document, and the file that it stands in.
#[derive(Debug)]
pub(super) struct Written {
    /// Absolute; `-` is standard input.
    pub path: PathBuf,
    pub node: Node,
    /// Whether anything in it may be tagged `!reset` or `!override`.
    tagged: bool,
}

impl Written {
    /// Takes away what is tagged: nothing else needs to look at that.
    pub fn take_resets(&mut self) -> Resets {
        if self.tagged { Resets::take(&mut self.node) } else { Resets::default() }
    }
}

/// The name of the project alone. Of its files, no more is looked at than it takes to find it.
///
/// # Errors
/// When a file cannot be read, or when no name can be found.
pub fn name(source: &Source, files: Files, read: &dyn Reader) -> Result<String, Rejected> {
    if let Some(name) = &source.project_name {
        return Ok(name.clone());
    }
    let options = Options::default();
    let mut loading = Loading::new(source, &options, read, files);
    let documents = loading.all_documents();
    let name = loading.name(&documents);
    if loading.has_errors() { Err(loading.rejected()) } else { Ok(name) }
}

impl Loading<'_> {
    /// The documents of all files of the project, in the order in which they are merged.
    pub fn all_documents(&mut self) -> Vec<Written> {
        let mut documents = Vec::new();
        for path in &self.source.files {
            documents.extend(self.documents(path, None).into_iter().flatten());
        }
        documents
    }

    /// The documents of a file, each a mapping; nothing when it cannot be read. The span is where it is named.
    pub fn documents(&mut self, path: &Path, named: Option<Span>) -> Option<Vec<Written>> {
        if !self.growth.another_file(&self.files, named, &mut self.findings) {
            self.damage.files = true;
            return None;
        }
        let text = match self.text(path, named) {
            Ok(text) => text,
            Err(finding) => {
                self.findings.push(named.into_iter().fold(finding, Diagnostic::at));
                self.damage.files = true;
                return None;
            }
        };
        let file = self.files.add(shown(path, &self.source.current_dir), text);
        self.ways.uses.extend(named.map(|place| (file, place)));
        let text = self.files.get(file).map_or("", |file| file.text.as_str());
        let Parsed { documents, findings, unread, values, tagged } =
            yaml::parse_all(file, text, self.options.provenance, self.growth.room());
        self.growth.values(values, named, &mut self.findings);
        for services in documents.iter().filter_map(|node| node.as_map()?.get("services")) {
            let count = services.as_map().map_or(0, Map::len);
            self.growth.services(count, Some(services.span), &mut self.findings);
        }
        self.findings.extend(findings);
        self.damage.files |= unread.is_some();
        unread.into_iter().for_each(|rest| self.damage.note(rest));
        self.settle(&[]);
        if let Some(beyond) = documents.get(DOCUMENT_LIMIT) {
            let finding = Diagnostic::error(format!("a file may have {DOCUMENT_LIMIT} documents")).at(beyond.span);
            self.findings.push(finding);
            self.damage.files = true;
            return None;
        }
        let mut written = Vec::new();
        for node in documents {
            match node.kind {
                Kind::Map(_) => written.push(Written { path: path.to_owned(), node, tagged }),
                Kind::Null => self.findings.push(Diagnostic::error("empty compose file").at(node.span)),
                _ => self.findings.push(
                    Diagnostic::error(format!("top-level object must be a mapping, not {}", node.noun())).at(node.span),
                ),
            }
        }
        Some(written)
    }

    fn text(&self, path: &Path, named: Option<Span>) -> Result<String, Diagnostic> {
        let shown = shown(path, &self.source.current_dir);
        let shown = shown.display();
        if is_remote(&path.to_string_lossy()) {
            return Err(super::remote(&path.to_string_lossy()));
        }
        let bytes = self.read.read(path).map_err(|error| match error {
            ReadError::NotFound => {
                let finding = Diagnostic::error(format!("{shown}: no such file or directory"));
                match source::usual_name_near(path, self.read).filter(|_| named.is_none()) {
                    Some(near) => finding.help(format!("did you mean {near}?")),
                    None => finding,
                }
            }
            error => Diagnostic::error(format!("{shown}: {error}")),
        })?;
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Diagnostic::error(format!("{shown}: the text is not UTF-8, from byte {at} on"))
        })
    }

    /// The project's name: given, else written in the files, else that of its directory.
    pub fn name(&mut self, documents: &[Written]) -> String {
        if let Some(name) = &self.source.project_name {
            return name.clone();
        }
        let Some(name) = self.written_name(documents) else {
            let name = source::name_of_directory(self.source, self.read, &mut self.findings);
            if name.is_empty() {
                self.findings.push(Diagnostic::error("project name must not be empty").help(
                    "the directory's name has no letter or digit: give a name with -p or with a top-level `name:`",
                ));
            }
            return name;
        };
        let normal = source::normal_name(name.as_str().unwrap_or_default());
        if normal.is_empty() && !self.damage.variables {
            self.findings.push(Diagnostic::error("project name must not be empty").at(name.span));
        }
        normal
    }

    /// The last `name:` that is not empty, with its variables replaced.
    fn written_name(&mut self, documents: &[Written]) -> Option<Node> {
        let names = documents.iter().filter_map(|written| written.node.as_map()?.get("name"));
        let mut name = names.rev().find(|name| name.as_str().is_some_and(|text| !text.is_empty()))?.clone();
        if self.options.interpolate {
            self.expand(&mut name, &self.source.environment);
        }
        Some(name)
    }
}
