//! Which files below a path count: what a rule includes and ignores, what a build would leave out, and what editors leave
//! behind for a moment.

use std::path::Path;

use crate::build::{Ignore, Matches};

use super::rule::ContextIgnore;

/// Decides about paths below a rule's path. A walk hands down what it learnt about each folder.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    ignore: Ignore,
    /// None of them: everything counts.
    include: Option<Ignore>,
    context: Option<(Ignore, Place)>,
}

/// How a rule's path and the build context lie to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The rule's path is the context, or lies in it; its path from there, empty if it is the same.
    In(String),
    /// The context lies below the rule's path; its path from there.
    Around(String),
}

/// Which patterns match a folder: they match everything below it as well.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    ignore: Matches,
    include: Matches,
    /// `None` outside of the context.
    context: Option<Matches>,
}

/// What becomes of one path.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub counts: bool,
    /// For a folder: something below it may count. It is what is handed down then.
    pub enter: Option<Inherited>,
}

impl Filter {
    /// # Errors
    /// A sentence about the pattern that cannot be understood.
    pub fn new(
        path: &Path,
        ignore: &[String],
        include: &[String],
        context: Option<&ContextIgnore>,
    ) -> Result<Self, String> {
        let context = context.and_then(|context| {
            let place = match (path.strip_prefix(&context.folder), context.folder.strip_prefix(path)) {
                (Ok(below), _) => Place::In(below.to_str()?.to_owned()),
                (_, Ok(below)) => Place::Around(below.to_str()?.to_owned()),
                _ => return None,
            };
            Some((context.ignore.clone(), place))
        });
        Ok(Self {
            ignore: Ignore::parse(&ignore.join("\n"))?,
            include: if include.is_empty() { None } else { Some(Ignore::parse(&include.join("\n"))?) },
            context,
        })
    }

    /// What holds for the path of the rule itself; `None` when a build leaves it out with all that is below.
    pub fn top(&self) -> Option<Inherited> {
        let context = match &self.context {
            Some((ignore, Place::In(path))) => {
                let mut matches = Matches::new();
                let ends = path.match_indices('/').map(|(end, _)| end).chain((!path.is_empty()).then_some(path.len()));
                for end in ends {
                    let (is_out, found) = ignore.judge(&path[..end], &matches);
                    if is_out && !ignore.may_keep_below(&path[..end]) {
                        return None;
                    }
                    matches = found;
                }
                Some(matches)
            }
            _ => None,
        };
        Some(Inherited { context, ..Inherited::default() })
    }

    /// `path`: below the rule's, with slashes.
    pub fn judge(&self, path: &str, is_folder: bool, parent: &Inherited) -> Judgement {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_passing(name) {
            return Judgement { counts: false, enter: None };
        }
        let (is_ignored, ignore) = self.ignore.judge(path, &parent.ignore);
        let (is_included, include) = match &self.include {
            Some(wanted) => wanted.judge(path, &parent.include),
            None => (true, Matches::new()),
        };
        let (is_left_out, may_keep, context) = self.in_context(path, parent);
        let may_enter = (!is_ignored || self.ignore.may_keep_below(path)) && (!is_left_out || may_keep);
        Judgement {
            counts: is_included && !is_ignored && !is_left_out,
            enter: (is_folder && may_enter).then_some(Inherited { ignore, include, context }),
        }
    }

    /// Whether a build would leave a path out, whether it may take something below back in, and what is handed down.
    fn in_context(&self, path: &str, parent: &Inherited) -> (bool, bool, Option<Matches>) {
        let Some((ignore, place)) = &self.context else { return (false, false, None) };
        let inside = match (place, &parent.context) {
            (Place::In(above), Some(matches)) if above.is_empty() => Some((path.to_owned(), matches)),
            (Place::In(above), Some(matches)) => Some((format!("{above}/{path}"), matches)),
            (Place::Around(context), _) if path == context => return (false, false, Some(Matches::new())),
            (Place::Around(context), Some(matches)) => {
                let below = path.strip_prefix(context).and_then(|rest| rest.strip_prefix('/'));
                below.map(|below| (below.to_owned(), matches))
            }
            _ => None,
        };
        let Some((path, matches)) = inside else { return (false, false, None) };
        let (is_out, matches) = ignore.judge(&path, matches);
        (is_out, ignore.may_keep_below(&path), Some(matches))
    }
}

/// Whether a file is one that editors and tools make for a moment, or the house of git.
fn is_passing(name: &str) -> bool {
    let vim = |name: &str| {
        name.starts_with('.') && matches!(name.rsplit_once('.'), Some((_, "swp" | "swx" | "swo" | "swn" | "kate-swp")))
    };
    matches!(name, ".git" | ".idea" | "4913")
        || name.ends_with('~')
        || name.starts_with(".#")
        || name.len() > 1 && name.starts_with('#') && name.ends_with('#')
        || ["___jb_old___", "___jb_tmp___", "-go-tmp-umask"].iter().any(|end| name.ends_with(end))
        || vim(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of these paths counts when they are walked from the top.
    fn counting(filter: &Filter, paths: &[&str]) -> Vec<String> {
        let counts = |path: &&&str| {
            let Some(mut inherited) = filter.top() else { return false };
            for (end, _) in path.match_indices('/') {
                match filter.judge(&path[..end], true, &inherited).enter {
                    Some(entered) => inherited = entered,
                    None => return false,
                }
            }
            filter.judge(path, false, &inherited).counts
        };
        paths.iter().filter(counts).map(|path| (*path).to_owned()).collect()
    }

    fn filter(path: &str, ignore: &[&str], include: &[&str], context: Option<(&str, &str)>) -> Filter {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let context = context.map(|(folder, text)| ContextIgnore {
            folder: folder.into(),
            ignore: Ignore::parse(text).expect("patterns"),
        });
        Filter::new(Path::new(path), &words(ignore), &words(include), context.as_ref()).expect("patterns")
    }

    #[test]
    fn what_counts() {
        type Row<'r> =
            (&'r str, &'r [&'r str], &'r [&'r str], Option<(&'r str, &'r str)>, &'r [&'r str], &'r [&'r str]);
        let table: &[Row<'_>] = &[
            ("/app", &[], &[], None, &["a", "b/c"], &[".git/HEAD", "b/.git/x", "a~", "b/.a.swp", "4913", "#a#", ".#a"]),
            ("/app", &["node_modules/"], &[], None, &["a", "b/node_modules/x"], &["node_modules/x"]),
            ("/app", &["*.log", "!keep.log"], &[], None, &["keep.log", "b/c.log"], &["a.log"]),
            ("/app", &["docs", "!docs/a/b"], &[], None, &["docs/a/b"], &["docs/x", "docs/a/c"]),
            ("/app", &[], &["**/*.js"], None, &["a.js", "b/c/d.js"], &["a.ts", "b/c"]),
            ("/app", &["b"], &["**/*.js"], None, &["a.js"], &["b/c.js"]),
            ("/app", &[], &[], Some(("/app", "secret\n**/*.tmp")), &["a", "b/secret"], &["secret", "b/x.tmp"]),
            ("/app/src", &[], &[], Some(("/app", "src/gen\n*.md")), &["a", "x.md"], &["gen", "gen/a"]),
            ("/app/src/gen", &[], &[], Some(("/app", "src/gen")), &[], &["a"]),
            ("/app/src/gen", &[], &[], Some(("/app", "src\n!src/gen/a")), &["a"], &["b"]),
            ("/app", &[], &[], Some(("/app/web", "gen")), &["gen", "web/a"], &["web/gen", "web/gen/a"]),
            ("/app", &[], &[], Some(("/other", "*")), &["a"], &[]),
        ];
        for (path, ignore, include, context, counts, not) in table {
            let filter = filter(path, ignore, include, *context);
            let all: Vec<&str> = counts.iter().chain(*not).copied().collect();
            assert_eq!(counting(&filter, &all), *counts, "{path} {ignore:?} {include:?} {context:?}");
        }
    }
}
