//! `SERVICE[.PATH]`: which values somebody asks for.

use std::collections::BTreeSet;

use super::{Explanation, Origin, OriginKind, Step, Value, Way};
use crate::diagnostic::{Diagnostic, nearest};
use crate::load;

/// Leaves the values that the names are about: a service, something below it, or something below a top-level key.
///
/// # Errors
/// A finding for each name that is about nothing.
pub fn narrow(explanation: Explanation, names: &[String]) -> Result<Explanation, Vec<Diagnostic>> {
    if names.is_empty() {
        return Ok(explanation);
    }
    let mut findings = Vec::new();
    let mut wanted = vec![false; explanation.values.len()];
    let mut unset = Vec::new();
    for name in names {
        let mut found = false;
        for (value, wanted) in explanation.values.iter().zip(&mut wanted) {
            if is_about(name, value) {
                (found, *wanted) = (true, true);
            }
        }
        if !found {
            match attribute(name, &explanation.values) {
                Some(path) => unset.push(nothing(path)),
                None => findings.push(unknown(name, &explanation.values)),
            }
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let notes = explanation.notes.into_iter().chain(unset.iter().map(by_default)).collect();
    let kept = explanation.values.into_iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(value, _)| value);
    Ok(Explanation { values: kept.chain(unset).collect(), notes, ..explanation })
}

/// Whether any of the names is about a service or what is below it. No name at all is about every service.
pub fn concerns(names: &[String], service: &str) -> bool {
    names.is_empty()
        || names.iter().any(|name| {
            name == "services"
                || begins(name, service)
                || name.strip_prefix("services.").is_some_and(|name| begins(name, service))
        })
}

/// A service may be named alone, without the section that it stands in.
fn is_about(name: &str, value: &Value) -> bool {
    let alone = value.service().map(|_| &value.path[1..]);
    [Some(&value.path[..]), alone]
        .into_iter()
        .flatten()
        .any(|path| begins(&written(path), name) || begins(&dotted(path), name))
}

/// Whether a path is this one, or below it.
fn begins(path: &str, with: &str) -> bool {
    path.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The path as people write it: `services.web.ports[0].target`.
pub(super) fn written(path: &[Step]) -> String {
    join(path, |index| format!("[{index}]"))
}

/// The path with dots alone, which is easier on a shell.
fn dotted(path: &[Step]) -> String {
    join(path, |index| format!(".{index}"))
}

fn join(path: &[Step], item: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.extend([".", key]),
            Step::Item(index) => text.push_str(&item(*index)),
        }
    }
    text
}

/// The path of something that the format knows and that nothing sets.
fn attribute(name: &str, values: &[Value]) -> Option<Vec<Step>> {
    let subject = values.iter().map(|value| &value.path).find_map(|path| {
        let subject = path.get(..2)?;
        let alone = values_of(subject, name)?;
        Some((subject.to_vec(), alone))
    });
    let (mut path, rest) = subject?;
    let Step::Key(section) = path.first()? else { return None };
    let keys: Vec<&str> = [section.as_str(), "*"].into_iter().chain(rest.split('.')).collect();
    // A name that the file could choose is nothing until it does.
    let (last, above) = keys.split_last()?;
    load::attributes(above)?.contains(last).then_some(())?;
    path.extend(rest.split('.').map(|key| Step::Key(key.to_owned())));
    Some(path)
}

/// What a name says below a service or resource.
fn values_of<'n>(subject: &[Step], name: &'n str) -> Option<&'n str> {
    let alone = subject.first()?.is("services").then(|| written(&subject[1..]));
    let heads = [Some(written(subject)), alone];
    heads.into_iter().flatten().find_map(|head| name.strip_prefix(&head)?.strip_prefix('.'))
}

fn nothing(path: Vec<Step>) -> Value {
    let way = Way { from: Origin::of(OriginKind::Unset), ..Way::default() };
    Value { path, value: serde_json::Value::Null, masked: false, way, has_parts: false, instead_of: Vec::new() }
}

/// What counts where nothing is set.
fn by_default(value: &Value) -> String {
    // The second step is a name that the file chose.
    let keys: Vec<&str> = value
        .path
        .iter()
        .enumerate()
        .filter(|(depth, _)| *depth != 1)
        .filter_map(|(_, step)| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Item(_) => None,
        })
        .collect();
    let name = written(&value.path);
    match load::note(&keys) {
        Some(note) if !note.default.is_empty() => format!("{name} is not set; without it: {}", note.default),
        _ => format!("{name} is not set"),
    }
}

fn unknown(name: &str, values: &[Value]) -> Diagnostic {
    let finding = Diagnostic::error(format!("nothing in this project is called {name}"));
    let mut known = BTreeSet::new();
    for value in values {
        for length in 1..=value.path.len() {
            known.insert(written(&value.path[..length]));
            if value.service().is_some() && length > 1 {
                known.insert(written(&value.path[1..length]));
            }
        }
        // What the format knows of the thing that is meant.
        if let (Some(rest), Some(Step::Key(section))) =
            (value.path.get(..2).and_then(|subject| values_of(subject, name)), value.path.first())
        {
            let head = &name[..name.len() - rest.len()];
            let keys = load::attributes(&[section, "*"]).unwrap_or_default();
            known.extend(keys.into_iter().map(|key| format!("{head}{key}")));
        }
    }
    if let Some(near) = nearest(name, known.iter().map(String::as_str)) {
        return finding.help(format!("did you mean {near}?"));
    }
    let services: BTreeSet<&str> = values.iter().filter_map(Value::service).collect();
    let services: Vec<&str> = services.into_iter().take(20).collect();
    finding
        .help(format!("write SERVICE, SERVICE.PATH or a path from the top; the services are: {}", services.join(", ")))
}
