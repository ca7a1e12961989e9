//! Volumes: made where they are missing, never destroyed unless that was allowed by name.

use crate::diagnostic::nearest;
use crate::engine::{Container, Volume};
use crate::model::{Service, Volume as Declared, labels};

use super::declared::volume_changes;
use super::planner::Planner;
use super::{PlanError, Reason, Step, spec};
use crate::model::volume_hash;

impl<'p> Planner<'p> {
    /// Checks every declared volume; `make_volumes` does what is to be done.
    pub fn find_volumes(&mut self) {
        for (key, declared) in &self.project.volumes {
            let found = self.index.volumes.get(declared.name.as_str()).copied();
            match found {
                None if declared.external => self.errors.push(self.external_missing(key, declared)),
                Some(volume) if !declared.external => match volume.labels.get(labels::PROJECT) {
                    Some(project) if *project == self.project.name => self.find_change(key, declared, volume),
                    Some(project) => self.warn(format!(
                        "volume {:?} already exists but was created for project {project:?} (expected {:?}). \
                         Use `external: true` to use an existing volume",
                        declared.name, self.project.name
                    )),
                    None => self.warn(format!(
                        "volume {:?} already exists but was not created by compose. \
                         Use `external: true` to use an existing volume",
                        declared.name
                    )),
                },
                _ => {}
            }
        }
    }

    fn external_missing(&self, key: &str, declared: &Declared) -> PlanError {
        let name = &declared.name;
        let error = PlanError::new(format!("external volume {name:?} not found")).at(["volumes", key, "external"]);
        let near = nearest(name, self.index.volumes.keys().copied());
        let error = near.map_or(error.clone(), |near| error.help(format!("did you mean {near}?")));
        error.help(format!("create it with docker volume create {name}, or leave `external` out"))
    }

    /// A volume that is not as the file has it now stays as it is, unless its loss was allowed.
    fn find_change(&mut self, key: &'p str, declared: &Declared, volume: &Volume) {
        let same = volume.labels.get(labels::CONFIG_HASH).is_none_or(|hash| *hash == volume_hash(declared));
        if same {
            return;
        }
        let name = &declared.name;
        if self.policy.allow_data_loss.iter().any(|allowed| allowed == key || allowed == name) {
            self.renewed_volumes.push(key);
            return;
        }
        self.plan.held_back.push(name.clone());
        let changes: Vec<_> = volume_changes(declared, volume).iter().map(ToString::to_string).collect();
        let changes = if changes.is_empty() { String::new() } else { format!(" ({})", changes.join(", ")) };
        self.warn(format!(
            "volume {name} exists but is not as the file has it now{changes}; it was kept as it is, with its data \
             (--allow-data-loss {key} destroys it and makes it anew)"
        ));
    }

    /// Why a container has to be replaced to have the volumes that its service names.
    pub fn volume_reason(&self, service: &Service, container: &Container) -> Option<Reason> {
        let named = service.volumes.iter().filter(|mount| mount.kind == "volume" && !mount.source.is_empty());
        named.into_iter().find_map(|mount| {
            let key = mount.source.as_str();
            let declared = self.project.volumes.get(key)?;
            if self.renewed_volumes.contains(&key) {
                return Some(self.volume_changed(key, declared));
            }
            let is_mounted = container.mounts.iter().any(|there| there.name == declared.name);
            (!is_mounted).then(|| Reason::VolumeMissing(key.to_owned()))
        })
    }

    fn volume_changed(&self, key: &str, declared: &Declared) -> Reason {
        let found = self.index.volumes.get(declared.name.as_str());
        let changes = found.map(|volume| volume_changes(declared, volume)).unwrap_or_default();
        Reason::VolumeChanged { volume: key.to_owned(), changes }
    }

    pub fn make_volumes(&mut self) {
        for (key, declared) in &self.project.volumes {
            if declared.external {
                continue;
            }
            let is_there = self.index.volumes.contains_key(declared.name.as_str());
            let create = Step::CreateVolume(spec::volume_spec(self.project, key, declared));
            let step = if !is_there {
                self.push(create, Reason::Missing, None, None, [])
            } else if self.renewed_volumes.contains(&key.as_str()) {
                let Some(step) = self.renew_volume(key, declared, create) else { continue };
                step
            } else {
                continue;
            };
            self.volumes.insert(key, step);
        }
    }

    /// Removes the containers that mount a volume, and then the volume. Allowed by name only.
    fn renew_volume(&mut self, key: &str, declared: &Declared, create: Step) -> Option<super::StepId> {
        let reason = self.volume_changed(key, declared);
        let mounting = |container: &&Container| container.mounts.iter().any(|mount| mount.name == declared.name);
        let mut gone = Vec::new();
        for container in self.observed.containers.iter().filter(mounting) {
            if self.is_kept_as_it_is(container) {
                let message = format!("volume {} cannot be made anew: {} uses it", declared.name, container.name);
                let help = format!("remove that container first: docker rm -f {}", container.name);
                self.errors.push(PlanError::new(message).at(["volumes", key]).help(help));
                return None;
            }
            gone.push(self.retire(container, reason.clone(), []));
        }
        let remove = self.push(Step::RemoveVolume { name: declared.name.clone() }, reason.clone(), None, None, gone);
        Some(self.push(create, reason, None, None, [remove]))
    }
}
