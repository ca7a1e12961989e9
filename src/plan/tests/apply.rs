//! Does a plan on a snapshot of the state, as an engine would on itself.

use std::collections::{BTreeMap, HashMap};

use crate::engine::{
    Container, ContainerId, ContainerSpec, Endpoint, Health, Image, ImageId, Labels, MountPoint, Network,
    PublishedPort, State, Volume,
};
use crate::plan::{ContainerRef, Facts, Guard, ImageRef, Observed, Plan, Step, StepId};

/// The state after a plan was done step by step. Pulled and built images get new content every time.
pub fn apply(observed: &Observed, plan: &Plan) -> Observed {
    let mut world = World { now: observed.clone(), made: HashMap::new(), images: HashMap::new() };
    for (id, planned) in plan.steps() {
        assert!(plan.needs(id).iter().all(|need| *need < id), "step {id:?} waits for a later one");
        if planned.guard.as_ref().is_none_or(|guard| world.allows(guard)) {
            world.perform(id, &planned.step);
        }
    }
    let sorted = &mut world.now;
    sorted.containers.sort_by(|a, b| a.name.cmp(&b.name));
    sorted.networks.sort_by(|a, b| a.name.cmp(&b.name));
    world.now
}

struct World {
    now: Observed,
    made: HashMap<StepId, ContainerId>,
    images: HashMap<StepId, ImageId>,
}

impl World {
    fn allows(&self, guard: &Guard) -> bool {
        match guard {
            Guard::ImageChanged { step, from } => self.images.get(step).is_some_and(|image| image != from),
            Guard::Any(guards) => guards.iter().any(|guard| self.allows(guard)),
        }
    }

    fn fresh(&self, kind: &str) -> String {
        let count = self.now.containers.len() + self.now.networks.len() + self.made.len() + self.images.len();
        let taken = |id: &str| {
            self.now.containers.iter().any(|container| container.id.as_str() == id)
                || self.now.networks.iter().any(|network| network.id == id)
        };
        (count..)
            .map(|number| format!("{:0<64}", hex::encode(format!("{kind}{number}"))))
            .find(|id| !taken(id))
            .unwrap()
    }

    fn id(&self, container: &ContainerRef) -> Option<ContainerId> {
        match container {
            ContainerRef::Existing { id, .. } => Some(id.clone()),
            ContainerRef::Made { step, .. } => self.made.get(step).cloned(),
            ContainerRef::Either { step, id, .. } => Some(self.made.get(step).unwrap_or(id).clone()),
        }
    }

    fn container(&mut self, container: &ContainerRef) -> &mut Container {
        let id = self.id(container).unwrap_or_else(|| panic!("{} was not made", container.name()));
        let found = self.now.containers.iter_mut().find(|container| container.id == id);
        found.unwrap_or_else(|| panic!("{} is not there", container.name()))
    }

    fn perform(&mut self, id: StepId, step: &Step) {
        match step {
            Step::CreateNetwork(spec) => {
                assert!(self.now.networks.iter().all(|network| network.name != spec.name), "{} twice", spec.name);
                self.now.networks.push(Network {
                    id: self.fresh("net"),
                    name: spec.name.clone(),
                    driver: spec.driver.clone(),
                    labels: spec.labels.clone(),
                    driver_options: spec.driver_options.clone(),
                    internal: spec.internal,
                    attachable: spec.attachable,
                    enable_ipv6: spec.enable_ipv6 == Some(true),
                    ipam_driver: spec.ipam_driver.clone(),
                    ipam_pools: spec.ipam_pools.clone(),
                    ..Network::default()
                });
            }
            Step::RemoveNetwork { id, name } => {
                let in_use = |container: &Container| is_up(container) && container.networks.contains_key(name);
                assert!(!self.now.containers.iter().any(in_use), "network {name} is in use");
                self.now.networks.retain(|network| network.id != *id);
            }
            Step::ConnectNetwork { network, container, endpoint } => {
                let network_id = self.now.networks.iter().find(|known| known.name == *network).unwrap().id.clone();
                let aliases = endpoint.aliases.clone();
                let endpoint = Endpoint { network_id, aliases, ..Endpoint::default() };
                self.container(container).networks.insert(network.clone(), endpoint);
            }
            Step::DisconnectNetwork { network, container } => {
                assert!(self.container(container).networks.remove(network).is_some());
            }
            Step::CreateVolume(spec) => {
                self.now.volumes.push(Volume {
                    name: spec.name.clone(),
                    driver: spec.driver.clone(),
                    driver_options: spec.driver_options.clone(),
                    labels: spec.labels.clone(),
                    ..Volume::default()
                });
            }
            Step::RemoveVolume { name } => {
                let in_use = |container: &Container| container.mounts.iter().any(|mount| mount.name == *name);
                assert!(!self.now.containers.iter().any(in_use), "volume {name} is in use");
                self.now.volumes.retain(|volume| volume.name != *name);
            }
            Step::PullImage { pull, .. } => self.image(id, &pull.image),
            Step::BuildImage { image, .. } => self.image(id, image),
            // What a registry has is no state of the engine.
            Step::PushImage { .. } => {}
            Step::RemoveImage { name } => self.now.images.retain(|image| !image.tags.contains(name)),
            Step::CreateContainer(draft) => {
                let known = |image: &ImageRef| match image {
                    ImageRef::Known(id) => id.clone(),
                    ImageRef::From(step) => self.images[step].clone(),
                };
                let image = known(&draft.image);
                let mounted = draft.mounted.iter().map(|(target, image)| (target.clone(), known(image))).collect();
                let container = |owner: &ContainerRef| self.id(owner);
                let profiles = BTreeMap::new();
                let facts = Facts {
                    image: &image,
                    mounted: &mounted,
                    image_volumes: &["/image".into()],
                    container: &container,
                    profiles: &profiles,
                };
                let spec = draft.finish(&facts).expect("a complete draft");
                let made = self.create(&spec, image);
                self.made.insert(id, made);
            }
            Step::StartContainer { container } => self.start(container),
            Step::RestartContainer { container, .. } => {
                self.container(container).state = State::Exited;
                self.start(container);
            }
            Step::PauseContainer { container } => self.container(container).state = State::Paused,
            Step::UnpauseContainer { container } => self.container(container).state = State::Running,
            Step::StopContainer { container, .. } | Step::KillContainer { container, .. } => {
                let container = self.container(container);
                (container.state, container.exit_code, container.health) = (State::Exited, Some(143), Health::None);
            }
            Step::RemoveContainer { container, .. } => {
                let id = self.container(container).id.clone();
                self.now.containers.retain(|container| container.id != id);
            }
            Step::RenameContainer { container, name } => {
                assert!(self.now.containers.iter().all(|known| known.name != *name), "{name} is taken");
                self.container(container).name.clone_from(name);
            }
            Step::RunToEnd { container } => {
                let container = self.container(container);
                (container.state, container.exit_code) = (State::Exited, Some(0));
            }
            Step::RunHook { container, .. } | Step::InjectFiles { container, .. } => {
                self.container(container);
            }
            Step::Await { containers, .. } => {
                for container in containers {
                    self.container(container);
                }
            }
        }
    }

    fn image(&mut self, step: StepId, name: &str) {
        self.now.images.retain(|image| !image.tags.iter().any(|tag| tag == name));
        let id = ImageId::new(format!("sha256:{}", self.fresh("img")));
        let (tags, digests, labels) = (vec![name.to_owned()], Vec::new(), Labels::new());
        self.now.images.push(Image { id: id.clone(), tags, digests, labels, size: 1, created: 1 });
        self.images.insert(step, id);
    }

    fn create(&mut self, spec: &ContainerSpec, image_id: ImageId) -> ContainerId {
        assert!(self.now.containers.iter().all(|container| container.name != spec.name), "{} is taken", spec.name);
        for network in spec.endpoints.keys() {
            assert!(self.now.networks.iter().any(|known| known.name == *network), "no network {network}");
        }
        let id = ContainerId::new(self.fresh("ctr"));
        let mut mounts: Vec<MountPoint> = spec.binds.iter().map(|bind| self.bind(bind)).collect();
        for mount in &spec.mounts {
            let is_new = mount.kind == "volume" && mount.source.is_empty();
            let name = if is_new {
                self.fresh(&format!("vol{}{}", self.made.len(), mount.target))
            } else {
                mount.source.clone()
            };
            let (kind, destination) = (mount.kind.clone(), mount.target.clone());
            mounts.push(MountPoint { kind, name, destination, ..MountPoint::default() });
        }
        let endpoints = spec.endpoints.iter().map(|(name, endpoint)| {
            (name.clone(), Endpoint { aliases: endpoint.aliases.clone(), ..Endpoint::default() })
        });
        self.now.containers.push(Container {
            id: id.clone(),
            name: spec.name.clone(),
            image: spec.image.clone(),
            image_id,
            command: String::new(),
            created: 1,
            state: State::Created,
            status: "Created".into(),
            health: Health::None,
            exit_code: None,
            labels: spec.labels.clone(),
            ports: ports(spec),
            mounts,
            networks: endpoints.collect(),
        });
        id
    }

    fn bind(&self, bind: &str) -> MountPoint {
        let mut parts = bind.split(':');
        let (source, destination) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default().to_owned());
        if source.starts_with('/') {
            return MountPoint { kind: "bind".into(), source: source.into(), destination, ..MountPoint::default() };
        }
        assert!(self.now.volumes.iter().any(|volume| volume.name == source), "no volume {source}");
        MountPoint { kind: "volume".into(), name: source.into(), destination, ..MountPoint::default() }
    }

    fn start(&mut self, reference: &ContainerRef) {
        let networks: BTreeMap<String, String> =
            self.now.networks.iter().map(|network| (network.name.clone(), network.id.clone())).collect();
        let held: Vec<(String, u16)> = self
            .now
            .containers
            .iter()
            .filter(|container| is_up(container))
            .flat_map(|container| {
                container.ports.iter().filter_map(|port| Some((container.name.clone(), port.published?)))
            })
            .collect();
        let container = self.container(reference);
        for port in container.ports.iter().filter_map(|port| port.published).filter(|_| !is_up(container)) {
            let holder = held.iter().find(|(_, held)| *held == port);
            assert!(holder.is_none(), "port {port} is held by {holder:?}");
        }
        for (name, endpoint) in &mut container.networks {
            assert!(
                endpoint.network_id.is_empty() || networks.get(name) == Some(&endpoint.network_id),
                "network {name} of {} is gone",
                container.name
            );
            endpoint.network_id = networks[name].clone();
        }
        (container.state, container.exit_code, container.health) = (State::Running, None, Health::Healthy);
    }
}

fn is_up(container: &Container) -> bool {
    matches!(container.state, State::Running | State::Paused | State::Restarting)
}

fn ports(spec: &ContainerSpec) -> Vec<PublishedPort> {
    let bindings =
        spec.port_bindings.iter().flat_map(|(target, bindings)| bindings.iter().map(move |one| (target, one)));
    let port = |(target, binding): (&String, &crate::engine::PortBinding)| {
        let (target, protocol) = target.split_once('/')?;
        let published = binding.published.parse().ok();
        Some(PublishedPort {
            address: binding.address.clone(),
            published,
            target: target.parse().ok()?,
            protocol: protocol.into(),
        })
    };
    bindings.filter_map(port).collect()
}
