//! Networks: which are there, which are made, which are made anew around the containers that stay.

use crate::diagnostic::nearest;
use crate::engine::{Container, EndpointSpec, Network};
use crate::model::{Network as Declared, Service, ServiceName, labels};

use super::decide::Fate;
use super::planner::{Planner, is_up};
use super::spec::{self, Purpose};
use super::{FieldChange, Labelled, PlanError, Reason, Side, Step, StepId, declared};
use crate::model::network_hash;

/// What is there of a network that the file declares.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'p> {
    There(&'p Network),
    Missing,
    /// Of the same name, and not as the file has it now.
    Changed(&'p Network),
    /// The project's, under the name that it had before.
    Renamed(&'p Network),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Joined<'p> {
    pub declared: &'p Declared,
    pub found: Found<'p>,
    /// What makes it.
    pub step: Option<StepId>,
}

/// What is to be said of a network that goes by another name now.
fn renamed(key: &str, old: &Network, declared: &Declared) -> Reason {
    let name = |name: &str| Side::Value(name.into());
    let changes = vec![FieldChange::new("name", name(&old.name), name(&declared.name))];
    Reason::NetworkChanged { network: key.to_owned(), changes }
}

impl<'p> Planner<'p> {
    /// Looks every declared network up. External ones have to be there.
    pub fn find_networks(&mut self) {
        for (key, declared) in &self.project.networks {
            let found = if declared.external {
                match self.external_network(key, declared) {
                    Ok(network) => Found::There(network),
                    Err(error) => {
                        self.errors.push(error);
                        continue;
                    }
                }
            } else {
                self.own_network(key, declared)
            };
            self.networks.insert(key, Joined { declared, found, step: None });
        }
    }

    fn external_network(&self, key: &str, declared: &Declared) -> Result<&'p Network, PlanError> {
        let name = declared.name.as_str();
        let by_id = || self.observed.networks.iter().filter(|network| network.id == name).collect::<Vec<_>>();
        let found = self.index.networks.get(name).cloned().unwrap_or_else(by_id);
        let error = |message: String| PlanError::new(message).at(["networks", key, "external"]);
        match found.as_slice() {
            [network] => Ok(network),
            [] => {
                let near = nearest(name, self.index.networks.keys().copied());
                let create = format!("create it with docker network create {name}, or leave `external` out");
                let missing = error(format!("network {name} declared as external, but could not be found"));
                Err(near.map_or(missing.clone(), |near| missing.help(format!("did you mean {near}?"))).help(create))
            }
            _ => Err(error(format!("multiple networks with name {name:?} were found"))
                .help("use the network's ID as `name` to say which is meant")),
        }
    }

    fn own_network(&mut self, key: &str, declared: &Declared) -> Found<'p> {
        let named = self.index.networks.get(declared.name.as_str()).cloned().unwrap_or_default();
        let Some(network) = named.iter().find(|network| self.owns(&network.labels)).or(named.first()) else {
            let ours = |network: &&Network| {
                self.owns(&network.labels) && network.labels.get(labels::NETWORK).is_some_and(|label| label == key)
            };
            return self.observed.networks.iter().find(ours).map_or(Found::Missing, Found::Renamed);
        };
        let name = &declared.name;
        if !self.owns(&network.labels) {
            let made = match network.labels.get(labels::PROJECT) {
                Some(_) => format!("for project {:?}", self.project.name),
                None => "by compose".to_owned(),
            };
            self.warn(format!(
                "a network with name {name} exists but was not created {made}. \
                 Set `external: true` to use an existing network"
            ));
            return Found::There(network);
        }
        match network.labels.get(labels::CONFIG_HASH) {
            Some(hash) if !hash.is_empty() && *hash != network_hash(declared) => Found::Changed(network),
            _ => Found::There(network),
        }
    }

    /// Why a container has to be replaced to be on the networks that its service names.
    pub fn network_reason(&self, service: &Service, container: &Container) -> Option<Reason> {
        if !service.network_mode.is_empty() {
            return None;
        }
        spec::keys_by_priority(service).into_iter().find_map(|key| {
            let joined = self.networks.get(key)?;
            let is_on = |name: &str, id: Option<&str>| {
                let endpoint = container.networks.get(name)?;
                // A container that never started has no id yet: it will find the network by its name.
                (endpoint.network_id.is_empty() || Some(endpoint.network_id.as_str()) == id).then_some(())
            };
            let attached = match joined.found {
                Found::There(network) | Found::Changed(network) => is_on(&network.name, Some(&network.id)),
                Found::Missing => is_on(&joined.declared.name, None),
                Found::Renamed(old) => return Some(renamed(key, old, joined.declared)),
            };
            attached.is_none().then(|| Reason::NetworkMissing(key.to_owned()))
        })
    }

    pub fn make_networks(&mut self) {
        let networks: Vec<_> = self.networks.iter().map(|(key, joined)| (*key, *joined)).collect();
        for (key, joined) in networks {
            let spec = spec::network_spec(self.project, key, joined.declared);
            let step = match joined.found {
                Found::There(_) => continue,
                Found::Missing | Found::Renamed(_) => {
                    self.push(Step::CreateNetwork(spec), Reason::Missing, None, None, [])
                }
                Found::Changed(old) => self.renew_network(key, old, Step::CreateNetwork(spec)),
            };
            if let Some(joined) = self.networks.get_mut(key) {
                joined.step = Some(step);
            }
        }
    }

    /// Stops and disconnects what is on a network, replaces it, and connects what stays.
    fn renew_network(&mut self, key: &'p str, old: &'p Network, create: Step) -> StepId {
        let declared = &self.project.networks[key];
        let reason =
            Reason::NetworkChanged { network: key.to_owned(), changes: declared::network_changes(declared, old) };
        let attached: Vec<&'p Container> =
            self.observed.containers.iter().filter(|container| container.networks.contains_key(&old.name)).collect();
        let mut before = Vec::new();
        let mut staying = Vec::new();
        for container in attached {
            if let Some(removed) = self.removed.get(&container.id) {
                before.push(*removed);
                continue;
            }
            let stop = self.stop(container, reason.clone(), None, []);
            if !self.stays(container) {
                before.extend(stop);
            } else {
                let step = Step::DisconnectNetwork { network: old.name.clone(), container: self.existing(container) };
                let service = self.service_name(container);
                let disconnect = self.push(step, reason.clone(), service, None, stop);
                before.push(disconnect);
                staying.push(container);
            }
        }
        let remove = Step::RemoveNetwork { id: old.id.clone(), name: old.name.clone() };
        let remove = self.push(remove, reason.clone(), None, None, before);
        let created = self.push(create, reason.clone(), None, None, [remove]);
        for container in staying {
            let step = Step::ConnectNetwork {
                network: old.name.clone(),
                container: self.existing(container),
                endpoint: self.endpoint_again(key, container),
            };
            let service = self.service_name(container);
            let connect = self.push(step, reason.clone(), service, None, [created]);
            self.prepared.entry(&container.id).or_default().push(connect);
            if !self.is_launched(container) && is_up(container) {
                let start = Step::StartContainer { container: self.existing(container) };
                self.push(start, reason.clone(), service, None, [connect]);
            }
        }
        created
    }

    /// Whether a container is started again with its service.
    fn is_launched(&self, container: &Container) -> bool {
        container.is_replica() && self.service_name(container).is_some_and(|name| self.decisions.contains_key(name))
    }

    /// Whether a container outlives this plan, for all that is known before it runs.
    fn stays(&self, container: &Container) -> bool {
        let decision = self.service_name(container).and_then(|name| self.decisions.get(name));
        let Some(decision) = decision.filter(|_| container.is_replica()) else { return true };
        decision.kept.iter().any(|kept| kept.container.id == container.id && !matches!(kept.fate, Fate::Recreate(_)))
    }

    /// How a container joins the new network: as its service says, or with what is known of a stranger.
    fn endpoint_again(&self, key: &str, container: &Container) -> EndpointSpec {
        let known = self.service_name(container).and_then(|name| {
            let services = [&self.project.services, &self.project.disabled_services];
            services.into_iter().find_map(|services| services.get_key_value(name))
        });
        match (known, container.number()) {
            (Some((name, service)), Some(number)) => {
                let links = self.links(name, service, number);
                spec::endpoint(&self.context, name, service, Purpose::Replica(number), key, &links)
            }
            _ => EndpointSpec { aliases: vec![container.name.clone()], ..EndpointSpec::default() },
        }
    }

    /// The name of a container's service as the project has it.
    pub fn service_name(&self, container: &Container) -> Option<&'p ServiceName> {
        let services = [&self.project.services, &self.project.disabled_services];
        services.into_iter().find_map(|services| Some(services.get_key_value(container.service())?.0))
    }

    /// Removes networks that go by another name now, once the containers that were on them are gone.
    pub fn retire_networks(&mut self) {
        let renamed_ones: Vec<_> = self
            .networks
            .iter()
            .filter_map(|(key, joined)| match joined.found {
                Found::Renamed(old) => Some((*key, old, joined.declared)),
                _ => None,
            })
            .collect();
        for (key, old, declared) in renamed_ones {
            let on: Vec<_> = self
                .observed
                .containers
                .iter()
                .filter(|container| container.networks.contains_key(&old.name))
                .collect();
            let gone: Option<Vec<_>> = on.iter().map(|container| self.removed.get(&container.id).copied()).collect();
            match gone {
                Some(gone) => {
                    let step = Step::RemoveNetwork { id: old.id.clone(), name: old.name.clone() };
                    self.push(step, renamed(key, old, declared), None, None, gone);
                }
                None => self.warn(format!("network {} is still in use and was left in place", old.name)),
            }
        }
    }
}
