//! Copies between the host and containers, by the rules of `docker cp`.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::engine::{ContainerId, Engine, EngineError, ErrorKind, PathStat, Upload};

use super::pack::pack;
use super::unpack::{Landing, UnpackError, unpack};

/// How a copy is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyOptions {
    /// Owners: to a container everything belongs to its own user, from one everything keeps its owner.
    pub archive: bool,
    /// What a link leads to is copied, not the link.
    pub follow_link: bool,
}

#[derive(Debug)]
pub enum TransferError {
    Engine(EngineError),
    /// A sentence.
    Refused(String),
}

impl From<EngineError> for TransferError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// How often a link may lead to a link.
const LINKS: usize = 16;

/// Copies a file or folder of the host into a container.
///
/// # Errors
/// When there is nothing to copy or no place for it, and when the engine refuses.
pub async fn to_container(
    engine: &dyn Engine,
    id: &ContainerId,
    source: &str,
    target: &str,
    options: CopyOptions,
) -> Result<(), TransferError> {
    let path = Path::new(source);
    let look = if options.follow_link { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) };
    let look = look.map_err(|error| TransferError::Refused(format!("{source}: {}", plain(&error))))?;
    if source.ends_with('/') && !look.is_dir() {
        return Err(TransferError::Refused(format!("{source}: it is no folder")));
    }
    let there = followed(engine, id, target).await?;
    let (folder, name) = landing(source, look.is_dir(), target, there.as_ref())?;
    let path =
        if options.follow_link { path.canonicalize().unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() };
    let archive = pack(path, name);
    Ok(engine.upload(id, Upload { folder, archive, for_its_user: options.archive }).await?)
}

/// Unpacks an archive that somebody else made in a folder of a container.
///
/// # Errors
/// When there is no such folder, and when the engine refuses.
pub async fn archive_to_container(
    engine: &dyn Engine,
    id: &ContainerId,
    archive: BoxStream<'static, io::Result<Bytes>>,
    target: &str,
    options: CopyOptions,
) -> Result<(), TransferError> {
    match followed(engine, id, target).await? {
        Some((folder, stat)) if stat.is_folder => {
            Ok(engine.upload(id, Upload { folder, archive, for_its_user: options.archive }).await?)
        }
        Some(_) => Err(TransferError::Refused(format!("{target}: an archive goes into a folder, and this is none"))),
        None => Err(TransferError::Refused(format!("{target}: there is no such folder in the container"))),
    }
}

/// Copies a file or folder out of a container.
///
/// # Errors
/// When there is nothing to copy or no place for it, when the archive leads elsewhere, and when the engine refuses.
pub async fn from_container(
    engine: &dyn Engine,
    id: &ContainerId,
    source: &str,
    target: &str,
    options: CopyOptions,
) -> Result<(), TransferError> {
    let (source, stat) = chosen(engine, id, source, options).await?;
    let is_folder = stat.is_folder;
    let path = Path::new(target);
    let there = std::fs::metadata(path).ok();
    let name = base(&source);
    let is_whole = name.is_empty();
    let root = match &there {
        Some(there) if there.is_dir() && (is_whole || source.ends_with("/.")) => path.to_owned(),
        Some(there) if there.is_dir() => path.join(&name),
        Some(_) if is_folder => {
            return Err(TransferError::Refused(format!("{target}: a folder cannot take the place of a file")));
        }
        Some(_) => path.to_owned(),
        None if target.ends_with('/') && !is_folder => {
            return Err(TransferError::Refused(format!("{target}: there is no such folder")));
        }
        None => path.to_owned(),
    };
    let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        return Err(TransferError::Refused(format!("{}: there is no such folder", parent.display())));
    }
    let landing = Landing { root, is_whole, keep_owners: options.archive };
    // The names in the archive begin with the folder's own, whether it or only what is in it was asked for.
    let source = if is_whole { "/" } else { source.trim_end_matches("/.") };
    match unpack(engine.download(id, source), landing).await {
        Ok(()) => Ok(()),
        Err(UnpackError::Engine(error)) => Err(error.into()),
        Err(UnpackError::Disk(error)) => Err(TransferError::Refused(plain(&error))),
        Err(UnpackError::Escape(name)) => Err(TransferError::Refused(format!(
            "the archive of the container is refused: {name:?} leads out of {target}"
        ))),
    }
}

/// The archive of a path of a container, as it comes.
///
/// # Errors
/// When there is nothing.
pub async fn archive_from_container(
    engine: &dyn Engine,
    id: &ContainerId,
    source: &str,
    options: CopyOptions,
) -> Result<BoxStream<'static, Result<Bytes, EngineError>>, TransferError> {
    let (source, _) = chosen(engine, id, source, options).await?;
    Ok(engine.download(id, &source))
}

/// What is copied out of a container: where a link leads, if it is to be followed.
async fn chosen(
    engine: &dyn Engine,
    id: &ContainerId,
    source: &str,
    options: CopyOptions,
) -> Result<(String, PathStat), TransferError> {
    let source = absolute(source);
    if options.follow_link
        && let Some(found) = followed(engine, id, &source).await?
    {
        return Ok(found);
    }
    let stat = engine.path_stat(id, &source).await?;
    Ok((source, stat))
}

/// What there is at a path of a container once all links are followed; nothing where there is nothing.
pub async fn followed(
    engine: &dyn Engine,
    id: &ContainerId,
    path: &str,
) -> Result<Option<(String, PathStat)>, TransferError> {
    let mut path = absolute(path);
    for _ in 0..LINKS {
        let stat = match engine.path_stat(id, &path).await {
            Ok(stat) => stat,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match &stat.link {
            None => return Ok(Some((path, stat))),
            Some(link) if link.starts_with('/') => path.clone_from(link),
            Some(link) => path = format!("{}/{link}", parent(&path)),
        }
    }
    Err(TransferError::Refused(format!("{path}: links lead in circles")))
}

/// In which folder of the container a source of the host is unpacked, and under which name.
fn landing(
    source: &str,
    is_folder: bool,
    target: &str,
    there: Option<&(String, PathStat)>,
) -> Result<(String, PathBuf), TransferError> {
    let refused = |why: &str| Err(TransferError::Refused(format!("{target}: {why}")));
    match there {
        Some((path, stat)) if stat.is_folder => {
            let contents = is_folder && (source.ends_with("/.") || source == ".");
            let name = Path::new(source).file_name().filter(|_| !contents);
            Ok((path.clone(), name.map_or_else(|| PathBuf::from("."), PathBuf::from)))
        }
        Some(_) if is_folder => refused("a folder cannot take the place of a file"),
        None if target.ends_with('/') && !is_folder => refused("there is no such folder in the container"),
        Some((path, _)) => Ok((parent(path).to_owned(), PathBuf::from(base(path)))),
        None => {
            let path = absolute(target);
            Ok((parent(path.trim_end_matches('/')).to_owned(), PathBuf::from(base(&path))))
        }
    }
}

/// Paths of containers start at their root.
fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// The folder that a path is in.
pub fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// The last part of a path.
pub fn base(path: &str) -> String {
    let path = path.trim_end_matches("/.").trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The system's words without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ContainerSpec;
    use crate::engine::memory::MemoryEngine;

    #[test]
    fn where_things_land_in_a_container() {
        let folder = ("/data".to_owned(), PathStat { is_folder: true, ..PathStat::default() });
        let file = ("/data/file".to_owned(), PathStat::default());
        let table = [
            ("a.txt", false, "/data", Some(&folder), Some(("/data", "a.txt"))),
            ("src/", true, "/data/", Some(&folder), Some(("/data", "src"))),
            ("src/.", true, "/data", Some(&folder), Some(("/data", "."))),
            ("a.txt", false, "/data/file", Some(&file), Some(("/data", "file"))),
            ("src", true, "/data/file", Some(&file), None),
            ("a.txt", false, "/data/new", None, Some(("/data", "new"))),
            ("a.txt", false, "/new/", None, None),
            ("src", true, "/new/", None, Some(("/", "new"))),
            ("a.txt", false, "new", None, Some(("/", "new"))),
        ];
        for (source, is_folder, target, there, expected) in table {
            let landed = landing(source, is_folder, target, there).ok();
            let expected = expected.map(|(folder, name)| (folder.to_owned(), PathBuf::from(name)));
            assert_eq!(landed, expected, "{source} {target}");
        }
    }

    #[tokio::test]
    async fn what_goes_in_comes_out_again() {
        let engine = MemoryEngine::new().with_image("busybox");
        let spec = ContainerSpec { name: "a".into(), image: "busybox".into(), ..ContainerSpec::default() };
        let id = engine.create_container(&spec).await.expect("created").id;
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::create_dir(path("notes")).expect("a folder");
        std::fs::write(path("notes/a"), "one").expect("a file");
        let options = CopyOptions::default();
        to_container(&engine, &id, &path("notes"), "/kept", options).await.expect("in");
        from_container(&engine, &id, "/kept", &path("back"), options).await.expect("out");
        assert_eq!(std::fs::read_to_string(path("back/a")).expect("a file"), "one");
        from_container(&engine, &id, "/kept/a", &path("back"), options).await.expect("out");
        assert_eq!(std::fs::read_to_string(path("back/a")).expect("a file"), "one");
        for (source, target) in [("/nothing", "x"), ("/kept", "notes/a"), ("/kept/a", "no/where"), ("/kept/a", "new/")]
        {
            assert!(from_container(&engine, &id, source, &path(target), options).await.is_err(), "{source} {target}");
        }
        assert!(to_container(&engine, &id, &path("nothing"), "/kept", options).await.is_err());
    }
}
