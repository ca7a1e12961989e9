//! What was meant by a key that does not belong where it stands.

use std::collections::VecDeque;

use crate::diagnostic::{Diagnostic, Span, nearest};

use super::super::path::Path;
use super::{Names, Object, Shape, table};

/// Words from older formats and other tools, and what they are called here.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("args", "command"),
    ("cmd", "command"),
    ("cpu", "cpus"),
    ("depends", "depends_on"),
    ("domain", "domainname"),
    ("env", "environment"),
    ("env_vars", "environment"),
    ("log_driver", "logging.driver"),
    ("log_opt", "logging.options"),
    ("mem", "mem_limit"),
    ("memory", "mem_limit"),
    ("mounts", "volumes"),
    ("name", "container_name"),
    ("needs", "depends_on"),
    ("net", "network_mode"),
    ("restart_policy", "restart"),
    ("shell", "command"),
    ("variables", "environment"),
    ("workdir", "working_dir"),
];

/// The finding for a key that an object does not know, with the best guess of what was meant.
pub(super) fn unknown(key: &str, span: Span, object: &Object, path: &Path<'_>) -> Diagnostic {
    let place = match path {
        Path::Root => "at the top level".to_owned(),
        _ => format!("in {path}"),
    };
    if let Some((names, _)) = object.named
        && object.keys.is_empty()
    {
        return Diagnostic::error(format!("{key:?} {place} is not a good name")).at(span).help(match names {
            Names::Resource => "use letters, digits, `.`, `_` and `-`",
            Names::Lower => "use lower-case letters",
            Names::Filled => "a name cannot be empty",
        });
    }
    let finding = Diagnostic::error(format!("unknown key `{key}` {place}")).at(span);
    let known = || object.keys.iter().map(|(name, _)| *name);
    if let Some(place) = above(key, path) {
        return finding.help(format!("`{key}` belongs under {place}"));
    }
    if let Some(near) = nearest(key, known()) {
        return finding.help(format!("did you mean `{near}`?"));
    }
    if known().any(|name| name == "image")
        && let Some((_, ours)) = OTHER_WORDS.iter().find(|(theirs, _)| *theirs == key)
    {
        return finding.help(format!("here it is called `{ours}`"));
    }
    if let Some(place) = below(key, object) {
        return finding.help(format!("`{key}` belongs under `{place}`"));
    }
    if object.extensions && key.starts_with(super::OURS) {
        return finding.help("keys of your own may begin with any other `x-`");
    }
    if object.extensions {
        return finding.help(format!("a key of your own starts with `x-`: `x-{key}`"));
    }
    finding.help(format!("known keys: {}", known().collect::<Vec<_>>().join(", ")))
}

/// The nearest object around the place that knows the key.
fn above(key: &str, path: &Path<'_>) -> Option<String> {
    let mut segments = Vec::new();
    let mut rest = path;
    loop {
        rest = match rest {
            Path::Root => break,
            Path::Key(parent, name) => {
                segments.push(Some(*name));
                parent
            }
            Path::Item(parent, _) => {
                segments.push(None);
                parent
            }
        };
    }
    segments.reverse();
    let mut around: Vec<(usize, &Object)> = Vec::new();
    let mut shape: &Shape = &table::FILE;
    for (depth, segment) in segments.iter().enumerate() {
        shape = match segment {
            None => shape.item?,
            Some(name) => {
                let object = shape.object?;
                around.push((depth, object));
                object.known(name).or_else(|| object.named.map(|(_, shape)| shape))?
            }
        };
    }
    let (depth, _) = around.into_iter().rev().find(|(_, object)| object.known(key).is_some())?;
    let names: Vec<&str> = segments[..depth].iter().copied().flatten().collect();
    Some(match names[..] {
        [] => "the top level of the file".to_owned(),
        ["services", service] => format!("the service itself (services.{service})"),
        _ => format!("`{}`", names.join(".")),
    })
}

/// The shortest way down from an object to one that knows the key.
fn below(key: &str, object: &Object) -> Option<String> {
    let mut queue: VecDeque<(String, &Object, u8)> = VecDeque::from([(String::new(), object, 0)]);
    while let Some((place, object, depth)) = queue.pop_front() {
        if depth > 0 && object.known(key).is_some() {
            return Some(place);
        }
        if depth == 3 {
            continue;
        }
        let named = object.named.map(|(_, shape)| ("<name>", shape));
        for (name, shape) in object.keys.iter().map(|(name, shape)| (*name, shape)).chain(named) {
            let inner = shape.object.or_else(|| shape.item.and_then(|item| item.object));
            if let Some(inner) = inner {
                let place = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
                queue.push_back((place, inner, depth + 1));
            }
        }
    }
    None
}
