//! A container to be created, where what only earlier steps can tell is still open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::{Container, ContainerId, ContainerSpec, ImageId, MountPoint, MountSpec};
use crate::model::{Service, ServiceName, labels};

use super::{ContainerRef, StepId};
use crate::model::service_hash;

/// The image of a container: known by now, or the result of a pull or build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageRef {
    Known(ImageId),
    From(StepId),
}

/// A container's specification and what is filled in right before it is created.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub service: ServiceName,
    /// 0 for one-offs.
    pub number: u32,
    /// Complete but for the open parts below.
    pub spec: ContainerSpec,
    pub image: ImageRef,
    /// Images that are mounted as volumes, by the paths where.
    pub mounted: BTreeMap<String, ImageRef>,
    /// Containers whose namespaces it joins; their ids go into the specification and the configuration hash.
    pub network_of: Option<ContainerRef>,
    pub ipc_of: Option<ContainerRef>,
    pub pid_of: Option<ContainerRef>,
    /// Containers whose volumes it mounts, each with its mode (`ro`, `rw` or empty).
    pub volumes_of: Vec<(ContainerRef, String)>,
    /// What the configuration hash is made of, when open parts go into it; else the label is already set.
    pub hash_of: Option<Box<Service>>,
    /// Anonymous volumes of the container that it replaces: mounted again where the image still declares them.
    pub inherited: Vec<MountPoint>,
    /// Targets of the service's own volumes without a source: there, inherited ones are mounted in any case.
    pub anonymous: Vec<String>,
    /// Seccomp profiles to be read: which security option, and from which file on the host.
    pub profiles: Vec<(usize, PathBuf)>,
}

/// What is known when the container is about to be created.
pub struct Facts<'f> {
    /// The id of the image that it is made from.
    pub image: &'f ImageId,
    /// The ids of the images in [`Draft::mounted`].
    pub mounted: &'f BTreeMap<String, ImageId>,
    /// The paths that the image declares as VOLUME; only asked for when [`Draft::inherits`].
    pub image_volumes: &'f [String],
    /// Ids of containers that exist or were made by earlier steps.
    pub container: &'f dyn Fn(&ContainerRef) -> Option<ContainerId>,
    /// The texts of the files in [`Draft::profiles`].
    pub profiles: &'f BTreeMap<PathBuf, String>,
}

/// Why a draft cannot be completed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    #[error("container {0} is not there to share with")]
    Owner(String),
    #[error("seccomp profile {} was not read", .0.display())]
    ProfileUnread(PathBuf),
    #[error("seccomp profile {}: {message}", .path.display())]
    Profile { path: PathBuf, message: String },
}

impl Draft {
    /// Whether the image's VOLUME paths are needed to complete it.
    pub fn inherits(&self) -> bool {
        self.inherited.iter().any(|mount| !self.anonymous.contains(&mount.destination))
    }

    /// Sets the configuration hash, or leaves it open where it depends on ids of other containers.
    pub(super) fn seal(&mut self, service: &Service) {
        let shares = self.network_of.is_some() || self.ipc_of.is_some() || self.pid_of.is_some();
        if shares || !self.volumes_of.is_empty() {
            self.hash_of = Some(Box::new(service.clone()));
        } else {
            let hash = service_hash(&Owners::default().resolve(service));
            self.spec.labels.insert(labels::CONFIG_HASH.into(), hash);
        }
    }

    /// The whole specification.
    ///
    /// # Errors
    /// When a container that it shares something with is not there, or a profile is missing or no JSON.
    pub fn finish(&self, facts: &Facts<'_>) -> Result<ContainerSpec, DraftError> {
        let mut spec = self.spec.clone();
        self.share(&mut spec, facts)?;
        for (at, path) in &self.profiles {
            let text = facts.profiles.get(path).ok_or_else(|| DraftError::ProfileUnread(path.clone()))?;
            if let Some(option) = spec.security_options.get_mut(*at) {
                *option = format!("seccomp={}", compact_json(path, text)?);
            }
        }
        self.inherit(&mut spec, facts.image_volumes);
        spec.labels.insert(labels::IMAGE.into(), facts.image.0.clone());
        if !facts.mounted.is_empty() {
            let told: Vec<_> = facts.mounted.iter().map(|(target, id)| format!("{target}={id}")).collect();
            spec.labels.insert(labels::IMAGE_VOLUME_DIGEST.into(), told.join(","));
        }
        Ok(spec)
    }

    /// Fills in the containers that it shares namespaces and volumes with, and the hash that depends on them.
    fn share(&self, spec: &mut ContainerSpec, facts: &Facts<'_>) -> Result<(), DraftError> {
        let id = |owner: &ContainerRef| {
            (facts.container)(owner).ok_or_else(|| DraftError::Owner(owner.name().to_owned())).map(|id| id.0)
        };
        let mode = |owner: &Option<ContainerRef>| owner.as_ref().map(&id).transpose();
        let (network, ipc, pid) = (mode(&self.network_of)?, mode(&self.ipc_of)?, mode(&self.pid_of)?);
        let mut sources = Vec::new();
        for (owner, mode) in &self.volumes_of {
            let id = id(owner)?;
            spec.volumes_from.push(if mode.is_empty() { id.clone() } else { format!("{id}:{mode}") });
            sources.push(id);
        }
        let shared = [(&network, &mut spec.network_mode), (&ipc, &mut spec.ipc), (&pid, &mut spec.pid)];
        for (owner, mode) in shared {
            if let Some(id) = owner {
                *mode = format!("container:{id}");
            }
        }
        if let Some(service) = &self.hash_of {
            let owners = Owners { network, ipc, pid, volumes: sources };
            spec.labels.insert(labels::CONFIG_HASH.into(), service_hash(&owners.resolve(service)));
        }
        Ok(())
    }

    /// Mounts the old container's anonymous volumes again, in place of fresh ones.
    fn inherit(&self, spec: &mut ContainerSpec, image_volumes: &[String]) {
        for old in &self.inherited {
            let own = self.anonymous.contains(&old.destination);
            if !own && !image_volumes.contains(&old.destination) {
                continue;
            }
            let mount = MountSpec {
                kind: old.kind.clone(),
                source: if old.kind == "volume" { old.name.clone() } else { old.source.clone() },
                target: old.destination.clone(),
                read_only: old.read_only,
                ..MountSpec::default()
            };
            match spec.mounts.iter_mut().find(|mount| mount.target == old.destination) {
                Some(fresh) => *fresh = mount,
                None => spec.mounts.push(mount),
            }
        }
    }
}

/// The ids of the containers with which a service shares something, as its configuration hash has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owners {
    pub network: Option<String>,
    pub ipc: Option<String>,
    pub pid: Option<String>,
    pub volumes: Vec<String>,
}

impl Owners {
    /// The service with ids in the place of names; `volumes_from` loses its modes, as docker compose has it.
    pub fn resolve(&self, service: &Service) -> Service {
        let mut service = service.clone();
        let modes =
            [(&self.network, &mut service.network_mode), (&self.ipc, &mut service.ipc), (&self.pid, &mut service.pid)];
        for (owner, mode) in modes {
            if let Some(id) = owner {
                *mode = format!("container:{id}");
            }
        }
        let mut ids = self.volumes.iter();
        for from in &mut service.volumes_from {
            let resolved = match from.strip_prefix("container:") {
                Some(rest) => Some(rest.split(':').next().unwrap_or(rest).to_owned()),
                None => ids.next().cloned(),
            };
            if let Some(resolved) = resolved {
                *from = resolved;
            }
        }
        service
    }
}

/// The volumes without a name of their own that a container has: the engine gave them 64 hexadecimal digits.
pub(super) fn anonymous_volumes(container: &Container) -> Vec<MountPoint> {
    let is_digest = |name: &str| name.len() == 64 && name.chars().all(|digit| digit.is_ascii_hexdigit());
    container.mounts.iter().filter(|mount| mount.kind == "volume" && is_digest(&mount.name)).cloned().collect()
}

/// JSON without the white space between its tokens; everything else stays as it was written.
fn compact_json(path: &Path, text: &str) -> Result<String, DraftError> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map_err(|error| DraftError::Profile { path: path.to_owned(), message: error.to_string() })?;
    let (mut compact, mut quoted, mut escaped) = (String::with_capacity(text.len()), false, false);
    for letter in text.chars() {
        if !quoted && letter.is_ascii_whitespace() {
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        compact.push(letter);
    }
    Ok(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            service: "web".into(),
            number: 1,
            spec: ContainerSpec::default(),
            image: ImageRef::From(StepId(0)),
            mounted: BTreeMap::new(),
            network_of: None,
            ipc_of: None,
            pid_of: None,
            volumes_of: Vec::new(),
            hash_of: None,
            inherited: Vec::new(),
            anonymous: Vec::new(),
            profiles: Vec::new(),
        }
    }

    fn finish(draft: &Draft, image_volumes: &[&str]) -> Result<ContainerSpec, DraftError> {
        let volumes: Vec<_> = image_volumes.iter().map(|path| (*path).to_owned()).collect();
        let profiles = BTreeMap::from([
            (PathBuf::from("/p.json"), "{\n \"a b\": [1, \"\\\" x\"] }\n".to_owned()),
            (PathBuf::from("/bad.json"), "{".to_owned()),
        ]);
        draft.finish(&Facts {
            image: &ImageId::new("sha256:abc"),
            mounted: &BTreeMap::from([
                ("/m".to_owned(), ImageId::new("sha256:m")),
                ("/n".to_owned(), ImageId::new("sha256:n")),
            ]),
            image_volumes: &volumes,
            container: &|owner| match owner {
                ContainerRef::Made { .. } => None,
                other => Some(ContainerId::new(format!("id-of-{}", other.name()))),
            },
            profiles: &profiles,
        })
    }

    fn existing(name: &str) -> ContainerRef {
        ContainerRef::Existing { id: ContainerId::new(name), name: name.into() }
    }

    fn anonymous(name: &str, destination: &str) -> MountPoint {
        MountPoint {
            kind: "volume".into(),
            name: name.into(),
            destination: destination.into(),
            ..MountPoint::default()
        }
    }

    #[test]
    fn what_it_shares_goes_into_the_specification_and_the_hash() {
        let service =
            Service { network_mode: "service:vpn".into(), volumes_from: vec!["db:ro".into()], ..Service::default() };
        let mut draft = draft();
        draft.network_of = Some(existing("vpn"));
        draft.volumes_of = vec![(existing("db"), "ro".into())];
        draft.hash_of = Some(Box::new(service.clone()));
        let spec = finish(&draft, &[]).unwrap();
        assert_eq!(spec.network_mode, "container:id-of-vpn");
        assert_eq!(spec.volumes_from, ["id-of-db:ro"]);
        let resolved = Service {
            network_mode: "container:id-of-vpn".into(),
            volumes_from: vec!["id-of-db".into()],
            ..Service::default()
        };
        assert_eq!(spec.labels[labels::CONFIG_HASH], service_hash(&resolved));
        assert_eq!(spec.labels[labels::IMAGE], "sha256:abc");
        assert_eq!(spec.labels[labels::IMAGE_VOLUME_DIGEST], "/m=sha256:m,/n=sha256:n");

        draft.network_of = Some(ContainerRef::Made { step: StepId(3), name: "vpn-1".into() });
        assert_eq!(finish(&draft, &[]).unwrap_err().to_string(), "container vpn-1 is not there to share with");
    }

    #[test]
    fn anonymous_volumes_are_inherited_where_they_still_belong() {
        let mut draft = draft();
        draft.inherited = vec![anonymous("v1", "/data"), anonymous("v2", "/cache"), anonymous("v3", "/gone")];
        draft.anonymous = vec!["/cache".into()];
        draft.spec.mounts = vec![MountSpec { kind: "volume".into(), target: "/cache".into(), ..MountSpec::default() }];
        assert!(draft.inherits());
        let spec = finish(&draft, &["/data"]).unwrap();
        let mounts: Vec<_> = spec.mounts.iter().map(|mount| (mount.source.as_str(), mount.target.as_str())).collect();
        assert_eq!(mounts, [("v2", "/cache"), ("v1", "/data")]);
    }

    #[test]
    fn a_seccomp_profile_is_read_late_and_made_compact() {
        let mut draft = draft();
        draft.spec.security_options = vec!["no-new-privileges".into(), "seccomp=/p.json".into()];
        draft.profiles = vec![(1, "/p.json".into())];
        let spec = finish(&draft, &[]).unwrap();
        assert_eq!(spec.security_options, ["no-new-privileges", r#"seccomp={"a b":[1,"\" x"]}"#]);
        for (path, message) in [
            ("/none.json", "seccomp profile /none.json was not read"),
            ("/bad.json", "seccomp profile /bad.json: EOF while parsing an object at line 1 column 1"),
        ] {
            draft.profiles = vec![(1, path.into())];
            assert_eq!(finish(&draft, &[]).unwrap_err().to_string(), message);
        }
    }
}
