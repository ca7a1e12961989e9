//! Sense across the file: unknown references, attributes that exclude one another, cycles.

mod cycle;
mod document;
mod exclusive;
mod ready;
mod references;

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::{Diagnostic, FINDING_LIMIT, Span, is_worth_a_search, nearest};
use crate::model::{Project, Service, ServiceName};
use crate::yaml::Node;

use super::damage::Damage;

pub(super) use document::check as document;

/// One service with its place in the document, so that findings can point.
struct Subject<'s> {
    project: &'s Project,
    document: &'s Node,
    name: &'s ServiceName,
    service: &'s Service,
    damage: &'s Damage,
}

/// One step down into a document.
#[derive(Clone, Copy, Debug)]
enum Step<'s> {
    Key(&'s str),
    Item(usize),
}

impl<'s> From<&'s str> for Step<'s> {
    fn from(key: &'s str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Item(index)
    }
}

/// Everything in the services of this run that does not make sense together. What several services share is told once.
pub(super) fn sense(project: &Project, document: &Node, damage: &Damage) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (name, service) in &project.services {
        // Enough to be shown; they are of the same kinds.
        if findings.len() > FINDING_LIMIT {
            break;
        }
        let subject = Subject { project, document, name, service, damage };
        references::check(&subject, &mut findings);
        exclusive::check(&subject, &mut findings);
        ready::check(&subject, &mut findings);
    }
    container_names(project, document, &mut findings);
    secrets(project, document, &mut findings);
    cycle::check(project, document, &mut findings);
    let mut told = HashSet::new();
    findings.retain(|finding| {
        finding.span.is_none() || told.insert((finding.span, finding.labels.clone(), finding.help.clone()))
    });
    findings
}

/// A service that says by `scale` how many it is says so under `deploy` too, where it has that.
pub(super) fn agree(project: &mut Project) {
    for service in project.services.values_mut() {
        if let (Some(scale), Some(deploy)) = (service.scale, service.deploy.as_mut()) {
            deploy.replicas = Some(scale);
        }
    }
}

/// An engine has one container of a name.
fn container_names(project: &Project, document: &Node, findings: &mut Vec<Diagnostic>) {
    let mut taken: BTreeMap<&str, &ServiceName> = BTreeMap::new();
    for (name, service) in project.services.iter().filter(|(_, service)| !service.container_name.is_empty()) {
        let container = service.container_name.as_str();
        let Some(first) = taken.get(container) else {
            taken.insert(container, name);
            continue;
        };
        let place = |service: &ServiceName| {
            key(document, &["services".into(), service.as_str().into(), "container_name".into()])
        };
        let message = format!("services.{name}: container name {container:?} is already in use by service {first}");
        let finding = match (place(first), place(name)) {
            (own, other) if own == other => Diagnostic::error(message).help(format!(
                "{name} has it from what it extends: give it its own `container_name:`, or write `!reset null` there"
            )),
            (own, _) => exclusive::labelled(Diagnostic::error(message), own, "the same name"),
        };
        findings.push(pointed(finding, place(name)));
    }
}

/// A secret that is not external needs something to come from.
fn secrets(project: &Project, document: &Node, findings: &mut Vec<Diagnostic>) {
    for (name, secret) in &project.secrets {
        if !secret.external && secret.file.is_empty() && secret.environment.is_empty() {
            let finding = Diagnostic::error(format!("secret {name:?} must declare either `file` or `environment`"));
            findings.push(pointed(finding, key(document, &["secrets".into(), name.as_str().into()])));
        }
    }
}

impl Subject<'_> {
    /// The other service of nearly this name, when not too much was told already.
    fn near(&self, name: &str, told: usize) -> Option<&str> {
        let services = &self.project.services;
        let known = services.keys().map(ServiceName::as_str).filter(|known| *known != self.name.as_str());
        if is_worth_a_search(told, services.len()) { nearest(name, known) } else { None }
    }

    /// Whether a section declares a name, or may do so in what could not be read.
    fn may_be_declared(&self, section: &str, name: &str) -> bool {
        self.damage.may_hold(self.document, section, name)
    }

    /// Whether the service says something about any of these attributes that could not be read.
    fn lost_any(&self, keys: &[&str]) -> bool {
        let lost = |key: &&str| {
            let found = find(self.document, &["services".into(), self.name.as_str().into(), (*key).into()]);
            found.is_some_and(|(place, value)| self.damage.covers(place) || self.damage.covers(value.span))
        };
        self.damage.files || self.damage.services.contains(self.name.as_str()) || keys.iter().any(lost)
    }

    /// The place of a key (or an item) of this service; where it is not written, that of the service.
    fn place<'s>(&self, path: &[Step<'s>]) -> Option<Span> {
        self.inside(path, key)
    }

    /// The place of a value of this service.
    fn value<'s>(&self, path: &[Step<'s>]) -> Option<Span> {
        self.inside(path, |document, path| find(document, path).map(|(_, node)| node.span))
    }

    fn inside<'s>(&self, path: &[Step<'s>], at: impl Fn(&Node, &[Step<'s>]) -> Option<Span>) -> Option<Span>
    where
        Self: 's,
    {
        let service = find(self.document, &["services".into(), Step::Key(self.name.as_str())]);
        let (place, node) = service?;
        if path.is_empty() { Some(place) } else { at(node, path).or(Some(place)) }
    }
}

fn pointed(finding: Diagnostic, place: Option<Span>) -> Diagnostic {
    match place {
        Some(span) => finding.at(span),
        None => finding,
    }
}

/// The place of the last key or item of a path.
fn key(document: &Node, path: &[Step<'_>]) -> Option<Span> {
    find(document, path).map(|(span, _)| span)
}

/// The key's place and the value at a path.
fn find<'n>(document: &'n Node, path: &[Step<'_>]) -> Option<(Span, &'n Node)> {
    let mut found = (document.span, document);
    for step in path {
        found = match step {
            Step::Key(key) => {
                let map = found.1.as_map()?;
                (map.key_span(key)?, map.get(key)?)
            }
            Step::Item(index) => {
                let item = found.1.as_seq()?.get(*index)?;
                (item.span, item)
            }
        };
    }
    Some(found)
}
