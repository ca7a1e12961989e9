//! Configs and secrets: which are mounted from the host, and which are put into the container before it starts.
//!
//! docker compose mounts every file, and ignores what is said of its owner and mode. Here a file of which nothing is said
//! is mounted too, so that both make the same container of it; one with an owner or a mode of its own is put in.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::MountSpec;
use crate::model::{Grant, GrantSource, Project, Service, ServiceName};

use super::super::PlanError;
use super::super::step::{InjectedContent, InjectedFile};
use super::folders::{Folder, folder};

const DEFAULT_MODE: u32 = 0o444;

/// The two kinds of grant, which differ in where they come to lie.
#[derive(Clone, Copy)]
enum Kind {
    Config,
    Secret,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Secret => "secret",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Config => "/",
            Self::Secret => "/run/secrets/",
        }
    }

    fn target(self, grant: &Grant) -> String {
        let target = if grant.target.is_empty() { &grant.source } else { &grant.target };
        if target.starts_with('/') && !grant.target.is_empty() {
            target.clone()
        } else {
            format!("{}{target}", self.folder())
        }
    }
}

type Granted<'p> = (Kind, &'p Grant, &'p GrantSource);

/// What a service is granted and the project declares, secrets first.
fn granted<'p>(project: &'p Project, service: &'p Service) -> impl Iterator<Item = Granted<'p>> {
    let from = |kind: Kind, grants: &'p [Grant], sources: &'p BTreeMap<String, GrantSource>| {
        grants.iter().filter_map(move |grant| Some((kind, grant, sources.get(&grant.source)?)))
    };
    from(Kind::Secret, &service.secrets, &project.secrets).chain(from(Kind::Config, &service.configs, &project.configs))
}

/// A file on the host that is given as it is: the engine can mount it.
fn is_mounted((_, grant, source): &Granted<'_>) -> bool {
    let as_it_is = grant.uid.is_empty() && grant.gid.is_empty() && grant.mode.is_none();
    source.environment.is_empty() && source.content.is_empty() && as_it_is
}

/// Read-only mounts of files, each unless something else is mounted there.
pub fn mounts(project: &Project, service: &Service) -> Vec<MountSpec> {
    let mount = |(kind, grant, source): Granted<'_>| MountSpec {
        kind: "bind".into(),
        source: source.file.clone(),
        target: kind.target(grant),
        read_only: true,
        ..MountSpec::default()
    };
    let volume = |target: String| MountSpec { kind: "volume".into(), target, ..MountSpec::default() };
    let files = granted(project, service).filter(is_mounted).map(mount);
    files.chain(own_folders(project, service).into_iter().map(volume)).collect()
}

/// The folders that are volumes only for the sake of the files that are put there.
pub fn own_folders(project: &Project, service: &Service) -> BTreeSet<String> {
    let own = |file: InjectedFile| match folder(service, &file.target) {
        Folder::Own(path) => Some(path),
        _ => None,
    };
    injected_files(project, service).into_iter().filter_map(own).collect()
}

/// What a service is granted, each by its kind and name: its content, or the file that has it. An empty text is none.
pub fn contents(project: &Project, service: &Service) -> Vec<(String, InjectedContent)> {
    let one = |granted: Granted<'_>| {
        let (kind, grant, _) = granted;
        Some((format!("{} {}", kind.word(), grant.source), content(project, granted).ok().flatten()?))
    };
    granted(project, service).filter_map(one).collect()
}

/// What the engine has no word for.
pub fn check(project: &Project, name: &ServiceName, service: &Service) -> Result<(), PlanError> {
    for granted in granted(project, service) {
        let (kind, grant, source) = granted;
        let word = kind.word();
        let refused = |what: String, help: &str| {
            Err(PlanError::new(what).at([&format!("{word}s"), grant.source.as_str()]).help(help))
        };
        if source.external {
            let called = if source.name.is_empty() { &grant.source } else { &source.name };
            return refused(format!("unsupported external {word} {called}"), "only a swarm keeps such; use `file`");
        }
        if !source.driver.is_empty() {
            return refused(format!("{word}s.{}.driver is not supported", grant.source), "only a swarm has drivers");
        }
        if !source.template_driver.is_empty() {
            let message = format!("{word}s.{}.template_driver is not supported", grant.source);
            return refused(message, "only a swarm has template drivers");
        }
        let target = kind.target(grant);
        if !is_mounted(&granted) && folder(service, &target) == Folder::Impossible {
            let message = format!("cannot create {word} {:?} as {target} in read-only service {name}", grant.source);
            return refused(message, "give it a `target` in a folder, which can be a volume");
        }
        content(project, granted)?;
        for (key, id) in [("uid", &grant.uid), ("gid", &grant.gid)] {
            if !id.is_empty() && id.parse::<u64>().is_err() {
                let message = format!("{word} {:?}: {key} {id:?} is no number", grant.source);
                return Err(PlanError::of_service(name, &format!("{word}s"), message));
            }
        }
    }
    Ok(())
}

/// The files that are put into a service's containers right before every start. Call it on what [`check`] has passed.
pub fn injected_files(project: &Project, service: &Service) -> Vec<InjectedFile> {
    let file = |granted: Granted<'_>| {
        let (kind, grant, _) = granted;
        let content = content(project, granted).ok().flatten()?;
        let target = kind.target(grant);
        // A mount of the service's own hides it.
        if service.volumes.iter().any(|mount| mount.target == target) {
            return None;
        }
        Some(InjectedFile {
            folder: match folder(service, &target) {
                Folder::Mounted(path) | Folder::Own(path) => path,
                Folder::Root | Folder::Impossible => "/".to_owned(),
            },
            target,
            content,
            uid: grant.uid.parse().unwrap_or(0),
            gid: grant.gid.parse().unwrap_or(0),
            mode: grant.mode.map_or(DEFAULT_MODE, |mode| mode.0),
        })
    };
    granted(project, service).filter(|granted| !is_mounted(granted)).filter_map(file).collect()
}

/// The bytes, or where to read them; `None` for an empty text, which makes no file.
fn content(project: &Project, (kind, grant, source): Granted<'_>) -> Result<Option<InjectedContent>, PlanError> {
    let text = if !source.content.is_empty() {
        &source.content
    } else if !source.environment.is_empty() {
        let (word, variable) = (kind.word(), &source.environment);
        project.environment.get(variable).ok_or_else(|| {
            let message = format!("environment variable {variable:?} required by {word} {:?} is not set", grant.source);
            PlanError::new(message).at([&format!("{word}s"), grant.source.as_str(), "environment"])
        })?
    } else {
        return Ok(Some(InjectedContent::File(source.file.clone().into())));
    };
    Ok((!text.is_empty()).then(|| InjectedContent::Bytes(text.clone().into_bytes())))
}
