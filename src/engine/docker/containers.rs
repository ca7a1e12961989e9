//! Containers: listed, inspected, created, and moved from state to state.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::models::NetworkConnectRequest;
use bollard::query_parameters::{
    KillContainerOptions, RemoveContainerOptions, RenameContainerOptions, RestartContainerOptions,
    StartContainerOptions, StopContainerOptions,
};
use serde::Deserialize;

use super::DockerEngine;
use super::answers::{
    CreatedContainer, Endpoint as AnsweredEndpoint, HealthRun, HostPort, InspectedContainer, ListedContainer,
    ListedPort, Mount,
};
use super::error::translate;
use super::translate::{MULTIPLE_ENDPOINTS, container_body, endpoint_body, health_spec, unheeded};
use super::wire::Query;
use crate::engine::{
    Container, ContainerDetails, ContainerId, ContainerSpec, Created, Endpoint, EngineError, Filters, Health, ImageId,
    MountPoint, Probe, PublishedPort, Removal, State,
};

impl DockerEngine {
    pub(super) async fn list_containers(&self, filters: &Filters) -> Result<Vec<Container>, EngineError> {
        let query = Query::default().flag("all", true).filters(filters);
        let listed: Vec<ListedContainer> = self
            .wire
            .get_json("/containers/json", &query)
            .await
            .map_err(|error| translate("list containers", error))?;
        let mut containers: Vec<Container> = listed.into_iter().map(container).collect();
        containers.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(containers)
    }

    pub(super) async fn container_details(&self, id: &ContainerId) -> Result<ContainerDetails, EngineError> {
        let action = format!("inspect container {}", id.short());
        let raw: serde_json::Value = self
            .wire
            .get_json(&format!("/containers/{id}/json"), &Query::default())
            .await
            .map_err(|error| translate(&action, error))?;
        match InspectedContainer::deserialize(&raw) {
            Ok(inspected) => Ok(details(inspected, raw)),
            Err(error) => Err(translate(&action, error.into())),
        }
    }

    /// Engines from 1.44 on take all endpoints at once; for older ones the others are connected one by one.
    pub(super) async fn make_container(&self, spec: &ContainerSpec) -> Result<Created, EngineError> {
        let action = format!("create container {}", spec.name);
        let query = Query::default().add_some("name", &spec.name).add_some("platform", &spec.platform);
        let body = container_body(spec, self.about.api).map_err(|message| invalid(&action, message))?;
        let answer: CreatedContainer = self
            .wire
            .post_json("/containers/create", &query, &body)
            .await
            .map_err(|error| translate(&action, error))?;
        let mut created = Created { id: ContainerId(answer.id), warnings: answer.warnings };
        created.warnings.extend(unheeded(spec, self.about.api));
        if self.about.api < MULTIPLE_ENDPOINTS {
            self.join_other_networks(spec, &created.id).await?;
        }
        Ok(created)
    }

    async fn join_other_networks(&self, spec: &ContainerSpec, id: &ContainerId) -> Result<(), EngineError> {
        for (network, endpoint) in spec.endpoints.iter().filter(|(network, _)| **network != spec.network_mode) {
            let request = NetworkConnectRequest {
                container: id.0.clone(),
                endpoint_config: Some(endpoint_body(endpoint, self.about.api)),
            };
            if let Err(error) = self.docker.connect_network(network, request).await {
                let error = translate(&format!("connect container {} to network {network}", spec.name), error);
                // All networks or no container; the first error is the one to tell.
                let _ = self.delete_container(id, Removal { force: true, volumes: true }).await;
                return Err(error);
            }
        }
        Ok(())
    }

    pub(super) async fn start(&self, id: &ContainerId) -> Result<(), EngineError> {
        let done = self.docker.start_container(id.as_str(), None::<StartContainerOptions>).await;
        done.map_err(|error| translate(&format!("start container {}", id.short()), error))
    }

    pub(super) async fn stop(&self, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
        let options = StopContainerOptions { t: grace.map(seconds), ..Default::default() };
        let done = self.docker.stop_container(id.as_str(), Some(options)).await;
        done.map_err(|error| translate(&format!("stop container {}", id.short()), error))
    }

    pub(super) async fn restart(&self, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
        let options = RestartContainerOptions { t: grace.map(seconds), ..Default::default() };
        let done = self.docker.restart_container(id.as_str(), Some(options)).await;
        done.map_err(|error| translate(&format!("restart container {}", id.short()), error))
    }

    pub(super) async fn kill(&self, id: &ContainerId, signal: &str) -> Result<(), EngineError> {
        let options = KillContainerOptions { signal: signal.into() };
        let done = self.docker.kill_container(id.as_str(), Some(options)).await;
        done.map_err(|error| translate(&format!("kill container {}", id.short()), error))
    }

    pub(super) async fn rename(&self, id: &ContainerId, name: &str) -> Result<(), EngineError> {
        let done = self.docker.rename_container(id.as_str(), RenameContainerOptions { name: name.into() }).await;
        done.map_err(|error| translate(&format!("rename container {} to {name}", id.short()), error))
    }

    pub(super) async fn delete_container(&self, id: &ContainerId, removal: Removal) -> Result<(), EngineError> {
        let options = RemoveContainerOptions { v: removal.volumes, force: removal.force, link: false };
        let done = self.docker.remove_container(id.as_str(), Some(options)).await;
        done.map_err(|error| translate(&format!("remove container {}", id.short()), error))
    }
}

fn invalid(action: &str, message: String) -> EngineError {
    EngineError::new(crate::engine::ErrorKind::Invalid, action, message)
}

/// The engine counts in whole seconds; a part of one is rounded up, for no grace at all would be a kill.
fn seconds(grace: Duration) -> i32 {
    i32::try_from(grace.as_millis().div_ceil(1000)).unwrap_or(i32::MAX)
}

fn container(listed: ListedContainer) -> Container {
    Container {
        id: ContainerId(listed.id),
        name: own_name(&listed.names),
        image: listed.image,
        image_id: ImageId(listed.image_id),
        command: listed.command,
        created: listed.created,
        state: state(&listed.state),
        health: health_in(&listed.status),
        exit_code: exit_code_in(&listed.status),
        status: listed.status,
        labels: listed.labels,
        ports: listed.ports.into_iter().map(port).collect(),
        mounts: listed.mounts.into_iter().map(mount).collect(),
        networks: listed.network_settings.networks.into_iter().map(|(name, it)| (name, endpoint(it))).collect(),
    }
}

/// The name without its slash. Legacy links add names of the form `/other/alias`.
fn own_name(names: &[String]) -> String {
    let plain = |name: &&String| !name.trim_start_matches('/').contains('/');
    let name = names.iter().find(plain).or(names.first());
    name.map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default()
}

/// Other engines have a few more words.
fn state(word: &str) -> State {
    match word {
        "running" | "stopping" => State::Running,
        "paused" => State::Paused,
        "restarting" => State::Restarting,
        "removing" => State::Removing,
        "exited" | "stopped" => State::Exited,
        "dead" => State::Dead,
        _ => State::Created,
    }
}

/// `Up 3 seconds (healthy)`
fn health_in(status: &str) -> Health {
    if status.ends_with("(healthy)") {
        Health::Healthy
    } else if status.ends_with("(unhealthy)") {
        Health::Unhealthy
    } else if status.ends_with("(health: starting)") || status.ends_with("(starting)") {
        Health::Starting
    } else {
        Health::None
    }
}

/// `Exited (137) 2 minutes ago`
fn exit_code_in(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    rest.split_once(')')?.0.parse().ok()
}

fn port(listed: ListedPort) -> PublishedPort {
    PublishedPort {
        address: listed.ip,
        published: listed.public_port.filter(|port| *port != 0),
        target: listed.private_port,
        protocol: listed.r#type,
    }
}

/// What is published, from `80/tcp` and the places that lead there.
fn published(ports: BTreeMap<String, Option<Vec<HostPort>>>) -> Vec<PublishedPort> {
    let of = |(target, places): (String, Option<Vec<HostPort>>)| {
        let (number, protocol) = target.split_once('/').unwrap_or((&target, "tcp"));
        let (target, protocol) = (number.parse().unwrap_or(0), protocol.to_owned());
        let places = places.unwrap_or_default().into_iter();
        let place = move |place: HostPort| PublishedPort {
            address: place.host_ip,
            published: place.host_port.parse().ok(),
            target,
            protocol: protocol.clone(),
        };
        places.map(place).collect::<Vec<_>>()
    };
    ports.into_iter().flat_map(of).collect()
}

fn mount(answer: Mount) -> MountPoint {
    MountPoint {
        kind: answer.r#type,
        name: answer.name,
        source: answer.source,
        destination: answer.destination,
        driver: answer.driver,
        read_only: !answer.read_write,
    }
}

fn probe(run: HealthRun) -> Probe {
    Probe { exit_code: run.exit_code, output: run.output, ended_at: run.end }
}

fn endpoint(answer: AnsweredEndpoint) -> Endpoint {
    Endpoint {
        network_id: answer.network_id,
        aliases: answer.aliases,
        ip_address: answer.ip_address,
        ipv6_address: answer.global_ipv6_address,
        mac_address: answer.mac_address,
    }
}

fn details(answer: InspectedContainer, raw: serde_json::Value) -> ContainerDetails {
    let health = answer.state.health.unwrap_or_default();
    ContainerDetails {
        id: ContainerId(answer.id),
        name: answer.name.trim_start_matches('/').to_owned(),
        image: answer.config.image,
        image_id: ImageId(answer.image),
        state: state(&answer.state.status),
        health: match health.status.as_str() {
            "starting" => Health::Starting,
            "healthy" => Health::Healthy,
            "unhealthy" => Health::Unhealthy,
            _ => Health::None,
        },
        exit_code: answer.state.exit_code,
        oom_killed: answer.state.oom_killed,
        error: answer.state.error,
        started_at: answer.state.started_at,
        finished_at: answer.state.finished_at,
        restart_count: answer.restart_count,
        restart_policy: answer.host_config.restart_policy.name,
        probes: health.log.into_iter().map(probe).collect(),
        health_check: answer.config.healthcheck.map(health_spec),
        tty: answer.config.tty,
        stdin_open: answer.config.open_stdin,
        log_driver: answer.host_config.log_config.r#type,
        network_mode: answer.host_config.network_mode,
        ports: published(answer.network_settings.ports),
        labels: answer.config.labels,
        environment: answer.config.env,
        mounts: answer.mounts.into_iter().map(mount).collect(),
        networks: answer.network_settings.networks.into_iter().map(|(name, it)| (name, endpoint(it))).collect(),
        stop_timeout: answer.config.stop_timeout,
        raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_and_exit_code_are_read_from_the_status() {
        let cases = [
            ("Up 3 seconds", Health::None, None),
            ("Up 3 seconds (healthy)", Health::Healthy, None),
            ("Up Less than a second (health: starting)", Health::Starting, None),
            ("Up 2 hours (unhealthy)", Health::Unhealthy, None),
            ("Up 2 hours (Paused)", Health::None, None),
            ("Exited (137) 2 minutes ago", Health::None, Some(137)),
            ("Restarting (1) 5 seconds ago", Health::None, Some(1)),
            ("Created", Health::None, None),
            ("Exited (", Health::None, None),
        ];
        for (status, health, code) in cases {
            assert_eq!((health_in(status), exit_code_in(status)), (health, code), "{status}");
        }
    }

    #[test]
    fn a_container_is_named_by_its_own_name() {
        assert_eq!(own_name(&["/other/alias".into(), "/web-1".into()]), "web-1");
        assert_eq!(own_name(&[]), "");
    }

    #[test]
    fn a_part_of_a_second_is_not_no_grace() {
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_secs(u64::MAX)), i32::MAX);
    }

    #[test]
    fn null_lists_and_unknown_words_do_no_harm() {
        let text = r#"[{"Id":"a","Names":["/x"],"Labels":null,"Ports":null,"State":"initialized","Mounts":null,
            "NetworkSettings":{"Networks":null},"SomethingNew":{}}]"#;
        let listed: Vec<ListedContainer> = serde_json::from_str(text).expect("readable");
        assert_eq!(container(listed.into_iter().next().expect("one")).state, State::Created);
    }
}
