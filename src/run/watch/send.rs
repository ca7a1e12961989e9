//! Files of the disk → a container: one archive for all that is written, one command for all that goes.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use crate::develop::{Entry, Kind};
use crate::engine::{ContainerId, Engine, EngineError, ErrorKind, ExecSpec, Upload};

use super::super::copy::{TransferError, base, followed, parent, streamed};
use super::scan;

/// How much of a command line is filled with names, in bytes, and how many names there may be.
const LINE: usize = 64 * 1024;
const NAMES: usize = 1000;
/// Whose files they are does not matter to whoever removes them.
const ROOT: &str = "0";
/// The root of a container.
const TOP: &str = "/";
/// Rights of folders that have to be made on the way to the target.
const WAY: u32 = 0o755;

/// What became of an archive.
#[derive(Debug, Default)]
pub struct Sent {
    /// What the container holds now: paths as they were read.
    pub written: Vec<(String, Entry)>,
    /// Some files went or changed while they were read: they are not among those.
    pub is_torn: bool,
}

/// Writes paths below `root` (or `root` itself, for the empty path) to the target in a container, whether it runs or not.
///
/// # Errors
/// When the engine refuses.
pub async fn send(
    engine: &dyn Engine,
    id: &ContainerId,
    root: &Path,
    target: &str,
    paths: Vec<String>,
) -> Result<Sent, EngineError> {
    let landing = Landing::find(engine, id, target, paths.iter().any(String::is_empty)).await?;
    // Newer engines take the folder for the root of all links in it: only from the top do they lead where the container
    // goes. It may be read-only there, though, but for the folder.
    let top = landing.seen_from_the_top();
    match upload(engine, id, root, top, paths.clone()).await {
        Err(error) if error.kind != ErrorKind::Unreachable && landing.folder != TOP => {
            upload(engine, id, root, landing, paths).await
        }
        sent => sent,
    }
}

async fn upload(
    engine: &dyn Engine,
    id: &ContainerId,
    root: &Path,
    landing: Landing,
    paths: Vec<String>,
) -> Result<Sent, EngineError> {
    let (done, sent) = oneshot::channel();
    let (root, prefix, way) = (root.to_owned(), landing.prefix, landing.way);
    let archive = streamed(move |to| {
        let sent = Packing { root, prefix, archive: tar::Builder::new(to), sent: Sent::default() }.all(&way, paths)?;
        // Nobody may wait for it any more.
        let _ = done.send(sent);
        Ok(())
    });
    engine.upload(id, Upload { folder: landing.folder, archive, for_its_user: true }).await?;
    // An engine that takes what it was given is one to which all was given.
    Ok(sent.await.unwrap_or_else(|_| Sent { is_torn: true, ..Sent::default() }))
}

/// Where an archive is unpacked, and what stands in front of its names.
struct Landing {
    folder: String,
    prefix: PathBuf,
    /// Folders that are not there yet on the way to the target, below `folder`.
    way: Vec<PathBuf>,
}

impl Landing {
    /// The same places as seen from the root of the container.
    fn seen_from_the_top(&self) -> Self {
        let folder = Path::new(self.folder.trim_start_matches('/'));
        let way = self.way.iter().map(|place| folder.join(place)).collect();
        Self { folder: TOP.to_owned(), prefix: folder.join(&self.prefix), way }
    }

    async fn find(engine: &dyn Engine, id: &ContainerId, target: &str, is_file: bool) -> Result<Self, EngineError> {
        let (mut above, mut missing) =
            if is_file { (parent(target).to_owned(), Vec::new()) } else { (target.to_owned(), Vec::new()) };
        let folder = loop {
            if above.is_empty() || above == TOP {
                break TOP.to_owned();
            }
            match followed(engine, id, &above).await {
                Ok(Some((folder, _))) => break folder,
                Ok(None) => {
                    missing.push(base(&above));
                    above = parent(&above).to_owned();
                }
                Err(TransferError::Engine(error)) => return Err(error),
                Err(TransferError::Refused(message)) => {
                    return Err(EngineError::new(ErrorKind::Invalid, "find the target", message));
                }
            }
        };
        let mut prefix = PathBuf::new();
        let mut way = Vec::new();
        for name in missing.into_iter().rev() {
            prefix.push(name);
            way.push(prefix.clone());
        }
        if is_file {
            prefix.push(base(target));
        }
        Ok(Self { folder, prefix, way })
    }
}

struct Packing<'w> {
    root: PathBuf,
    prefix: PathBuf,
    archive: tar::Builder<&'w mut dyn Write>,
    sent: Sent,
}

impl Packing<'_> {
    fn all(mut self, way: &[PathBuf], paths: Vec<String>) -> io::Result<Sent> {
        let modified = fs::metadata(&self.root).map_or(0, |metadata| metadata.mtime());
        for folder in way {
            self.archive.append_data(&mut header(tar::EntryType::Directory, WAY, modified), folder, io::empty())?;
        }
        for path in paths {
            match self.add(&path) {
                Ok(Some(entry)) => self.sent.written.push((path, entry)),
                Ok(None) => self.sent.is_torn = true,
                Err(error) => return Err(error),
            }
        }
        self.archive.finish()?;
        Ok(self.sent)
    }

    /// Nothing when it cannot be read as one piece: whoever changes it will be heard, and it is sent again.
    fn add(&mut self, path: &str) -> io::Result<Option<Entry>> {
        let (full, name) = if path.is_empty() {
            (self.root.clone(), self.prefix.clone())
        } else {
            (self.root.join(path), self.prefix.join(path))
        };
        // The rule's own path may be a link to a file.
        let look = if path.is_empty() { fs::metadata(&full) } else { fs::symlink_metadata(&full) };
        let Ok(metadata) = look else { return Ok(None) };
        let mode = metadata.mode() & 0o7777;
        if metadata.is_dir() {
            let mut header = header(tar::EntryType::Directory, mode, metadata.mtime());
            self.archive.append_data(&mut header, name, io::empty())?;
            return Ok(Some(Entry { kind: Kind::Folder { implied: false }, mode }));
        }
        if metadata.is_symlink() {
            let Some(target) = fs::read_link(&full).ok().and_then(|target| target.to_str().map(str::to_owned)) else {
                return Ok(None);
            };
            let mut header = header(tar::EntryType::Symlink, mode, metadata.mtime());
            self.archive.append_link(&mut header, name, &target)?;
            return Ok(Some(Entry { kind: Kind::Link(target), mode }));
        }
        match File::open(&full) {
            Ok(file) if metadata.is_file() => self.file(&file, &name),
            _ => Ok(None),
        }
    }

    fn file(&mut self, file: &File, name: &Path) -> io::Result<Option<Entry>> {
        let Ok(metadata) = file.metadata() else { return Ok(None) };
        let mode = metadata.mode() & 0o7777;
        let mut header = header(tar::EntryType::Regular, mode, metadata.mtime());
        header.set_size(metadata.len());
        let mut reading = Reading { file, left: metadata.len(), digest: Sha256::new(), is_short: false };
        self.archive.append_data(&mut header, name, &mut reading)?;
        let mut content = scan::content(&metadata);
        let is_whole = !reading.is_short && file.metadata().is_ok_and(|now| scan::content(&now) == content);
        content.digest = Some(reading.digest.finalize().into());
        Ok(is_whole.then_some(Entry { kind: Kind::File(content), mode }))
    }
}

/// Owners are left to the engine: everything gets the container's own user.
fn header(kind: tar::EntryType, mode: u32, modified: i64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(modified).unwrap_or(0));
    header
}

/// Gives as many bytes as were promised, also when the file has become shorter or cannot be read any more.
struct Reading<'f> {
    file: &'f File,
    left: u64,
    digest: Sha256,
    is_short: bool,
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..wanted];
        let mut length = if self.is_short { 0 } else { (&mut self.file).read(buffer).unwrap_or(0) };
        if length == 0 && wanted > 0 {
            self.is_short = true;
            buffer.fill(0);
            length = wanted;
        }
        self.digest.update(&buffer[..length]);
        self.left -= length as u64;
        Ok(length)
    }
}

/// Why paths are still there.
#[derive(Debug)]
pub enum RemovalError {
    /// The image has no `rm`.
    NoProgram,
    /// In its own words.
    Refused(String),
    Engine(EngineError),
}

/// Removes paths, with all that is in them, from a container that runs.
///
/// # Errors
/// When some may still be there.
pub async fn remove(engine: &dyn Engine, id: &ContainerId, paths: &[String]) -> Result<(), RemovalError> {
    let mut rest = paths;
    while !rest.is_empty() {
        let mut length = 0;
        let fits = |path: &&String| {
            length += path.len() + 1;
            length <= LINE
        };
        let count = rest.iter().take(NAMES).take_while(fits).count().max(1);
        let (now, later) = rest.split_at(count);
        let words = ["rm", "-rf", "--"].into_iter().map(str::to_owned);
        let spec = ExecSpec {
            command: words.chain(now.iter().cloned()).collect(),
            user: ROOT.to_owned(),
            ..ExecSpec::default()
        };
        let outcome = match engine.exec(id, &spec).await {
            Err(error) if is_program_missing(&error.message) => return Err(RemovalError::NoProgram),
            outcome => outcome.map_err(RemovalError::Engine)?,
        };
        if outcome.exit_code != 0 {
            let said = [outcome.stdout, outcome.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let is_missing = matches!(outcome.exit_code, 126 | 127) && (said.is_empty() || is_program_missing(&said));
            let told = || RemovalError::Refused(said.trim().to_owned());
            return Err(if is_missing { RemovalError::NoProgram } else { told() });
        }
        rest = later;
    }
    Ok(())
}

/// The words of those who start programs in containers.
fn is_program_missing(text: &str) -> bool {
    ["executable file not found", "no such file or directory"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::memory::MemoryEngine;
    use crate::engine::{ContainerSpec, Engine};

    async fn container(engine: &MemoryEngine) -> ContainerId {
        let spec = ContainerSpec { name: "a".into(), image: "busybox".into(), ..ContainerSpec::default() };
        engine.create_container(&spec).await.expect("created").id
    }

    #[tokio::test]
    async fn all_goes_in_one_archive_and_what_cannot_be_read_is_torn() {
        let engine = MemoryEngine::new().with_image("busybox");
        let id = container(&engine).await;
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("b")).expect("a folder");
        fs::write(folder.path().join("b/c"), "text").expect("a file");
        std::os::unix::fs::symlink("b/c", folder.path().join("l")).expect("a link");
        let paths = ["b", "b/c", "gone", "l"].map(str::to_owned).to_vec();
        let sent = send(&engine, &id, folder.path(), "/srv/app", paths).await.expect("sent");
        assert!(sent.is_torn);
        assert_eq!(sent.written.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["b", "b/c", "l"]);
        let uploads = engine.uploads("a");
        assert_eq!(uploads.len(), 1);
        assert_eq!(uploads[0].0, "/");
        let mut archive = tar::Archive::new(&uploads[0].1[..]);
        let entries = archive.entries().expect("an archive").map(|entry| {
            let entry = entry.expect("readable");
            entry.path().expect("a path").display().to_string()
        });
        assert_eq!(entries.collect::<Vec<_>>(), ["srv", "srv/app", "srv/app/b", "srv/app/b/c", "srv/app/l"]);
        let sent =
            send(&engine, &id, &folder.path().join("b/c"), "/srv/conf", vec![String::new()]).await.expect("sent");
        assert!(!sent.is_torn);
        assert_eq!(engine.path_stat(&id, "/srv/conf").await.expect("a file").size, 4);
    }

    #[test]
    fn a_file_that_becomes_shorter_keeps_the_archive_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, "0123456789").expect("a file");
        let file = File::open(&path).expect("a file");
        let mut reading = Reading { file: &file, left: 20, digest: Sha256::new(), is_short: false };
        let mut read = Vec::new();
        reading.read_to_end(&mut read).expect("read");
        assert_eq!((read.len(), &read[..10], reading.is_short), (20, &b"0123456789"[..], true));
    }
}
