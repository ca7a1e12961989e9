//! Relative paths get the directory in front that they are relative to: a table of where paths are.

use std::path::{Path as FilePath, PathBuf};
use std::sync::LazyLock;

use super::path::{Branch, Pattern, Table};
use crate::diagnostic::Diagnostic;
use crate::source::{Reader, clean, is_remote};
use crate::yaml::{Kind, Node};

/// What kind of path stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// A file or directory of this machine.
    Local,
    /// As [`Rule::Local`], or an address, or `service:name`.
    Context,
    /// As [`Rule::Local`], or a compose file elsewhere.
    ComposeFile,
    /// As [`Rule::Local`]; a Windows path is absolute too, since the engine may run elsewhere.
    Engine,
    /// As [`Rule::Local`], with symbolic links followed.
    Watched,
    /// The source of a bind mount; other mounts have names there.
    Mount,
    /// A volume which is a bind mount in disguise.
    Volume,
}

const RULES: &[(Pattern, Rule)] = &[
    (Pattern("configs.*.file"), Rule::Engine),
    (Pattern("secrets.*.file"), Rule::Engine),
    (Pattern("services.*.build.additional_contexts.*"), Rule::Context),
    (Pattern("services.*.build.context"), Rule::Context),
    (Pattern("services.*.build.ssh.*"), Rule::Engine),
    (Pattern("services.*.develop.watch.*.path"), Rule::Watched),
    (Pattern("services.*.env_file.*.path"), Rule::Local),
    (Pattern("services.*.extends.file"), Rule::ComposeFile),
    (Pattern("services.*.label_file.*"), Rule::Local),
    (Pattern("services.*.volumes.*"), Rule::Mount),
    (Pattern("volumes.*"), Rule::Volume),
];

static TABLE: LazyLock<Table<Rule>> = LazyLock::new(|| Table::new(RULES));

/// What paths are resolved with.
pub(super) struct Base<'b> {
    /// What relative paths are put below.
    pub directory: &'b FilePath,
    /// What `~` stands for.
    pub home: Option<&'b str>,
    pub read: &'b dyn Reader,
}

/// Puts every relative path of a document, in its long form, below a directory.
pub(super) fn resolve(document: &mut Node, base: &Base<'_>, findings: &mut Vec<Diagnostic>) {
    walk(document, TABLE.root(), base, findings);
}

fn walk(node: &mut Node, rules: &Branch<Rule>, base: &Base<'_>, findings: &mut Vec<Diagnostic>) {
    if let Some(rule) = rules.rule() {
        return base.apply(*rule, node, findings);
    }
    match &mut node.kind {
        Kind::Map(map) => {
            for (key, _, value) in map.iter_mut() {
                if let Some(rules) = rules.key(key) {
                    walk(value, rules, base, findings);
                }
            }
        }
        Kind::Seq(items) => {
            if let Some(rules) = rules.item() {
                items.iter_mut().for_each(|item| walk(item, rules, base, findings));
            }
        }
        _ => {}
    }
}

impl Base<'_> {
    fn apply(&self, rule: Rule, node: &mut Node, findings: &mut Vec<Diagnostic>) {
        match rule {
            Rule::Mount => self.mount(node, findings),
            Rule::Volume => self.volume(node),
            _ => self.text(rule, node),
        }
    }

    fn text(&self, rule: Rule, node: &mut Node) {
        let Some(text) = node.as_str() else { return };
        let elsewhere = match rule {
            Rule::Context => text.is_empty() || is_context_elsewhere(text),
            Rule::ComposeFile => is_remote(text),
            Rule::Engine => is_windows_absolute(text),
            _ => false,
        };
        if elsewhere {
            return;
        }
        let mut path = self.below(text);
        if rule == Rule::Watched && path.is_absolute() {
            path = self.read.resolve(&path);
        }
        node.kind = Kind::Str(path.to_string_lossy().as_ref().into());
    }

    /// An absolute path stays as it was written; a relative one is cleaned on the way.
    fn below(&self, text: &str) -> PathBuf {
        match (text.strip_prefix('~'), self.home) {
            (Some(rest), Some(home)) => clean(&FilePath::new(home).join(rest.trim_start_matches('/'))),
            _ if text.starts_with('/') => PathBuf::from(text),
            _ => clean(&self.directory.join(text)),
        }
    }

    fn mount(&self, node: &mut Node, findings: &mut Vec<Diagnostic>) {
        let span = node.span;
        let Some(mount) = node.as_map_mut() else { return };
        if mount.get("type").and_then(Node::as_str) != Some("bind") {
            return;
        }
        match mount.get_mut("source") {
            Some(source) => self.text(Rule::Engine, source),
            None => findings.push(
                Diagnostic::error("a bind mount needs a source")
                    .at(span)
                    .help("add `source:`, the path on the host, or use `type: volume` or `type: tmpfs`"),
            ),
        }
    }

    fn volume(&self, node: &mut Node) {
        let Some(volume) = node.as_map_mut() else { return };
        if volume.get("driver").and_then(Node::as_str) != Some("local") {
            return;
        }
        let Some(options) = volume.get_mut("driver_opts").and_then(Node::as_map_mut) else { return };
        if options.get("o").and_then(Node::as_str) == Some("bind")
            && let Some(device) = options.get_mut("device")
        {
            self.text(Rule::Engine, device);
        }
    }
}

/// Whether a build context is an address, something that the builder knows, or what another service builds.
fn is_context_elsewhere(text: &str) -> bool {
    const PREFIXES: &[&str] = &["service:", "github.com/", "git@"];
    text.contains("://") || PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// `C:\x`, `C:/x` and `\\host\share`.
fn is_windows_absolute(text: &str) -> bool {
    let mut characters = text.chars();
    match (characters.next(), characters.next(), characters.next()) {
        (Some('\\'), Some('\\'), _) => true,
        (Some(drive), Some(':'), Some('\\' | '/')) => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::path::overlaps;
    use crate::source::MapReader;

    #[test]
    fn no_two_rules_are_about_the_same_place() {
        assert_eq!(overlaps(RULES), []);
    }

    #[test]
    fn a_path_goes_below_the_directory_unless_it_lies_elsewhere() {
        let read = MapReader::default();
        let base = Base { directory: FilePath::new("/app"), home: Some("/home/me"), read: &read };
        for (rule, text, expected) in [
            (Rule::Local, "a/../b", "/app/b"),
            (Rule::Local, "/a/../b", "/a/../b"),
            (Rule::Local, "~/x", "/home/me/x"),
            (Rule::Local, "~x", "/home/me/x"),
            (Rule::Context, "", ""),
            (Rule::Context, "https://host/a.git", "https://host/a.git"),
            (Rule::Context, "service:base", "service:base"),
            (Rule::Context, "git@host:a", "git@host:a"),
            (Rule::ComposeFile, "github.com/a/b", "github.com/a/b"),
            (Rule::Engine, r"C:\x", r"C:\x"),
            (Rule::Engine, "C:x", "/app/C:x"),
        ] {
            let mut node =
                Node::string(text, crate::diagnostic::Span { file: crate::diagnostic::FileId(0), start: 0, end: 0 });
            base.text(rule, &mut node);
            assert_eq!(node.as_str(), Some(expected), "{text}");
        }
    }
}
