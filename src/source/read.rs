//! The one window to the disk and to standard input.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

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
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| ReadError::Other(error.to_string()))?;
            return Ok(bytes);
        }
        std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ReadError::NotFound,
            std::io::ErrorKind::PermissionDenied => ReadError::Denied,
            std::io::ErrorKind::IsADirectory => ReadError::IsDirectory,
            _ => ReadError::Other(error.to_string()),
        })
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn is_directory(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
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
