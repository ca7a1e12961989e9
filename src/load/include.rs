//! `include:`: another project whose services and resources become part of this one.

use std::path::{Path, PathBuf};

use super::{Loading, Scope};
use crate::diagnostic::{Diagnostic, Span, chain};
use crate::source::{Collected, Origin, absolute, is_remote, read_env_file, shown};
use crate::yaml::{Kind, Node, Through};

/// The sections that an included project gives.
const SECTIONS: &[&str] = &["services", "volumes", "networks", "secrets", "configs", "models"];

/// One project that is included.
struct Inclusion {
    /// The main file and its overrides, absolute.
    files: Vec<(PathBuf, Span)>,
    /// Absolute.
    directory: PathBuf,
    /// Named env files, absolute; `None` means the default one.
    env_files: Option<Vec<(PathBuf, Span)>>,
    span: Span,
}

/// Takes `include:` out of a document and puts in what it stands for.
pub(super) fn apply<'l>(loading: &mut Loading<'l>, document: &mut Node, document_path: &Path, scope: &Scope<'l>) {
    let Some(include) = document.as_map_mut().and_then(|map| map.remove("include")) else { return };
    let items = match include.kind {
        Kind::Null => return,
        Kind::Seq(items) => items,
        _ => {
            let noun = include.noun();
            return loading
                .findings
                .push(Diagnostic::error(format!("`include` must be a list, not {noun}")).at(include.span));
        }
    };
    for item in items {
        if loading.is_hopeless() {
            return;
        }
        let Some(inclusion) = read_inclusion(&item, scope, &mut loading.findings) else {
            loading.damage.files = true;
            continue;
        };
        if let Some(mut imported) = load(loading, &inclusion, document_path, scope) {
            imported.pass(&Through::Include { at: inclusion.span });
            import(imported, document, &mut loading.findings);
        }
    }
}

fn read_inclusion(item: &Node, scope: &Scope<'_>, findings: &mut Vec<Diagnostic>) -> Option<Inclusion> {
    let before = errors(findings);
    let (paths, directory, env_files) = match &item.kind {
        Kind::Str(_) => (texts(item, "include", findings), None, None),
        Kind::Map(map) => {
            super::unknown_keys("include", map, &["path", "project_directory", "env_file"], findings);
            let paths = map.get("path").map_or_else(Vec::new, |path| texts(path, "include.path", findings));
            let directory = map.get("project_directory").filter(|node| !node.is_null());
            let env_files = map.get("env_file").filter(|node| !node.is_null());
            (paths, directory, env_files.map(|node| texts(node, "include.env_file", findings)))
        }
        _ => (Vec::new(), None, None),
    };
    if errors(findings) > before {
        return None;
    }
    let Some((main, _)) = paths.first() else {
        findings.push(
            Diagnostic::error("`include` needs the path of a compose file")
                .at(item.span)
                .help("write `- path/to/compose.yaml`, or `- path: …`"),
        );
        return None;
    };
    if let Some((path, span)) = paths.iter().find(|(path, _)| is_remote(path)) {
        findings.push(super::remote(path).at(*span));
        return None;
    }
    let main = absolute(&scope.directory, main);
    let directory = match directory {
        None => main.parent().unwrap_or(&main).to_owned(),
        Some(node) => match node.as_str() {
            Some(text) => absolute(&scope.directory, text),
            None => {
                let noun = node.noun();
                let message = format!("`include.project_directory` must be a string, not {noun}");
                findings.push(Diagnostic::error(message).at(node.span));
                return None;
            }
        },
    };
    let here = |(path, span): (String, Span)| (absolute(&scope.directory, path), span);
    Some(Inclusion {
        files: paths.into_iter().map(here).collect(),
        directory,
        env_files: env_files.filter(|files| !files.is_empty()).map(|files| files.into_iter().map(here).collect()),
        span: item.span,
    })
}

fn errors(findings: &[Diagnostic]) -> usize {
    findings.iter().filter(|finding| finding.is_error()).count()
}

/// A string, or a list of strings.
fn texts(node: &Node, what: &str, findings: &mut Vec<Diagnostic>) -> Vec<(String, Span)> {
    let items = match &node.kind {
        Kind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut texts = Vec::new();
    for item in items {
        match item.as_str() {
            Some(text) => texts.push((text.to_owned(), item.span)),
            None => {
                let noun = item.noun();
                findings.push(Diagnostic::error(format!("`{what}` must be a string, not {noun}")).at(item.span));
            }
        }
    }
    texts
}

/// Loads an included project as one of its own, up to the point where it becomes part of this one.
fn load<'l>(loading: &mut Loading<'l>, inclusion: &Inclusion, document_path: &Path, scope: &Scope<'l>) -> Option<Node> {
    let (main, _) = inclusion.files.first()?;
    let own = variables(loading, inclusion, scope);
    let inner = scope.included(document_path, &inclusion.directory, base(loading, inclusion), own);
    if inner.chain.contains(main) {
        loading.damage.files = true;
        loading.findings.push(cycle(&inner.chain, main, inclusion.span, &loading.source.current_dir));
        return None;
    }
    let mut documents = Vec::new();
    for (path, span) in &inclusion.files {
        documents.extend(loading.documents(path, Some(*span))?);
    }
    Some(loading.model(documents, &inner))
}

/// What the paths of an included project are relative to: its directory. As for docker compose, a directory that is not
/// there stands for the one that it would lie in.
fn base<'i>(loading: &mut Loading<'_>, inclusion: &'i Inclusion) -> &'i Path {
    let directory = &inclusion.directory;
    let is_beside = |(main, _): &(PathBuf, Span)| main.parent() == Some(directory);
    if inclusion.files.first().is_some_and(is_beside) || loading.read.is_directory(directory) {
        return directory;
    }
    let parent = directory.parent().unwrap_or(directory);
    let shown = |path| shown(path, &loading.source.current_dir).display().to_string();
    let message = format!("{} is no directory: paths are relative to {}", shown(directory), shown(parent));
    loading.findings.push(Diagnostic::warning(message).at(inclusion.span));
    parent
}

/// What the included project's own env files say; it fills the gaps that the including project's environment leaves.
fn variables(loading: &mut Loading<'_>, inclusion: &Inclusion, scope: &Scope<'_>) -> Collected {
    let default = inclusion.directory.join(".env");
    let files: Vec<(PathBuf, Option<Span>)> = match &inclusion.env_files {
        Some(files) => files.iter().map(|(path, span)| (path.clone(), Some(*span))).collect(),
        None if loading.read.is_file(&default) => vec![(default, None)],
        None => return Collected::default(),
    };
    let mut collected = Collected::default();
    for (path, span) in files {
        if path == Path::new("/dev/null") {
            continue;
        }
        let place = Some(span.unwrap_or(inclusion.span));
        if !loading.growth.another_file(&loading.files, place, &mut loading.findings) {
            break;
        }
        let shown = shown(&path, &loading.source.current_dir);
        let before = loading.findings.len();
        read_env_file(
            &path,
            &shown,
            &scope.environment,
            &mut collected,
            loading.read,
            &mut loading.files,
            &mut loading.findings,
        );
        loading.damage.variables |= loading.findings[before..].iter().any(Diagnostic::is_error);
        loading.ways.looked_for.push(shown.display().to_string());
        if let Some(span) = span {
            loading.findings[before..].iter_mut().for_each(|finding| finding.span = finding.span.or(Some(span)));
        }
    }
    for (key, (_, origin)) in &collected {
        if let Origin::File(place) = origin {
            loading.ways.included.entry(key.clone()).or_insert(*place);
        }
    }
    collected
}

fn cycle(way: &[PathBuf], again: &Path, span: Span, current_dir: &Path) -> Diagnostic {
    let start = way.iter().position(|path| path == again).unwrap_or(0);
    let names: Vec<String> = way[start..]
        .iter()
        .map(PathBuf::as_path)
        .chain([again])
        .map(|path| shown(path, current_dir).display().to_string())
        .collect();
    Diagnostic::error(format!("include cycle detected: {}", chain(&names, " includes "))).at(span)
}

/// Puts the resources of an included project into a document. The same thing may come twice, but not two things under
/// one name.
fn import(imported: Node, document: &mut Node, findings: &mut Vec<Diagnostic>) {
    let (Kind::Map(mut imported), Some(document)) = (imported.kind, document.as_map_mut()) else { return };
    for section in SECTIONS {
        let Some(Node { kind: Kind::Map(resources), span, .. }) = imported.remove(section) else { continue };
        if document.get(section).is_none_or(Node::is_null) {
            document.insert(*section, span, Node::new(Kind::Map(resources), span));
            continue;
        }
        let Some(present) = document.get_mut(section).and_then(Node::as_map_mut) else { continue };
        for (name, key_span, resource) in resources {
            match present.get(&name) {
                None => {
                    present.insert(name, key_span, resource);
                }
                Some(known) if known.same(&resource) => {}
                Some(_) => {
                    let own = present.key_span(&name).unwrap_or(key_span);
                    findings.push(
                        Diagnostic::error(format!("{section}.{name} conflicts with an included one of the same name"))
                            .at(own)
                            .label(key_span, "included from here")
                            .help("give one of them another name, or change the included one in a later -f file"),
                    );
                }
            }
        }
    }
}
