//! Networks, and who is on them.

use std::collections::BTreeMap;

use convoke::engine::{
    EndpointSpec, ErrorKind, Filters, IpamPoolSpec, Network, NetworkId, NetworkSpec, Removal, State,
};

use super::{ALL_OF_IT, created, kind, listed, removed};
use crate::stage::Stage;

fn spec(name: &str) -> NetworkSpec {
    NetworkSpec { name: name.into(), labels: BTreeMap::from([("who".into(), name.into())]), ..Default::default() }
}

async fn made(stage: &Stage) -> (String, NetworkId) {
    let name = stage.name();
    let id = stage.engine.create_network(&spec(&name)).await.expect("created");
    (name, id)
}

async fn found(stage: &Stage, name: &str) -> Vec<Network> {
    stage.engine.networks(&Filters::label("who", name)).await.expect("a list")
}

pub async fn a_network_comes_and_goes(stage: &Stage) {
    let (name, id) = made(stage).await;
    let networks = found(stage, &name).await;
    let [network] = networks.as_slice() else { panic!("one, not {networks:?}") };
    assert_eq!((network.name.as_str(), network.id.as_str()), (name.as_str(), id.as_str()));
    assert_eq!((network.driver.as_str(), network.internal, network.subnets.len()), ("bridge", false, 1));
    assert_eq!(kind(stage.engine.create_network(&spec(&name)).await), ErrorKind::Conflict);
    stage.engine.remove_network(&id).await.expect("removed");
    assert_eq!(found(stage, &name).await, []);
    assert_eq!(kind(stage.engine.remove_network(&id).await), ErrorKind::NotFound);
}

pub async fn a_network_in_use_stays(stage: &Stage) {
    let (name, network) = made(stage).await;
    let mut container = stage.spec(&["forever"]);
    container.network_mode = name.clone();
    container.endpoints = BTreeMap::from([(name.clone(), EndpointSpec::default())]);
    let id = created(stage, &container).await;
    stage.engine.start_container(&id).await.expect("started");
    assert_eq!(listed(stage, &id).await.expect("listed").networks[&name].network_id, network.0);
    assert_eq!(kind(stage.engine.remove_network(&network).await), ErrorKind::InUse);
    assert_eq!(on(stage, &name).await, [container.name.as_str()]);
    stage.engine.stop_container(&id, Some(std::time::Duration::ZERO)).await.expect("stopped");
    assert!(on(stage, &name).await.is_empty());
    stage.engine.remove_network(&network).await.expect("nobody is on it any more");
    assert_eq!(kind(stage.engine.start_container(&id).await), ErrorKind::NotFound);
    assert_ne!(listed(stage, &id).await.expect("listed").state, State::Running);
    removed(stage, &id).await;
}

/// The names of those that the engine's whole answer about a network has in it.
async fn on(stage: &Stage, network: &str) -> Vec<String> {
    let told = stage.engine.inspect_network(network).await.expect("told");
    let containers = told["Containers"].as_object().expect("those on it").values();
    containers.map(|it| it["Name"].as_str().expect("a name").to_owned()).collect()
}

pub async fn a_container_is_on_all_its_networks(stage: &Stage) {
    let (networks, mut container) =
        ([made(stage).await, made(stage).await, made(stage).await], stage.spec(&["forever"]));
    container.network_mode = networks[1].0.clone();
    for (name, _) in &networks {
        let endpoint = EndpointSpec { aliases: vec![format!("alias-{name}")], ..Default::default() };
        container.endpoints.insert(name.clone(), endpoint);
    }
    let id = created(stage, &container).await;
    stage.engine.start_container(&id).await.expect("started");
    let details = stage.engine.inspect_container(&id).await.expect("details");
    for (name, network) in &networks {
        let endpoint = &details.networks[name];
        assert_eq!(endpoint.network_id, network.0);
        assert!(endpoint.aliases.contains(&format!("alias-{name}")), "{:?}", endpoint.aliases);
        assert!(!endpoint.ip_address.is_empty());
    }
    assert_eq!(listed(stage, &id).await.expect("listed").networks.len(), 3);
    removed(stage, &id).await;
    for (_, network) in &networks {
        stage.engine.remove_network(network).await.expect("removed");
    }
}

pub async fn a_container_is_on_all_its_networks_or_is_none(stage: &Stage) {
    let ((name, network), mut container) = (made(stage).await, stage.spec(&["forever"]));
    container.network_mode = name.clone();
    container.endpoints = BTreeMap::from([(name, EndpointSpec::default()), (stage.name(), EndpointSpec::default())]);
    // Newer engines look for the networks only at the start.
    match stage.engine.create_container(&container).await {
        Ok(made) => {
            assert_eq!(kind(stage.engine.start_container(&made.id).await), ErrorKind::NotFound);
            removed(stage, &made.id).await;
        }
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::NotFound);
            let names = Filters::default().and("name", container.name.as_str());
            assert_eq!(stage.engine.containers(&names).await.expect("a list"), []);
        }
    }
    stage.engine.remove_network(&network).await.expect("removed");
}

pub async fn a_container_joins_and_leaves(stage: &Stage) {
    let ((first, first_id), (second, second_id)) = (made(stage).await, made(stage).await);
    let mut container = stage.spec(&["forever"]);
    container.network_mode = first.clone();
    container.endpoints = BTreeMap::from([(first.clone(), EndpointSpec::default())]);
    let id = created(stage, &container).await;
    stage.engine.start_container(&id).await.expect("started");
    let endpoint = EndpointSpec { aliases: vec!["other".into()], ..Default::default() };
    stage.engine.connect_network(&second, &id, &endpoint).await.expect("joined");
    assert_eq!(kind(stage.engine.connect_network(&second, &id, &endpoint).await), ErrorKind::Conflict);
    assert_eq!(listed(stage, &id).await.expect("listed").networks[&second].network_id, second_id.0);
    stage.engine.disconnect_network(&first, &id, false).await.expect("left");
    assert!(stage.engine.disconnect_network(&first, &id, false).await.is_err(), "it is not on it any more");
    assert!(!listed(stage, &id).await.expect("listed").networks.contains_key(&first));
    assert_eq!(kind(stage.engine.connect_network("convoke-nowhere", &id, &endpoint).await), ErrorKind::NotFound);
    stage.engine.remove_container(&id, ALL_OF_IT).await.expect("removed");
    for network in [first_id, second_id] {
        stage.engine.remove_network(&network).await.expect("removed");
    }
    assert_eq!(kind(stage.engine.remove_container(&id, Removal::default()).await), ErrorKind::NotFound);
}

pub async fn an_address_is_kept(stage: &Stage) {
    let name = stage.name();
    let pool = IpamPoolSpec { subnet: stage.subnet(), ..Default::default() };
    let address = pool.subnet.replace(".0/24", ".77");
    let network = NetworkSpec { ipam_pools: vec![pool.clone()], internal: true, ..spec(&name) };
    let network = stage.engine.create_network(&network).await.expect("created");
    let listed_network = &found(stage, &name).await[0];
    assert_eq!((&listed_network.subnets, listed_network.internal), (&vec![pool.subnet.clone()], true));
    let beside = NetworkSpec { ipam_pools: vec![pool], ..spec(&format!("{name}-beside")) };
    assert_eq!(kind(stage.engine.create_network(&beside).await), ErrorKind::InUse);
    let mut container = stage.spec(&["forever"]);
    container.network_mode = name.clone();
    container.mac_address = "02:42:ac:11:65:43".into();
    let endpoint = EndpointSpec { ipv4_address: address.clone(), ..Default::default() };
    container.endpoints = BTreeMap::from([(name.clone(), endpoint)]);
    let id = created(stage, &container).await;
    stage.engine.start_container(&id).await.expect("started");
    let details = stage.engine.inspect_container(&id).await.expect("details");
    assert_eq!(details.networks[&name].ip_address, address);
    assert_eq!(details.networks[&name].mac_address, container.mac_address);
    removed(stage, &id).await;
    stage.engine.remove_network(&network).await.expect("removed");
}
