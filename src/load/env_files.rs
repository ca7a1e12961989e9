//! Env files and label files of services: what they say stands below what the service says itself.
//!
//! The document is left as it is, unless it remembers: then it gets what they say as well.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::{Loading, Options};
use crate::diagnostic::{Diagnostic, FileId, Span};
use crate::model::{EnvFile, Project, Service};
use crate::source::{ReadError, Variable, absolute, parse_env_file, parse_raw_env_file, shown, unset_findings};
use crate::yaml::{Author, Kind, Map, Node};

/// Reads the files that the services of this run name, and puts their variables and labels in their place.
pub(super) fn resolve(loading: &mut Loading<'_>, project: &mut Project, document: &mut Node) {
    let Options { interpolate, resolve_labels, .. } = *loading.options;
    let resolve_environment = interpolate && loading.options.resolve_environment;
    let mut reading = Reading { loading, environment: &project.environment, texts: HashMap::new() };
    for (name, service) in &mut project.services {
        if reading.loading.growth.is_over() {
            return;
        }
        let (mut variables, mut labels) = (Said::new(), Said::new());
        if resolve_environment && !service.env_file.is_empty() {
            variables = reading.variables(service, written(document, name.as_str(), "env_file"));
        }
        if resolve_labels && !service.label_file.is_empty() {
            labels = reading.labels(service, written(document, name.as_str(), "label_file"));
        }
        if document.remembers() {
            put_below(document, name.as_str(), "environment", variables, Author::EnvFile);
            put_below(document, name.as_str(), "labels", labels, Author::LabelFile);
        }
    }
}

/// What a variable takes beside its name and value, in bytes.
const ENTRY: usize = 100;

/// What files say, in their order.
type Said = Vec<Variable>;

/// Puts what files say into a document that remembers, below what the service says itself.
fn put_below(document: &mut Node, service: &str, attribute: &str, said: Said, author: Author) {
    let services = document.as_map_mut().and_then(|top| top.get_mut("services")).and_then(Node::as_map_mut);
    let Some(service) = services.and_then(|services| services.get_mut(service)?.as_map_mut()) else { return };
    for Variable { name, value, name_span, span } in said {
        let Some(value) = value else { continue };
        if !service.contains_key(attribute) {
            service.insert(attribute, span, Node::new(Kind::Map(Map::default()), span).by(author));
        }
        let Some(entries) = service.get_mut(attribute).and_then(Node::as_map_mut) else { continue };
        let mut line = Node::string(value, span).by(author);
        line.remember();
        match entries.get_mut(&name) {
            // Among lines the later one wins; over all of them, what the service says itself.
            Some(known) if known.author == author => known.give_way(line),
            Some(known) => known.follow(line),
            None => drop(entries.insert(name, name_span, line)),
        }
    }
}

/// The items of a list of a service, for their places.
fn written<'d>(document: &'d Node, service: &str, attribute: &str) -> &'d [Node] {
    let service = || document.as_map()?.get("services")?.as_map()?.get(service)?.as_map();
    service().and_then(|service| service.get(attribute)?.as_seq()).unwrap_or_default()
}

struct Reading<'r, 'l> {
    loading: &'r mut Loading<'l>,
    /// The project's own environment.
    environment: &'r BTreeMap<String, String>,
    /// Files that were read before, since services often share them.
    texts: HashMap<PathBuf, Result<FileId, ReadError>>,
}

impl Reading<'_, '_> {
    fn variables(&mut self, service: &mut Service, places: &[Node]) -> Said {
        let mut said = Said::new();
        let own = std::mem::take(&mut service.environment);
        for (index, env_file) in std::mem::take(&mut service.env_file).iter().enumerate() {
            let item = places.get(index);
            let attribute = |key: &str| item.and_then(|item| item.as_map()?.get(key)).map(|node| node.span);
            let place = attribute("path").or(item.map(|item| item.span));
            if !matches!(env_file.format.as_str(), "" | "default" | "raw") {
                let finding = Diagnostic::error(format!("unsupported env_file format {:?}", env_file.format));
                let finding = finding.help("leave it out, or write `raw` to take values as they are");
                self.loading.findings.push(attribute("format").into_iter().fold(finding, Diagnostic::at));
                continue;
            }
            let Some(file) = self.text("env file", env_file, place) else { continue };
            self.add(file, Purpose::Variables { own: &own, raw: env_file.format == "raw" }, place, &mut said);
        }
        let values =
            said.iter().filter(|line| line.value.is_some()).map(|line| (line.name.clone(), line.value.clone()));
        service.environment = values.collect();
        service.environment.extend(own);
        said
    }

    fn labels(&mut self, service: &mut Service, places: &[Node]) -> Said {
        let mut said = Said::new();
        for (index, path) in service.label_file.iter().enumerate() {
            let label_file = EnvFile { path: path.clone(), required: true, ..EnvFile::default() };
            let place = places.get(index).map(|item| item.span);
            let Some(file) = self.text("label file", &label_file, place) else { continue };
            self.add(file, Purpose::Labels, place, &mut said);
        }
        let mut labels: BTreeMap<String, String> =
            said.iter().filter_map(|line| Some((line.name.clone(), line.value.clone()?))).collect();
        labels.append(&mut service.labels);
        service.labels = labels;
        said
    }

    /// The text of a file; nothing where it is missing, with a finding unless it may be.
    fn text(&mut self, what: &str, file: &EnvFile, place: Option<Span>) -> Option<FileId> {
        let source = self.loading.source;
        let path = absolute(&source.project_directory, &file.path);
        if !self.texts.contains_key(&path) {
            let Loading { files, growth, findings, .. } = &mut *self.loading;
            if !growth.another_file(files, place, findings) {
                return None;
            }
            let text = self.read(&path);
            self.texts.insert(path.clone(), text);
        }
        let error = match self.texts.get(&path)? {
            Ok(file) => return Some(*file),
            Err(ReadError::NotFound) if !file.required => return None,
            Err(error) => error,
        };
        let finding = Diagnostic::error(format!("{what} {}: {error}", shown(&path, &source.current_dir).display()));
        let finding = match error {
            ReadError::NotFound if what == "env file" => {
                finding.help("write `required: false` beside its path if it may be missing")
            }
            _ => finding,
        };
        self.loading.findings.push(place.into_iter().fold(finding, Diagnostic::at));
        None
    }

    fn read(&mut self, path: &Path) -> Result<FileId, ReadError> {
        let bytes = self.loading.read.read(path)?;
        let text = String::from_utf8(bytes).map_err(|_| ReadError::Other("the text is not UTF-8".to_owned()))?;
        Ok(self.loading.files.add(shown(path, &self.loading.source.current_dir), text))
    }

    /// Adds what a file says to what earlier ones said.
    fn add(&mut self, file: FileId, purpose: Purpose<'_>, place: Option<Span>, said: &mut Said) {
        let text = self.loading.files.get(file).map_or("", |file| file.text.as_str());
        let environment = self.environment;
        let known: HashMap<&str, &str> =
            said.iter().filter_map(|line| Some((line.name.as_str(), line.value.as_deref()?))).collect();
        let earlier = |name: &str| known.get(name).map(|value| (*value).to_owned());
        let parsed = match purpose {
            Purpose::Variables { own, raw } => {
                let lookup = |name: &str| environment.get(name).or_else(|| own.get(name)?.as_ref()).cloned();
                match raw {
                    true => parse_raw_env_file(file, text, &lookup),
                    false => parse_env_file(file, text, &lookup, &earlier),
                }
            }
            Purpose::Labels => parse_env_file(file, text, &|_| None, &earlier),
        };
        let found = match parsed {
            Ok(found) => found,
            Err(faults) => return self.loading.findings.extend(faults),
        };
        let unset = match purpose {
            Purpose::Variables { .. } => unset_findings(
                found.unset,
                environment.keys().map(String::as_str),
                "looked for it in the environment, in the service, on the lines above and in earlier files",
            ),
            Purpose::Labels => {
                unset_findings(found.unset, [], "a label file sees its own lines and earlier label files")
            }
        };
        if !self.loading.damage.variables {
            self.loading.findings.extend(unset);
        }
        let size = |line: &Variable| line.name.len() + line.value.as_ref().map_or(0, String::len) + ENTRY;
        let Loading { growth, findings, .. } = &mut *self.loading;
        if growth.text(found.variables.iter().map(size).sum(), place, findings) {
            said.extend(found.variables);
        }
    }
}

/// What a file is read for.
#[derive(Clone, Copy)]
enum Purpose<'k> {
    /// Its variables see the environment, and then what the service itself sets.
    Variables { own: &'k BTreeMap<String, Option<String>>, raw: bool },
    /// Labels see nothing but each other.
    Labels,
}
