//! What changed in a service's configuration, told from a label that holds a short digest of each of its values.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::engine::Container;
use crate::model::Service;

use super::spec::CONVOKE_CONFIG;

/// Top-level keys that the configuration hash leaves out.
const UNHASHED: [&str; 6] = ["build", "depends_on", "profiles", "pull_policy", "scale", "x-*"];
/// Hexadecimal digits kept of a value's digest: enough to see a change, too few to guess a secret.
const DIGITS: usize = 6;

/// The service as JSON, with a short digest in the place of each value.
pub fn of(service: &Service) -> String {
    match tree(service) {
        Some(tree) => digested(&tree, "").to_string(),
        None => String::new(),
    }
}

/// The paths at which a service differs from what a container was made from; `None` where no label of ours tells.
pub fn changes(service: &Service, container: &Container) -> Option<Vec<String>> {
    let before = container.labels.get(CONVOKE_CONFIG).and_then(|label| serde_json::from_str::<Value>(label).ok())?;
    let mut paths = Vec::new();
    compare(&before, &digested(&tree(service)?, ""), "", &mut paths);
    Some(paths)
}

/// What a service says at a path, as the file has it.
pub fn value(service: &Service, path: &str) -> Option<Value> {
    find(&tree(service)?, path).cloned()
}

/// Keys may have dots of their own: the names of labels do.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let dots = path.match_indices('.');
    dots.filter_map(|(at, _)| find(value.get(&path[..at])?, &path[at + 1..])).next()
}

fn tree(service: &Service) -> Option<Value> {
    let mut tree = serde_json::to_value(service).ok()?;
    let fields = tree.as_object_mut()?;
    fields.retain(|key, value| !UNHASHED.contains(&key.as_str()) && !value.is_null());
    if let Some(deploy) = fields.get_mut("deploy").and_then(Value::as_object_mut) {
        deploy.remove("replicas");
    }
    Some(tree)
}

/// The path goes into the digest, so that equal values at different places do not look alike.
fn digested(value: &Value, path: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), digested(value, &format!("{path}.{key}"))));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            Value::Array(items.iter().map(|item| digested(item, path)).collect())
        }
        leaf => {
            let digest = Sha256::digest(format!("{path}={leaf}").as_bytes());
            Value::String(hex::encode(digest).get(..DIGITS).unwrap_or_default().to_owned())
        }
    }
}

fn compare(before: &Value, now: &Value, path: &str, paths: &mut Vec<String>) {
    if before == now {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, now) else {
        paths.push(path.to_owned());
        return;
    };
    let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => compare(old, new, &place, paths),
            _ => paths.push(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::{Endpoint, Health, ImageId, Labels, MountPoint, PublishedPort, State};

    use super::*;

    fn service(value: Value) -> Service {
        serde_json::from_value(value).expect("a service")
    }

    fn container(labels: Labels) -> Container {
        Container {
            id: crate::engine::ContainerId::new("1"),
            name: "shop-web-1".into(),
            image: "redis:7".into(),
            image_id: ImageId::new("sha256:1"),
            command: String::new(),
            created: 0,
            state: State::Running,
            status: String::new(),
            health: Health::None,
            exit_code: None,
            labels,
            ports: vec![PublishedPort {
                address: "0.0.0.0".into(),
                published: Some(80),
                target: 80,
                protocol: "tcp".into(),
            }],
            mounts: vec![MountPoint { destination: "/data".into(), ..MountPoint::default() }],
            networks: [("n".to_owned(), Endpoint::default())].into(),
        }
    }

    #[test]
    fn each_change_is_told_by_its_path() {
        let before = json!({"image": "redis:7", "command": ["a", "b"], "environment": {"A": "1", "B": "2", "C": null},
            "ports": [{"target": 80}], "deploy": {"resources": {"limits": {"cpus": 1.0}}}, "scale": 1, "labels": {"l": "1"}});
        let table = [
            (json!({}), vec![]),
            (json!({"scale": 5, "profiles": ["x"], "pull_policy": "always", "build": {"context": "."}}), vec![]),
            (
                json!({"environment": {"A": "1", "B": "3", "D": ""}}),
                vec!["environment.B", "environment.C", "environment.D"],
            ),
            (json!({"command": ["a"]}), vec!["command"]),
            (json!({"command": null}), vec!["command"]),
            (json!({"ports": [{"target": 80}, {"target": 81}]}), vec!["ports"]),
            (
                json!({"deploy": {"replicas": 4, "resources": {"limits": {"cpus": 2.0}}}}),
                vec!["deploy.resources.limits.cpus"],
            ),
            (json!({"labels": {"l": "2"}, "hostname": "h"}), vec!["hostname", "labels.l"]),
        ];
        for (change, expected) in table {
            let label = of(&service(before.clone()));
            let mut now = before.clone();
            now.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let container = container([(CONVOKE_CONFIG.to_owned(), label)].into());
            assert_eq!(changes(&service(now), &container).expect("a label"), expected, "{change}");
        }
    }

    #[test]
    fn no_value_is_in_the_label_and_equal_values_look_different() {
        let label =
            of(&service(json!({"environment": {"A": "hunter2", "B": "hunter2"}, "command": ["--key", "sesame"]})));
        let tree: Value = serde_json::from_str(&label).unwrap();
        assert_ne!(tree["environment"]["A"], tree["environment"]["B"]);
        assert!(!label.contains("hunter2") && !label.contains("sesame"), "{label}");
    }

    #[test]
    fn a_path_leads_to_its_value_even_through_dots() {
        let service = service(json!({"labels": {"a.b": "1", "a": "2"}, "healthcheck": {"retries": 3}}));
        let at = |path: &str| value(&service, path);
        assert_eq!(at("labels.a.b"), Some(json!("1")));
        assert_eq!(at("labels.a"), Some(json!("2")));
        assert_eq!(at("healthcheck.retries"), Some(json!(3)));
        assert_eq!(at("healthcheck.interval"), None);
        assert_eq!(changes(&service, &container(Labels::new())), None);
    }
}
