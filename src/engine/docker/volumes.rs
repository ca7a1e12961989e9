//! Volumes.

use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::RemoveVolumeOptions;

use super::DockerEngine;
use super::answers::{ListedVolume, ListedVolumes};
use super::error::translate;
use super::translate::{map, text};
use super::wire::Query;
use crate::engine::{EngineError, Filters, Volume, VolumeSpec};

impl DockerEngine {
    pub(super) async fn list_volumes(&self, filters: &Filters) -> Result<Vec<Volume>, EngineError> {
        let listed: ListedVolumes = self
            .wire
            .get_json("/volumes", &Query::default().filters(filters))
            .await
            .map_err(|error| translate("list volumes", error))?;
        let mut volumes: Vec<Volume> = listed.volumes.into_iter().map(volume).collect();
        volumes.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(volumes)
    }

    pub(super) async fn make_volume(&self, spec: &VolumeSpec) -> Result<(), EngineError> {
        let request = VolumeCreateRequest {
            name: text(&spec.name),
            driver: text(&spec.driver),
            driver_opts: map(&spec.driver_options),
            labels: map(&spec.labels),
            ..Default::default()
        };
        let done = self.docker.create_volume(request).await;
        done.map(drop).map_err(|error| translate(&format!("create volume {}", spec.name), error))
    }

    pub(super) async fn delete_volume(&self, name: &str, force: bool) -> Result<(), EngineError> {
        let done = self.docker.remove_volume(name, Some(RemoveVolumeOptions { force })).await;
        done.map_err(|error| translate(&format!("remove volume {name}"), error))
    }
}

fn volume(listed: ListedVolume) -> Volume {
    Volume {
        name: listed.name,
        driver: listed.driver,
        driver_options: listed.options,
        labels: listed.labels,
        mountpoint: listed.mountpoint,
        scope: listed.scope,
    }
}
