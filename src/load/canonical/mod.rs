//! Short forms to long forms: one shape for each thing, so that every later phase sees only that one.
//!
//! Applying it twice changes nothing. Values of a wrong kind are left alone: the shape check has reported them.

mod build;
mod commands;
mod depends_on;
mod deploy;
mod develop;
mod devices;
mod env_file;
mod external;
mod extra_hosts;
mod grants;
mod mappings;
mod networks;
mod ports;
mod provider;
mod size;
mod strings;
mod volumes;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, FINDING_LIMIT, Span};
use crate::yaml::{Kind, Map, Node, word};

use super::casts;

pub(super) use size::{limit_commands, limit_lists};
pub(super) use volumes::clean;

pub(super) use strings::text;

/// Turns one value into its long form.
type Form = fn(&mut Node, &mut Vec<Diagnostic>);

/// What the keys of a mapping are turned into; a key that is missing here has one form only.
type Forms = &'static [(&'static str, Form)];

/// What merging, unique keys and relative paths need in one shape.
const SERVICE: Forms = &[
    ("build", build::long),
    ("configs", grants::long),
    ("depends_on", depends_on::long),
    ("devices", devices::long),
    ("dns", strings::dns),
    ("env_file", env_file::long),
    ("gpus", deploy::gpus),
    ("label_file", strings::list),
    ("models", networks::names),
    ("networks", networks::names),
    ("ports", ports::long),
    ("secrets", grants::long),
    ("ulimits", devices::ulimits),
    ("volumes", volumes::long),
];

/// What only the model needs in one shape.
const FINISHED_SERVICE: Forms = &[
    ("annotations", mappings::filled),
    ("build", build::finished),
    ("command", commands::words),
    ("deploy", deploy::finished),
    ("develop", develop::finished),
    ("dns_search", strings::list),
    ("entrypoint", commands::words),
    ("environment", mappings::pairs),
    ("expose", strings::expose),
    ("extra_hosts", extra_hosts::long),
    ("gpus", deploy::requests),
    ("group_add", strings::list),
    ("healthcheck", commands::healthcheck),
    ("labels", mappings::filled),
    ("logging", mappings::logging),
    ("networks", networks::finished),
    ("ports", ports::finished),
    ("post_start", commands::hooks),
    ("pre_start", commands::hooks),
    ("pre_stop", commands::hooks),
    ("provider", provider::finished),
    ("storage_opt", mappings::options),
    ("sysctls", mappings::filled),
    ("tmpfs", strings::list),
    ("volumes", volumes::finished),
];

const FINISHED_RESOURCE: Forms = &[("driver_opts", mappings::options), ("labels", mappings::filled)];

const RESOURCES: &[&str] = &["networks", "volumes", "configs", "secrets"];

/// Gives those attributes their long form that later documents are merged onto.
///
/// Lists of `name=value` stay lists: it is by their text that entries of other documents are the same as theirs.
pub(super) fn long_forms(document: &mut Node, findings: &mut Vec<Diagnostic>) {
    let mut errors = 0;
    each(document, "services", |_, service| {
        // What nobody gets to see need not be found.
        if errors <= FINDING_LIMIT {
            let before = findings.len();
            apply(service, SERVICE, findings);
            errors += findings[before..].iter().filter(|finding| finding.is_error()).count();
        }
    });
    for section in RESOURCES {
        each(document, section, |name, resource| external::long(section, name, resource, findings));
    }
}

/// What docker compose does not look into before variables are put in.
const LATER: &[&str] = &["devices", "ports"];

/// As [`long_forms`], for a document whose variables were not put in: what has no long form because of them stays as it is
/// written.
pub(super) fn long_forms_as_far_as_clear(document: &mut Node, findings: &mut Vec<Diagnostic>) {
    each(document, "services", |_, service| {
        for (key, form) in SERVICE {
            let Some(value) = service.get_mut(key) else { continue };
            let (written, mut found) = (value.clone(), Vec::new());
            form(value, &mut found);
            let failed = found.iter().any(Diagnostic::is_error);
            if failed && (LATER.contains(key) || has_variables(&written)) {
                *value = written;
            } else if failed {
                findings.extend(found);
            }
        }
    });
    for section in RESOURCES {
        each(document, section, |name, resource| {
            let mut found = Vec::new();
            let open = resource.iter().any(|(_, _, value)| has_variables(value));
            external::long(section, name, resource, &mut found);
            findings.extend(found.into_iter().filter(|finding| finding.is_error() && !open));
        });
    }
}

fn has_variables(node: &Node) -> bool {
    match &node.kind {
        Kind::Str(text) => text.contains('$'),
        Kind::Seq(items) => items.iter().any(has_variables),
        Kind::Map(map) => map.iter().any(|(_, _, value)| has_variables(value)),
        _ => false,
    }
}

/// Gives every other attribute of the whole document its long form.
pub(super) fn finished_forms(document: &mut Node, findings: &mut Vec<Diagnostic>) {
    casts::truncate(document);
    each(document, "services", |_, service| apply(service, FINISHED_SERVICE, findings));
    for section in RESOURCES {
        each(document, section, |_, resource| apply(resource, FINISHED_RESOURCE, findings));
    }
}

/// Gives one attribute of a service all of its long form. An attribute with one form only is left as it is.
pub fn long_form(attribute: &str, value: &mut Node, findings: &mut Vec<Diagnostic>) {
    for (_, form) in SERVICE.iter().chain(FINISHED_SERVICE).filter(|(name, _)| *name == attribute) {
        form(value, findings);
    }
}

/// Visits the entries of a top-level section that are mappings.
pub(super) fn each(document: &mut Node, section: &str, mut visit: impl FnMut(&str, &mut Map)) {
    let Some(entries) = document.as_map_mut().and_then(|top| top.get_mut(section)).and_then(Node::as_map_mut) else {
        return;
    };
    for (name, _, entry) in entries.iter_mut() {
        let name = Arc::clone(name);
        if let Some(entry) = entry.as_map_mut() {
            visit(&name, entry);
        }
    }
}

fn apply(map: &mut Map, forms: Forms, findings: &mut Vec<Diagnostic>) {
    for (key, form) in forms {
        if let Some(value) = map.get_mut(key) {
            form(value, findings);
        }
    }
}

/// Applies a form to each item of a list.
fn each_item(list: &mut Node, findings: &mut Vec<Diagnostic>, form: Form) {
    for item in list.as_seq_mut().into_iter().flatten() {
        form(item, findings);
    }
}

/// Applies forms to a mapping; anything else is left alone.
fn within(node: &mut Node, forms: Forms, findings: &mut Vec<Diagnostic>) {
    if let Some(map) = node.as_map_mut() {
        apply(map, forms, findings);
    }
}

/// A mapping whose keys all stand at the place of the short form that it replaces.
pub(super) fn mapping<const N: usize>(span: Span, entries: [(&'static str, Kind); N]) -> Kind {
    let mut map = Map::with_capacity(N);
    for (key, kind) in entries {
        map.insert(word(key), span, Node::new(kind, span));
    }
    Kind::Map(map)
}
