//! Projects: any files are one or have findings that can be shown, and what `config` prints is the same project.

use std::path::PathBuf;

use convoke::diagnostic::{Diagnostic, Files, Span};
use convoke::load::{Loaded, Options, project};
use convoke::model::Project;
use convoke::render::{caret, config};
use convoke::source::{MapReader, Question, Rejected, gather};
use convoke::yaml::print;

/// A line that begins so names the file that follows, up to the next one. The first file is `compose.yaml`.
const NEXT_FILE: &str = "=== ";

pub fn holds(text: &str) {
    let options = Options::default();
    let (files, findings) = match load(&disk(text), &options) {
        Ok(loaded) => {
            comes_back(text, &loaded);
            (loaded.files, loaded.warnings)
        }
        Err(rejected) => {
            assert!(rejected.diagnostics.iter().any(Diagnostic::is_error), "{text:?}");
            (rejected.files, rejected.diagnostics)
        }
    };
    for finding in &findings {
        let places = finding.span.iter().chain(finding.labels.iter().map(|(span, _)| span));
        assert!(!finding.message.is_empty(), "{text:?}");
        assert!(places.into_iter().all(|span| is_place(&files, *span)), "{text:?}: {finding:?}");
    }
    assert_eq!(caret::json(&findings, &files).lines().count(), findings.len(), "{text:?}");
    let _ = caret::report(&findings, &files, true);
}

fn is_place(files: &Files, span: Span) -> bool {
    files.get(span.file).is_some_and(|file| file.text.get(span.start as usize..span.end as usize).is_some())
}

fn disk(text: &str) -> MapReader {
    let mut disk = MapReader::default();
    let (mut path, mut content) = (PathBuf::from("/project/compose.yaml"), String::new());
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(NEXT_FILE) {
            Some(name) => {
                disk.0
                    .insert(std::mem::replace(&mut path, PathBuf::from("/project").join(name.trim())), content.into());
                content = String::new();
            }
            None => content.push_str(line),
        }
    }
    disk.0.insert(path, content.into());
    disk
}

fn load(disk: &MapReader, options: &Options) -> Result<Loaded, Rejected> {
    let question =
        Question { files: vec!["compose.yaml".into()], current_dir: "/project".into(), ..Question::default() };
    let (source, files, _) = gather(&question, disk)?;
    project(&source, files, options, disk)
}

/// Whether a key is printed, as docker compose prints it, that neither of us reads back: one with a `$`, which is doubled
/// like any other, and the one that comes of an empty text where an earlier file has variables.
fn has_unreadable_keys(value: &serde_yaml::Value) -> bool {
    match value {
        serde_yaml::Value::Mapping(map) => {
            let is_unreadable = |key: &str| key.is_empty() || key.contains('$');
            map.iter().any(|(key, value)| key.as_str().is_some_and(is_unreadable) || has_unreadable_keys(value))
        }
        serde_yaml::Value::Sequence(items) => items.iter().any(has_unreadable_keys),
        _ => false,
    }
}

/// Whether a build has an empty text for its context, which docker compose does not print: what is read back is then the
/// context that a build has without one.
fn has_empty_contexts(project: &Project) -> bool {
    let mut builds = project.services.values().filter_map(|service| service.build.as_ref());
    builds.any(|build| build.context.is_empty())
}

fn comes_back(text: &str, loaded: &Loaded) {
    if has_unreadable_keys(&config::yaml(&loaded.project)) || has_empty_contexts(&loaded.project) {
        return;
    }
    let printed = config::escaped(&print(&config::yaml(&loaded.project)));
    let disk = MapReader::default().with("/project/compose.yaml", printed.as_bytes());
    let again = load(&disk, &Options { all_resources: true, ..Options::default() })
        .unwrap_or_else(|rejected| panic!("{text:?}: its print is refused: {:?}\n{printed}", rejected.diagnostics));
    assert_eq!(config::escaped(&print(&config::yaml(&again.project))), printed, "{text:?}");
}
