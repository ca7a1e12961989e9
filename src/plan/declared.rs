//! What differs between a network or a volume that is there and the one that the file declares.

use serde_json::{Value, json};

use crate::engine::{Labels, Network as FoundNetwork, Volume as FoundVolume};
use crate::model::{IpamPool, Network, Volume, labels};

use super::{FieldChange, Side};

/// The fields of a network that differ, as far as the engine shows them.
pub(super) fn network_changes(declared: &Network, found: &FoundNetwork) -> Vec<FieldChange> {
    let switch = |value: bool| if value { json!(true) } else { Value::Null };
    let word = |value: &str, usual: &str| if value.is_empty() { json!(usual) } else { json!(value) };
    let mut told = Told::default();
    told.field("driver", &word(&found.driver, "bridge"), &word(&declared.driver, "bridge"));
    told.map("driver_opts", &json!(found.driver_options), &json!(declared.driver_opts));
    told.field("internal", &switch(found.internal), &switch(declared.internal));
    told.field("attachable", &switch(found.attachable), &switch(declared.attachable));
    told.field("enable_ipv6", &switch(found.enable_ipv6), &switch(declared.enable_ipv6 == Some(true)));
    told.field("ipam.driver", &word(&found.ipam_driver, "default"), &word(&declared.ipam.driver, "default"));
    // Ranges that the file leaves out are the engine's own choice.
    if !declared.ipam.config.is_empty() {
        told.field("ipam.config", &json!(pools(declared, found)), &json!(declared.ipam.config));
    }
    told.labels(&found.labels, &declared.labels);
    told.changes
}

/// The fields of a volume that differ.
pub(super) fn volume_changes(declared: &Volume, found: &FoundVolume) -> Vec<FieldChange> {
    let word = |value: &str| if value.is_empty() { json!("local") } else { json!(value) };
    let mut told = Told::default();
    told.field("driver", &word(&found.driver), &word(&declared.driver));
    told.map("driver_opts", &json!(found.driver_options), &json!(declared.driver_opts));
    told.labels(&found.labels, &declared.labels);
    told.changes
}

/// The address ranges in the file's words, without what the engine filled in where the file says nothing.
fn pools(declared: &Network, found: &FoundNetwork) -> Vec<IpamPool> {
    let nothing = IpamPool::default();
    let pool = |(at, pool): (usize, &crate::engine::IpamPoolSpec)| {
        let said = declared.ipam.config.get(at).unwrap_or(&nothing);
        let unless_chosen = |value: &String, said: &String| if said.is_empty() { String::new() } else { value.clone() };
        IpamPool {
            subnet: pool.subnet.clone(),
            ip_range: pool.ip_range.clone(),
            gateway: unless_chosen(&pool.gateway, &said.gateway),
            aux_addresses: pool.auxiliary_addresses.clone(),
            ..IpamPool::default()
        }
    };
    found.ipam_pools.iter().enumerate().map(pool).collect()
}

#[derive(Default)]
struct Told {
    changes: Vec<FieldChange>,
}

impl Told {
    fn field(&mut self, path: &str, from: &Value, to: &Value) {
        if from != to {
            self.changes.push(FieldChange::new(path, Side::of(Some(from)), Side::of(Some(to))));
        }
    }

    fn map(&mut self, path: &str, from: &Value, to: &Value) {
        let maps = [from, to].map(Value::as_object);
        let mut keys: Vec<&String> = maps.into_iter().flatten().flat_map(serde_json::Map::keys).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let side = |map: &Value| map.get(key).cloned().unwrap_or(Value::Null);
            self.field(&format!("{path}.{key}"), &side(from), &side(to));
        }
    }

    /// Labels of the user's own.
    fn labels(&mut self, found: &Labels, declared: &Labels) {
        let own: Labels =
            found.iter().filter(|(key, _)| !labels::is_ours(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        self.map("labels", &json!(own), &json!(declared));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::IpamPoolSpec;

    fn told(changes: &[FieldChange]) -> Vec<String> {
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_network_is_held_against_what_the_file_declares() {
        let found = FoundNetwork {
            driver: "bridge".into(),
            labels: [("com.docker.compose.network".into(), "n".into()), ("a".into(), "1".into())].into(),
            driver_options: [("mtu".into(), "1400".into())].into(),
            ipam_driver: "default".into(),
            ipam_pools: vec![IpamPoolSpec {
                subnet: "172.20.0.0/16".into(),
                gateway: "172.20.0.1".into(),
                ..IpamPoolSpec::default()
            }],
            ..FoundNetwork::default()
        };
        let same = Network {
            labels: [("a".into(), "1".into())].into(),
            driver_opts: [("mtu".into(), "1400".into())].into(),
            ..Network::default()
        };
        assert_eq!(told(&network_changes(&same, &found)), [] as [&str; 0]);
        let other: Network = serde_json::from_value(json!({
            "driver": "macvlan", "internal": true, "enable_ipv6": true, "labels": {"a": "2"},
            "driver_opts": {"mtu": "9000"}, "ipam": {"config": [{"subnet": "172.21.0.0/16"}]},
        }))
        .expect("a network");
        insta::assert_snapshot!(told(&network_changes(&other, &found)).join("\n"));
    }

    #[test]
    fn a_volume_is_held_against_what_the_file_declares() {
        let found = FoundVolume { driver: "local".into(), ..FoundVolume::default() };
        assert_eq!(told(&volume_changes(&Volume::default(), &found)), [] as [&str; 0]);
        let other: Volume = serde_json::from_value(json!({
            "driver_opts": {"type": "nfs", "o": "addr=nas"}, "labels": {"password": "x"},
        }))
        .expect("a volume");
        assert_eq!(
            told(&volume_changes(&other, &found)),
            [r#"driver_opts.o: none → "addr=nas""#, r#"driver_opts.type: none → "nfs""#, "labels.password: none → ***"]
        );
    }
}
