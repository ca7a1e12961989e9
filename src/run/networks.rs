//! Networks being made: one of each name, also beside others who make the same, and where addresses have run out. And
//! networks being removed, where somebody may still be on them.

use std::time::Duration;

use crate::engine::{ApiVersion, EngineError, ErrorKind, Filters, IpamPoolSpec, Network, NetworkId, NetworkSpec};
use crate::event::Event;
use crate::plan::{StepId, free_range};

use super::execute::Execution;
use super::step::Trouble;

/// How many free ranges are tried for a network.
const RANGES: usize = 16;
/// How often, and after which pause each time, a network is tried again that is in use while nobody is on it.
const TRIES: usize = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// How many of those who are on a network are named.
const NAMED: usize = 3;
/// Engines from here on make no second network of a name.
const UNIQUE_NAMES: ApiVersion = ApiVersion::new(1, 44);

/// Whether a network was refused because it is there. Other things may exist already while one is made: rules, bridges.
fn is_there(refusal: &EngineError) -> bool {
    refusal.kind == ErrorKind::Conflict && refusal.message.starts_with("network with name")
}

impl Execution<'_> {
    /// Makes a network, unless somebody else has made it meanwhile. Where the engine has no addresses left, a small range is
    /// found for one that asks for none. Whether it was made.
    pub(super) async fn make_network(&self, spec: &NetworkSpec) -> Result<bool, EngineError> {
        match self.work.engine.create_network(spec).await {
            Err(error) if error.kind == ErrorKind::NoAddresses && spec.ipam_pools.is_empty() => {
                self.squeeze_in(spec, error).await?;
            }
            Err(error) if is_there(&error) => return Ok(false),
            made => drop(made?),
        }
        if self.work.engine.about().api < UNIQUE_NAMES {
            self.keep_one(&spec.name).await?;
        }
        Ok(true)
    }

    async fn squeeze_in(&self, spec: &NetworkSpec, error: EngineError) -> Result<(), EngineError> {
        let engine = self.work.engine;
        let mut taken = engine.routes();
        // Others look for a range at the same time, and one of them may be faster.
        for _ in 0..RANGES {
            let networks = engine.networks(&Filters::default()).await?;
            taken.extend(networks.into_iter().flat_map(|network| network.subnets));
            let Some(range) = free_range(taken.iter().map(String::as_str)) else { break };
            let pools = vec![IpamPoolSpec { subnet: range.clone(), ..IpamPoolSpec::default() }];
            match engine.create_network(&NetworkSpec { ipam_pools: pools, ..spec.clone() }).await {
                Err(refusal) if refusal.kind == ErrorKind::InUse => taken.push(range),
                Err(refusal) => return Err(refusal),
                Ok(_) => {
                    let text =
                        format!("the engine has no address range left for network {}: it gets {range}", spec.name);
                    (self.work.tell)(Event::Warning(text));
                    return Ok(());
                }
            }
        }
        Err(error)
    }

    /// Older engines make a second network of a name when they are asked twice at the same moment, and then do not know
    /// which is meant. Whether there is only one now, whoever removed the others.
    pub(super) async fn can_tell_apart(&self, error: &EngineError) -> bool {
        let Some((before, _)) = error.message.split_once(" is ambiguous (") else { return false };
        let name = before.rsplit(' ').next().unwrap_or_default();
        matches!(self.keep_one(name).await, Ok(left) if left <= 1)
    }

    /// Removes all networks of a name but one, as far as nobody uses them. Everybody who comes here at the same time keeps
    /// the same one. How many there are left.
    async fn keep_one(&self, name: &str) -> Result<usize, EngineError> {
        let engine = self.work.engine;
        let mut found: Vec<Network> = engine.networks(&Filters::default().and("name", name)).await?;
        found.retain(|network| network.name == name);
        found.sort_by(|one, other| other.id.cmp(&one.id));
        let mut left = found.len();
        for network in &found {
            if left <= 1 {
                break;
            }
            match engine.remove_network(&NetworkId::new(&network.id)).await {
                Ok(()) => left -= 1,
                Err(error) if error.kind == ErrorKind::NotFound => left -= 1,
                Err(error) if error.kind == ErrorKind::InUse => {}
                Err(error) => return Err(error),
            }
        }
        Ok(left)
    }

    /// Removes a network, or says who is still on it. An engine tells nobody when the last one has left, and one that was
    /// left a moment ago may still be refused.
    pub(super) async fn remove_network(&self, id: StepId, network: &NetworkId) -> Result<(), Trouble> {
        let engine = self.work.engine;
        let mut removed = engine.remove_network(network).await;
        let mut users = None;
        for _ in 0..TRIES {
            if !removed.as_ref().is_err_and(|error| error.kind == ErrorKind::InUse) {
                break;
            }
            users = self.users(network).await;
            if users.as_ref().is_none_or(|users| !users.is_empty()) {
                break;
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
            removed = engine.remove_network(network).await;
        }
        self.removal(id, removed, &users.map_or_else(String::new, |users| told(&users)))
    }

    /// The names of those who are on a network; `None` where the engine does not tell.
    async fn users(&self, network: &NetworkId) -> Option<Vec<String>> {
        let there = self.work.engine.inspect_network(network.as_str()).await.ok()?;
        let containers = there["Containers"].as_object()?.values();
        let mut names: Vec<String> = containers.filter_map(|it| it["Name"].as_str()).map(str::to_owned).collect();
        names.sort();
        Some(names)
    }
}

/// The words after `Resource is still in use`.
fn told(users: &[String]) -> String {
    let named = users.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match users.len() {
        0 => ", says the engine, but no container is on it: it has miscounted, and counts anew when it is restarted"
            .into(),
        1..=NAMED => format!(" by {named}"),
        all => format!(" by {named} and {} more", all - NAMED),
    }
}
