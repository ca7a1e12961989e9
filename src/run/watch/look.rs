//! What a container holds at some paths: asked for when nobody can know it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::develop::{Content, Entry, Kind, Stamp};
use crate::engine::{ContainerId, Engine, EngineError, ErrorKind};

use super::super::copy::{TransferError, base, drained, followed};

/// Up to so many things are asked for one by one; beyond, the whole target is.
const ONE_BY_ONE: usize = 64;
const PIECE: usize = 64 * 1024;

/// What there is at paths below the target; what is not there is left out.
///
/// # Errors
/// When the engine refuses.
pub async fn look(
    engine: &dyn Engine,
    id: &ContainerId,
    target: &str,
    paths: &BTreeSet<String>,
) -> Result<BTreeMap<String, Entry>, EngineError> {
    let target = match followed(engine, id, if target.is_empty() { "/" } else { target }).await {
        Ok(Some((target, _))) => target,
        Ok(None) | Err(TransferError::Refused(_)) => return Ok(BTreeMap::new()),
        Err(TransferError::Engine(error)) => return Err(error),
    };
    let tops: BTreeSet<&str> = paths.iter().map(|path| path.split('/').next().unwrap_or_default()).collect();
    if tops.len() > ONE_BY_ONE {
        let mut seen = read(engine, id, &target, "", paths).await?;
        look_behind_links(engine, id, &target, paths, &mut seen).await?;
        return Ok(seen);
    }
    let mut seen = BTreeMap::new();
    for top in tops {
        seen.extend(read(engine, id, &place_of(&target, top), top, paths).await?);
    }
    look_behind_links(engine, id, &target, paths, &mut seen).await?;
    Ok(seen)
}

/// A link that stands where the disk has a folder leads to what is in that folder.
async fn look_behind_links(
    engine: &dyn Engine,
    id: &ContainerId,
    target: &str,
    paths: &BTreeSet<String>,
    seen: &mut BTreeMap<String, Entry>,
) -> Result<(), EngineError> {
    let is_way =
        |path: &str| paths.iter().any(|wanted| wanted.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
    let links = seen.iter().filter(|(path, entry)| matches!(entry.kind, Kind::Link(_)) && is_way(path));
    for link in links.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
        let Ok(Some((folder, _))) = followed(engine, id, &place_of(target, &link)).await else { continue };
        for (path, entry) in read(engine, id, &folder, &link, paths).await? {
            seen.entry(path).or_insert(entry);
        }
    }
    Ok(())
}

fn place_of(target: &str, path: &str) -> String {
    if path.is_empty() { target.to_owned() } else { format!("{}/{path}", target.trim_end_matches('/')) }
}

/// Reads the archive of one path; `below`: where that is below the target.
async fn read(
    engine: &dyn Engine,
    id: &ContainerId,
    path: &str,
    below: &str,
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<String, Entry>, EngineError> {
    let (name, below, wanted) = (base(path), below.to_owned(), wanted.clone());
    let read = drained(engine.download(id, path), move |pipe| entries(pipe, &name, &below, &wanted)).await;
    let unreadable = |error: io::Error| {
        let message = format!("the archive of {path} cannot be read: {error}");
        EngineError::new(ErrorKind::Internal, "look into the container", message)
    };
    match read {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
        Ok(read) => read.and_then(|entries| entries).map_err(unreadable),
    }
}

/// The wanted entries of an archive whose names begin with `name`, which is at `below`.
fn entries(pipe: impl Read, name: &str, below: &str, wanted: &BTreeSet<String>) -> io::Result<BTreeMap<String, Entry>> {
    let mut archive = tar::Archive::new(pipe);
    let mut seen: BTreeMap<String, Entry> = BTreeMap::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let Some(path) = entry.path().ok().and_then(|path| place(&path, name, below)) else { continue };
        if !wanted.contains(&path) {
            continue;
        }
        let mode = entry.header().mode()? & 0o7777;
        let kind = match entry.header().entry_type() {
            tar::EntryType::Directory => Kind::Folder { implied: false },
            tar::EntryType::Symlink => match entry.link_name()?.and_then(|link| link.to_str().map(str::to_owned)) {
                Some(link) => Kind::Link(link),
                None => continue,
            },
            tar::EntryType::Link => {
                // The same file under another name, which came before.
                let link = entry.link_name()?.and_then(|link| place(&link, name, below));
                let Some(Entry { kind: Kind::File(content), .. }) = link.and_then(|link| seen.get(&link)) else {
                    continue;
                };
                Kind::File(content.clone())
            }
            kind if kind.is_file() => Kind::File(content(&mut entry)?),
            _ => continue,
        };
        seen.insert(path, Entry { kind, mode });
    }
    Ok(seen)
}

/// Where a name of the archive is below the target.
fn place(path: &Path, name: &str, below: &str) -> Option<String> {
    let path = path.to_str()?.trim_start_matches("./").trim_matches('/');
    let rest = if name.is_empty() { path } else { path.strip_prefix(name)? };
    let rest = if name.is_empty() { rest } else { rest.strip_prefix('/').unwrap_or(rest) };
    Some(match (below, rest) {
        ("", rest) => rest.to_owned(),
        (below, "") => below.to_owned(),
        (below, rest) => format!("{below}/{rest}"),
    })
}

/// Times in a container are nobody's: only the digest tells.
fn content(file: &mut impl Read) -> io::Result<Content> {
    let (mut digest, mut size) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => {
                digest.update(&piece[..length]);
                size += length as u64;
            }
        }
    }
    Ok(Content { size, stamp: Stamp::default(), digest: Some(digest.finalize().into()) })
}

#[cfg(test)]
mod tests {
    use super::super::send::send;
    use super::*;
    use crate::engine::ContainerSpec;
    use crate::engine::memory::MemoryEngine;

    #[tokio::test]
    async fn what_was_sent_is_seen_again() {
        let engine = MemoryEngine::new().with_image("busybox");
        let spec = ContainerSpec { name: "a".into(), image: "busybox".into(), ..ContainerSpec::default() };
        let id = engine.create_container(&spec).await.expect("created").id;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("b")).expect("a folder");
        for (path, text) in [("a", "one"), ("b/c", "two"), ("b/d", "left")] {
            std::fs::write(folder.path().join(path), text).expect("a file");
        }
        let paths = ["a", "b", "b/c", "b/d"].map(str::to_owned).to_vec();
        let sent = send(&engine, &id, folder.path(), "/srv", paths).await.expect("sent");
        let wanted: BTreeSet<String> = ["a", "b", "b/c", "x"].map(str::to_owned).into();
        let seen = look(&engine, &id, "/srv", &wanted).await.expect("seen");
        assert_eq!(seen.keys().collect::<Vec<_>>(), ["a", "b", "b/c"]);
        for (path, entry) in &sent.written {
            assert!(seen.get(path).is_none_or(|seen| seen.is_like(entry)), "{path} {entry:?}");
        }
        let whole = read(&engine, &id, "/srv", "", &wanted).await.expect("seen");
        assert_eq!(whole, seen);
        assert!(look(&engine, &id, "/nothing", &wanted).await.expect("looked").is_empty());
    }

    #[test]
    fn names_of_archives_are_places_below_the_target() {
        let table = [
            ("src/a/b", "src", "src", "src/a/b"),
            ("src/", "src", "src", "src"),
            ("srv/a", "srv", "", "a"),
            ("srv/", "srv", "", ""),
            ("conf", "conf", "", ""),
            ("etc/a", "", "", "etc/a"),
        ];
        for (path, name, below, expected) in table {
            assert_eq!(place(Path::new(path), name, below).as_deref(), Some(expected), "{path}");
        }
    }
}
