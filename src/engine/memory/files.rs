//! Files of containers that have no disk: what was put in is what there is.

use std::io::Read;

use bytes::Bytes;

use super::containers::Occupant;
use super::images::MemoryImage;
use super::world::{Outcome, World, refusal};
use crate::engine::{CommitSpec, ErrorKind, ImageId, PathStat};

/// One file or folder that was put in.
struct Put {
    /// Absolute.
    path: String,
    header: tar::Header,
    content: Vec<u8>,
}

impl Put {
    /// Where it leads, if it is a link.
    fn link(&self) -> Option<String> {
        let target = self.header.link_name().ok()??;
        self.header.entry_type().is_symlink().then(|| target.to_string_lossy().into_owned())
    }
}

impl World {
    /// What lies at a path or below it, as an archive whose names begin with the path's last part.
    pub(super) fn pack(&self, container: &str, path: &str) -> Outcome<Bytes> {
        let (path, puts) = self.below(container, path)?;
        let base = path.rsplit_once('/').map_or(0, |(parent, _)| parent.len() + 1);
        archive(puts.iter().map(|put| (&put.path[base..], put)))
    }

    pub(super) fn pack_everything(&self, container: &str) -> Outcome<Bytes> {
        let puts = puts(self.container(container)?);
        archive(puts.iter().map(|put| (&put.path[1..], put)))
    }

    pub(super) fn path_stat(&self, container: &str, path: &str) -> Outcome<PathStat> {
        let (path, puts) = self.below(container, path)?;
        let file = puts.iter().find(|put| put.path == path && put.header.entry_type().is_file());
        Ok(PathStat {
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            size: file.map_or(0, |put| i64::try_from(put.content.len()).unwrap_or(i64::MAX)),
            is_folder: file.is_none() && puts.iter().all(|put| put.path != path || put.link().is_none()),
            link: puts.iter().find(|put| put.path == path).and_then(Put::link),
        })
    }

    /// What `rm -rf -- PATH…` does.
    pub(super) fn rm(&mut self, container: &str, command: &[String]) -> Outcome<()> {
        let occupant = self.container_mut(container)?;
        let paths = command.iter().skip(1).filter(|word| word.starts_with('/'));
        let time = occupant.uploads.len();
        occupant.removals.extend(paths.map(|path| (time, path.clone())));
        Ok(())
    }

    /// The path without what it ends in, and what was put there.
    fn below<'p>(&self, container: &str, path: &'p str) -> Outcome<(&'p str, Vec<Put>)> {
        let path = path.trim_end_matches("/.").trim_end_matches('/');
        let inside =
            |put: &Put| put.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let puts: Vec<Put> = puts(self.container(container)?).into_iter().filter(inside).collect();
        if puts.is_empty() && !path.is_empty() {
            let message = format!("Could not find the file {path} in container {container}");
            return Err(refusal(ErrorKind::NotFound, message));
        }
        Ok((path, puts))
    }

    pub(super) fn commit(&mut self, container: &str, spec: &CommitSpec) -> Outcome<ImageId> {
        let occupant = self.container(container)?;
        let (labels, environment) = (occupant.labels.clone(), occupant.environment.clone());
        let tags = if spec.image.is_empty() { Vec::new() } else { vec![spec.image.clone()] };
        let id = format!("sha256:{}", self.fresh("commit"));
        Ok(self.put_image(MemoryImage { id, tags, labels, environment, ..MemoryImage::default() }))
    }
}

/// Everything that was put into a container and not taken away again, the latest of each path.
fn puts(occupant: &Occupant) -> Vec<Put> {
    let mut puts: Vec<Put> = Vec::new();
    let take_away = |puts: &mut Vec<Put>, time: usize| {
        for (_, gone) in occupant.removals.iter().filter(|(at, _)| *at == time) {
            puts.retain(|put| {
                put.path.strip_prefix(gone).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
            });
        }
    };
    for (time, (folder, bytes)) in occupant.uploads.iter().enumerate() {
        take_away(&mut puts, time);
        let mut archive = tar::Archive::new(&bytes[..]);
        for mut entry in archive.entries().into_iter().flatten().flatten() {
            let Ok(name) = entry.path().map(|path| path.to_string_lossy().into_owned()) else { continue };
            let name = name.trim_start_matches("./").trim_matches('/');
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            let kind = entry.header().entry_type();
            let mut content = Vec::new();
            let is_known = kind.is_file() || kind.is_dir() || kind.is_symlink();
            if !name.is_empty() && is_known && entry.read_to_end(&mut content).is_ok() {
                puts.retain(|put| put.path != path);
                puts.push(Put { path, header: entry.header().clone(), content });
            }
        }
    }
    take_away(&mut puts, occupant.uploads.len());
    puts
}

fn archive<'p>(puts: impl Iterator<Item = (&'p str, &'p Put)>) -> Outcome<Bytes> {
    let fault = |error: std::io::Error| refusal(ErrorKind::Internal, error.to_string());
    let mut archive = tar::Builder::new(Vec::new());
    for (name, put) in puts {
        archive.append_data(&mut put.header.clone(), name, put.content.as_slice()).map_err(fault)?;
    }
    archive.into_inner().map(Bytes::from).map_err(fault)
}
