//! Containers that run nothing: made, started, ended, removed.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::behaviour::Behaviour;
use super::networks::Joint;
use super::world::{Outcome, World, refusal};
use crate::engine::{
    ContainerId, ContainerSpec, Created, EngineError, ErrorKind, Health, HealthSpec, Labels, MountPoint, Probe,
    PublishedPort, Removal, State, Stream, Window,
};

/// One container.
#[derive(Clone, Debug)]
pub(super) struct Occupant {
    pub(super) id: String,
    pub(super) spec: ContainerSpec,
    pub(super) image_id: String,
    /// The image's and its own.
    pub(super) labels: Labels,
    pub(super) environment: Vec<String>,
    pub(super) health_check: Option<HealthSpec>,
    pub(super) behaviour: Behaviour,
    pub(super) state: State,
    pub(super) health: Health,
    pub(super) probes: Vec<Probe>,
    /// So many checks failed in a row.
    pub(super) failing: i64,
    pub(super) exit_code: i64,
    pub(super) out_of_memory: bool,
    pub(super) error: String,
    /// Nanoseconds since 1970; 0 is never.
    pub(super) created: i64,
    pub(super) started: i64,
    pub(super) finished: i64,
    /// By the engine, because of its restart policy.
    pub(super) restarts: i64,
    /// How often it was started: what was set off in an earlier life has no effect on a later one.
    pub(super) lives: u64,
    /// Somebody wanted it to end: no policy starts it again.
    pub(super) stopped_by_hand: bool,
    pub(super) joints: BTreeMap<String, Joint>,
    pub(super) mounts: Vec<MountPoint>,
    pub(super) ports: Vec<PublishedPort>,
    pub(super) output: Vec<Written>,
    /// What was put in: folder and archive.
    pub(super) uploads: Vec<(String, Bytes)>,
    /// What `rm` took away again: after how many uploads, and the path.
    pub(super) removals: Vec<(usize, String)>,
    /// How large its terminal was last said to be.
    pub(super) window: Option<Window>,
}

/// One piece of output.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) time: i64,
    pub(super) stream: Stream,
    pub(super) bytes: Bytes,
}

impl Occupant {
    /// Whether it has a process.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, State::Running | State::Paused)
    }

    pub(super) fn mounts_volume(&self, name: &str) -> bool {
        self.mounts.iter().any(|mount| mount.kind == "volume" && mount.name == name)
    }

    /// How long its present life lasts.
    pub(super) fn age(&self, now: i64) -> Duration {
        Duration::from_nanos(u64::try_from(now.saturating_sub(self.started)).unwrap_or(0))
    }

    /// Whether its restart policy starts it again after an end of its own.
    pub(super) fn comes_back(&self) -> bool {
        let Some(policy) = self.spec.restart_policy.as_ref().filter(|_| !self.stopped_by_hand) else { return false };
        let limit = policy.maximum_retry_count;
        match policy.name.as_str() {
            "always" | "unless-stopped" => true,
            "on-failure" => self.exit_code != 0 && (limit == 0 || self.restarts < limit),
            _ => false,
        }
    }
}

impl World {
    /// Finds a container by name, id, or the beginning of its id.
    pub(super) fn container(&self, name: &str) -> Outcome<&Occupant> {
        let by_name = || self.containers.values().find(|container| container.spec.name == name);
        let begins = || self.containers.values().find(|container| !name.is_empty() && container.id.starts_with(name));
        self.containers.get(name).or_else(by_name).or_else(begins).ok_or_else(|| no_such_container(name))
    }

    pub(super) fn container_mut(&mut self, name: &str) -> Outcome<&mut Occupant> {
        let id = self.container(name)?.id.clone();
        self.containers.get_mut(&id).ok_or_else(|| no_such_container(name))
    }

    pub(super) fn create_container(&mut self, spec: &ContainerSpec) -> Outcome<Created> {
        let image = self.find_image(&spec.image).cloned().ok_or_else(|| {
            refusal(ErrorKind::NotFound, format!("No such image: {}", super::images::full_name(&spec.image)))
        })?;
        let mut spec = spec.clone();
        if spec.name.is_empty() {
            spec.name = format!("unnamed_{}", self.containers.len() + 1);
        }
        self.name_is_free(&spec.name)?;
        let joints = self.joints_of(&spec)?;
        let mounts = self.make_mounts(&spec, &image.volumes)?;
        let id = self.fresh("container");
        let mut labels = image.labels.clone();
        labels.extend(spec.labels.clone());
        let occupant = Occupant {
            id: id.clone(),
            image_id: image.id.clone(),
            labels,
            environment: environment(&image.environment, &spec.environment),
            health_check: health_check(spec.health_check.as_ref(), image.health_check.as_ref()),
            behaviour: self.behaviour_of(&spec),
            state: State::Created,
            health: Health::None,
            probes: Vec::new(),
            failing: 0,
            exit_code: 0,
            out_of_memory: false,
            error: String::new(),
            created: self.clock.tick(),
            started: 0,
            finished: 0,
            restarts: 0,
            lives: 0,
            stopped_by_hand: false,
            joints,
            mounts,
            ports: Vec::new(),
            output: Vec::new(),
            uploads: Vec::new(),
            removals: Vec::new(),
            window: None,
            spec,
        };
        self.containers.insert(id.clone(), occupant);
        self.tell_of(&id, "create", &[]);
        Ok(Created { id: ContainerId(id), warnings: Vec::new() })
    }

    fn name_is_free(&self, name: &str) -> Outcome<()> {
        let Some(owner) = self.containers.values().find(|container| container.spec.name == name) else { return Ok(()) };
        let message = format!(
            "Conflict. The container name \"/{name}\" is already in use by container \"{}\". You have to remove (or \
             rename) that container to be able to reuse that name.",
            owner.id
        );
        Err(refusal(ErrorKind::Conflict, message))
    }

    /// All its networks must be there; one that is given none is on the engine's own.
    fn joints_of(&self, spec: &ContainerSpec) -> Outcome<BTreeMap<String, Joint>> {
        let mut joints = BTreeMap::new();
        for (network, endpoint) in &spec.endpoints {
            let joint = Joint { endpoint: endpoint.clone(), ..Default::default() };
            joints.insert(self.network(network)?.spec.name.clone(), joint);
        }
        let mode = if spec.network_mode.is_empty() { "bridge" } else { &spec.network_mode };
        if joints.is_empty() && !mode.starts_with("container:") {
            let name = if mode == "default" { "bridge" } else { mode };
            joints.insert(
                self.network(name).map_or_else(|_| name.to_owned(), |it| it.spec.name.clone()),
                Joint::default(),
            );
        }
        Ok(joints)
    }

    fn behaviour_of(&self, spec: &ContainerSpec) -> Behaviour {
        let of =
            |key: &str| self.behaviours.iter().find(|(name, _)| name == key).map(|(_, behaviour)| behaviour.clone());
        of(&spec.name).or_else(|| of(&super::images::full_name(&spec.image))).unwrap_or_default()
    }

    /// Starts a container; `None` when it runs already, else the number of its new life.
    pub(super) fn start_container(&mut self, name: &str) -> Outcome<Option<u64>> {
        let occupant = self.container(name)?;
        let id = occupant.id.clone();
        match occupant.state {
            State::Running => return Ok(None),
            State::Paused => {
                return Err(refusal(ErrorKind::Conflict, "cannot start a paused container, try unpause instead"));
            }
            _ => {}
        }
        let possible = occupant.behaviour.start_fails.clone().map_or(Ok(()), Err);
        if let Err(error) = possible.and_then(|()| self.networks_are_there(&id)).and_then(|()| self.publish(&id)) {
            let occupant = self.container_mut(&id)?;
            (occupant.exit_code, occupant.error) = (128, error.message.clone());
            return Err(error);
        }
        let networks: Vec<String> = self.container(&id)?.joints.keys().cloned().collect();
        for network in networks {
            self.attach(&id, &network)?;
        }
        let now = self.clock.tick();
        let occupant = self.container_mut(&id)?;
        occupant.state = State::Running;
        occupant.failing = 0;
        if !occupant.behaviour.keeps_health {
            occupant.health = if occupant.health_check.is_some() { Health::Starting } else { Health::None };
            occupant.probes.clear();
        }
        (occupant.exit_code, occupant.out_of_memory, occupant.stopped_by_hand) = (0, false, false);
        occupant.error.clear();
        occupant.started = now;
        occupant.lives += 1;
        let life = occupant.lives;
        self.tell_of(&id, "start", &[]);
        Ok(Some(life))
    }

    /// Binds its ports on the host, all or none.
    fn publish(&mut self, id: &str) -> Outcome<()> {
        let bindings = self.container(id)?.spec.port_bindings.clone();
        let mut ports = Vec::new();
        for (target, bindings) in &bindings {
            let (number, protocol) = target.split_once('/').unwrap_or((target, "tcp"));
            let number = number.parse().unwrap_or(0);
            for binding in bindings {
                let address = if binding.address.is_empty() { "0.0.0.0" } else { &binding.address };
                let published = self.host_port(address, &binding.published, protocol)?;
                ports.push(PublishedPort {
                    address: address.to_owned(),
                    published: Some(published),
                    target: number,
                    protocol: protocol.to_owned(),
                });
            }
        }
        self.container_mut(id)?.ports = ports;
        Ok(())
    }

    /// A free port of those wanted: one, a range, or any.
    fn host_port(&mut self, address: &str, wanted: &str, protocol: &str) -> Outcome<u16> {
        if wanted.is_empty() || wanted == "0" {
            return Ok(self.free_port());
        }
        let (first, last) = wanted.split_once('-').unwrap_or((wanted, wanted));
        let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) else {
            return Err(refusal(ErrorKind::Invalid, format!("Invalid port specification: \"{wanted}\"")));
        };
        let taken = |port: &u16| {
            self.containers.values().filter(|container| container.is_up()).flat_map(|it| &it.ports).any(|other| {
                let same_place = other.address == address || other.address == "0.0.0.0" || address == "0.0.0.0";
                same_place && other.published == Some(*port) && other.protocol == protocol
            })
        };
        (first..=last).find(|port| !taken(port)).ok_or_else(|| {
            refusal(ErrorKind::PortTaken, format!("Bind for {address}:{wanted} failed: port is already allocated"))
                .help("something else on this host listens on that port")
        })
    }

    /// A container's process is gone.
    pub(super) fn end_container(&mut self, id: &str, code: i64, out_of_memory: bool) {
        let now = self.clock.tick();
        let Some(occupant) = self.containers.get_mut(id) else { return };
        let lasted = occupant.age(now).as_secs();
        occupant.state = State::Exited;
        (occupant.exit_code, occupant.out_of_memory, occupant.finished) = (code, out_of_memory, now);
        occupant.ports.clear();
        if out_of_memory {
            self.tell_of(id, "oom", &[]);
        }
        self.tell_of(id, "die", &[("exitCode", code.to_string()), ("execDuration", lasted.to_string())]);
        self.detach(id);
        let gone = self.containers.get(id).is_some_and(|it| it.spec.auto_remove && !it.comes_back());
        if gone {
            self.take_away(id, true);
        }
    }

    pub(super) fn remove_container(&mut self, name: &str, removal: Removal) -> Outcome<()> {
        let occupant = self.container(name)?;
        let (id, up) = (occupant.id.clone(), occupant.is_up());
        if up && !removal.force {
            let message = format!(
                "You cannot remove a running container {id}. Stop the container before attempting removal or force remove"
            );
            return Err(refusal(ErrorKind::Conflict, message));
        }
        if up {
            self.container_mut(&id)?.stopped_by_hand = true;
            self.tell_of(&id, "kill", &[("signal", "9".into())]);
            self.end_container(&id, 137, false);
        }
        self.take_away(&id, removal.volumes);
        Ok(())
    }

    fn take_away(&mut self, id: &str, volumes: bool) {
        self.tell_of(id, "destroy", &[]);
        if let Some(occupant) = self.containers.remove(id).filter(|_| volumes) {
            self.remove_anonymous(&occupant.mounts);
        }
    }

    pub(super) fn rename_container(&mut self, name: &str, new: &str) -> Outcome<()> {
        let id = self.container(name)?.id.clone();
        self.name_is_free(new)?;
        let old = std::mem::replace(&mut self.container_mut(&id)?.spec.name, new.to_owned());
        self.tell_of(&id, "rename", &[("oldName", format!("/{old}"))]);
        Ok(())
    }

    /// Pauses or unpauses.
    pub(super) fn hold_container(&mut self, name: &str, hold: bool) -> Outcome<()> {
        let occupant = self.container_mut(name)?;
        let (from, to, action) =
            if hold { (State::Running, State::Paused, "pause") } else { (State::Paused, State::Running, "unpause") };
        if occupant.state != from {
            let is = if hold { "is not running" } else { "is not paused" };
            return Err(refusal(ErrorKind::Conflict, format!("Container {} {is}", occupant.id)));
        }
        occupant.state = to;
        let id = occupant.id.clone();
        self.tell_of(&id, action, &[]);
        Ok(())
    }
}

fn no_such_container(name: &str) -> EngineError {
    refusal(ErrorKind::NotFound, format!("No such container: {name}"))
}

/// The image's variables, with the container's own over them; a name alone takes one away.
fn environment(image: &[String], own: &[String]) -> Vec<String> {
    let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let hidden: Vec<String> = own.iter().map(|entry| name(entry)).collect();
    let kept = image.iter().filter(|entry| !hidden.contains(&name(entry)));
    own.iter().filter(|entry| entry.contains('=')).chain(kept).cloned().collect()
}

/// The check that counts: its own, filled up from the image's where it says nothing.
fn health_check(own: Option<&HealthSpec>, image: Option<&HealthSpec>) -> Option<HealthSpec> {
    let check = match (own, image) {
        (Some(own), Some(image)) if own.test.is_empty() => HealthSpec {
            test: image.test.clone(),
            interval: own.interval.or(image.interval),
            timeout: own.timeout.or(image.timeout),
            start_period: own.start_period.or(image.start_period),
            start_interval: own.start_interval.or(image.start_interval),
            retries: own.retries.or(image.retries),
        },
        (Some(own), _) => own.clone(),
        (None, image) => image?.clone(),
    };
    (check.test.first().is_some_and(|word| word != "NONE")).then_some(check)
}
