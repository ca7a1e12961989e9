//! What a container was made with, as the engine's inspection shows it, beside what its service asks for now: a table of
//! the fields that both tell.

mod forms;

use serde_json::{Map, Value, json};

use crate::engine::ContainerSpec;

use super::{FieldChange, Side};
use forms::*;

/// One field: its paths in the file (the first is the one that is told), and how both sides show it.
struct Row {
    paths: &'static [&'static str],
    wished: fn(&ContainerSpec) -> Value,
    seen: fn(&Inspected) -> Value,
    unsaid: Unsaid,
}

/// What holds where the file says nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsaid {
    Nothing,
    /// What the engine likes: then nothing can be told.
    Engine,
    /// What the image says.
    Image(&'static str),
}

/// What the engine says of a container and of its image, whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspected {
    pub container: Value,
    /// The image's own configuration; null when it is gone.
    pub image: Value,
}

const ROWS: &[Row] = &[
    row(&["image"], |spec| json!(spec.image), |seen| seen.at("/Config/Image"), Unsaid::Engine),
    row(&["command"], |spec| json!(spec.command), |seen| seen.at("/Config/Cmd"), Unsaid::Image("/Cmd")),
    row(
        &["entrypoint"],
        |spec| json!(spec.entrypoint),
        |seen| seen.at("/Config/Entrypoint"),
        Unsaid::Image("/Entrypoint"),
    ),
    row(
        &["environment"],
        |spec| pairs(&spec.environment),
        |seen| pairs(&texts(&seen.at("/Config/Env"))),
        Unsaid::Nothing,
    ),
    row(
        &["labels"],
        |spec| own_labels(&json!(spec.labels)),
        |seen| own_labels(&seen.at("/Config/Labels")),
        Unsaid::Nothing,
    ),
    row(&["annotations"], |spec| json!(spec.annotations), |seen| seen.at("/HostConfig/Annotations"), Unsaid::Nothing),
    row(&["user"], |spec| json!(spec.user), |seen| seen.at("/Config/User"), Unsaid::Image("/User")),
    row(
        &["working_dir"],
        |spec| json!(spec.working_dir),
        |seen| seen.at("/Config/WorkingDir"),
        Unsaid::Image("/WorkingDir"),
    ),
    row(&["hostname"], |spec| json!(spec.hostname), seen_hostname, Unsaid::Engine),
    row(&["domainname"], |spec| json!(spec.domain_name), |seen| seen.at("/Config/Domainname"), Unsaid::Nothing),
    row(&["tty"], |spec| json!(spec.tty), |seen| seen.at("/Config/Tty"), Unsaid::Nothing),
    row(&["stdin_open"], |spec| json!(spec.stdin_open), |seen| seen.at("/Config/OpenStdin"), Unsaid::Nothing),
    row(
        &["stop_signal"],
        |spec| json!(spec.stop_signal),
        |seen| seen.at("/Config/StopSignal"),
        Unsaid::Image("/StopSignal"),
    ),
    row(
        &["stop_grace_period"],
        |spec| spec.stop_timeout.map_or(Value::Null, |seconds| json!(format!("{seconds}s"))),
        |seen| seen.at("/Config/StopTimeout").as_i64().map_or(Value::Null, |seconds| json!(format!("{seconds}s"))),
        Unsaid::Nothing,
    ),
    row(&["healthcheck"], wished_health, seen_health, Unsaid::Engine),
    row(&["expose"], wished_expose, seen_expose, Unsaid::Engine),
    row(&["ports"], wished_ports, seen_ports, Unsaid::Nothing),
    row(&["volumes", "secrets", "configs"], wished_mounts, seen_mounts, Unsaid::Nothing),
    row(&["tmpfs"], |spec| json!(spec.tmpfs), |seen| seen.at("/HostConfig/Tmpfs"), Unsaid::Nothing),
    row(&["networks"], |spec| json!(spec.endpoints.keys().collect::<Vec<_>>()), seen_networks, Unsaid::Engine),
    row(&["network_mode"], wished_network_mode, |seen| seen.at("/HostConfig/NetworkMode"), Unsaid::Engine),
    row(&["restart", "deploy.restart_policy"], wished_restart, seen_restart, Unsaid::Nothing),
    row(&["privileged"], |spec| json!(spec.privileged), |seen| seen.at("/HostConfig/Privileged"), Unsaid::Nothing),
    row(&["read_only"], |spec| json!(spec.read_only), |seen| seen.at("/HostConfig/ReadonlyRootfs"), Unsaid::Nothing),
    row(&["init"], |spec| json!(spec.init), |seen| seen.at("/HostConfig/Init"), Unsaid::Engine),
    row(&["cap_add"], |spec| json!(spec.cap_add), |seen| seen.at("/HostConfig/CapAdd"), Unsaid::Nothing),
    row(&["cap_drop"], |spec| json!(spec.cap_drop), |seen| seen.at("/HostConfig/CapDrop"), Unsaid::Nothing),
    row(&["dns"], |spec| json!(spec.dns), |seen| seen.at("/HostConfig/Dns"), Unsaid::Nothing),
    row(&["dns_opt"], |spec| json!(spec.dns_options), |seen| seen.at("/HostConfig/DnsOptions"), Unsaid::Nothing),
    row(&["dns_search"], |spec| json!(spec.dns_search), |seen| seen.at("/HostConfig/DnsSearch"), Unsaid::Nothing),
    row(&["extra_hosts"], |spec| json!(spec.extra_hosts), |seen| seen.at("/HostConfig/ExtraHosts"), Unsaid::Nothing),
    row(&["group_add"], |spec| json!(spec.group_add), |seen| seen.at("/HostConfig/GroupAdd"), Unsaid::Nothing),
    row(&["ipc"], |spec| json!(spec.ipc), |seen| seen.at("/HostConfig/IpcMode"), Unsaid::Engine),
    row(&["pid"], |spec| json!(spec.pid), |seen| seen.at("/HostConfig/PidMode"), Unsaid::Engine),
    row(&["uts"], |spec| json!(spec.uts), |seen| seen.at("/HostConfig/UTSMode"), Unsaid::Nothing),
    row(&["userns_mode"], |spec| json!(spec.userns), |seen| seen.at("/HostConfig/UsernsMode"), Unsaid::Nothing),
    row(&["cgroup"], |spec| json!(spec.cgroup_namespace), |seen| seen.at("/HostConfig/CgroupnsMode"), Unsaid::Engine),
    row(
        &["cgroup_parent"],
        |spec| json!(spec.resources.cgroup_parent),
        |seen| seen.at("/HostConfig/CgroupParent"),
        Unsaid::Nothing,
    ),
    row(&["runtime"], |spec| json!(spec.runtime), |seen| seen.at("/HostConfig/Runtime"), Unsaid::Engine),
    row(&["shm_size"], |spec| json!(spec.shm_size), |seen| seen.at("/HostConfig/ShmSize"), Unsaid::Engine),
    row(&["sysctls"], |spec| json!(spec.sysctls), |seen| seen.at("/HostConfig/Sysctls"), Unsaid::Nothing),
    row(
        &["storage_opt"],
        |spec| json!(spec.storage_options),
        |seen| seen.at("/HostConfig/StorageOpt"),
        Unsaid::Nothing,
    ),
    row(
        &["logging.driver"],
        |spec| json!(spec.log.as_ref().map(|log| &log.driver)),
        |seen| seen.at("/HostConfig/LogConfig/Type"),
        Unsaid::Engine,
    ),
    row(
        &["logging.options"],
        |spec| json!(spec.log.as_ref().map(|log| &log.options)),
        |seen| seen.at("/HostConfig/LogConfig/Config"),
        Unsaid::Engine,
    ),
    row(
        &["mem_limit", "deploy.resources.limits.memory"],
        |spec| json!(spec.resources.memory),
        |seen| seen.at("/HostConfig/Memory"),
        Unsaid::Nothing,
    ),
    row(
        &["mem_reservation", "deploy.resources.reservations.memory"],
        |spec| json!(spec.resources.memory_reservation),
        |seen| seen.at("/HostConfig/MemoryReservation"),
        Unsaid::Nothing,
    ),
    row(
        &["memswap_limit"],
        |spec| json!(spec.resources.memory_swap),
        |seen| seen.at("/HostConfig/MemorySwap"),
        Unsaid::Engine,
    ),
    row(
        &["mem_swappiness"],
        |spec| json!(spec.resources.memory_swappiness),
        |seen| seen.at("/HostConfig/MemorySwappiness"),
        Unsaid::Engine,
    ),
    row(
        &["cpus", "deploy.resources.limits.cpus"],
        |spec| billionths(&json!(spec.resources.nano_cpus)),
        |seen| billionths(&seen.at("/HostConfig/NanoCpus")),
        Unsaid::Nothing,
    ),
    row(
        &["cpu_shares"],
        |spec| json!(spec.resources.cpu_shares),
        |seen| seen.at("/HostConfig/CpuShares"),
        Unsaid::Nothing,
    ),
    row(
        &["cpu_period"],
        |spec| json!(spec.resources.cpu_period),
        |seen| seen.at("/HostConfig/CpuPeriod"),
        Unsaid::Nothing,
    ),
    row(
        &["cpu_quota"],
        |spec| json!(spec.resources.cpu_quota),
        |seen| seen.at("/HostConfig/CpuQuota"),
        Unsaid::Nothing,
    ),
    row(
        &["cpuset"],
        |spec| json!(spec.resources.cpuset_cpus),
        |seen| seen.at("/HostConfig/CpusetCpus"),
        Unsaid::Nothing,
    ),
    row(
        &["pids_limit", "deploy.resources.limits.pids"],
        |spec| json!(spec.resources.pids_limit),
        |seen| seen.at("/HostConfig/PidsLimit"),
        Unsaid::Nothing,
    ),
    row(
        &["oom_kill_disable"],
        |spec| json!(spec.resources.oom_kill_disable),
        |seen| seen.at("/HostConfig/OomKillDisable"),
        Unsaid::Nothing,
    ),
    row(
        &["oom_score_adj"],
        |spec| json!(spec.oom_score_adj),
        |seen| seen.at("/HostConfig/OomScoreAdj"),
        Unsaid::Nothing,
    ),
    row(&["ulimits"], wished_ulimits, seen_ulimits, Unsaid::Nothing),
    row(&["devices"], wished_devices, seen_devices, Unsaid::Nothing),
];

const fn row(
    paths: &'static [&'static str],
    wished: fn(&ContainerSpec) -> Value,
    seen: fn(&Inspected) -> Value,
    unsaid: Unsaid,
) -> Row {
    Row { paths, wished, seen, unsaid }
}

/// Every field that differs, as far as the inspection tells.
pub(super) fn differences(wished: &ContainerSpec, seen: &Inspected) -> Vec<FieldChange> {
    ROWS.iter().flat_map(|row| row.changes(row.paths[0], "", wished, seen)).collect()
}

/// The two sides of the field at a path that is known to differ; nothing where the table does not reach.
pub(super) fn at(path: &str, wished: &ContainerSpec, seen: &Inspected) -> Vec<FieldChange> {
    let within = |outer: &str, inner: &str| -> Option<String> {
        if outer == inner {
            return Some(String::new());
        }
        inner.strip_prefix(outer)?.strip_prefix('.').map(str::to_owned)
    };
    for row in ROWS {
        for own in row.paths {
            if let Some(below) = within(own, path) {
                return row.changes(path, &below, wished, seen);
            }
        }
    }
    let inner = ROWS.iter().filter_map(|row| {
        let own = row.paths.iter().find(|own| within(path, own).is_some())?;
        Some(row.changes(own, "", wished, seen))
    });
    inner.flatten().collect()
}

impl Row {
    /// What differs at a path, which is the field itself or lies `below` it; maps are told by their keys.
    fn changes(&self, path: &str, below: &str, wished: &ContainerSpec, seen: &Inspected) -> Vec<FieldChange> {
        let (mut to, mut from) = (plain((self.wished)(wished)), plain((self.seen)(seen)));
        match self.unsaid {
            Unsaid::Engine if to.is_null() => return Vec::new(),
            Unsaid::Image(pointer) => {
                let image = plain(seen.image.pointer(pointer).cloned().unwrap_or(Value::Null));
                if to.is_null() && (from == image || seen.image.is_null()) {
                    return Vec::new();
                }
                if from == image && !from.is_null() {
                    from = Value::Null;
                }
            }
            _ => {}
        }
        if self.paths[0] == "environment" || self.paths[0] == "labels" {
            seen.forget_inherited(self.paths[0], &to, &mut from);
        }
        if !below.is_empty() && (from.is_object() || to.is_object()) {
            (from, to) = (inner(&from, below), inner(&to, below));
        }
        let mut changes = Vec::new();
        tell(path, from, to, &mut changes);
        changes
    }
}

fn inner(value: &Value, key: &str) -> Value {
    value.get(key).cloned().unwrap_or(Value::Null)
}

fn tell(path: &str, from: Value, to: Value, changes: &mut Vec<FieldChange>) {
    if from == to {
        return;
    }
    let both_maps = (from.is_object() || from.is_null()) && (to.is_object() || to.is_null());
    if !both_maps {
        changes.push(FieldChange::new(path, Side::of(Some(&from)), Side::of(Some(&to))));
        return;
    }
    let mut keys: Vec<String> =
        [&from, &to].into_iter().filter_map(Value::as_object).flat_map(Map::keys).cloned().collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (from, to) = (inner(&from, &key), inner(&to, &key));
        if from != to {
            changes.push(FieldChange::new(format!("{path}.{key}"), Side::of(Some(&from)), Side::of(Some(&to))));
        }
    }
}

impl Inspected {
    fn at(&self, pointer: &str) -> Value {
        self.container.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// What a container has from its image is nothing that its service ever said.
    fn forget_inherited(&self, field: &str, wished: &Value, seen: &mut Value) {
        let inherited = match field {
            "environment" => pairs(&texts(&self.image.pointer("/Env").cloned().unwrap_or(Value::Null))),
            _ => self.image.pointer("/Labels").cloned().unwrap_or(Value::Null),
        };
        let (Some(fields), Some(inherited)) = (seen.as_object_mut(), inherited.as_object()) else { return };
        fields.retain(|key, value| wished.get(key).is_some() || inherited.get(key) != Some(value));
    }
}

#[cfg(test)]
mod tests;
