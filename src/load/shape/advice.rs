//! Values of a wrong kind: what to write instead.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Map, Node};

use super::super::canonical;
use super::super::path::Path;
use super::{Kinds, Shape};

/// The finding about a value that is of none of the kinds that its place takes.
pub(super) fn mismatch(node: &Node, shape: &Shape, path: &Path<'_>) -> Diagnostic {
    let wanted = shape.kinds.words();
    let place = if matches!(path, Path::Root) { "a compose file".to_owned() } else { path.to_string() };
    let found = match (&node.kind, shape.kinds.holds(Kinds::INTEGER)) {
        (Kind::Float(value), true) => value.to_string(),
        _ => node.noun().to_owned(),
    };
    let finding = Diagnostic::error(format!("{place} must be {wanted}, not {found}")).at(node.span);
    match help(node, shape, path) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

fn help(node: &Node, shape: &Shape, path: &Path<'_>) -> Option<String> {
    let item = shape.item.map_or(Kinds::NONE, |item| item.kinds);
    Some(match &node.kind {
        Kind::Bool(false) if matches!(path, Path::Key(_, "restart")) => {
            "write `restart: \"no\"`, with the quotes".to_owned()
        }
        Kind::Int(number) if is_duration(path) => format!("write it with its unit, in seconds `{number}s`"),
        Kind::Bool(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) | Kind::Time(_)
            if shape.kinds.means_string() || item.means_string() =>
        {
            "put the value in quotes".to_owned()
        }
        Kind::Int(_) if shape.kinds.holds(Kinds::BOOL) => "write `true` or `false`".to_owned(),
        Kind::Str(text) if shape.kinds.holds(Kinds::LIST) => format!("write a list: [{text:?}]"),
        Kind::Str(text) if is_service(shape) => format!("if {text:?} is its image, write `image: {text}` below it"),
        Kind::Str(_) if shape.kinds.holds(Kinds::BOOL) => "write `true` or `false`".to_owned(),
        Kind::Null if is_service(shape) => "indent its attributes, such as `image:`, below it".to_owned(),
        Kind::Null => "give it a value, or leave the key out".to_owned(),
        Kind::Seq(items) if shape.kinds.holds(Kinds::MAPPING) && !shape.kinds.holds(Kinds::LIST) => {
            match items.first().map(|item| (&item.kind, item.as_map().and_then(|map| map.keys().next()))) {
                Some((Kind::Str(name), _)) if shape.object.is_some_and(|object| object.named.is_some()) => {
                    format!("write each as a key on a line of its own: `{name}:`")
                }
                Some((_, Some(name))) => format!("write `{name}:`, without `- `"),
                _ => return None,
            }
        }
        Kind::Seq(items) if items.len() == 1 && shape.kinds.holds(Kinds::STRING) => {
            "write the value alone, without a list".to_owned()
        }
        Kind::Map(map) => return help_with_mapping(map, shape, path),
        _ => return None,
    })
}

/// A mapping where none can stand.
fn help_with_mapping(map: &Map, shape: &Shape, path: &Path<'_>) -> Option<String> {
    let (key, value) = map.iter().next().map(|(key, _, value)| (key, text(value)))?;
    if let Path::Item(..) = path
        && shape.kinds.holds(Kinds::STRING)
        && map.len() == 1
    {
        let value = value.unwrap_or_default();
        return Some(match names_pairs(path) {
            true => format!("write `{key}={value}`, or leave the `- ` of every line out"),
            false => format!("put it in quotes if `{key}: {value}` is meant to be one text"),
        });
    }
    if !shape.kinds.holds(Kinds::LIST) {
        return None;
    }
    Some(match (path, value) {
        (Path::Key(_, "volumes"), _) => {
            format!(
                "a service lists where volumes go: `- {key}:/path`; what they are stands under the top-level `volumes`"
            )
        }
        (Path::Key(_, "ports"), Some(value)) => format!("write `- \"{key}:{value}\"`"),
        _ => format!("write a list, with `- ` before `{key}`"),
    })
}

/// Whether a value is a time.
fn is_duration(path: &Path<'_>) -> bool {
    const DURATIONS: &[&str] =
        &["delay", "interval", "monitor", "start_interval", "start_period", "stop_grace_period", "timeout", "window"];
    matches!(path, Path::Key(_, key) if DURATIONS.contains(key))
}

/// Whether the items of the list around a place are `NAME=value`.
fn names_pairs(path: &Path<'_>) -> bool {
    const PAIRS: &[&str] = &["additional_contexts", "annotations", "args", "environment", "labels", "ssh", "sysctls"];
    matches!(path, Path::Item(Path::Key(_, list), _) if PAIRS.contains(list))
}

fn text(node: &Node) -> Option<String> {
    node.as_str().map(str::to_owned).or_else(|| canonical::text(node))
}

/// Whether a shape is that of a service.
fn is_service(shape: &Shape) -> bool {
    shape.object.is_some_and(|object| object.known("image").is_some())
}

/// Puts what was meant in place of a value of a wrong kind, where that is plain.
pub(super) fn mend(node: &mut Node, shape: &Shape) -> bool {
    let span = node.span;
    let takes = |kinds| shape.kinds.holds(kinds);
    node.kind = match std::mem::replace(&mut node.kind, Kind::Null) {
        Kind::Str(text) if takes(Kinds::LIST) => Kind::Seq(vec![Node::string(text, span)]),
        Kind::Str(text) if is_service(shape) => canonical::mapping(span, [("image", Kind::Str(text))]),
        Kind::Seq(items) if takes(Kinds::MAPPING) && shape.object.is_some_and(|object| object.named.is_some()) => {
            let mut map = Map::default();
            for item in items {
                match item.kind {
                    Kind::Str(name) => drop(map.insert(name, item.span, Node::null(item.span))),
                    Kind::Map(entries) => {
                        for (key, place, value) in entries {
                            map.insert(key, place, value);
                        }
                    }
                    _ => {}
                }
            }
            Kind::Map(map)
        }
        kind => {
            node.kind = kind;
            return false;
        }
    };
    true
}
