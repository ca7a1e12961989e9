//! Files that go into a container right before it starts: read, packed, handed over; and copies as people ask for them.

mod pack;
mod transfer;
mod unpack;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::engine::{ContainerId, Engine, EngineError, Upload};
use crate::plan::{InjectedContent, InjectedFile};

pub(super) use pack::streamed;
pub(super) use transfer::{base, followed, parent};
pub(super) use unpack::drained;

pub use transfer::{
    CopyOptions, TransferError, archive_from_container, archive_to_container, from_container, to_container,
};

/// Why files did not arrive.
pub(super) enum CopyError {
    /// A file on the host cannot be read.
    Unreadable(String),
    Engine(EngineError),
}

/// Puts files into a container, at absolute paths.
pub(super) async fn inject(
    engine: &dyn Engine,
    container: &ContainerId,
    files: &[InjectedFile],
) -> Result<(), CopyError> {
    let mut loaded = Vec::with_capacity(files.len());
    for file in files {
        loaded.push((file, read(&file.content).await?));
    }
    let folders: BTreeSet<&str> = files.iter().map(|file| file.folder.as_str()).collect();
    for folder in folders {
        let archive = pack(folder, &loaded).map_err(|error| CopyError::Unreadable(error.to_string()))?;
        engine.upload(container, Upload::of(folder, archive)).await.map_err(CopyError::Engine)?;
    }
    Ok(())
}

async fn read(content: &InjectedContent) -> Result<Vec<u8>, CopyError> {
    match content {
        InjectedContent::Bytes(bytes) => Ok(bytes.clone()),
        InjectedContent::File(path) => tokio::fs::read(path)
            .await
            .map_err(|error| CopyError::Unreadable(format!("{} cannot be read: {error}", path.display()))),
    }
}

/// Digests of files on the host, in hexadecimal. One that cannot be read has none: the engine may read what we may not.
pub async fn digests(paths: impl IntoIterator<Item = PathBuf>) -> BTreeMap<PathBuf, String> {
    let mut digests = BTreeMap::new();
    for path in paths {
        if let Ok(bytes) = tokio::fs::read(&path).await {
            digests.insert(path, hex::encode(Sha256::digest(&bytes)));
        }
    }
    digests
}

/// The texts of files on the host.
///
/// # Errors
/// A sentence about the first one that cannot be read.
pub(super) async fn texts(paths: impl Iterator<Item = &PathBuf>) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut texts = BTreeMap::new();
    for path in paths {
        let text = tokio::fs::read_to_string(path).await;
        let text = text.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        texts.insert(path.clone(), text);
    }
    Ok(texts)
}

/// A tar archive of the files that come through a folder, and of nothing else: what is missing in between comes into being
/// with them.
fn pack(folder: &str, files: &[(&InjectedFile, Vec<u8>)]) -> std::io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    for (file, bytes) in files.iter().filter(|(file, _)| file.folder == folder) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(file.mode);
        header.set_uid(file.uid);
        header.set_gid(file.gid);
        let below = file.target.strip_prefix(folder).unwrap_or(&file.target).trim_start_matches('/');
        archive.append_data(&mut header, below, bytes.as_slice())?;
    }
    archive.into_inner().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn an_archive_keeps_owner_mode_and_content() {
        let file = InjectedFile {
            target: "/run/secrets/key".into(),
            folder: "/".into(),
            content: InjectedContent::Bytes(Vec::new()),
            uid: 7,
            gid: 8,
            mode: 0o440,
        };
        let packed = pack("/", &[(&file, b"hush".to_vec())]).expect("packs");
        let mut archive = tar::Archive::new(&packed[..]);
        let mut entries = archive.entries().expect("an archive");
        let mut entry = entries.next().expect("an entry").expect("readable");
        let header = entry.header();
        assert_eq!(entry.path().expect("a path").to_str(), Some("run/secrets/key"));
        assert_eq!((header.uid().ok(), header.gid().ok(), header.mode().ok()), (Some(7), Some(8), Some(0o440)));
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        assert_eq!(text, "hush");
        assert!(entries.next().is_none());
    }
}
