//! Volumes without anything in them.

use std::collections::BTreeMap;

use super::filter::{Facts, matches};
use super::world::{Outcome, World, refusal};
use crate::engine::{ContainerSpec, ErrorKind, Filters, Labels, MountPoint, MountSpec, Volume, VolumeSpec};

/// What the engine puts on volumes that nobody named.
const ANONYMOUS: &str = "com.docker.volume.anonymous";

impl World {
    pub(super) fn list_volumes(&self, filters: &Filters) -> Vec<Volume> {
        let wanted = |volume: &&Volume| {
            let values = [("driver", volume.driver.as_str())];
            matches(filters, &Facts { labels: &volume.labels, values: &values, names: &[&volume.name], id: "" })
        };
        self.volumes.values().filter(wanted).cloned().collect()
    }

    /// Creating one that is there already is no harm.
    pub(super) fn create_volume(&mut self, spec: &VolumeSpec) -> Outcome<()> {
        let driver = if spec.driver.is_empty() { "local" } else { &spec.driver };
        if let Some(volume) = self.volumes.get(&spec.name) {
            if volume.driver == driver {
                return Ok(());
            }
            let message = format!("A volume named {} already exists with the {} driver.", spec.name, volume.driver);
            return Err(refusal(ErrorKind::Conflict, message));
        }
        self.add_volume(&spec.name, driver, spec.labels.clone());
        if let Some(volume) = self.volumes.get_mut(&spec.name) {
            volume.driver_options.clone_from(&spec.driver_options);
        }
        Ok(())
    }

    fn add_volume(&mut self, name: &str, driver: &str, labels: Labels) {
        let mountpoint = format!("/var/lib/docker/volumes/{name}/_data");
        let scope = "local".into();
        let volume =
            Volume { name: name.into(), driver: driver.into(), labels, mountpoint, scope, ..Volume::default() };
        self.volumes.insert(name.into(), volume);
        self.tell("volume", "create", name, BTreeMap::from([("driver".into(), driver.to_owned())]));
    }

    pub(super) fn remove_volume(&mut self, name: &str, force: bool) -> Outcome<()> {
        let users: Vec<_> =
            self.containers.values().filter(|it| it.mounts_volume(name)).map(|it| it.id.clone()).collect();
        if !users.is_empty() {
            let message = format!("remove {name}: volume is in use - [{}]", users.join(", "));
            return Err(refusal(ErrorKind::InUse, message));
        }
        if self.volumes.remove(name).is_none() && !force {
            return Err(refusal(ErrorKind::NotFound, format!("get {name}: no such volume")));
        }
        self.tell("volume", "destroy", name, BTreeMap::new());
        Ok(())
    }

    /// The mounts of a container that is being made; volumes that are not there are made on the way.
    pub(super) fn make_mounts(&mut self, spec: &ContainerSpec, declared: &[String]) -> Outcome<Vec<MountPoint>> {
        let mut mounts: BTreeMap<String, MountPoint> = BTreeMap::new();
        for from in &spec.volumes_from {
            let (name, mode) = from.split_once(':').unwrap_or((from, ""));
            for mut mount in self.container(name)?.mounts.clone() {
                mount.read_only |= mode == "ro";
                mounts.insert(mount.destination.clone(), mount);
            }
        }
        for bind in &spec.binds {
            let mut parts = bind.splitn(3, ':');
            let (source, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let read_only = parts.next().is_some_and(|modes| modes.split(',').any(|mode| mode == "ro"));
            let kind = if source.starts_with('/') { "bind" } else { "volume" };
            let mount = MountSpec {
                kind: kind.into(),
                source: source.into(),
                target: target.into(),
                read_only,
                ..Default::default()
            };
            mounts.insert(target.into(), self.make_mount(&mount));
        }
        for mount in &spec.mounts {
            mounts.insert(mount.target.clone(), self.make_mount(mount));
        }
        for path in declared.iter().filter(|path| !spec.tmpfs.contains_key(*path)) {
            if !mounts.contains_key(path) {
                let mount = MountSpec { kind: "volume".into(), target: path.clone(), ..Default::default() };
                mounts.insert(path.clone(), self.make_mount(&mount));
            }
        }
        Ok(mounts.into_values().collect())
    }

    fn make_mount(&mut self, mount: &MountSpec) -> MountPoint {
        let mut point = MountPoint {
            kind: mount.kind.clone(),
            source: mount.source.clone(),
            destination: mount.target.clone(),
            read_only: mount.read_only,
            ..Default::default()
        };
        if mount.kind != "volume" {
            return point;
        }
        point.name = mount.source.clone();
        let mut labels = mount.labels.clone();
        if point.name.is_empty() {
            point.name = self.fresh("volume");
            labels.insert(ANONYMOUS.into(), String::new());
        }
        if !self.volumes.contains_key(&point.name) {
            let driver = if mount.driver.is_empty() { "local" } else { &mount.driver };
            self.add_volume(&point.name, driver, labels);
        }
        if let Some(volume) = self.volumes.get(&point.name) {
            (point.source, point.driver) = (volume.mountpoint.clone(), volume.driver.clone());
        }
        point
    }

    /// Removes those volumes that nobody named and nobody else mounts.
    pub(super) fn remove_anonymous(&mut self, mounts: &[MountPoint]) {
        for mount in mounts {
            let anonymous = self.volumes.get(&mount.name).is_some_and(|volume| volume.labels.contains_key(ANONYMOUS));
            if anonymous {
                // In use by somebody else: it stays.
                let _ = self.remove_volume(&mount.name, false);
            }
        }
    }
}
