//! Both sides of each field in one form: what a specification says, and what the engine shows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::engine::ContainerSpec;
use crate::model::labels;

use super::Inspected;

/// Zero, false and empty are what nothing said comes to.
pub(super) fn plain(value: Value) -> Value {
    match value {
        Value::Bool(false) => Value::Null,
        Value::Number(number) if number.as_f64() == Some(0.0) => Value::Null,
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Object(fields) if fields.is_empty() => Value::Null,
        other => other,
    }
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `KEY=value` as a map; a key alone takes something away, and leaves nothing.
pub(super) fn pairs(texts: &[String]) -> Value {
    let pairs = texts.iter().filter_map(|text| text.split_once('='));
    Value::Object(pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect())
}

/// Labels of the user's own.
pub(super) fn own_labels(all: &Value) -> Value {
    let own = all.as_object().into_iter().flatten().filter(|(key, _)| !labels::is_ours(key));
    Value::Object(own.map(|(key, value)| (key.clone(), value.clone())).collect())
}

pub(super) fn billionths(value: &Value) -> Value {
    value.as_f64().filter(|nano| *nano != 0.0).map_or(Value::Null, |nano| json!(nano / 1e9))
}

fn seconds(nanoseconds: Option<i64>) -> Value {
    nanoseconds.filter(|nanoseconds| *nanoseconds != 0).map_or(Value::Null, |nanoseconds| {
        let duration = std::time::Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
        json!(format!("{duration:?}"))
    })
}

/// A name of its own; the beginning of its id is what the engine calls a container that has none.
pub(super) fn seen_hostname(seen: &Inspected) -> Value {
    let (name, id) = (seen.at("/Config/Hostname"), seen.at("/Id"));
    let is_given = |name: &&str| !name.is_empty() && !id.as_str().is_some_and(|id| id.starts_with(*name));
    name.as_str().filter(is_given).map_or(Value::Null, |name| json!(name))
}

pub(super) fn wished_health(spec: &ContainerSpec) -> Value {
    let Some(health) = &spec.health_check else { return Value::Null };
    let time = |duration: Option<std::time::Duration>| {
        seconds(duration.map(|duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    };
    without_nulls(json!({
        "test": plain(json!(health.test)),
        "interval": time(health.interval),
        "timeout": time(health.timeout),
        "start_period": time(health.start_period),
        "start_interval": time(health.start_interval),
        "retries": plain(json!(health.retries)),
    }))
}

pub(super) fn seen_health(seen: &Inspected) -> Value {
    let time = |key: &str| seconds(seen.at(&format!("/Config/Healthcheck/{key}")).as_i64());
    let merged = without_nulls(json!({
        "test": plain(seen.at("/Config/Healthcheck/Test")),
        "interval": time("Interval"),
        "timeout": time("Timeout"),
        "start_period": time("StartPeriod"),
        "start_interval": time("StartInterval"),
        "retries": plain(seen.at("/Config/Healthcheck/Retries")),
    }));
    let image = seen.image.pointer("/Healthcheck/Test").filter(|test| merged.get("test") == Some(test)).is_some();
    match merged {
        Value::Object(mut fields) if image => {
            fields.remove("test");
            Value::Object(fields)
        }
        other => other,
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(mut fields) => {
            fields.retain(|_, value| !value.is_null());
            Value::Object(fields)
        }
        other => other,
    }
}

pub(super) fn wished_expose(spec: &ContainerSpec) -> Value {
    let published = |port: &&String| !spec.port_bindings.contains_key(*port);
    sorted(spec.exposed_ports.iter().filter(published).cloned().collect())
}

pub(super) fn seen_expose(seen: &Inspected) -> Value {
    let published = seen.at("/HostConfig/PortBindings");
    let inherited = seen.image.pointer("/ExposedPorts").cloned().unwrap_or(Value::Null);
    let ports = seen.at("/Config/ExposedPorts");
    let own = |port: &&String| published.get(*port).is_none() && inherited.get(*port).is_none();
    sorted(ports.as_object().into_iter().flat_map(Map::keys).filter(own).cloned().collect())
}

pub(super) fn wished_ports(spec: &ContainerSpec) -> Value {
    let bindings = spec.port_bindings.iter().flat_map(|(target, bindings)| {
        bindings.iter().map(move |binding| port(&binding.address, &binding.published, target))
    });
    sorted(bindings.collect())
}

pub(super) fn seen_ports(seen: &Inspected) -> Value {
    let bindings = seen.at("/HostConfig/PortBindings");
    let bindings = bindings.as_object().into_iter().flatten().flat_map(|(target, bindings)| {
        let text = |binding: &Value, key: &str| binding[key].as_str().unwrap_or_default().to_owned();
        let one = move |binding: &Value| port(&text(binding, "HostIp"), &text(binding, "HostPort"), target);
        bindings.as_array().into_iter().flatten().map(one).collect::<Vec<_>>()
    });
    sorted(bindings.collect())
}

/// `127.0.0.1:8080:80/tcp`
fn port(address: &str, published: &str, target: &str) -> String {
    [address, published, target].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":")
}

fn sorted(mut texts: Vec<String>) -> Value {
    texts.sort_unstable();
    json!(texts)
}

/// `source:target:ro`; volumes without a name have no source, whatever the engine called them.
fn mount(source: &str, target: &str, read_only: bool) -> String {
    let is_anonymous = source.len() == 64 && source.bytes().all(|digit| digit.is_ascii_hexdigit());
    let source = if is_anonymous { "" } else { source };
    let parts = [source, target, if read_only { "ro" } else { "" }];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":")
}

fn bind(text: &str) -> String {
    text.strip_suffix(":rw").unwrap_or(text).to_owned()
}

pub(super) fn wished_mounts(spec: &ContainerSpec) -> Value {
    let long = spec.mounts.iter().map(|one| mount(&one.source, &one.target, one.read_only));
    sorted(spec.binds.iter().map(|text| bind(text)).chain(long).collect())
}

pub(super) fn seen_mounts(seen: &Inspected) -> Value {
    let mounts = seen.at("/HostConfig/Mounts");
    // What a replacement inherited of its image's volumes is nothing that its service ever said.
    let inherited = |target: &str| seen.image.pointer("/Volumes").is_some_and(|volumes| volumes.get(target).is_some());
    let long = mounts.as_array().into_iter().flatten().filter_map(|one| {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        let told = mount(text("Source"), text("Target"), one["ReadOnly"].as_bool().unwrap_or(false));
        (!(told == text("Target") && inherited(text("Target")))).then_some(told)
    });
    let binds = texts(&seen.at("/HostConfig/Binds"));
    sorted(binds.iter().map(|text| bind(text)).chain(long).collect())
}

pub(super) fn seen_networks(seen: &Inspected) -> Value {
    let networks = seen.at("/NetworkSettings/Networks");
    sorted(networks.as_object().into_iter().flat_map(Map::keys).cloned().collect())
}

/// Only a mode of its own: where networks are named, they are told.
pub(super) fn wished_network_mode(spec: &ContainerSpec) -> Value {
    if spec.endpoints.is_empty() { json!(spec.network_mode) } else { Value::Null }
}

pub(super) fn wished_restart(spec: &ContainerSpec) -> Value {
    spec.restart_policy.as_ref().map_or(Value::Null, |policy| restart(&policy.name, policy.maximum_retry_count))
}

pub(super) fn seen_restart(seen: &Inspected) -> Value {
    let policy = seen.at("/HostConfig/RestartPolicy");
    restart(policy["Name"].as_str().unwrap_or_default(), policy["MaximumRetryCount"].as_i64().unwrap_or(0))
}

fn restart(name: &str, attempts: i64) -> Value {
    match (name, attempts) {
        ("" | "no", _) => Value::Null,
        (name, 0) => json!(name),
        (name, attempts) => json!(format!("{name}:{attempts}")),
    }
}

pub(super) fn wished_ulimits(spec: &ContainerSpec) -> Value {
    let limits = spec.resources.ulimits.iter();
    let limits: BTreeMap<_, _> =
        limits.map(|limit| (limit.name.clone(), format!("{}:{}", limit.soft, limit.hard))).collect();
    json!(limits)
}

pub(super) fn seen_ulimits(seen: &Inspected) -> Value {
    let limits = seen.at("/HostConfig/Ulimits");
    let limits = limits.as_array().into_iter().flatten();
    let limits: BTreeMap<_, _> = limits
        .map(|limit| {
            (limit["Name"].as_str().unwrap_or_default().to_owned(), format!("{}:{}", limit["Soft"], limit["Hard"]))
        })
        .collect();
    json!(limits)
}

fn device(host: &str, inside: &str, permissions: &str) -> String {
    format!("{host}:{inside}:{permissions}")
}

pub(super) fn wished_devices(spec: &ContainerSpec) -> Value {
    let devices = spec.resources.devices.iter();
    json!(devices.map(|one| device(&one.host_path, &one.container_path, &one.permissions)).collect::<Vec<_>>())
}

pub(super) fn seen_devices(seen: &Inspected) -> Value {
    let devices = seen.at("/HostConfig/Devices");
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let one =
        |one: &Value| device(&text(one, "PathOnHost"), &text(one, "PathInContainer"), &text(one, "CgroupPermissions"));
    json!(devices.as_array().into_iter().flatten().map(one).collect::<Vec<_>>())
}
