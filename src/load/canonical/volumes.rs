//! `volumes`: `[SOURCE:]TARGET[:OPTIONS]`.

use crate::diagnostic::{Diagnostic, nearest};
use crate::yaml::{Author, Kind, Map, Node};

use super::{Forms, mappings};

const FINISHED: Forms = &[("volume", volume_options)];

const OPTIONS: &[&str] =
    &["ro", "rw", "z", "Z", "nocopy", "private", "rprivate", "shared", "rshared", "slave", "rslave"];

pub(super) fn long(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::each_item(node, findings, mount);
}

fn mount(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    if let Some(spec) = node.as_str() {
        match parse(spec) {
            Ok(short) => {
                findings.extend(short.unknown.iter().map(|option| unknown(option).at(node.span)));
                node.kind = short.into_kind(node.span);
            }
            Err(why) => findings.push(
                Diagnostic::error(format!("invalid volume {spec:?}: {why}"))
                    .at(node.span)
                    .help("write [source:]target[:options], for example ./data:/data:ro"),
            ),
        }
    }
}

/// Labels, which merging leaves alone.
pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::each_item(node, findings, |mount, findings| super::within(mount, FINISHED, findings));
}

fn unknown(option: &str) -> Diagnostic {
    let finding = Diagnostic::warning(format!("this mount has no option {option:?}: it is ignored"));
    match nearest(option, OPTIONS.iter().copied()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help(format!("the options are {}", OPTIONS.join(", "))),
    }
}

fn volume_options(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, &[("labels", mappings::filled)], findings);
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Short {
    source: String,
    target: String,
    read_only: bool,
    nocopy: bool,
    propagation: Option<String>,
    selinux: Option<String>,
    unknown: Vec<String>,
    /// A name that is too short to hold a source; it carries no options at all.
    bare: bool,
}

impl Short {
    fn into_kind(self, span: crate::diagnostic::Span) -> Kind {
        let mut map = Map::default();
        let mut put = |key: &str, kind: Kind| {
            map.insert(key, span, Node::new(kind, span));
        };
        let bind = is_path(&self.source);
        put("type", Kind::Str(if bind { "bind" } else { "volume" }.into()));
        if !self.source.is_empty() {
            put("source", Kind::Str(self.source.into()));
        }
        put("target", Kind::Str(clean(&self.target).into()));
        if self.read_only {
            put("read_only", Kind::Bool(true));
        }
        let mut bind_options = Map::default();
        for (key, option) in [("propagation", self.propagation), ("selinux", self.selinux)] {
            if let Some(option) = option {
                bind_options.insert(key, span, Node::string(option, span));
            }
        }
        if bind {
            bind_options.insert("create_host_path", span, Node::new(Kind::Bool(true), span).by(Author::Format));
        }
        if !bind_options.is_empty() {
            put("bind", Kind::Map(bind_options));
        }
        let mut volume_options = Map::default();
        if self.nocopy {
            volume_options.insert("nocopy", span, Node::new(Kind::Bool(true), span));
        }
        if self.nocopy || (!bind && !self.bare) {
            put("volume", Kind::Map(volume_options));
        }
        Kind::Map(map)
    }
}

/// Options that are not known have no effect, as in docker compose.
fn parse(spec: &str) -> Result<Short, &'static str> {
    let mut mount = Short::default();
    if spec.is_empty() {
        return Err("it is empty");
    }
    if spec.len() <= 2 {
        return Ok(Short { target: spec.to_owned(), bare: true, ..mount });
    }
    let sections = sections(spec);
    if sections.iter().any(String::is_empty) {
        return Err("a section between colons is empty");
    }
    let options = match &sections[..] {
        [target] => {
            mount.target.clone_from(target);
            return Ok(mount);
        }
        [source, target] => {
            (mount.source, mount.target) = (source.clone(), target.clone());
            return Ok(mount);
        }
        [source, target, options] => {
            (mount.source, mount.target) = (source.clone(), target.clone());
            options
        }
        _ => return Err("it has too many colons"),
    };
    for option in options.split(',') {
        match option {
            "ro" => mount.read_only = true,
            "rw" => mount.read_only = false,
            "nocopy" => mount.nocopy = true,
            "z" | "Z" => mount.selinux = Some(option.to_owned()),
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                mount.propagation = Some(option.to_owned());
            }
            // Of old, these said how soon a change is seen on the other side.
            "cached" | "consistent" | "default" | "delegated" => {}
            _ => mount.unknown.push(option.to_owned()),
        }
    }
    Ok(mount)
}

/// Splits at colons, but neither after a drive letter nor inside `${…}`.
fn sections(spec: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    let (mut braces, mut characters) = (0_u32, spec.chars().peekable());
    while let Some(character) = characters.next() {
        let Some(section) = sections.last_mut() else { break };
        match character {
            '$' if characters.peek() == Some(&'{') => braces += 1,
            '}' if braces > 0 => braces -= 1,
            ':' if braces == 0 && !is_drive(section) => {
                sections.push(String::new());
                continue;
            }
            _ => {}
        }
        section.push(character);
    }
    sections
}

fn is_drive(section: &str) -> bool {
    let mut characters = section.chars();
    characters.next().is_some_and(char::is_alphabetic) && characters.next().is_none()
}

fn is_path(source: &str) -> bool {
    let mut characters = source.chars();
    match (characters.next(), characters.next()) {
        (Some('.' | '/' | '~'), _) | (Some('\\'), Some('\\')) => true,
        (Some(drive), Some(':')) => drive.is_alphabetic(),
        _ => false,
    }
}

/// The path without `.`, `..` and doubled slashes, as far as that can be told from its text.
pub(in crate::load) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) if path.is_empty() => String::new(),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_form_is_read() {
        let short =
            |source: &str, target: &str| Short { source: source.into(), target: target.into(), ..Short::default() };
        for (spec, read) in [
            ("/data", short("", "/data")),
            ("/x", Short { bare: true, ..short("", "/x") }),
            ("db:/data", short("db", "/data")),
            ("./a:/b:ro", Short { read_only: true, ..short("./a", "/b") }),
            ("db:/data:nocopy", Short { nocopy: true, ..short("db", "/data") }),
            (
                "/a:/b:ro,z,rshared",
                Short {
                    read_only: true,
                    selinux: Some("z".into()),
                    propagation: Some("rshared".into()),
                    ..short("/a", "/b")
                },
            ),
            ("/a:/b:cached", short("/a", "/b")),
            (r"C:\data:D:\data", short(r"C:\data", r"D:\data")),
            ("v:/data", short("", "v:/data")),
            ("${A:-b}:/c", short("${A:-b}", "/c")),
        ] {
            assert_eq!(parse(spec).unwrap(), read, "{spec}");
        }
        for spec in ["", "aa::b", ":/bb", "aa:/b:ro:x", "aa:"] {
            assert!(parse(spec).is_err(), "{spec}");
        }
    }

    #[test]
    fn a_path_is_cleaned() {
        for (path, clean) in [
            ("/a/", "/a"),
            ("/a/../b", "/b"),
            ("//a//b", "/a/b"),
            ("a/..", "."),
            ("/..", "/"),
            ("", ""),
            ("../a", "../a"),
        ] {
            assert_eq!(super::clean(path), clean, "{path}");
        }
    }
}
