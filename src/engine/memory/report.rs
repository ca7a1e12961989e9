//! What the engine says of its containers.

use std::time::Duration;

use serde_json::json;

use super::clock::{spoken, written};
use super::containers::Occupant;
use super::filter::{Facts, matches};
use super::networks::Joint;
use super::world::{Outcome, World};
use crate::engine::{Container, ContainerDetails, ContainerId, Endpoint, Filters, Health, ImageId, State};

impl World {
    pub(super) fn list_containers(&self, filters: &Filters) -> Vec<Container> {
        let now = self.clock.now();
        let wanted = |it: &&Occupant| {
            let networks = it.joints.keys().map(|name| ("network", name.as_str()));
            let volumes = it.mounts.iter().map(|mount| ("volume", mount.name.as_str()));
            let health = ("health", health_word(it.health));
            let own = [("status", it.state.as_str()), ("ancestor", it.spec.image.as_str()), health];
            let values: Vec<_> = own.into_iter().chain(networks).chain(volumes).collect();
            matches(filters, &Facts { labels: &it.labels, values: &values, names: &[&it.spec.name], id: &it.id })
        };
        let mut containers: Vec<Container> =
            self.containers.values().filter(wanted).map(|occupant| summary(occupant, now)).collect();
        containers.sort_by(|left, right| left.name.cmp(&right.name));
        containers
    }

    pub(super) fn container_details(&self, name: &str) -> Outcome<ContainerDetails> {
        let occupant = self.container(name)?;
        let spec = &occupant.spec;
        Ok(ContainerDetails {
            id: ContainerId::new(&occupant.id),
            name: spec.name.clone(),
            image: spec.image.clone(),
            image_id: ImageId::new(&occupant.image_id),
            state: occupant.state,
            health: occupant.health,
            exit_code: occupant.exit_code,
            oom_killed: occupant.out_of_memory,
            error: occupant.error.clone(),
            started_at: written(occupant.started),
            finished_at: written(occupant.finished),
            restart_count: occupant.restarts,
            restart_policy: spec.restart_policy.as_ref().map_or("no", |policy| policy.name.as_str()).to_owned(),
            probes: occupant.probes.clone(),
            health_check: occupant.health_check.clone(),
            tty: spec.tty,
            stdin_open: spec.stdin_open,
            log_driver: spec.log.as_ref().map_or("json-file", |log| log.driver.as_str()).to_owned(),
            network_mode: if spec.network_mode.is_empty() { "default".into() } else { spec.network_mode.clone() },
            ports: occupant.ports.clone(),
            labels: occupant.labels.clone(),
            environment: occupant.environment.clone(),
            mounts: occupant.mounts.clone(),
            networks: occupant.joints.iter().map(|(name, joint)| (name.clone(), endpoint(joint, occupant))).collect(),
            stop_timeout: spec.stop_timeout,
            raw: json!({
                "Id": occupant.id,
                "Name": format!("/{}", spec.name),
                "Image": occupant.image_id,
                "State": { "Status": occupant.state, "ExitCode": occupant.exit_code },
                "Config": { "Labels": occupant.labels, "Env": occupant.environment },
            }),
        })
    }
}

fn summary(occupant: &Occupant, now: i64) -> Container {
    let spec = &occupant.spec;
    let words = spec.entrypoint.iter().chain(&spec.command).flatten().map(String::as_str);
    Container {
        id: ContainerId::new(&occupant.id),
        name: spec.name.clone(),
        image: spec.image.clone(),
        image_id: ImageId::new(&occupant.image_id),
        command: words.collect::<Vec<_>>().join(" "),
        created: occupant.created / 1_000_000_000,
        state: occupant.state,
        status: status(occupant, now),
        health: if occupant.is_up() { occupant.health } else { Health::None },
        exit_code: matches!(occupant.state, State::Exited | State::Restarting).then_some(occupant.exit_code),
        labels: occupant.labels.clone(),
        ports: occupant.ports.clone(),
        mounts: occupant.mounts.clone(),
        networks: occupant.joints.iter().map(|(name, joint)| (name.clone(), endpoint(joint, occupant))).collect(),
    }
}

fn status(occupant: &Occupant, now: i64) -> String {
    let since = |then: i64| spoken(Duration::from_nanos(u64::try_from(now.saturating_sub(then)).unwrap_or(0)));
    match occupant.state {
        State::Running => match occupant.health {
            Health::None => format!("Up {}", since(occupant.started)),
            Health::Starting => format!("Up {} (health: starting)", since(occupant.started)),
            health => format!("Up {} ({})", since(occupant.started), health_word(health)),
        },
        State::Paused => format!("Up {} (Paused)", since(occupant.started)),
        State::Restarting => format!("Restarting ({}) {} ago", occupant.exit_code, since(occupant.finished)),
        State::Exited => format!("Exited ({}) {} ago", occupant.exit_code, since(occupant.finished)),
        State::Created => "Created".into(),
        State::Removing => "Removal In Progress".into(),
        State::Dead => "Dead".into(),
    }
}

fn health_word(health: Health) -> &'static str {
    match health {
        Health::None => "none",
        Health::Starting => "starting",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
    }
}

fn endpoint(joint: &Joint, occupant: &Occupant) -> Endpoint {
    let mut aliases = joint.endpoint.aliases.clone();
    aliases.push(occupant.id.get(..12).unwrap_or_default().to_owned());
    Endpoint {
        network_id: joint.network_id.clone(),
        aliases,
        ip_address: joint.address.clone(),
        ipv6_address: String::new(),
        mac_address: joint.mac_address.clone(),
    }
}
