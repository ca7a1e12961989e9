//! The project's name: from a flag, a variable, a file or a directory, and its normal form.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Question, Reader, Rejected, Source, gather};
use crate::diagnostic::Diagnostic;
use crate::load;
use crate::yaml::Node;

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

/// The last `name:` that says something, of all documents in the order in which they are merged.
pub(crate) fn written<'n>(documents: impl IntoIterator<Item = &'n Node>) -> Option<&'n Node> {
    let names = documents.into_iter().filter_map(|document| document.as_map()?.get("name"));
    names.filter(|name| name.as_str().is_some_and(|text| !text.is_empty())).last()
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
    let mut findings = Vec::new();
    if let Some(name) = given(question, &question.environment, &mut findings) {
        return if findings.is_empty() {
            Ok(name)
        } else {
            Err(Rejected { diagnostics: findings, ..Rejected::default() })
        };
    }
    let (source, files, _) = gather(question, read)?;
    load::name(&source, files, read)
}
