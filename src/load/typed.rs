//! What is typed on a command line in the forms of a compose file: mounts, ports, command lines, env files.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::diagnostic::{Diagnostic, FileId, Files, Span};
use crate::model::{Mount, Port};
use crate::source::{Reader, Rejected, absolute, parse_env_file, shown};
use crate::yaml::{self, Kind, Node};

use super::{canonical, words};

/// Mounts in their short form; relative paths start from a folder.
///
/// # Errors
/// Every one that is none.
pub fn mounts(specs: &[String], folder: &Path) -> Result<Vec<Mount>, Vec<Diagnostic>> {
    let mut mounts: Vec<Mount> = list(specs, "volumes")?;
    for mount in mounts.iter_mut().filter(|mount| mount.kind == "bind" && mount.source.starts_with('.')) {
        mount.source = absolute(folder, &mount.source).to_string_lossy().into_owned();
    }
    Ok(mounts)
}

/// Ports in their short form.
///
/// # Errors
/// Every one that is none.
pub fn ports(specs: &[String]) -> Result<Vec<Port>, Vec<Diagnostic>> {
    list(specs, "ports")
}

/// A list of short forms, as an attribute of a service has them.
fn list<T: DeserializeOwned>(specs: &[String], attribute: &str) -> Result<Vec<T>, Vec<Diagnostic>> {
    // No file has it, so there is no place to point at.
    let nowhere = Span { file: FileId(0), start: 0, end: 0 };
    let items = specs.iter().map(|spec| Node::string(spec.as_str(), nowhere)).collect();
    let mut node = Node::new(Kind::Seq(items), nowhere);
    let mut findings = Vec::new();
    canonical::long_form(attribute, &mut node, &mut findings);
    let decoded = yaml::decode(&node).map_err(|finding| vec![finding]);
    if findings.is_empty() { decoded } else { Err(findings) }
        .map_err(|findings| findings.into_iter().map(|finding| Diagnostic { span: None, ..finding }).collect())
}

/// The words of a command line.
///
/// # Errors
/// A quote or the like that lacks its counterpart.
pub fn command_line(text: &str) -> Result<Vec<String>, Diagnostic> {
    words::split(text).map_err(|why| Diagnostic::error(format!("invalid command line {text:?}: {why}")))
}

/// The variables of an env file.
///
/// # Errors
/// When it cannot be read, and everything that is wrong in it.
pub fn env_file(
    path: &Path,
    folder: &Path,
    environment: &BTreeMap<String, String>,
    read: &dyn Reader,
) -> Result<Vec<(String, String)>, Rejected> {
    let path = absolute(folder, path);
    let told = shown(&path, folder);
    let unread = |error: &dyn std::fmt::Display| {
        let finding = Diagnostic::error(format!("env file {}: {error}", told.display()));
        Rejected::new(Files::default(), vec![finding])
    };
    let bytes = read.read(&path).map_err(|error| unread(&error))?;
    let text = String::from_utf8(bytes).map_err(|_| unread(&"the text is not UTF-8"))?;
    let mut files = Files::default();
    let file = files.add(told.clone(), text.clone());
    let lookup = |name: &str| environment.get(name).cloned();
    match parse_env_file(file, &text, &lookup, &|_| None) {
        Ok(found) => Ok(found.variables.into_iter().filter_map(|it| Some((it.name, it.value?))).collect()),
        Err(faults) => Err(Rejected::new(files, faults)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MapReader;

    fn specs(specs: &[&str]) -> Vec<String> {
        specs.iter().map(|spec| (*spec).to_owned()).collect()
    }

    #[test]
    fn mounts_and_ports_are_read_as_in_a_file() {
        let folder = Path::new("/srv/shop");
        let mounts = mounts(&specs(&["./data:/data:ro", "/etc/x:/x", "kept:/kept", "/anonymous"]), folder);
        let mounts: Vec<_> = mounts
            .expect("mounts")
            .into_iter()
            .map(|mount| (mount.kind, mount.source, mount.target, mount.read_only))
            .collect();
        let expected = [
            ("bind", "/srv/shop/data", "/data", true),
            ("bind", "/etc/x", "/x", false),
            ("volume", "kept", "/kept", false),
            ("volume", "", "/anonymous", false),
        ];
        let expected = expected.map(|(kind, source, target, read_only)| {
            (kind.to_owned(), source.to_owned(), target.to_owned(), read_only)
        });
        assert_eq!(mounts, expected);
        let ports = ports(&specs(&["8080:80", "127.0.0.1:53:53/udp"])).expect("ports");
        let ports: Vec<_> =
            ports.iter().map(|port| (port.published.as_str(), port.target, port.protocol.as_str())).collect();
        assert_eq!(ports, [("8080", 80, "tcp"), ("53", 53, "udp")]);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        assert!(ports(&specs(&["x:y", "1:2", "z"])).is_err_and(|findings| findings.len() == 2));
        assert!(mounts(&specs(&[""]), Path::new("/")).is_err());
        assert_eq!(command_line("sh -c 'a b'").ok(), Some(vec!["sh".into(), "-c".into(), "a b".into()]));
        assert!(command_line("sh -c 'a").is_err());
    }

    #[test]
    fn an_env_file_sees_the_environment() {
        let read = MapReader::default().with("/srv/a.env", "A=1\nB=${HOME}\n");
        let environment = BTreeMap::from([("HOME".to_owned(), "/root".to_owned())]);
        let found = env_file(Path::new("a.env"), Path::new("/srv"), &environment, &read).expect("variables");
        assert_eq!(found, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "/root".to_owned())]);
        assert!(env_file(Path::new("b.env"), Path::new("/srv"), &environment, &read).is_err());
    }
}
