//! A project as far as the labels on the engine tell it, for commands without a file.

use std::path::PathBuf;

use crate::engine::Container;
use crate::model::{Condition, Dependency, Network, Project, Service, ServiceName, Volume, labels};

use super::{Labelled, Observed};

/// The services, what they depend on, and the networks and volumes of a project, from labels alone.
pub fn project_from_labels(name: &str, observed: &Observed) -> Project {
    let mut project = Project { name: name.to_owned(), ..Project::default() };
    for container in observed.containers.iter().filter(|container| belongs(name, &container.labels)) {
        let service = container.service();
        if service.is_empty() {
            continue;
        }
        if project.working_dir.as_os_str().is_empty() {
            (project.working_dir, project.compose_files) = files(container);
        }
        let entry = project
            .services
            .entry(service.into())
            .or_insert_with(|| Service { image: container.image.clone(), ..Service::default() }.into());
        if container.is_replica() {
            entry.depends_on.extend(dependencies(container));
            entry.scale = Some(entry.scale.unwrap_or(0) + 1);
        }
    }
    let known: std::collections::BTreeSet<_> = project.services.keys().cloned().collect();
    for service in project.services.values_mut() {
        service.depends_on.retain(|name, _| known.contains(name));
    }
    for network in observed.networks.iter().filter(|network| belongs(name, &network.labels)) {
        let key = network.labels.get(labels::NETWORK).unwrap_or(&network.name).clone();
        project.networks.insert(key, Network { name: network.name.clone(), ..Network::default() });
    }
    for volume in observed.volumes.iter().filter(|volume| belongs(name, &volume.labels)) {
        let key = volume.labels.get(labels::VOLUME).unwrap_or(&volume.name).clone();
        project.volumes.insert(key, Volume { name: volume.name.clone(), ..Volume::default() });
    }
    project
}

fn belongs(project: &str, all: &crate::engine::Labels) -> bool {
    all.get(labels::PROJECT).is_some_and(|label| label == project)
}

fn files(container: &Container) -> (PathBuf, Vec<PathBuf>) {
    let label = |name: &str| container.labels.get(name).map_or("", String::as_str);
    let files = label(labels::CONFIG_FILES).split(',').filter(|file| !file.is_empty());
    (PathBuf::from(label(labels::WORKING_DIR)), files.map(PathBuf::from).collect())
}

/// `db:service_healthy:false,cache:service_started:true`; older labels hold names alone.
fn dependencies(container: &Container) -> Vec<(ServiceName, Dependency)> {
    let label = container.labels.get(labels::DEPENDS_ON).map_or("", String::as_str);
    let one = |entry: &str| {
        let mut parts = entry.split(':');
        let name = parts.next().filter(|name| !name.is_empty())?;
        let condition = match parts.next() {
            Some("service_healthy") => Condition::Healthy,
            Some("service_completed_successfully") => Condition::CompletedSuccessfully,
            _ => Condition::Started,
        };
        let restart = parts.next() == Some("true");
        Some((ServiceName::from(name), Dependency { condition, restart, required: true, ..Dependency::default() }))
    };
    label.split(',').filter_map(one).collect()
}
