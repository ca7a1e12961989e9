//! The project's name: from a flag, a variable, a file or a directory, and its normal form.

use std::collections::BTreeMap;
use std::path::Path;

use super::discover::directory;
use super::environment::Surroundings;
use super::{Question, Reader, Rejected, Source, gather};
use crate::diagnostic::Diagnostic;
use crate::load;

/// The name that a flag or the environment gives. These are taken as they are, or refused.
pub(super) fn given(
    question: &Question,
    variables: &BTreeMap<String, String>,
    findings: &mut Vec<Diagnostic>,
) -> Option<String> {
    let flag = question.project_name.as_ref().map(|name| (name, "-p"));
    let variable = variables.get("COMPOSE_PROJECT_NAME").map(|name| (name, "COMPOSE_PROJECT_NAME"));
    let (name, origin) = [flag, variable].into_iter().flatten().find(|(name, _)| !name.is_empty())?;
    if normal_name(name) != *name {
        findings.push(invalid_name(name).help(format!("the name comes from {origin}")));
    }
    Some(name.clone())
}

/// The name in lower case, without the characters that a project name cannot have.
pub fn normal_name(name: &str) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || "_-".contains(*character))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

/// Says what a project name must look like, and the nearest one that does.
pub fn invalid_name(name: &str) -> Diagnostic {
    let finding = Diagnostic::error(format!(
        "invalid project name {name:?}: must consist only of lowercase alphanumeric characters, hyphens, and \
         underscores as well as start with a letter or number"
    ));
    match normal_name(name) {
        normal if normal.is_empty() => finding,
        normal => finding.help(format!("{normal:?} would be allowed")),
    }
}

/// The name of the project directory, as a project name. A symbolic link to a directory of another name is worth a
/// warning: the link's own name is used.
pub(crate) fn of_directory(source: &Source, read: &dyn Reader, findings: &mut Vec<Diagnostic>) -> String {
    let directory = &source.project_directory;
    let base = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = base(directory);
    if base(&read.resolve(directory)) != name {
        findings.push(
            Diagnostic::warning(format!(
                "the project has no explicit name and lies behind a symbolic link: using {name:?}"
            ))
            .help("give it a name with a top-level `name:` or with -p"),
        );
    }
    normal_name(&name)
}

/// The name alone, for commands that need no model.
///
/// # Errors
/// When no name is given and none can be found in the files, or when the name is not allowed.
pub fn project_name(question: &Question, read: &dyn Reader) -> Result<String, Rejected> {
    let mut surroundings = Surroundings::of(question, read);
    let shell = given(question, &surroundings.variables, &mut surroundings.findings);
    let name = shell.or_else(|| {
        surroundings.read_env_files(&directory(question, &question.files));
        given(question, &surroundings.variables, &mut surroundings.findings)
    });
    if surroundings.findings.iter().any(Diagnostic::is_error) {
        return Err(Rejected::new(surroundings.files, surroundings.findings));
    }
    if let Some(name) = name {
        return Ok(name);
    }
    let (source, files, _) = gather(question, read)?;
    load::name(&source, files, read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MapReader;

    #[test]
    fn names_are_brought_into_their_normal_form() {
        for (name, expected) in [("My.App", "myapp"), ("_-app_1-", "app_1-"), ("Ünï", "n"), ("...", ""), ("a b", "ab")]
        {
            assert_eq!(normal_name(name), expected, "{name}");
        }
    }

    fn named(flag: Option<&str>, variable: Option<&str>, directory: &str, text: &str) -> Result<String, Vec<String>> {
        let question = Question {
            project_name: flag.map(str::to_owned),
            current_dir: directory.into(),
            environment: variable
                .map(|name| ("COMPOSE_PROJECT_NAME".to_owned(), name.to_owned()))
                .into_iter()
                .collect(),
            ..Question::default()
        };
        let read = MapReader::default().with(format!("{directory}/compose.yaml"), text);
        project_name(&question, &read)
            .map_err(|rejected| rejected.diagnostics.into_iter().map(|finding| finding.message).collect())
    }

    #[test]
    fn the_first_that_names_the_project_wins() {
        let text = "name: first\nservices: {a: {image: x}}\n---\nname: Last.One\n---\nname: ''\n";
        assert_eq!(named(Some("flag"), Some("variable"), "/d", text).unwrap(), "flag");
        assert_eq!(named(Some(""), Some("variable"), "/d", text).unwrap(), "variable");
        assert_eq!(named(None, Some(""), "/d", text).unwrap(), "lastone");
        assert_eq!(named(None, None, "/My Dir", "services: {a: {image: x}}").unwrap(), "mydir");
    }

    #[test]
    fn names_that_are_not_allowed_are_refused() {
        let refused = |result: Result<String, Vec<String>>| result.unwrap_err().remove(0);
        assert!(refused(named(Some("Flag"), None, "/d", "")).starts_with("invalid project name \"Flag\""));
        assert!(refused(named(None, Some("-x"), "/d", "")).starts_with("invalid project name \"-x\""));
        assert_eq!(refused(named(None, None, "/...", "services: {}")), "project name must not be empty");
        assert_eq!(refused(named(None, None, "/d", "name: '...'")), "project name must not be empty");
    }
}
