//! Values that are right but hardly what was meant: numbers that YAML changes on the way to a text.

use std::sync::LazyLock;

use super::canonical;
use super::path::{Branch, Path, Pattern, Table};
use crate::diagnostic::{Diagnostic, Files};
use crate::yaml::{Kind, Node};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trap {
    /// A number becomes a text, and not always the one that was written.
    Text,
    /// `22:22` is a number to the base 60 for readers of YAML 1.1.
    Base60,
    /// The rights of a file are written to the base 8.
    Mode,
}

const TRAPS: &[(Pattern, Trap)] = &[
    (Pattern("networks.*.driver_opts.*"), Trap::Text),
    (Pattern("networks.*.labels.*"), Trap::Text),
    (Pattern("services.*.annotations.*"), Trap::Text),
    (Pattern("services.*.build.args.*"), Trap::Text),
    (Pattern("services.*.build.labels.*"), Trap::Text),
    (Pattern("services.*.configs.*.mode"), Trap::Mode),
    (Pattern("services.*.deploy.labels.*"), Trap::Text),
    (Pattern("services.*.environment.*"), Trap::Text),
    (Pattern("services.*.expose.*"), Trap::Text),
    (Pattern("services.*.labels.*"), Trap::Text),
    (Pattern("services.*.logging.options.*"), Trap::Text),
    (Pattern("services.*.ports.*"), Trap::Base60),
    (Pattern("services.*.secrets.*.mode"), Trap::Mode),
    (Pattern("services.*.storage_opt.*"), Trap::Text),
    (Pattern("services.*.sysctls.*"), Trap::Text),
    (Pattern("volumes.*.driver_opts.*"), Trap::Text),
    (Pattern("volumes.*.labels.*"), Trap::Text),
];

static TABLE: LazyLock<Table<Trap>> = LazyLock::new(|| Table::new(TRAPS));

/// Warns of every such value in a document as it was written.
pub(super) fn check(document: &Node, files: &Files, findings: &mut Vec<Diagnostic>) {
    walk(document, TABLE.root(), &Path::Root, files, findings);
}

fn walk(node: &Node, branch: &Branch<Trap>, path: &Path<'_>, files: &Files, findings: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Map(map) => {
            for (key, _, value) in map.iter() {
                if let Some(branch) = branch.key(key) {
                    walk(value, branch, &path.key(key), files, findings);
                }
            }
        }
        Kind::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(branch) = branch.item() {
                    walk(item, branch, &path.item(index), files, findings);
                }
            }
        }
        _ => {
            if let Some(trap) = branch.rule() {
                findings.extend(trap.finding(node, files.slice(node.span), path));
            }
        }
    }
}

impl Trap {
    fn finding(self, node: &Node, written: &str, path: &Path<'_>) -> Option<Diagnostic> {
        let is_number = matches!(node.kind, Kind::Int(_) | Kind::Uint(_) | Kind::Float(_));
        let finding = match self {
            // An alias stands at another place than its value was written.
            Self::Text if is_number && !written.starts_with('*') => {
                let text = canonical::text(node).filter(|text| text != written)?;
                Diagnostic::warning(format!("{path}: {written} is a number, which becomes the text {text:?}"))
                    .help(format!("write \"{written}\" if that is meant"))
            }
            Self::Base60 if node.as_str() == Some(written) && is_base_60(written) => {
                Diagnostic::warning(format!("{path}: {written} without quotes is a number to older readers of YAML"))
                    .help(format!("write \"{written}\""))
            }
            Self::Mode if is_number && is_decimal_mode(written) => {
                let octal = canonical::text(node)?.parse::<u32>().ok()?;
                Diagnostic::warning(format!(
                    "{path}: {written} is the mode {octal:04o}, since it does not start with 0"
                ))
                .help(format!("write 0{written} if that is meant"))
            }
            _ => return None,
        };
        Some(finding.at(node.span))
    }
}

/// `[1-9][0-9]*(:[0-5]?[0-9])+`
fn is_base_60(text: &str) -> bool {
    let mut parts = text.split(':');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    is_number(first)
        && !first.starts_with('0')
        && rest.peek().is_some()
        && rest.all(|part| is_number(part) && part.len() <= 2 && part.parse::<u8>().is_ok_and(|part| part < 60))
}

/// Three digits as `chmod` takes them, which are something else to the base 10.
fn is_decimal_mode(text: &str) -> bool {
    text.len() == 3 && !text.starts_with('0') && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::path::overlaps;

    #[test]
    fn no_two_traps_are_at_the_same_place() {
        assert_eq!(overlaps(TRAPS), []);
    }

    #[test]
    fn numbers_to_the_base_60_are_known() {
        for (text, is) in [
            ("22:22", true),
            ("1:2:59", true),
            ("80:80", false),
            ("8080:8", true),
            ("022:22", false),
            ("22", false),
            ("a:22", false),
        ] {
            assert_eq!(is_base_60(text), is, "{text}");
        }
    }
}
