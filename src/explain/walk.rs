//! A document that remembers → its values, each with its way.

use serde_json::json;

use super::{Explanation, Origin, OriginKind, Overridden, Place, Step, Through, ThroughKind, Value, Variable, Way};
use crate::diagnostic::{Files, Span};
use crate::load::Loaded;
use crate::yaml::{self, Author, Kind, Node, Removed, Trail, VariableFrom};

/// Lists that are one value: their items mean nothing alone.
const WHOLE: &[&str] = &["command", "entrypoint", "test"];

/// The values of a project that was loaded with [`crate::load::Options::provenance`]. Without names, those that take
/// part; with names, whatever the files hold under the first part of each.
pub fn explain(loaded: &Loaded, names: &[String]) -> Explanation {
    let lines = loaded.files.iter().map(|file| lines(&file.text)).collect();
    let mut walk = Walk { files: &loaded.files, lines, values: Vec::new(), path: Vec::new(), whence: Vec::new() };
    let project = &loaded.project;
    let takes_part = |section: &str, name: &str| match section {
        "services" => project.services.contains_key(name),
        "networks" => project.networks.contains_key(name),
        "volumes" => project.volumes.contains_key(name),
        "configs" => project.configs.contains_key(name),
        "secrets" => project.secrets.contains_key(name),
        "models" => project.models.contains_key(name),
        _ => true,
    };
    walk.whence.extend(loaded.document.trail.as_deref());
    let sections = loaded.document.as_map().into_iter().flat_map(yaml::Map::iter);
    let (first, others): (Vec<_>, Vec<_>) = sections.partition(|(section, ..)| &***section == "name");
    for (section, _, node) in first.into_iter().chain(others) {
        match &node.kind {
            // What is only there for anchors means nothing by itself.
            _ if section.starts_with("x-") && names.is_empty() => {}
            Kind::Map(entries) if !section.starts_with("x-") => {
                walk.path.push(Step::Key(section.to_string()));
                walk.whence.extend(node.trail.as_deref());
                for (name, _, entry) in entries.iter() {
                    if !names.is_empty() || takes_part(section, name) {
                        walk.below(Step::Key(name.to_string()), entry);
                    }
                }
                walk.leave(node);
                walk.path.pop();
            }
            _ => walk.below(Step::Key(section.to_string()), node),
        }
    }
    walk.leave(&loaded.document);
    Explanation { project: project.name.clone(), values: walk.values, notes: Vec::new() }
}

struct Walk<'w> {
    files: &'w Files,
    /// For each file, where its lines start.
    lines: Vec<Vec<usize>>,
    values: Vec<Value>,
    path: Vec<Step>,
    /// The nodes around this one that remember: what was made of a short form has no trail of its own.
    whence: Vec<&'w Trail>,
}

impl<'w> Walk<'w> {
    fn node(&mut self, node: &'w Node) {
        let own = node.trail.as_deref();
        self.whence.extend(own);
        let whole = self.path.last().is_some_and(|step| WHOLE.iter().any(|key| step.is(key)));
        match &node.kind {
            Kind::Map(map) if !map.is_empty() => {
                self.group(node);
                for (key, _, value) in map.iter() {
                    self.below(Step::Key(key.to_string()), value);
                }
            }
            Kind::Seq(items) if !items.is_empty() && !whole => {
                self.group(node);
                for (index, item) in items.iter().enumerate() {
                    self.below(Step::Item(index), item);
                }
            }
            _ => self.value(node, false),
        }
        self.leave(node);
    }

    fn below(&mut self, step: Step, node: &'w Node) {
        self.path.push(step);
        self.node(node);
        self.path.pop();
    }

    /// Ends the visit of a node: what is gone from it is told last.
    fn leave(&mut self, node: &'w Node) {
        if let Some(trail) = node.trail.as_deref() {
            self.removed(node, &trail.removed);
            self.whence.pop();
        }
    }

    /// A list or mapping that is worth a line of its own: it was a text with variables, or it replaced something whole.
    fn group(&mut self, node: &Node) {
        let Some(trail) = &node.trail else { return };
        if trail.template.is_some() || trail.earlier.is_some() || self.took_away(node).is_some() {
            self.value(node, true);
        }
    }

    fn value(&mut self, node: &Node, has_parts: bool) {
        let mut instead_of = self.overridden(node);
        if let Some(removed) = self.took_away(node) {
            instead_of.extend(self.taken(removed));
        }
        let value = Value {
            path: self.path.clone(),
            value: value(node),
            masked: false,
            way: self.way(node),
            has_parts,
            instead_of,
        };
        self.values.push(value);
    }

    /// What a `!override` took away from under a key that has a value again.
    fn took_away(&self, node: &Node) -> Option<&'w Removed> {
        let parent = self.whence.iter().rev().nth(usize::from(node.remembers()))?;
        let key = self.path.last()?;
        parent.removed.iter().rev().find(|removed| key.is(&removed.key))
    }

    /// The entries that are gone from a mapping.
    fn removed(&mut self, parent: &Node, removed: &'w [Removed]) {
        for gone in removed {
            if parent.as_map().is_some_and(|map| map.contains_key(&gone.key)) {
                continue;
            }
            let mut path = self.path.clone();
            path.push(Step::Key(gone.key.to_string()));
            let from = Origin { place: Some(self.place(gone.by)), ..Origin::of(OriginKind::Unset) };
            self.values.push(Value {
                path,
                value: serde_json::Value::Null,
                masked: false,
                way: Way { from, ..Way::default() },
                has_parts: false,
                instead_of: self.taken(gone),
            });
        }
    }

    fn taken(&self, removed: &Removed) -> Vec<Overridden> {
        let mut all = vec![Overridden {
            value: value(&removed.node),
            masked: false,
            way: self.way(&removed.node),
            removed_by: Some(self.place(removed.by)),
        }];
        all.extend(self.overridden(&removed.node));
        all
    }

    /// What a node took the place of, the latest first.
    fn overridden(&self, node: &Node) -> Vec<Overridden> {
        let mut found = Vec::new();
        let mut next = node.trail.as_ref().and_then(|trail| trail.earlier.as_ref());
        while let Some(earlier) = next {
            found.push(Overridden {
                value: self.value_under(node, earlier),
                masked: false,
                way: self.way(earlier),
                removed_by: None,
            });
            next = earlier.trail.as_ref().and_then(|trail| trail.earlier.as_ref());
        }
        found
    }

    /// The value of an earlier node: an entry of a list of `NAME=value` without its name.
    fn value_under(&self, now: &Node, earlier: &Node) -> serde_json::Value {
        let name = match self.path.last() {
            Some(Step::Key(key)) => key.as_str(),
            _ => return value(earlier),
        };
        match (earlier.as_str().and_then(|text| text.strip_prefix(name)?.strip_prefix('=')), &now.kind) {
            (Some(text), Kind::Str(_) | Kind::Null) => json!(text),
            _ => value(earlier),
        }
    }

    fn way(&self, node: &Node) -> Way {
        let kind = match node.author {
            Author::Text => OriginKind::File,
            Author::Format => return Way { from: Origin::of(OriginKind::Default), ..Way::default() },
            Author::Project => return Way { from: Origin::of(OriginKind::Project), ..Way::default() },
            Author::Flag => return Way { from: Origin::of(OriginKind::CommandLine), ..Way::default() },
            Author::Directory => return Way { from: Origin::of(OriginKind::Folder), ..Way::default() },
            Author::EnvFile => OriginKind::EnvFile,
            Author::LabelFile => OriginKind::LabelFile,
            Author::Environment => OriginKind::File,
        };
        let own = node.trail.as_deref();
        let through = own.or(self.whence.last().copied()).map_or(&[][..], |trail| &trail.through);
        let template = own.and_then(|trail| trail.template.as_ref());
        let variables: Vec<Variable> = template
            .map_or(&[][..], |template| &template.variables)
            .iter()
            .map(|variable| self.variable(variable))
            .collect();
        let from = match (node.author, &variables[..]) {
            // It is named in the file, but what it is stands where the variable is set.
            (Author::Environment, [variable]) => variable.from.clone(),
            _ => Origin::at(kind, self.place(node.span)),
        };
        Way {
            from,
            through: through.iter().map(|through| self.through(through)).collect(),
            template: match template {
                Some(_) if node.author == Author::Environment => None,
                Some(template) => Some(template.text.to_string()),
                None => self.short_form(node),
            },
            variables: if node.author == Author::Environment { Vec::new() } else { variables },
        }
    }

    /// The text that a mapping was made of.
    fn short_form(&self, node: &Node) -> Option<String> {
        let map = node.as_map().filter(|_| node.remembers())?;
        let made = |part: &Node| !part.remembers() && part.span == node.span;
        let text = self.files.slice(node.span).trim_matches(['"', '\'']);
        let short = !map.is_empty() && map.iter().all(|(_, _, part)| made(part)) && !text.starts_with('*');
        short.then(|| text.to_owned())
    }

    fn variable(&self, variable: &yaml::Variable) -> Variable {
        let from = match variable.from {
            VariableFrom::Shell => Origin::of(OriginKind::Shell),
            VariableFrom::File(span) => Origin::at(OriginKind::EnvFile, self.place(span)),
            VariableFrom::Provided => Origin::of(OriginKind::Convoke),
            VariableFrom::Template => Origin::of(OriginKind::Template),
            VariableFrom::Nowhere => Origin::of(OriginKind::Unset),
        };
        Variable { name: variable.name.clone(), value: variable.value.clone(), masked: false, from }
    }

    fn through(&self, through: &yaml::Through) -> Through {
        let (kind, service, at) = match through {
            yaml::Through::Anchor => (ThroughKind::Anchor, None, None),
            yaml::Through::Extends { service, at } => (ThroughKind::Extends, Some(service.to_string()), Some(*at)),
            yaml::Through::Include { at } => (ThroughKind::Include, None, Some(*at)),
        };
        Through { kind, service, place: at.map(|at| self.place(at)) }
    }

    fn place(&self, span: Span) -> Place {
        let file = self.files.path(span.file).display().to_string();
        let start = span.start as usize;
        let starts = self.lines.get(usize::from(span.file.0)).map_or(&[][..], Vec::as_slice);
        let line = starts.partition_point(|line| *line <= start).max(1);
        let first = starts.get(line - 1).copied().unwrap_or(0);
        let before = self.files.slice(Span { start: first as u32, end: span.start, ..span });
        Place { file, line, column: before.chars().count() + 1 }
    }
}

fn lines(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// A node as JSON has it.
pub(super) fn value(node: &Node) -> serde_json::Value {
    match &node.kind {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Int(number) => json!(number),
        Kind::Uint(number) => json!(number),
        Kind::Float(number) => json!(number),
        Kind::Time(text) | Kind::Str(text) => json!(**text),
        Kind::Seq(items) => items.iter().map(value).collect(),
        Kind::Map(map) => map.iter().map(|(key, _, node)| (key.to_string(), value(node))).collect(),
    }
}
