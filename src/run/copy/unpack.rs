//! A tar archive → files of the host, none of them outside of the place that was named. Archives come from containers,
//! and who wrote them is not known.

use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;

use crate::engine::EngineError;

/// So many pieces may wait to be written.
const AHEAD: usize = 8;

/// Where an archive goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// What the archive's first part of each name becomes; where the whole of a container's file system comes, what its
    /// root becomes.
    pub root: PathBuf,
    pub is_whole: bool,
    /// Owners are kept, where that is allowed.
    pub keep_owners: bool,
}

#[derive(Debug)]
pub enum UnpackError {
    Engine(EngineError),
    Disk(io::Error),
    /// A name that leads out of the place; the name.
    Escape(String),
}

/// Writes an archive to the disk while it arrives.
///
/// # Errors
/// When the engine stops in the middle, when something cannot be written, and at the first name that leads elsewhere.
pub async fn unpack(
    archive: BoxStream<'static, Result<Bytes, EngineError>>,
    landing: Landing,
) -> Result<(), UnpackError> {
    let written = drained(archive, move |pipe| write(pipe, &landing)).await.map_err(UnpackError::Engine)?;
    written.unwrap_or_else(|panic| Err(UnpackError::Disk(panic)))
}

/// Lets somebody read an archive while it arrives. The inner error is a panic of theirs.
///
/// # Errors
/// When the engine stops in the middle.
pub async fn drained<T: Send + 'static>(
    mut archive: BoxStream<'static, Result<Bytes, EngineError>>,
    read: impl FnOnce(Pipe) -> T + Send + 'static,
) -> Result<io::Result<T>, EngineError> {
    let (sender, receiver) = mpsc::channel::<Bytes>(AHEAD);
    let reading = tokio::task::spawn_blocking(move || read(Pipe { receiver, rest: Bytes::new() }));
    let mut broken = None;
    while let Some(piece) = archive.next().await {
        match piece {
            Ok(bytes) => {
                if sender.send(bytes).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    drop(sender);
    let read = reading.await.map_err(io::Error::other);
    broken.map_or(Ok(read), Err)
}

fn write(pipe: impl Read, landing: &Landing) -> Result<(), UnpackError> {
    let mut archive = tar::Archive::new(pipe);
    archive.set_preserve_ownerships(landing.keep_owners);
    // A folder's time and rights are set once everything is in it.
    let mut folders = Vec::new();
    for entry in archive.entries().map_err(UnpackError::Disk)? {
        let mut entry = entry.map_err(UnpackError::Disk)?;
        entry.set_preserve_permissions(true);
        entry.set_preserve_mtime(true);
        let name = entry.path().map_err(UnpackError::Disk)?.into_owned();
        let target = place(landing, &name)?;
        // Folders need no entries of their own.
        if let Some(parent) = target.parent().filter(|parent| parent.starts_with(&landing.root)) {
            fs::create_dir_all(parent).map_err(UnpackError::Disk)?;
        }
        let told = |error: io::Error| {
            UnpackError::Disk(io::Error::new(error.kind(), format!("{}: {error}", target.display())))
        };
        match entry.header().entry_type() {
            tar::EntryType::Directory => {
                // A link of the archive may lead to a folder; one that was named by whoever copies, may be followed.
                if target != landing.root && fs::symlink_metadata(&target).is_ok_and(|there| there.is_symlink()) {
                    return Err(UnpackError::Escape(name.display().to_string()));
                }
                if !target.is_dir() {
                    fs::create_dir(&target).map_err(told)?;
                }
                folders.push((target.clone(), entry.header().mode().unwrap_or(0o755)));
            }
            tar::EntryType::Link => {
                let name = entry.link_name().map_err(told)?.unwrap_or_default().into_owned();
                let source = place(landing, &name)?;
                remove(&target).map_err(told)?;
                fs::hard_link(&source, &target).map_err(told)?;
            }
            // Whatever it leads to, nothing is ever written through it.
            _ => {
                remove(&target).map_err(told)?;
                entry.unpack(&target).map_err(told)?;
            }
        }
    }
    for (folder, mode) in folders.iter().rev() {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(mode & 0o7777)).map_err(UnpackError::Disk)?;
    }
    Ok(())
}

/// Makes room for something that is no folder.
fn remove(target: &Path) -> io::Result<()> {
    match fs::symlink_metadata(target) {
        Ok(there) if there.is_dir() => {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "there is a folder in its place"))
        }
        Ok(_) => fs::remove_file(target),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Where a name of the archive lands: below the root, whose own name takes the place of the first part.
fn place(landing: &Landing, name: &Path) -> Result<PathBuf, UnpackError> {
    let root = &landing.root;
    let escape = || UnpackError::Escape(name.display().to_string());
    let mut parts = Vec::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => parts.push(part),
            Component::CurDir => {}
            Component::RootDir if landing.is_whole => {}
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => return Err(escape()),
        }
    }
    let mut path = root.clone();
    for part in parts.iter().skip(usize::from(!landing.is_whole)) {
        // A link in between, from this archive or from before, would lead elsewhere.
        if fs::symlink_metadata(&path).is_ok_and(|there| there.is_symlink()) && path != *root {
            return Err(escape());
        }
        path.push(part);
    }
    Ok(path)
}

/// The archive, for somebody who may block.
pub struct Pipe {
    receiver: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.receiver.blocking_recv() {
                Some(bytes) => self.rest = bytes,
                None => return Ok(0),
            }
        }
        let length = self.rest.len().min(into.len());
        into[..length].copy_from_slice(&self.rest.split_to(length));
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn entry(archive: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, name: &str, content: &str) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o640);
        // The library refuses to write what is to be refused here.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        let content = if kind.is_file() {
            content.as_bytes()
        } else {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
            b""
        };
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append(&header, content).expect("packed");
    }

    fn unpacked(entries: &[(tar::EntryType, &str, &str)], root: &Path) -> Result<(), UnpackError> {
        let mut archive = tar::Builder::new(Vec::new());
        for (kind, name, content) in entries {
            entry(&mut archive, *kind, name, content);
        }
        let bytes = archive.into_inner().expect("whole");
        write(&bytes[..], &Landing { root: root.to_owned(), is_whole: false, keep_owners: false })
    }

    #[test]
    fn a_whole_file_system_lands_in_one_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let landing = Landing { root: folder.path().join("all"), is_whole: true, keep_owners: false };
        let mut archive = tar::Builder::new(Vec::new());
        entry(&mut archive, tar::EntryType::Directory, "/", "");
        entry(&mut archive, tar::EntryType::Directory, "/etc/", "");
        entry(&mut archive, tar::EntryType::Regular, "/etc/name", "one");
        let bytes = archive.into_inner().expect("whole");
        write(&bytes[..], &landing).expect("unpacked");
        assert_eq!(fs::read_to_string(landing.root.join("etc/name")).expect("a file"), "one");
        let mut archive = tar::Builder::new(Vec::new());
        entry(&mut archive, tar::EntryType::Regular, "/../out", "one");
        let bytes = archive.into_inner().expect("whole");
        assert!(matches!(write(&bytes[..], &landing), Err(UnpackError::Escape(_))));
    }

    #[test]
    fn what_is_unpacked_keeps_its_rights_and_its_links() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("other");
        let entries = [
            (tar::EntryType::Directory, "notes/", ""),
            (tar::EntryType::Regular, "notes/a", "one"),
            (tar::EntryType::Symlink, "notes/link", "/etc/passwd"),
            (tar::EntryType::Link, "notes/twin", "notes/a"),
        ];
        unpacked(&entries, &root).expect("unpacked");
        unpacked(&entries, &root).expect("over itself");
        assert_eq!(fs::read_to_string(root.join("twin")).expect("a file"), "one");
        assert_eq!(fs::metadata(root.join("a")).expect("a file").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_link(root.join("link")).expect("a link"), Path::new("/etc/passwd"));
    }

    #[test]
    fn folders_that_the_archive_leaves_out_are_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        unpacked(&[(tar::EntryType::Regular, "notes/deep/a", "one")], &root).expect("unpacked");
        assert_eq!(fs::read_to_string(root.join("deep/a")).expect("a file"), "one");
    }

    #[test]
    fn nothing_is_written_outside() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, outside) = (folder.path().join("root"), folder.path().join("outside"));
        fs::create_dir(&outside).expect("a folder");
        let out = outside.to_string_lossy().into_owned();
        let regular = tar::EntryType::Regular;
        let hostile = [
            vec![(regular, "x/../../outside/a", "")],
            vec![(regular, "/x/a", "")],
            vec![
                (tar::EntryType::Directory, "x", ""),
                (tar::EntryType::Symlink, "x/link", out.as_str()),
                (regular, "x/link/a", ""),
            ],
            vec![
                (tar::EntryType::Directory, "x", ""),
                (tar::EntryType::Symlink, "x/way", out.as_str()),
                (tar::EntryType::Directory, "x/way", ""),
            ],
            vec![(tar::EntryType::Directory, "x", ""), (tar::EntryType::Link, "x/twin", "../outside/secret")],
        ];
        let mode = |path: &Path| fs::metadata(path).expect("a folder").permissions().mode();
        let before = mode(&outside);
        for entries in hostile {
            assert!(matches!(unpacked(&entries, &root), Err(UnpackError::Escape(_))), "{entries:?}");
        }
        assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 0);
        assert_eq!(mode(&outside), before);
        // A link in the place of a file is replaced, not followed.
        fs::write(outside.join("kept"), "kept").expect("a file");
        std::os::unix::fs::symlink(outside.join("kept"), root.join("file")).expect("a link");
        unpacked(&[(regular, "x/file", "new")], &root).expect("unpacked");
        assert_eq!(fs::read_to_string(outside.join("kept")).expect("a file"), "kept");
    }
}
