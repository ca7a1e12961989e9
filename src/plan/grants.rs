//! Changes in the contents of configs and secrets, told from a label with a short digest of each; and the volumes that
//! exist only to hold them.
//!
//! The configuration hash knows where contents come from, not what they are. A container that was made from other contents
//! is replaced, as one with another configuration is: nothing but the label of a new one could tell the next time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::engine::{Container, Labels};
use crate::model::{Project, Service};

use super::step::InjectedContent;
use super::{Observed, spec};

/// Our own labels: a digest for each config and secret, and the folders whose volumes go with the container.
const CONTENTS: &str = "convoke.grants";
const FOLDERS: &str = "convoke.grant_folders";
/// Hexadecimal digits kept of a digest: enough to see a change, too few to guess a secret.
const DIGITS: usize = 6;

/// The files whose digests [`Observed::files`] has to tell.
pub fn granted_files(project: &Project) -> BTreeSet<PathBuf> {
    let contents = project.services.values().flat_map(|service| spec::contents(project, service));
    let files = contents.filter_map(|(_, content)| match content {
        InjectedContent::File(path) => Some(path),
        InjectedContent::Bytes(_) => None,
    });
    files.collect()
}

/// What a new container is labelled with.
pub(super) fn labels(project: &Project, service: &Service, observed: &Observed) -> Labels {
    let mut labels = Labels::new();
    let digests = digests(project, service, observed);
    if let Some(text) = (!digests.is_empty()).then(|| serde_json::to_string(&digests).ok()).flatten() {
        labels.insert(CONTENTS.to_owned(), text);
    }
    let folders = spec::own_folders(project, service);
    if !folders.is_empty() {
        labels.insert(FOLDERS.to_owned(), folders.into_iter().collect::<Vec<_>>().join(","));
    }
    labels
}

/// What a container was given otherwise than it would be now, as far as both are known: `secret key`.
pub(super) fn changes(project: &Project, service: &Service, observed: &Observed, container: &Container) -> Vec<String> {
    let label = container.labels.get(CONTENTS);
    let before: BTreeMap<String, String> = label.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let differs = |(what, now): (String, String)| before.get(&what).is_some_and(|old| *old != now).then_some(what);
    if before.is_empty() {
        return Vec::new();
    }
    digests(project, service, observed).into_iter().filter_map(differs).collect()
}

/// The volumes that hold nothing but what was put into a container.
pub(super) fn volumes(container: &Container) -> Vec<String> {
    let Some(folders) = container.labels.get(FOLDERS) else { return Vec::new() };
    let mounts = container.mounts.iter().filter(|mount| mount.kind == "volume" && !mount.name.is_empty());
    let ours = mounts.filter(|mount| folders.split(',').any(|folder| folder == mount.destination));
    ours.map(|mount| mount.name.clone()).collect()
}

/// A short digest of each content that is known. What it is the content of goes in, so that equal ones look different.
fn digests(project: &Project, service: &Service, observed: &Observed) -> BTreeMap<String, String> {
    let one = |(what, content): (String, InjectedContent)| {
        let content = match content {
            InjectedContent::Bytes(bytes) => digest(&bytes),
            InjectedContent::File(path) => observed.files.get(&path)?.clone(),
        };
        let digest = digest(format!("{what}={content}").as_bytes());
        Some((what, digest.get(..DIGITS).unwrap_or_default().to_owned()))
    };
    spec::contents(project, service).into_iter().filter_map(one).collect()
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
