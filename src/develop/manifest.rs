//! What lies below a path: every path with its kind, rights and content, as far as that is needed to tell a difference.

use std::collections::BTreeMap;

/// By path below the rule's path, with slashes. Empty is the rule's path itself, where that is a file.
pub type Manifest = BTreeMap<String, Entry>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    /// Rights, without the kind.
    pub mode: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `implied`: it does not count by itself, and is only there for what is in it.
    Folder {
        implied: bool,
    },
    File(Content),
    /// Where it leads, as it is written.
    Link(String),
}

/// What is in a file. The digest is only taken where nothing else tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Bytes.
    pub size: u64,
    pub stamp: Stamp,
    pub digest: Option<[u8; 32]>,
}

/// What the disk says of a file beside its size: as long as all of it stays, the content stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since 1970: when the content changed, as told by whoever wrote it.
    pub modified: i128,
    /// The same of the file with all that belongs to it, as told by the system.
    pub changed: i128,
    /// Its number on its device.
    pub number: u64,
}

impl Entry {
    /// Whether both are the same to whoever reads them. Equal digests say more than different times.
    pub fn is_like(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Folder { .. }, Kind::Folder { .. }) => self.mode == other.mode,
            (Kind::Link(one), Kind::Link(other)) => one == other,
            (Kind::File(one), Kind::File(two)) => self.mode == other.mode && one.is_like(two),
            _ => false,
        }
    }

    /// Whether one can take the place of the other without that going away first.
    pub fn is_of_the_kind_of(&self, other: &Self) -> bool {
        matches!(
            (&self.kind, &other.kind),
            (Kind::Folder { .. }, Kind::Folder { .. }) | (Kind::File(_) | Kind::Link(_), Kind::File(_) | Kind::Link(_))
        )
    }
}

impl Content {
    fn is_like(&self, other: &Self) -> bool {
        self.size == other.size
            && match (&self.digest, &other.digest) {
                (Some(one), Some(other)) => one == other,
                _ => self.stamp == other.stamp,
            }
    }
}

/// The paths that are not in both, or not the same there.
pub fn changed<'m>(before: &'m Manifest, now: &'m Manifest) -> Vec<&'m str> {
    let differs = |(path, entry): &(&String, &Entry)| before.get(*path).is_none_or(|before| !before.is_like(entry));
    let mut changed: Vec<&str> = now.iter().filter(differs).map(|(path, _)| path.as_str()).collect();
    changed.extend(before.keys().filter(|path| !now.contains_key(*path)).map(String::as_str));
    changed
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A file of this content, which was written at that time.
    pub fn file(content: &str, time: i128) -> Entry {
        let stamp = Stamp { modified: time, changed: time, number: 1 };
        Entry { kind: Kind::File(Content { size: content.len() as u64, stamp, digest: None }), mode: 0o644 }
    }

    pub fn folder() -> Entry {
        Entry { kind: Kind::Folder { implied: false }, mode: 0o755 }
    }

    pub fn link(to: &str) -> Entry {
        Entry { kind: Kind::Link(to.to_owned()), mode: 0o777 }
    }

    pub fn digested(mut entry: Entry, digest: u8) -> Entry {
        if let Kind::File(content) = &mut entry.kind {
            content.digest = Some([digest; 32]);
        }
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;

    #[test]
    fn what_is_the_same() {
        let table = [
            (file("a", 1), file("a", 1), true),
            (file("a", 1), file("b", 2), false),
            (file("a", 1), file("aa", 1), false),
            (digested(file("a", 1), 7), digested(file("a", 2), 7), true),
            (digested(file("a", 1), 7), digested(file("b", 1), 8), false),
            (digested(file("a", 1), 7), file("a", 2), false),
            (Entry { mode: 0o755, ..file("a", 1) }, file("a", 1), false),
            (folder(), folder(), true),
            (folder(), Entry { mode: 0o700, ..folder() }, false),
            (folder(), file("", 1), false),
            (link("a"), link("a"), true),
            (link("a"), link("b"), false),
        ];
        for (one, other, expected) in table {
            assert_eq!(one.is_like(&other), expected, "{one:?} {other:?}");
            assert_eq!(other.is_like(&one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn a_change_is_what_came_went_or_is_another() {
        let manifest = |entries: &[(&str, Entry)]| -> Manifest {
            entries.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())).collect()
        };
        let before = manifest(&[("a", file("a", 1)), ("b", file("b", 1)), ("c", folder())]);
        let now = manifest(&[("a", file("a", 1)), ("b", file("b", 2)), ("d", folder())]);
        assert_eq!(changed(&before, &now), ["b", "d", "c"]);
        assert_eq!(changed(&now, &now), [] as [&str; 0]);
    }
}
