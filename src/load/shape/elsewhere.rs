//! What was meant by a key that does not belong where it stands.

use std::collections::VecDeque;

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::yaml::Node;

use super::super::path::Path;
use super::{Kinds, Names, OURS, Object, Shape, indented, table};

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

/// Keys that came into the format after docker compose 2.40, and that nothing here reads.
const NEWER: &[&str] = &["no_cache_filter"];

/// Whether a key is part of the format although nothing comes of it.
pub(super) fn is_useless(key: &str, object: &Object) -> bool {
    key == "pull_refresh_after" && object.known("image").is_some()
}

/// Whether a key that is read came into the format after docker compose 2.40.
pub(super) fn is_newer(key: &str, object: &Object) -> bool {
    key == "pre_start" && object.known("image").is_some()
}

/// What to put in place of a key.
pub(super) enum Meant {
    /// Another key of the same mapping.
    Key(&'static str),
    /// The same key in the mapping at this place.
    Place(Vec<String>),
    Unclear,
}

/// The finding for a key that an object does not know, with the best guess of what was meant.
pub(super) fn unknown(key: &str, span: Span, value: &Node, object: &Object, path: &Path<'_>) -> (Diagnostic, Meant) {
    let place = match path {
        Path::Root => "at the top level".to_owned(),
        _ => format!("in {path}"),
    };
    if let Some((names, _)) = object.named
        && object.keys.is_empty()
    {
        let finding = Diagnostic::error(format!("{key:?} {place} is not a good name")).at(span);
        return (
            finding.help(match names {
                Names::Resource => "use letters, digits, `.`, `_` and `-`",
                Names::Lower => "use lower-case letters",
                Names::Filled => "a name cannot be empty",
            }),
            Meant::Unclear,
        );
    }
    let finding = Diagnostic::error(format!("unknown key `{key}` {place}")).at(span);
    let (help, meant) = guess(key, value, object, path);
    (finding.help(help), meant)
}

fn guess(key: &str, value: &Node, object: &Object, path: &Path<'_>) -> (String, Meant) {
    let known = || object.keys.iter().map(|(name, _)| *name);
    let is_service = object.known("image").is_some();
    if NEWER.contains(&key) {
        let help = format!("`{key}` is newer than the format of docker compose 2.40, and not supported yet");
        return (help, Meant::Unclear);
    }
    if (matches!(path, Path::Root) || is_service) && indented::looks_like_service(value) {
        let help = match path {
            Path::Root => format!("if `{key}` is a service, indent it below `services:`"),
            _ => {
                format!("if `{key}` is a service, take some of its indentation away: services stand beside one another")
            }
        };
        return (help, Meant::Place(vec!["services".to_owned()]));
    }
    let other = OTHER_WORDS.iter().find(|(theirs, _)| *theirs == key).map(|(_, ours)| *ours);
    if let Some(ours) = other.filter(|_| is_service) {
        let fits = object.known(ours).is_some_and(|shape| shape.kinds.holds(Kinds::of(value)));
        let meant = known().find(|name| *name == ours).filter(|_| fits);
        return (format!("here it is called `{ours}`"), meant.map_or(Meant::Unclear, Meant::Key));
    }
    if let Some((place, to)) = above(key, path) {
        return (format!("`{key}` belongs {place}"), Meant::Place(to));
    }
    let mut longer = known().filter(|name| key.len() > 2 && name.starts_with(key));
    if let (Some(longer), None) = (longer.next(), longer.next()) {
        return (format!("did you mean `{longer}`?"), Meant::Key(longer));
    }
    if let Some(near) = nearest(key, known()) {
        return (format!("did you mean `{near}`?"), Meant::Key(near));
    }
    if let Some((place, plain)) = below(key, object) {
        let meant = if plain {
            Meant::Place(names(path).chain(place.split('.').map(str::to_owned)).collect())
        } else {
            Meant::Unclear
        };
        return (format!("`{key}` belongs under `{place}`"), meant);
    }
    let help = match object.extensions {
        true if key.starts_with(OURS) => "keys of your own may begin with any other `x-`".to_owned(),
        true => format!("a key of your own starts with `x-`: `x-{key}`"),
        false => format!("known keys: {}", known().collect::<Vec<_>>().join(", ")),
    };
    (help, Meant::Unclear)
}

/// The keys on the way to a place, without the items of lists.
fn names<'p>(path: &Path<'p>) -> impl Iterator<Item = String> {
    segments(path).into_iter().flatten().map(str::to_owned)
}

fn segments<'p>(path: &Path<'p>) -> Vec<Option<&'p str>> {
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
    segments
}

/// The nearest object around the place that knows the key: in words, and as a path.
fn above(key: &str, path: &Path<'_>) -> Option<(String, Vec<String>)> {
    let segments = segments(path);
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
    let place = match names[..] {
        [] => "at the top level of the file".to_owned(),
        ["services", service] => format!("under the service itself (services.{service})"),
        _ => format!("under `{}`", names.join(".")),
    };
    Some((place, names.into_iter().map(str::to_owned).collect()))
}

/// The shortest way down from an object to one that knows the key, and whether there is just one such place.
fn below(key: &str, object: &Object) -> Option<(String, bool)> {
    let mut queue: VecDeque<(String, &Object, u8, bool)> = VecDeque::from([(String::new(), object, 0, true)]);
    while let Some((place, object, depth, plain)) = queue.pop_front() {
        if depth > 0 && object.known(key).is_some() {
            return Some((place, plain));
        }
        if depth == 3 {
            continue;
        }
        let named = object.named.map(|(_, shape)| ("<name>", shape));
        for (name, shape) in object.keys.iter().map(|(name, shape)| (*name, shape)).chain(named) {
            let inner = shape.object.or_else(|| shape.item.and_then(|item| item.object));
            if let Some(inner) = inner {
                let plain = plain && name != "<name>" && shape.object.is_some();
                let place = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
                queue.push_back((place, inner, depth + 1, plain));
            }
        }
    }
    None
}
