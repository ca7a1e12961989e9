//! Which compose files are meant: those that were named, or those that lie around.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::location::{absolute, is_remote, shown};
use super::{Question, Reader};
use crate::diagnostic::{Diagnostic, nearest};

const NAMES: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: &[&str] =
    &["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The project directory: the one that was named, else that of the first file on this disk, else where we stand.
pub(super) fn directory(question: &Question, files: &[String]) -> PathBuf {
    if let Some(directory) = &question.project_directory {
        return absolute(&question.current_dir, directory);
    }
    let first = files.iter().find(|file| *file != "-").filter(|file| !is_remote(file));
    match first.map(|file| absolute(&question.current_dir, file)) {
        Some(file) => file.parent().map_or(file.clone(), Path::to_owned),
        None => question.current_dir.clone(),
    }
}

/// The files that `-f` names, else those that `COMPOSE_FILE` names, else those that lie here or in the nearest parent.
pub(super) fn files(
    question: &Question,
    variables: &BTreeMap<String, String>,
    read: &dyn Reader,
    findings: &mut Vec<Diagnostic>,
) -> Vec<String> {
    if !question.files.is_empty() {
        return question.files.clone();
    }
    match variables.get("COMPOSE_FILE") {
        Some(listed) => listed_files(question, variables, listed, read, findings),
        None => files_around(question, read, findings),
    }
}

fn listed_files(
    question: &Question,
    variables: &BTreeMap<String, String>,
    listed: &str,
    read: &dyn Reader,
    findings: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let separator = variables.get("COMPOSE_PATH_SEPARATOR").map(String::as_str).filter(|text| !text.is_empty());
    let mut files = Vec::new();
    for name in listed.split(separator.unwrap_or(if cfg!(windows) { ";" } else { ":" })) {
        let path = absolute(&question.current_dir, name);
        if name == "-" || is_remote(name) {
            files.push(name.to_owned());
        } else if read.is_file(&path) {
            files.push(path.to_string_lossy().into_owned());
        } else {
            findings.push(Diagnostic::error(format!("COMPOSE_FILE names {}, which is no file", path.display())).help(
                format!("COMPOSE_FILE is {listed:?}; relative paths start at {}", question.current_dir.display()),
            ));
        }
    }
    files
}

fn files_around(question: &Question, read: &dyn Reader, findings: &mut Vec<Diagnostic>) -> Vec<String> {
    for directory in directory(question, &[]).ancestors() {
        if let Some(main) = first_of(NAMES, "config", directory, question, read, findings) {
            let overriding = first_of(OVERRIDES, "override", directory, question, read, findings);
            return std::iter::once(main).chain(overriding).collect();
        }
    }
    Vec::new()
}

/// The first of the names that is there; several are worth a warning.
fn first_of(
    names: &[&str],
    kind: &str,
    directory: &Path,
    question: &Question,
    read: &dyn Reader,
    findings: &mut Vec<Diagnostic>,
) -> Option<String> {
    let there: Vec<PathBuf> = names.iter().map(|name| directory.join(name)).filter(|path| read.is_file(path)).collect();
    let show = |path: &PathBuf| shown(path, &question.current_dir).display().to_string();
    let (first, others) = there.split_first()?;
    if !others.is_empty() {
        let all: Vec<String> = there.iter().map(show).collect();
        findings.push(
            Diagnostic::warning(format!("found several {kind} files with supported names: {}", all.join(", ")))
                .help(format!("{} is used; name the one that you mean with -f", show(first))),
        );
    }
    Some(first.to_string_lossy().into_owned())
}

pub(super) fn nothing_found(question: &Question) -> Diagnostic {
    let here = directory(question, &[]);
    Diagnostic::error("no configuration file provided: not found")
        .help(format!("looked for {} in {} and its parents", NAMES.join(", "), here.display()))
        .help("name a file with -f, or a directory with --project-directory")
}

/// Whether a path is that of a compose file that would be found in a folder without being named.
pub fn is_usual(path: &Path, directory: &Path) -> bool {
    path.parent() == Some(directory) && path.file_name().is_some_and(|name| NAMES.iter().any(|usual| name == *usual))
}

/// The file that was most likely meant by one that is not there, among the names that compose files usually have.
pub(crate) fn usual_name_near(path: &Path, read: &dyn Reader) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    let there = NAMES.iter().copied().filter(|usual| read.is_file(&path.with_file_name(usual)));
    nearest(name, there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MapReader;

    #[test]
    fn a_usual_file_of_a_folder() {
        let folder = Path::new("/home/me/app");
        for (path, is_it) in [
            ("/home/me/app/compose.yaml", true),
            ("/home/me/app/docker-compose.yml", true),
            ("/home/me/app/other.yaml", false),
            ("/home/me/compose.yaml", false),
        ] {
            assert_eq!(is_usual(Path::new(path), folder), is_it, "{path}");
        }
    }

    fn question(files: &[&str]) -> Question {
        let files = files.iter().map(|file| (*file).to_owned()).collect();
        Question { files, current_dir: "/home/me/app".into(), ..Question::default() }
    }

    fn found(question: &Question, variables: &[(&str, &str)], disk: &[&str]) -> (Vec<String>, Vec<Diagnostic>) {
        let reader = disk.iter().fold(MapReader::default(), |reader, path| reader.with(*path, ""));
        let variables = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut findings = Vec::new();
        let files = files(question, &variables, &reader, &mut findings);
        (files, findings)
    }

    #[test]
    fn the_first_usual_name_wins_with_its_override_and_a_warning() {
        let disk =
            ["/home/me/app/compose.yml", "/home/me/app/docker-compose.yml", "/home/me/app/compose.override.yaml"];
        let (files, findings) = found(&question(&[]), &[], &disk);
        assert_eq!(files, [disk[0], disk[2]]);
        assert_eq!(
            findings[0].message,
            "found several config files with supported names: compose.yml, docker-compose.yml"
        );
    }

    #[test]
    fn parents_are_searched_and_overrides_only_beside_the_file() {
        let disk = ["/home/me/compose.yaml", "/home/me/app/compose.override.yml", "/home/compose.yml"];
        assert_eq!(found(&question(&[]), &[], &disk), (vec![disk[0].to_owned()], vec![]));
        assert_eq!(found(&question(&[]), &[], &["/elsewhere/compose.yaml"]).0, Vec::<String>::new());
    }

    #[test]
    fn named_files_are_taken_as_they_are_and_without_overrides() {
        let disk = ["/home/me/app/compose.yaml", "/home/me/app/compose.override.yml", "/home/me/app/x.yaml"];
        assert_eq!(found(&question(&["x.yaml", "-"]), &[("COMPOSE_FILE", "nope")], &disk).0, ["x.yaml", "-"]);
    }

    #[test]
    fn compose_file_lists_files_with_its_own_separator() {
        let disk = ["/home/me/app/a.yaml", "/home/me/b.yaml"];
        let listed = |list: &str, separator: &str| {
            found(&question(&[]), &[("COMPOSE_FILE", list), ("COMPOSE_PATH_SEPARATOR", separator)], &disk)
        };
        assert_eq!(listed("a.yaml:../b.yaml:-", "").0, [disk[0], disk[1], "-"]);
        assert_eq!(listed("a.yaml,/home/me/b.yaml", ",").0, disk);
        let (files, findings) = listed("a.yaml:nope.yaml", "");
        assert_eq!(files, [disk[0]]);
        assert_eq!(findings[0].message, "COMPOSE_FILE names /home/me/app/nope.yaml, which is no file");
    }

    #[test]
    fn the_project_directory_is_that_of_the_first_file_on_disk() {
        let named = |files: &[&str]| {
            let question = question(files);
            directory(&question, &question.files)
        };
        assert_eq!(named(&["-", "sub/x.yaml", "/y.yaml"]), Path::new("/home/me/app/sub"));
        assert_eq!(named(&["-"]), Path::new("/home/me/app"));
        assert_eq!(named(&["oci://host/app", "sub/x.yaml"]), Path::new("/home/me/app"));
        let elsewhere = Question { project_directory: Some("../other".into()), ..question(&["sub/x.yaml"]) };
        assert_eq!(directory(&elsewhere, &elsewhere.files), Path::new("/home/me/other"));
    }
}
