//! The disk → what lies below a rule's path, as far as it counts, and the folders where a change can be seen.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::develop::{Content, Entry, Filter, Inherited, Kind, Manifest, Stamp};

/// Rights, without the kind.
const RIGHTS: u32 = 0o7777;
const PIECE: usize = 64 * 1024;

/// What was found.
#[derive(Debug, Default)]
pub struct Scan {
    pub manifest: Manifest,
    /// The folders in which something can change that counts.
    pub folders: Vec<PathBuf>,
    /// Sentences about what cannot be read.
    pub troubles: Vec<String>,
}

/// Looks at everything below a path. `before`: what was known of files that stay the same is kept.
pub fn scan(path: &Path, filter: &Filter, before: &Manifest) -> Scan {
    let mut walk = Walk { root: path, filter, before, scan: Scan::default() };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            // Where it goes and comes back is seen in its parent.
            walk.scan.folders.extend(path.parent().map(Path::to_owned));
            if let Some(top) = filter.top() {
                walk.folder("", &top);
            }
        }
        Ok(metadata) => {
            walk.scan.folders.extend(path.parent().map(Path::to_owned));
            if let Some(entry) = walk.entry("", &metadata) {
                walk.scan.manifest.insert(String::new(), entry);
            }
        }
        // It may come.
        Err(_) => walk.scan.folders.extend(path.ancestors().skip(1).find(|path| path.is_dir()).map(Path::to_owned)),
    }
    walk.scan
}

/// What a file holds.
///
/// # Errors
/// When it cannot be read.
pub fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(digest.finalize().into()),
            length => digest.update(&piece[..length]),
        }
    }
}

/// What the system says of a file's content.
pub fn content(metadata: &Metadata) -> Content {
    let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    let stamp = Stamp {
        modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        number: metadata.ino(),
    };
    Content { size: metadata.len(), stamp, digest: None }
}

struct Walk<'w> {
    root: &'w Path,
    filter: &'w Filter,
    before: &'w Manifest,
    scan: Scan,
}

impl Walk<'_> {
    /// Everything in one folder. Returns whether anything in it counts.
    fn folder(&mut self, path: &str, inherited: &Inherited) -> bool {
        let full = if path.is_empty() { self.root.to_owned() } else { self.root.join(path) };
        let children = match fs::read_dir(&full) {
            Ok(children) => children,
            Err(error) => {
                self.trouble(&full, &error);
                return false;
            }
        };
        self.scan.folders.push(full.clone());
        let mut has_any = false;
        for child in children {
            let found = child.and_then(|child| Ok((child.file_name(), fs::symlink_metadata(child.path())?)));
            match found {
                Ok((name, metadata)) => match name.to_str() {
                    Some(name) if path.is_empty() => has_any |= self.child(name, &metadata, inherited),
                    Some(name) => has_any |= self.child(&format!("{path}/{name}"), &metadata, inherited),
                    None => {
                        let name = full.join(name);
                        self.scan.troubles.push(format!("{} is left out: its name is no UTF-8", name.display()));
                    }
                },
                Err(error) => self.trouble(&full, &error),
            }
        }
        has_any
    }

    fn child(&mut self, path: &str, metadata: &Metadata, inherited: &Inherited) -> bool {
        let judgement = self.filter.judge(path, metadata.is_dir(), inherited);
        let has_any = judgement.enter.is_some_and(|inherited| self.folder(path, &inherited));
        if !judgement.counts && !has_any {
            return false;
        }
        let Some(mut entry) = self.entry(path, metadata) else { return false };
        if !judgement.counts {
            entry.kind = Kind::Folder { implied: true };
        }
        self.scan.manifest.insert(path.to_owned(), entry);
        true
    }

    /// Sockets, pipes and devices are nothing that could be copied.
    fn entry(&mut self, path: &str, metadata: &Metadata) -> Option<Entry> {
        let mode = metadata.mode() & RIGHTS;
        if metadata.is_dir() {
            return Some(Entry { kind: Kind::Folder { implied: false }, mode });
        }
        if metadata.is_symlink() {
            let full = self.root.join(path);
            return match fs::read_link(&full) {
                Ok(target) => Some(Entry { kind: Kind::Link(target.to_str()?.to_owned()), mode }),
                Err(error) => {
                    self.trouble(&full, &error);
                    None
                }
            };
        }
        if !metadata.is_file() {
            return None;
        }
        let mut content = content(metadata);
        if let Some(Entry { kind: Kind::File(before), .. }) = self.before.get(path)
            && (before.size, before.stamp) == (content.size, content.stamp)
        {
            content.digest = before.digest;
        }
        Some(Entry { kind: Kind::File(content), mode })
    }

    /// What went while it was looked at is simply not there.
    fn trouble(&mut self, path: &Path, error: &io::Error) {
        if error.kind() != io::ErrorKind::NotFound {
            self.scan.troubles.push(format!("{}: {error}", path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn filter(path: &Path, include: &[&str]) -> Filter {
        let include: Vec<String> = include.iter().map(|word| (*word).to_owned()).collect();
        Filter::new(path, &["left".to_owned()], &include, None).expect("patterns")
    }

    fn told(scan: &Scan) -> Vec<String> {
        let kind = |entry: &Entry| match &entry.kind {
            Kind::Folder { implied: true } => "way".to_owned(),
            Kind::Folder { .. } => "folder".to_owned(),
            Kind::File(content) => format!("{} bytes", content.size),
            Kind::Link(target) => format!("to {target}"),
        };
        scan.manifest.iter().map(|(path, entry)| format!("{path} {} {:o}", kind(entry), entry.mode)).collect()
    }

    #[test]
    fn everything_that_counts_is_found_with_the_folders_to_watch() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("app");
        for (path, text) in [("a", "one"), ("b/c/d.js", "three"), ("b/left", "x"), ("left/e", "x"), (".git/HEAD", "x")]
        {
            fs::create_dir_all(root.join(path).parent().expect("a parent")).expect("folders");
            fs::write(root.join(path), text).expect("a file");
        }
        symlink("../nowhere", root.join("b/link")).expect("a link");
        for (path, mode) in [("a", 0o640), ("b", 0o750), ("b/c", 0o755), ("b/c/d.js", 0o600), ("b/left", 0o644)] {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).expect("rights");
        }
        let found = scan(&root, &filter(&root, &[]), &Manifest::new());
        let expected = [
            "a 3 bytes 640",
            "b folder 750",
            "b/c folder 755",
            "b/c/d.js 5 bytes 600",
            "b/left 1 bytes 644",
            "b/link to ../nowhere 777",
        ];
        assert_eq!(told(&found), expected);
        let mut folders = found.folders;
        folders.sort();
        assert_eq!(folders, [folder.path().to_owned(), root.clone(), root.join("b"), root.join("b/c")]);
        let found = scan(&root, &filter(&root, &["**/*.js"]), &Manifest::new());
        assert_eq!(told(&found), ["b way 750", "b/c way 755", "b/c/d.js 5 bytes 600"]);
    }

    #[test]
    fn a_file_by_itself_and_what_is_not_there_yet() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("conf");
        let nothing = scan(&file, &filter(&file, &[]), &Manifest::new());
        assert!(nothing.manifest.is_empty());
        assert_eq!(nothing.folders, [folder.path()]);
        fs::write(&file, "x").expect("a file");
        let mut found = scan(&file, &filter(&file, &[]), &Manifest::new()).manifest;
        let Some(Entry { kind: Kind::File(content), .. }) = found.get_mut("") else { panic!("{found:?}") };
        content.digest = Some(digest(&file).expect("read"));
        assert_eq!(scan(&file, &filter(&file, &[]), &found).manifest, found, "what is known stays known");
        fs::write(&file, "another").expect("a file");
        assert_ne!(scan(&file, &filter(&file, &[]), &found).manifest, found);
    }
}
