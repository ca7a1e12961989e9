//! `extends:`: a service that starts from another one, of the same file or of another.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::reset::Resets;
use super::{Checked, Loading, Scope, merge, paths};
use crate::diagnostic::{CHAIN_LIMIT, Diagnostic, Span, chain, is_worth_a_search, nearest};
use crate::source::{absolute, is_remote, relative, shown};
use crate::yaml::{Kind, Map, Node, Through};

/// A file that services extend: read once for each project, however many do.
#[derive(Debug)]
pub(super) struct BaseFile {
    path: PathBuf,
    /// Its services in their long form, with paths relative to the project that extends them.
    services: RefCell<Map>,
}

/// The service that an `extends:` names.
struct Extends {
    service: String,
    service_span: Span,
    /// Another file, as it is written.
    file: Option<(String, Span)>,
    /// What it says beyond these.
    unknown_keys: Vec<Diagnostic>,
}

/// One service on the way from the one that extends to the last that is extended.
#[derive(Clone)]
struct Stop {
    /// `None` is the document itself.
    file: Option<Rc<BaseFile>>,
    service: String,
    /// The next one, and where this stop's `extends:` names it.
    base: String,
    span: Span,
}

/// Replaces every service of a document that extends another by the two merged.
pub(super) fn apply<'l>(
    loading: &mut Loading<'l>,
    document: &mut Node,
    document_path: &Path,
    resets: &Resets,
    scope: &Scope<'l>,
) {
    let Some(services) = document.as_map_mut().and_then(|map| map.get_mut("services")?.as_map_mut()) else { return };
    let extending: Vec<String> = services
        .iter()
        .filter(|(_, _, service)| service.as_map().is_some_and(|service| service.contains_key("extends")))
        .map(|(name, _, _)| name.to_string())
        .collect();
    let mut walk = Walk { loading, services, document_path, resets, scope };
    for name in extending {
        if walk.loading.is_hopeless() {
            return;
        }
        walk.extend(&name);
    }
}

struct Walk<'w, 'l> {
    loading: &'w mut Loading<'l>,
    services: &'w mut Map,
    document_path: &'w Path,
    resets: &'w Resets,
    scope: &'w Scope<'l>,
}

impl Walk<'_, '_> {
    /// Follows a service to the last one that it rests on, and merges on the way back.
    fn extend(&mut self, name: &str) {
        let mut way: Vec<Stop> = Vec::new();
        let mut passed = HashSet::new();
        let (mut file, mut service) = (None, name.to_owned());
        let mut base = loop {
            passed.insert((path_of(file.as_ref()), service.clone()));
            let extends = match self.extends_of(file.as_ref(), &service) {
                Ok(Some(extends)) => {
                    self.loading.findings.extend(extends.unknown_keys.iter().cloned());
                    extends
                }
                Ok(None) => break self.service(file.as_ref(), &service),
                Err(finding) => {
                    self.loading.findings.push(finding);
                    self.lost(name, &way);
                    let alone = self.service(file.as_ref(), &service).map(without_extends);
                    break alone.inspect(|alone| self.keep(file.as_ref(), &service, alone.clone()));
                }
            };
            way.push(Stop {
                file: file.clone(),
                service: service.clone(),
                base: extends.service.clone(),
                span: extends.service_span,
            });
            let Loading { growth, findings, .. } = &mut *self.loading;
            if !growth.bases(way.len(), Some(extends.service_span), findings) {
                return;
            }
            let Some(next) = self.target(&service, &extends, file.clone()) else {
                self.lost(name, &way);
                break None;
            };
            if passed.contains(&(path_of(next.as_ref()), extends.service.clone())) {
                self.report_cycle(&way, next.as_ref(), &extends.service);
                self.lost(name, &way);
                break None;
            }
            (file, service) = (next, extends.service);
        };
        while let Some(stop) = way.pop() {
            let merged = self.merge(&stop, base);
            base = merged.clone();
            if let Some(merged) = merged {
                self.keep(stop.file.as_ref(), &stop.service, merged);
            }
        }
    }

    /// Notes which services of the document lack what they extend.
    fn lost(&mut self, name: &str, way: &[Stop]) {
        let own = way.iter().filter(|stop| stop.file.is_none()).map(|stop| stop.service.clone());
        self.loading.damage.services.extend(own.chain([name.to_owned()]));
    }

    /// The base with the service of this stop on top; the service alone when there is nothing below it.
    fn merge(&mut self, stop: &Stop, base: Option<Node>) -> Option<Node> {
        let service = without_extends(self.service(stop.file.as_ref(), &stop.service)?);
        let Some(mut base) = base.filter(|base| !base.is_null()) else { return Some(service) };
        let Loading { growth, findings, .. } = &mut *self.loading;
        if !growth.values(base.size(), Some(stop.span), findings) {
            return Some(service);
        }
        base.pass(&Through::Extends { service: stop.base.as_str().into(), at: stop.span });
        if stop.file.is_none()
            && let Some(resets) = self.resets.of_service(&stop.service)
        {
            resets.apply(&mut base);
        }
        let as_lists = !self.loading.options.interpolate;
        merge::services(&mut base, service, &stop.service, as_lists, &mut self.loading.findings);
        Some(base)
    }

    fn service(&self, file: Option<&Rc<BaseFile>>, name: &str) -> Option<Node> {
        match file {
            None => self.services.get(name).cloned(),
            Some(file) => file.services.borrow().get(name).cloned(),
        }
    }

    fn keep(&mut self, file: Option<&Rc<BaseFile>>, name: &str, merged: Node) {
        match file {
            None => replace(self.services, name, merged),
            Some(file) => replace(&mut file.services.borrow_mut(), name, merged),
        }
    }

    fn extends_of(&self, file: Option<&Rc<BaseFile>>, name: &str) -> Result<Option<Extends>, Diagnostic> {
        match file {
            None => self.services.get(name).map_or(Ok(None), |service| written(service, name)),
            Some(file) => file.services.borrow().get(name).map_or(Ok(None), |service| written(service, name)),
        }
    }

    /// The file that holds the service that is extended, which is known to be there; or a finding.
    fn target(&mut self, name: &str, extends: &Extends, here: Option<Rc<BaseFile>>) -> Option<Option<Rc<BaseFile>>> {
        let file = match &extends.file {
            Some((file, span)) => Some(self.loading.base_file(file, *span, name, self.scope)?),
            None => here,
        };
        let told = self.loading.findings.len();
        let known = |services: &Map| -> Result<(), Option<String>> {
            match services.contains_key(&extends.service) {
                true => Ok(()),
                false if is_worth_a_search(told, services.len()) => {
                    Err(nearest(&extends.service, services.keys()).map(str::to_owned))
                }
                false => Err(None),
            }
        };
        let (path, found) = match &file {
            None => (self.document_path.to_owned(), known(self.services)),
            Some(file) => (file.path.clone(), known(&file.services.borrow())),
        };
        if let Err(near) = found {
            let path = shown(&path, &self.loading.source.current_dir);
            let mut finding = Diagnostic::error(format!(
                "cannot extend service {name:?}: there is no service {:?} in {}",
                extends.service,
                path.display()
            ))
            .at(extends.service_span);
            if let Some(near) = near {
                finding = finding.help(format!("did you mean {near:?}?"));
            }
            self.loading.findings.push(finding);
            return None;
        }
        Some(file)
    }

    fn report_cycle(&mut self, way: &[Stop], next: Option<&Rc<BaseFile>>, service: &str) {
        let start = way.iter().position(|stop| stop.service == service && path_of(stop.file.as_ref()) == path_of(next));
        let circle = &way[start.unwrap_or(0)..];
        let Some(last) = circle.last() else { return };
        // The circle is found once for each of its members; one finding is enough.
        let known = |finding: &Diagnostic| circle.iter().any(|stop| finding.span == Some(stop.span));
        if self.loading.findings.iter().any(known) {
            return;
        }
        let names: Vec<&str> = circle.iter().map(|stop| stop.service.as_str()).chain([service]).collect();
        let mut finding =
            Diagnostic::error(format!("circular reference: {}", chain(&names, " extends "))).at(last.span);
        for stop in circle[..circle.len() - 1].iter().take(CHAIN_LIMIT) {
            finding = finding.label(stop.span, format!("{:?} extends this", stop.service));
        }
        self.loading.findings.push(finding);
    }
}

fn path_of(file: Option<&Rc<BaseFile>>) -> Option<PathBuf> {
    file.map(|file| file.path.clone())
}

fn replace(services: &mut Map, name: &str, merged: Node) {
    if let Some(service) = services.get_mut(name) {
        *service = merged;
    }
}

fn without_extends(mut service: Node) -> Node {
    service.as_map_mut().and_then(|service| service.remove("extends"));
    service
}

/// What a service's `extends:` says; a finding when it makes no sense.
fn written(service: &Node, name: &str) -> Result<Option<Extends>, Diagnostic> {
    let Some(extends) = service.as_map().and_then(|service| service.get("extends")) else { return Ok(None) };
    let wrong = |what: &str, node: &Node| {
        Err(Diagnostic::error(format!("services.{name}.extends{what}, not {}", node.noun())).at(node.span))
    };
    let map = match &extends.kind {
        Kind::Str(service) => {
            let (service, service_span) = (service.to_string(), extends.span);
            return Ok(Some(Extends { service, service_span, file: None, unknown_keys: Vec::new() }));
        }
        Kind::Map(map) => map,
        _ => return wrong(" must be a service or a mapping", extends),
    };
    let service = match map.get("service") {
        Some(Node { kind: Kind::Str(service), span, .. }) => (service.to_string(), *span),
        Some(other) => return wrong(".service must be a string", other),
        None => {
            let finding = Diagnostic::error(format!("services.{name}.extends lacks `service`")).at(extends.span);
            return Err(finding.help("add `service:`, the name of the service to start from"));
        }
    };
    let file = match map.get("file") {
        None | Some(Node { kind: Kind::Null, .. }) => None,
        Some(Node { kind: Kind::Str(file), span, .. }) => Some((file.to_string(), *span)),
        Some(other) => return wrong(".file must be a string", other),
    };
    let mut unknown_keys = Vec::new();
    super::unknown_keys(&format!("services.{name}.extends"), map, &["service", "file"], &mut unknown_keys);
    Ok(Some(Extends { service: service.0, service_span: service.1, file, unknown_keys }))
}

/// The files that services of one project extend, by path. `None` stands for one that could not be read.
pub(super) type BaseFiles = RefCell<HashMap<PathBuf, Option<Rc<BaseFile>>>>;

impl Loading<'_> {
    /// Reads a file that a service extends, unless that was done before.
    fn base_file(&mut self, file: &str, span: Span, name: &str, scope: &Scope<'_>) -> Option<Rc<BaseFile>> {
        if is_remote(file) {
            self.findings.push(super::remote(file).at(span));
            return None;
        }
        let path = absolute(&scope.directory, file);
        if let Some(known) = scope.base_files.borrow().get(&path) {
            return known.clone();
        }
        let base = self.read_base_file(&path, span, name, scope).map(Rc::new);
        scope.base_files.borrow_mut().insert(path, base.clone());
        base
    }

    /// The services of a file in their long form. What it includes, extends and requires is not looked at here: only
    /// the services that are asked for matter, and these are checked where they end up.
    fn read_base_file(&mut self, path: &Path, span: Span, name: &str, scope: &Scope<'_>) -> Option<BaseFile> {
        let documents = self.documents(path, Some(span))?;
        let mut model = self.empty_document(span);
        for mut written in documents {
            let resets = written.take_resets();
            let mut document = written.node;
            self.interpolate(&mut document, scope);
            resets.apply(&mut model);
            self.merge_document(&mut model, document, Checked::No);
        }
        let directory = relative(&scope.directory, path.parent().unwrap_or(path));
        paths::resolve(&mut model, &scope.base_at(&directory, self.read), &mut self.findings);
        let path = path.to_owned();
        match model.as_map_mut().and_then(|map| map.remove("services")).map(|services| services.kind) {
            Some(Kind::Map(services)) => Some(BaseFile { path, services: RefCell::new(services) }),
            _ => {
                let path = shown(&path, &self.source.current_dir);
                self.findings.push(
                    Diagnostic::error(format!("cannot extend service {name:?}: {} has no services", path.display()))
                        .at(span),
                );
                None
            }
        }
    }
}
