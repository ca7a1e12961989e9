//! A folder → the tar archive that the engine's builder is given.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::ignore::Ignore;

/// Why a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("{}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} changed while it was read", .0.display())]
    Changed(PathBuf),
    #[error("the archive cannot be written: {0}")]
    Write(io::Error),
    #[error("interrupted")]
    Stopped,
}

/// What is packed.
#[derive(Debug, Default)]
pub struct Parcel {
    pub folder: PathBuf,
    pub ignore: Ignore,
    /// Files that are not in the folder, or stand in place of those that are: name and content.
    pub extra: Vec<(String, Vec<u8>)>,
}

impl Parcel {
    /// Writes the archive. Names are sorted, owners are root, modes and links are kept, sockets and devices left out.
    ///
    /// # Errors
    /// The first file that cannot be read.
    pub fn pack<W: Write>(&self, out: W, stop: &AtomicBool) -> Result<(), PackError> {
        let mut packing = Packing { parcel: self, archive: tar::Builder::new(out), stop };
        packing.folder("", &[])?;
        for (name, content) in &self.extra {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            packing.archive.append_data(&mut header, name, content.as_slice()).map_err(PackError::Write)?;
        }
        packing.archive.into_inner().and_then(|mut out| out.flush()).map_err(PackError::Write)
    }
}

struct Packing<'p, W: Write> {
    parcel: &'p Parcel,
    archive: tar::Builder<W>,
    stop: &'p AtomicBool,
}

impl<W: Write> Packing<'_, W> {
    /// Everything in one folder; `path` is relative, with slashes, and empty at the top.
    fn folder(&mut self, path: &str, matches: &[bool]) -> Result<(), PackError> {
        let full = self.parcel.folder.join(path);
        let unreadable = |source| PackError::Read { path: full.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&full).map_err(unreadable)? {
            names.push(entry.map_err(unreadable)?.file_name());
        }
        names.sort();
        for name in names {
            let name = name.to_string_lossy();
            let path = if path.is_empty() { name.into_owned() } else { format!("{path}/{name}") };
            self.entry(&path, matches)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &str, parent: &[bool]) -> Result<(), PackError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(PackError::Stopped);
        }
        let full = self.parcel.folder.join(path);
        let metadata = fs::symlink_metadata(&full).map_err(|source| PackError::Read { path: full.clone(), source })?;
        let (is_out, matches) = self.parcel.ignore.judge(path, parent);
        let is_replaced = self.parcel.extra.iter().any(|(name, _)| name == path);
        if !is_out && !is_replaced {
            self.append(path, &full, &metadata)?;
        }
        if metadata.is_dir() && (!is_out || self.parcel.ignore.may_keep_below(path)) {
            self.folder(path, &matches)?;
        }
        Ok(())
    }

    fn append(&mut self, path: &str, full: &Path, metadata: &Metadata) -> Result<(), PackError> {
        let unreadable = |source| PackError::Read { path: full.to_owned(), source };
        let mut header = tar::Header::new_gnu();
        header.set_metadata(metadata);
        header.set_uid(0);
        header.set_gid(0);
        if metadata.is_dir() {
            header.set_size(0);
            return self.archive.append_data(&mut header, path, io::empty()).map_err(PackError::Write);
        }
        if metadata.is_symlink() {
            header.set_size(0);
            let target = fs::read_link(full).map_err(unreadable)?;
            return self.archive.append_link(&mut header, path, target).map_err(PackError::Write);
        }
        if !metadata.is_file() {
            return Ok(());
        }
        let file = File::open(full).map_err(unreadable)?;
        let mut content = Counted { inner: file.take(metadata.len()), count: 0 };
        self.archive.append_data(&mut header, path, &mut content).map_err(PackError::Write)?;
        if content.count == metadata.len() { Ok(()) } else { Err(PackError::Changed(full.to_owned())) }
    }
}

/// Counts what is read: a file that shrinks meanwhile would make the archive unreadable.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

/// A file that goes away with its owner.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes a new file in a folder for temporary things, readable by nobody else.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn create(folder: &Path) -> io::Result<(Self, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("convoke-context-{}-{number}.tar", std::process::id()));
            match private(&path) {
                Ok(file) => return Ok((Self(path), file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that is gone already is what is wanted.
        let _ = fs::remove_file(&self.0);
    }
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    fn names(parcel: &Parcel) -> Vec<String> {
        let mut archive = Vec::new();
        parcel.pack(&mut archive, &AtomicBool::new(false)).expect("packs");
        let mut archive = tar::Archive::new(&archive[..]);
        let entries = archive.entries().expect("entries");
        entries.map(|entry| entry.expect("an entry").path().expect("a path").display().to_string()).collect()
    }

    #[test]
    fn only_what_is_not_ignored_is_packed() {
        let files = ["Dockerfile", "a/keep.txt", "a/drop.txt", "node_modules/x/y.js", "z.log", ".dockerignore"];
        let folder = folder(&files.map(|name| (name, "x")));
        let ignore = Ignore::parse("node_modules\n*.log\na\n!a/keep.txt").expect("patterns");
        let parcel = Parcel { folder: folder.path().to_owned(), ignore, extra: Vec::new() };
        assert_eq!(names(&parcel), [".dockerignore", "Dockerfile", "a/keep.txt"]);
    }

    #[test]
    fn links_modes_and_long_names_are_kept() {
        let long = format!("{}/{}", "d".repeat(90), "f".repeat(90));
        let folder = folder(&[("run.sh", "#!"), (&long, "long")]);
        let script = folder.path().join("run.sh");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o751)).expect("a mode");
        symlink("nowhere/at all", folder.path().join("link")).expect("a link");
        let parcel = Parcel { folder: folder.path().to_owned(), ..Parcel::default() };
        let mut bytes = Vec::new();
        parcel.pack(&mut bytes, &AtomicBool::new(false)).expect("packs");
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut seen = BTreeMap::new();
        for entry in archive.entries().expect("entries") {
            let entry = entry.expect("an entry");
            let link = entry.link_name().expect("a name").map(|name| name.display().to_string());
            let header = entry.header();
            assert_eq!((header.uid().expect("uid"), header.gid().expect("gid")), (0, 0));
            let name = entry.path().expect("a path").display().to_string();
            seen.insert(name, (header.mode().expect("a mode") & 0o777, link));
        }
        assert_eq!(seen["run.sh"], (0o751, None));
        assert_eq!(seen["link"].1.as_deref(), Some("nowhere/at all"));
        assert!(seen.contains_key(&long));
    }

    #[test]
    fn extra_files_stand_in_place_of_those_that_are_there() {
        let folder = folder(&[("Dockerfile", "old"), ("x", "")]);
        let extra = vec![("Dockerfile".to_owned(), b"new".to_vec())];
        let parcel = Parcel { folder: folder.path().to_owned(), ignore: Ignore::default(), extra };
        assert_eq!(names(&parcel), ["x", "Dockerfile"]);
    }

    #[test]
    fn a_scratch_file_goes_with_its_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, _) = Scratch::create(folder.path()).expect("a file");
        let (two, _) = Scratch::create(folder.path()).expect("another");
        assert_ne!(one.path(), two.path());
        drop((one, two));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
