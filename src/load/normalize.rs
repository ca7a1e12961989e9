//! What follows from the document as a whole: the default network, names of resources, implied dependencies.

use std::collections::BTreeMap;

use crate::diagnostic::Span;
use crate::yaml::{Author, Kind, Map, Node, word};

use super::canonical::{clean, each};
use super::environment;

/// What the document itself does not say.
#[derive(Clone, Copy, Debug)]
pub(super) struct NormalizeContext<'c> {
    pub project_name: &'c str,
    /// What interpolation saw.
    pub environment: &'c BTreeMap<String, String>,
}

/// Fills in everything that follows from other parts of the document or from the environment.
pub(super) fn fill(document: &mut Node, context: &NormalizeContext<'_>) {
    default_network(document);
    each(document, "services", |_, service| {
        if service.get("pull_policy").and_then(Node::as_str) == Some("if_not_present")
            && let Some(policy) = service.get_mut("pull_policy")
        {
            policy.kind = Kind::Str("missing".into());
        }
        resolve(service.get_mut("environment"), context.environment, true);
        if let Some(build) = service.get_mut("build") {
            dockerfile(build);
        }
        let args = service.get_mut("build").and_then(Node::as_map_mut).and_then(|build| build.get_mut("args"));
        resolve(args, context.environment, false);
        for mount in service.get_mut("volumes").and_then(Node::as_seq_mut).into_iter().flatten() {
            if let Some(target) = mount.as_map_mut().and_then(|mount| mount.get_mut("target"))
                && let Some(path) = target.as_str()
            {
                let clean = if path.is_empty() { ".".to_owned() } else { clean(path) };
                target.kind = Kind::Str(clean.into());
            }
        }
        hooks(service);
        dependencies(service);
    });
    for section in ["networks", "volumes", "configs", "secrets"] {
        names(document, section, context.project_name);
    }
}

/// Puts services that say nothing about networks on `default`, and declares it where it is used.
fn default_network(document: &mut Node) {
    let mut user = None;
    each(document, "services", |_, service| {
        if service.contains_key("provider") || service.contains_key("network_mode") {
            return;
        }
        let empty = service.get("networks").is_none_or(|networks| networks.as_map().is_none_or(Map::is_empty));
        if empty {
            let span = service.iter().next().map_or(NOWHERE, |(_, span, _)| span);
            let mut networks = Map::with_capacity(1);
            networks.insert(word("default"), span, Node::null(span).by(Author::Format));
            service.insert(word("networks"), span, Node::new(Kind::Map(networks), span).by(Author::Format));
        }
        let default = service.get("networks").and_then(Node::as_map).and_then(|networks| networks.key_span("default"));
        user = user.or(default);
    });
    let (Some(span), Some(top)) = (user, document.as_map_mut()) else { return };
    if top.get("networks").is_none_or(|networks| networks.as_map().is_none()) {
        top.insert("networks", span, Node::new(Kind::Map(Map::default()), span).by(Author::Format));
    }
    if let Some(networks) = top.get_mut("networks").and_then(Node::as_map_mut)
        && !networks.contains_key("default")
    {
        networks.insert("default", span, Node::null(span).by(Author::Format));
    }
}

const NOWHERE: Span = Span { file: crate::diagnostic::FileId(0), start: 0, end: 0 };

/// Gives names without a value the value that the environment has; without one they stay null, or go.
fn resolve(values: Option<&mut Node>, environment: &BTreeMap<String, String>, keep: bool) {
    let Some(values) = values else { return };
    environment::fill(values, environment);
    match &mut values.kind {
        _ if keep => {}
        Kind::Map(map) => map.retain(|_, value| !value.is_null()),
        Kind::Seq(items) => items.retain(|item| item.as_str().is_none_or(|text| text.contains('='))),
        _ => {}
    }
}

/// The build file that is meant when none is named and none is written inline.
fn dockerfile(build: &mut Node) {
    let span = build.span;
    let Some(map) = build.as_map_mut() else { return };
    if ["dockerfile", "dockerfile_inline"].iter().all(|key| map.get(key).is_none_or(Node::is_null)) {
        map.insert("dockerfile", span, Node::string("Dockerfile", span).by(Author::Format));
    }
}

/// What runs before the service runs in its image, unless it names one.
fn hooks(service: &mut Map) {
    let Some(image) = service.get("image").filter(|image| image.as_str().is_some()).cloned() else { return };
    for hook in service.get_mut("pre_start").and_then(Node::as_seq_mut).into_iter().flatten() {
        if let Some(hook) = hook.as_map_mut()
            && !hook.contains_key("image")
        {
            hook.insert("image", image.span, image.clone());
        }
    }
}

/// A service that is linked to, or whose namespaces or volumes are shared, is one to wait for.
fn dependencies(service: &mut Map) {
    let mut implied: Vec<(String, Span, bool)> = Vec::new();
    for link in texts(service, "links") {
        let name = match link.0.split(':').collect::<Vec<_>>()[..] {
            [name, _] => name,
            _ => link.0,
        };
        implied.push((name.to_owned(), link.1, true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(node) = service.get(key)
            && let Some(name) = node.as_str().and_then(|text| text.strip_prefix("service:"))
        {
            implied.push((name.to_owned(), node.span, true));
        }
    }
    for (source, span) in texts(service, "volumes_from") {
        if !source.starts_with("container:") {
            let name = source.split(':').next().unwrap_or_default();
            implied.push((name.to_owned(), span, false));
        }
    }
    let Some((_, first, _)) = implied.first() else { return };
    if service.get("depends_on").is_none_or(|node| node.as_map().is_none()) {
        service.insert("depends_on", *first, Node::new(Kind::Map(Map::default()), *first).by(Author::Project));
    }
    let Some(depends_on) = service.get_mut("depends_on").and_then(Node::as_map_mut) else { return };
    for (name, span, restart) in implied {
        if depends_on.contains_key(&name) {
            continue;
        }
        let mut dependency = Map::default();
        for (key, kind) in [
            ("condition", Kind::Str("service_started".into())),
            ("restart", Kind::Bool(restart)),
            ("required", Kind::Bool(true)),
        ] {
            dependency.insert(key, span, Node::new(kind, span).by(Author::Project));
        }
        depends_on.insert(name, span, Node::new(Kind::Map(dependency), span).by(Author::Project));
    }
}

fn texts<'m>(map: &'m Map, key: &str) -> impl Iterator<Item = (&'m str, Span)> {
    let items = map.get(key).and_then(Node::as_seq).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(|text| (text, item.span)))
}

/// A resource without a name is called after the project and its key; an external one after its key alone.
fn names(document: &mut Node, section: &str, project_name: &str) {
    let Some(resources) = document.as_map_mut().and_then(|top| top.get_mut(section)).and_then(Node::as_map_mut) else {
        return;
    };
    for (key, span, resource) in resources.iter_mut() {
        if resource.is_null() {
            resource.kind = Kind::Map(Map::default());
        }
        let Some(map) = resource.as_map_mut() else { continue };
        if map.get("name").is_none_or(Node::is_null) {
            let external = matches!(map.get("external"), Some(Node { kind: Kind::Bool(true), .. }));
            let name = if external { key.to_string() } else { format!("{project_name}_{key}") };
            map.insert("name", span, Node::string(name, span).by(Author::Project));
        }
    }
}
