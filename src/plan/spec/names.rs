//! What things are called on the engine.

use crate::model::{Project, Service, ServiceName};

use super::Purpose;

/// The default of docker compose: `shop-web-1`.
const SEPARATOR: &str = "-";

/// The name of a replica.
pub fn container_name(project: &Project, name: &ServiceName, service: &Service, number: u32) -> String {
    if service.container_name.is_empty() {
        format!("{}{SEPARATOR}{name}{SEPARATOR}{number}", project.name)
    } else {
        service.container_name.clone()
    }
}

/// The name of a container of `run` that was given none; the slug's first twelve digits are in it.
pub fn one_off_name(project: &Project, name: &ServiceName, slug: &str) -> String {
    let short = slug.get(..12).unwrap_or(slug);
    format!("{}{SEPARATOR}{name}{SEPARATOR}run{SEPARATOR}{short}", project.name)
}

pub(super) fn of(project: &Project, name: &ServiceName, service: &Service, purpose: Purpose<'_>) -> String {
    match purpose {
        Purpose::Replica(number) => container_name(project, name, service, number),
        Purpose::OneOff(one_off) if one_off.name.is_empty() => one_off_name(project, name, one_off.slug),
        Purpose::OneOff(one_off) => one_off.name.to_owned(),
        Purpose::Hook(run) => {
            let replica = run.replica.map(|number| format!("{SEPARATOR}{number}")).unwrap_or_default();
            format!("{}{SEPARATOR}{name}{SEPARATOR}pre_start{SEPARATOR}{}{replica}", project.name, run.index)
        }
    }
}

/// The image that a service runs, or that its build is called.
pub fn image_name(project: &Project, name: &ServiceName, service: &Service) -> String {
    if service.image.is_empty() { format!("{}{SEPARATOR}{name}", project.name) } else { service.image.clone() }
}

/// The service's platform, else the one that the environment asks for; empty: the engine's own.
pub fn platform<'p>(project: &'p Project, service: &'p Service) -> &'p str {
    if service.platform.is_empty() {
        project.environment.get("DOCKER_DEFAULT_PLATFORM").map_or("", String::as_str)
    } else {
        &service.platform
    }
}

/// How many containers of a service there should be.
pub fn replica_count(service: &Service) -> u32 {
    service.scale.or(service.deploy.as_ref().and_then(|deploy| deploy.replicas)).unwrap_or(1)
}
