//! What was asked: which files, which environment, which name.

mod read;

pub use read::{DiskReader, MapReader, ReadError, Reader};
