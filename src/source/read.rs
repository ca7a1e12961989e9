//! The one window to the disk and to standard input.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_setfl};

/// How much of a file is read, in bytes, before it is taken for one without end.
pub const SIZE_LIMIT: u64 = 16 << 20;

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("not found")]
    NotFound,
    #[error("is a directory")]
    IsDirectory,
    #[error("permission denied")]
    Denied,
    #[error("{0}")]
    Other(String),
}

/// Where texts come from. Paths are absolute; `-` is standard input.
pub trait Reader {
    /// The whole file.
    ///
    /// # Errors
    /// When it is missing, unreadable, or no file.
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError>;
    /// Whether something is there that may be read: a file, a pipe, but no directory.
    fn is_file(&self, path: &Path) -> bool;
    fn is_directory(&self, path: &Path) -> bool;
    /// The path with every symbolic link followed; the path itself where that cannot be told.
    fn resolve(&self, path: &Path) -> PathBuf;
}

/// The real disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskReader;

impl Reader for DiskReader {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        if path == Path::new("-") {
            return whole(std::io::stdin());
        }
        whole(open(path)?)
    }

    fn is_file(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|about| !about.is_dir())
    }

    fn is_directory(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    }
}

/// Opens a file. A pipe must have a writer, or have had one: nobody would ever end the wait for its first byte.
fn open(path: &Path) -> Result<Box<dyn Read>, ReadError> {
    if !std::fs::metadata(path).map_err(|error| reason(&error))?.file_type().is_fifo() {
        return Ok(Box::new(File::open(path).map_err(|error| reason(&error))?));
    }
    let without_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let pipe = File::options().read(true).custom_flags(without_waiting).open(path);
    let mut pipe = pipe.map_err(|error| reason(&error))?;
    let mut first = [0];
    let count = match pipe.read(&mut first) {
        // What a shell hands over as `<(command)` may be empty; its writer has gone by now.
        Ok(0) if !path.starts_with("/dev/fd") && !path.starts_with("/proc") => {
            return Err(ReadError::Other("is a pipe that nobody writes to".to_owned()));
        }
        Ok(count) => count,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => return Err(reason(&error)),
    };
    fcntl_setfl(&pipe, OFlags::empty()).map_err(|error| ReadError::Other(error.to_string()))?;
    Ok(Box::new(Cursor::new(first).take(count as u64).chain(pipe)))
}

fn whole(source: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    source.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(ReadError::Other(format!("is larger than {} MiB", SIZE_LIMIT >> 20)));
    }
    Ok(bytes)
}

fn reason(error: &std::io::Error) -> ReadError {
    match error.kind() {
        ErrorKind::NotFound => ReadError::NotFound,
        ErrorKind::PermissionDenied => ReadError::Denied,
        ErrorKind::IsADirectory => ReadError::IsDirectory,
        _ => ReadError::Other(error.to_string()),
    }
}

/// A disk made of a map, for tests: path to content.
#[derive(Clone, Debug, Default)]
pub struct MapReader(pub BTreeMap<PathBuf, Vec<u8>>);

impl MapReader {
    #[must_use]
    pub fn with(mut self, path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), text.into());
        self
    }
}

impl Reader for MapReader {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        self.0.get(path).cloned().ok_or(if self.is_directory(path) {
            ReadError::IsDirectory
        } else {
            ReadError::NotFound
        })
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.0.keys().any(|file| file != path && file.starts_with(path))
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}
