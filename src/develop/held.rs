//! What a container is known to hold of what a rule keeps in step, and what it takes to make it hold what the disk holds.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{Entry, Kind, Manifest};

/// What is known about one path of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is this: it was put there, or it was there when the image was built.
    Is(Entry),
    /// Somebody looked, and saw this.
    Seen(Entry),
    /// It may be anything, or nothing: somebody has to look.
    Unsure,
}

/// By path below the rule's target. What is not in it is not there, or is none of the rule's business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held(pub BTreeMap<String, Known>);

/// What it takes, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths that go because something of another kind takes their place.
    pub displaced: Vec<String>,
    /// Paths that are written; folders come before what is in them.
    pub written: Vec<String>,
    /// Paths that go, with all that is in them.
    pub removed: Vec<String>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.displaced.is_empty() && self.written.is_empty() && self.removed.is_empty()
    }
}

impl Held {
    /// What a container holds that was made from an image: what the image was built from, except for what changed since.
    pub fn of_image(base: &Manifest, touched: &BTreeSet<String>) -> Self {
        let mut known: BTreeMap<String, Known> =
            base.iter().map(|(path, entry)| (path.clone(), Known::Is(entry.clone()))).collect();
        known.extend(touched.iter().map(|path| (path.clone(), Known::Unsure)));
        Self(known)
    }

    /// Nothing is known about any of these.
    pub fn unknown<'p>(paths: impl Iterator<Item = &'p String>) -> Self {
        Self(paths.map(|path| (path.clone(), Known::Unsure)).collect())
    }

    /// The paths that somebody has to look at.
    pub fn unsure(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|(_, known)| **known == Known::Unsure).map(|(path, _)| path)
    }

    /// Somebody looked: what was not seen is not there.
    pub fn learn(&mut self, mut seen: BTreeMap<String, Entry>) {
        self.0.retain(|path, known| match known {
            Known::Is(_) | Known::Seen(_) => true,
            Known::Unsure => match seen.remove(path) {
                Some(entry) => {
                    *known = Known::Seen(entry);
                    true
                }
                None => false,
            },
        });
    }

    /// Files of the disk whose content has to be read before anybody can tell whether they differ.
    pub fn doubts<'d>(&self, disk: &'d Manifest) -> Vec<&'d str> {
        let doubtful = |(path, entry): &(&String, &Entry)| match (&entry.kind, self.0.get(*path).and_then(Known::entry))
        {
            (Kind::File(content), Some(Entry { kind: Kind::File(held), mode })) => {
                *mode == entry.mode
                    && held.size == content.size
                    && held.digest.is_some()
                    && content.digest.is_none()
                    && held.stamp != content.stamp
            }
            _ => false,
        };
        disk.iter().filter(doubtful).map(|(path, _)| path.as_str()).collect()
    }

    /// What it takes to hold what the disk holds.
    pub fn difference(&self, disk: &Manifest) -> Changes {
        let mut changes = Changes::default();
        for (path, entry) in disk {
            let known = self.0.get(path);
            let Some(held) = known.and_then(Known::entry) else {
                changes.written.push(path.clone());
                continue;
            };
            let is_kept = matches!(known, Some(Known::Seen(held)) if leads_on(held, entry));
            if held.is_like(entry) || is_kept {
                continue;
            }
            if !held.is_of_the_kind_of(entry) {
                changes.displaced.push(path.clone());
            }
            changes.written.push(path.clone());
        }
        for (path, known) in self.0.iter().filter(|(path, _)| !disk.contains_key(*path)) {
            let goes_with = |above: &String| is_below(path, above);
            let goes_anyway = changes.displaced.iter().any(goes_with) || changes.removed.last().is_some_and(goes_with);
            if !known.is_implied() && !goes_anyway {
                changes.removed.push(path.clone());
            }
        }
        changes
    }

    /// It was written.
    pub fn wrote(&mut self, path: String, entry: Entry) {
        self.0.insert(path, Known::Is(entry));
    }

    /// It is gone, with all that was in it.
    pub fn lost(&mut self, path: &str) {
        self.0.retain(|held, _| held != path && !is_below(held, path));
    }

    /// Implied folders that the disk does not have any more are nobody's business.
    pub fn forget_implied(&mut self, disk: &Manifest) {
        self.0.retain(|path, known| disk.contains_key(path) || !known.is_implied());
    }
}

impl Known {
    fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Is(entry) | Self::Seen(entry) => Some(entry),
            Self::Unsure => None,
        }
    }

    /// Whether it is a folder that is only there for what is in it.
    fn is_implied(&self) -> bool {
        matches!(self, Self::Is(Entry { kind: Kind::Folder { implied: true }, .. }))
    }
}

/// A link in a container that stands where the disk has a folder: it is taken to lead to one, and kept.
fn leads_on(held: &Entry, disk: &Entry) -> bool {
    matches!((&held.kind, &disk.kind), (Kind::Link(_), Kind::Folder { .. }))
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::manifest::testing::*;
    use super::*;

    fn manifest(entries: &[(&str, Entry)]) -> Manifest {
        entries.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())).collect()
    }

    fn held(entries: &[(&str, Entry)]) -> Held {
        Held::of_image(&manifest(entries), &BTreeSet::new())
    }

    /// `!displaced +written -removed`
    fn told(changes: &Changes) -> String {
        let marks = [("!", &changes.displaced), ("+", &changes.written), ("-", &changes.removed)];
        let words = marks.iter().flat_map(|(mark, paths)| paths.iter().map(move |path| format!("{mark}{path}")));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_change_takes() {
        let implied = Entry { kind: Kind::Folder { implied: true }, mode: 0o755 };
        type Row<'r> = (&'r str, Vec<(&'r str, Entry)>, Vec<(&'r str, Entry)>, &'r str);
        let table: Vec<Row<'_>> = vec![
            ("nothing", vec![("a", file("a", 1))], vec![("a", file("a", 1))], ""),
            ("a new file", vec![], vec![("a", file("a", 1))], "+a"),
            ("another content", vec![("a", file("a", 1))], vec![("a", file("b", 2))], "+a"),
            ("a file that went", vec![("a", file("a", 1))], vec![], "-a"),
            (
                "a folder that went, at once",
                vec![("a", folder()), ("a/b", folder()), ("a/b/c", file("c", 1)), ("ab", file("", 1))],
                vec![("ab", file("", 1))],
                "-a",
            ),
            (
                "a renamed folder",
                vec![("old", folder()), ("old/x", file("x", 1))],
                vec![("new", folder()), ("new/x", file("x", 1))],
                "+new +new/x -old",
            ),
            (
                "a file in place of a folder",
                vec![("a", folder()), ("a/b", file("b", 1))],
                vec![("a", file("a", 2))],
                "!a +a",
            ),
            (
                "a folder in place of a file",
                vec![("a", file("a", 1))],
                vec![("a", folder()), ("a/b", file("b", 1))],
                "!a +a +a/b",
            ),
            ("a link in place of a file", vec![("a", file("a", 1))], vec![("a", link("b"))], "+a"),
            ("a link that leads elsewhere", vec![("a", link("b"))], vec![("a", link("c"))], "+a"),
            ("a folder in place of a link", vec![("a", link("/data"))], vec![("a", folder())], "!a +a"),
            (
                "a folder that is not ours stays",
                vec![("a", implied.clone()), ("a/b.js", file("b", 1))],
                vec![],
                "-a/b.js",
            ),
            ("other rights", vec![("a", file("a", 1))], vec![("a", Entry { mode: 0o755, ..file("a", 1) })], "+a"),
        ];
        for (what, before, now, expected) in table {
            assert_eq!(told(&held(&before).difference(&manifest(&now))), expected, "{what}");
        }
    }

    #[test]
    fn a_container_of_an_image_is_unsure_about_what_changed_since_it_was_built() {
        let base = manifest(&[("kept", file("k", 1)), ("edited", file("e", 1)), ("gone", file("g", 1))]);
        let touched = BTreeSet::from(["edited".to_owned(), "gone".to_owned(), "new".to_owned()]);
        let mut held = Held::of_image(&base, &touched);
        let disk = manifest(&[("kept", file("k", 1)), ("edited", file("f", 2)), ("new", file("n", 2))]);
        assert_eq!(held.unsure().collect::<Vec<_>>(), ["edited", "gone", "new"]);
        assert_eq!(told(&held.difference(&disk)), "+edited +new -gone");
        // The image is a newer one: it has the edited file already, and the other one is gone.
        held.learn(BTreeMap::from([("edited".to_owned(), digested(file("f", 0), 6))]));
        assert_eq!(held.doubts(&disk), ["edited"]);
        let mut read = disk.clone();
        read.insert("edited".into(), digested(file("f", 2), 6));
        assert_eq!(told(&held.difference(&read)), "+new");
    }

    #[test]
    fn a_link_that_a_container_has_in_place_of_a_folder_is_kept() {
        let disk = manifest(&[("a", folder()), ("a/b", file("b", 1))]);
        let mut held = Held::unknown(disk.keys());
        held.learn(BTreeMap::from([("a".to_owned(), link("/data"))]));
        assert_eq!(told(&held.difference(&disk)), "+a/b");
    }

    fn tree() -> impl Strategy<Value = Manifest> {
        let path = proptest::collection::vec(prop_oneof!["a", "b", "c"], 1..4).prop_map(|parts| parts.join("/"));
        let leaf = prop_oneof![(0i128..3).prop_map(|time| file("x", time)), Just(link("a")), Just(folder())];
        proptest::collection::vec((path, leaf), 0..8).prop_map(|leaves| {
            let mut tree = Manifest::new();
            for (path, leaf) in leaves {
                let ends: Vec<usize> = path.match_indices('/').map(|(end, _)| end).collect();
                let parents_are_folders = ends
                    .iter()
                    .all(|end| tree.get(&path[..*end]).is_none_or(|it| matches!(it.kind, Kind::Folder { .. })));
                if !parents_are_folders || tree.keys().any(|other| is_below(other, &path)) {
                    continue;
                }
                for end in ends {
                    tree.insert(path[..end].to_owned(), folder());
                }
                tree.insert(path, leaf);
            }
            tree
        })
    }

    /// What a container does with changes; fails where an engine would refuse.
    fn apply(tree: &mut Manifest, changes: &Changes, disk: &Manifest) {
        let remove = |tree: &mut Manifest, gone: &str| tree.retain(|path, _| path != gone && !is_below(path, gone));
        changes.displaced.iter().for_each(|path| remove(tree, path));
        for path in &changes.written {
            let entry = disk[path].clone();
            assert!(tree.get(path).is_none_or(|old| old.is_of_the_kind_of(&entry)), "{path} is in the way");
            let parent = path.rsplit_once('/').map(|(parent, _)| parent);
            assert!(parent.is_none_or(|parent| tree.contains_key(parent)), "{path} has no folder");
            tree.insert(path.clone(), entry);
        }
        changes.removed.iter().for_each(|path| remove(tree, path));
    }

    proptest! {
        #[test]
        fn any_series_of_changes_ends_in_what_the_disk_holds(states in proptest::collection::vec(tree(), 1..6)) {
            let mut container = states[0].clone();
            let mut belief = Held::of_image(&container, &BTreeSet::new());
            for disk in states {
                let changes = belief.difference(&disk);
                apply(&mut container, &changes, &disk);
                changes.displaced.iter().chain(&changes.removed).for_each(|path| belief.lost(path));
                changes.written.iter().for_each(|path| belief.wrote(path.clone(), disk[path].clone()));
                prop_assert_eq!(&container, &disk);
                prop_assert!(belief.difference(&disk).is_empty());
            }
        }
    }
}
