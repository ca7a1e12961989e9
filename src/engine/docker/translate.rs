//! Our specifications in the engine's own form: what is sent, to the field.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::str::FromStr;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, DeviceRequest, EndpointIpamConfig, EndpointSettings, HealthConfig, HostConfig,
    HostConfigLogConfig, NetworkingConfig, PortBinding, ResourcesBlkioWeightDevice, ResourcesUlimits, RestartPolicy,
    ThrottleDevice,
};
use serde_json::{Value, json};

use super::answers::Healthcheck;
use super::translate_mount::mount_body;
use crate::engine::{ApiVersion, ContainerSpec, EndpointSpec, HealthSpec, ResourceSpec};

/// From here on a container is created on all its networks at once, and hardware addresses belong to the endpoints.
pub(super) const MULTIPLE_ENDPOINTS: ApiVersion = ApiVersion::new(1, 44);

/// The body of a request to create a container.
///
/// # Errors
/// In words, when a value is none that engines know.
pub(super) fn container_body(spec: &ContainerSpec, api: ApiVersion) -> Result<Value, String> {
    let body = ContainerCreateBody {
        hostname: text(&spec.hostname),
        domainname: text(&spec.domain_name),
        user: text(&spec.user),
        attach_stdin: Some(spec.attach_stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        exposed_ports: list(&spec.exposed_ports),
        tty: Some(spec.tty),
        open_stdin: Some(spec.stdin_open),
        stdin_once: Some(spec.stdin_once),
        env: list(&spec.environment),
        cmd: spec.command.clone(),
        healthcheck: spec.health_check.as_ref().map(health_body),
        image: text(&spec.image),
        working_dir: text(&spec.working_dir),
        entrypoint: spec.entrypoint.clone(),
        network_disabled: spec.network_disabled.then_some(true),
        labels: Some(spec.labels.clone().into_iter().collect()),
        stop_signal: text(&spec.stop_signal),
        stop_timeout: spec.stop_timeout,
        host_config: Some(host_config(spec, api)?),
        networking_config: Some(NetworkingConfig { endpoints_config: Some(endpoints(spec, api)) }),
        ..Default::default()
    };
    let mut body = serde_json::to_value(body).map_err(|error| error.to_string())?;
    if let Some(address) = container_wide_mac_address(spec, api) {
        body["MacAddress"] = json!(address);
    }
    Ok(body)
}

/// What the engine at this API version would take no notice of, in words.
pub(super) fn unheeded(spec: &ContainerSpec, api: ApiVersion) -> Vec<String> {
    let health = spec.health_check.as_ref();
    let rules: [(bool, ApiVersion, &str); 5] = [
        (!spec.annotations.is_empty(), ApiVersion::new(1, 43), "annotations"),
        (
            health.is_some_and(|health| health.start_interval.is_some()),
            ApiVersion::new(1, 44),
            "the start interval of its health check",
        ),
        (
            spec.endpoints.iter().any(|(name, it)| *name != spec.network_mode && !it.mac_address.is_empty()),
            MULTIPLE_ENDPOINTS,
            "hardware addresses on other networks than the first",
        ),
        (
            spec.mounts.iter().any(|mount| mount.read_only_non_recursive || mount.read_only_force_recursive),
            ApiVersion::new(1, 44),
            "recursive read-only mounts",
        ),
        (spec.endpoints.values().any(|it| it.gateway_priority != 0), ApiVersion::new(1, 48), "gateway priorities"),
    ];
    let unheeded = rules.into_iter().filter(|(wanted, since, _)| *wanted && api < *since);
    unheeded
        .map(|(_, since, what)| format!("the engine (API {api}) takes no notice of {what}: that came with API {since}"))
        .collect()
}

fn host_config(spec: &ContainerSpec, api: ApiVersion) -> Result<HostConfig, String> {
    let config = HostConfig {
        binds: list(&spec.binds),
        log_config: spec
            .log
            .as_ref()
            .map(|log| HostConfigLogConfig { typ: Some(log.driver.clone()), config: map(&log.options) }),
        network_mode: text(&spec.network_mode),
        port_bindings: (!spec.port_bindings.is_empty()).then(|| ports(spec)),
        restart_policy: restart_policy(spec)?,
        auto_remove: Some(spec.auto_remove),
        volume_driver: text(&spec.volume_driver),
        volumes_from: list(&spec.volumes_from),
        mounts: mounts(spec, api)?,
        annotations: map(&spec.annotations),
        cap_add: list(&spec.cap_add),
        cap_drop: list(&spec.cap_drop),
        cgroupns_mode: word("cgroup", &spec.cgroup_namespace)?,
        dns: list(&spec.dns),
        dns_options: list(&spec.dns_options),
        dns_search: list(&spec.dns_search),
        extra_hosts: Some(spec.extra_hosts.clone()),
        group_add: list(&spec.group_add),
        ipc_mode: text(&spec.ipc),
        links: list(&spec.links),
        oom_score_adj: number(spec.oom_score_adj),
        pid_mode: text(&spec.pid),
        privileged: Some(spec.privileged),
        readonly_rootfs: Some(spec.read_only),
        security_opt: list(&spec.security_options),
        storage_opt: map(&spec.storage_options),
        tmpfs: map(&spec.tmpfs),
        uts_mode: text(&spec.uts),
        userns_mode: text(&spec.userns),
        shm_size: number(spec.shm_size),
        sysctls: map(&spec.sysctls),
        runtime: text(&spec.runtime),
        isolation: word("isolation", &spec.isolation)?,
        init: spec.init,
        masked_paths: spec.masked_paths.clone(),
        readonly_paths: spec.read_only_paths.clone(),
        ..resources(&spec.resources)
    };
    Ok(config)
}

fn resources(spec: &ResourceSpec) -> HostConfig {
    HostConfig {
        cgroup_parent: text(&spec.cgroup_parent),
        cpu_count: number(spec.cpu_count),
        cpu_percent: number(spec.cpu_percent),
        cpu_period: number(spec.cpu_period),
        cpu_quota: number(spec.cpu_quota),
        cpu_realtime_period: number(spec.cpu_realtime_period),
        cpu_realtime_runtime: number(spec.cpu_realtime_runtime),
        cpu_shares: number(spec.cpu_shares),
        cpuset_cpus: text(&spec.cpuset_cpus),
        nano_cpus: number(spec.nano_cpus),
        memory: number(spec.memory),
        memory_reservation: number(spec.memory_reservation),
        memory_swap: number(spec.memory_swap),
        memory_swappiness: spec.memory_swappiness,
        // Its absence would show in what the engine reports.
        oom_kill_disable: Some(spec.oom_kill_disable.unwrap_or(false)),
        pids_limit: spec.pids_limit,
        blkio_weight: (spec.blkio_weight != 0).then_some(spec.blkio_weight),
        blkio_weight_device: each(&spec.blkio_weight_device, |(path, weight)| ResourcesBlkioWeightDevice {
            path: Some(path.clone()),
            weight: Some(usize::from(*weight)),
        }),
        blkio_device_read_bps: rates(&spec.blkio_read_bps),
        blkio_device_read_iops: rates(&spec.blkio_read_iops),
        blkio_device_write_bps: rates(&spec.blkio_write_bps),
        blkio_device_write_iops: rates(&spec.blkio_write_iops),
        devices: each(&spec.devices, |device| DeviceMapping {
            path_on_host: Some(device.host_path.clone()),
            path_in_container: Some(device.container_path.clone()),
            cgroup_permissions: Some(device.permissions.clone()),
        }),
        device_cgroup_rules: list(&spec.device_cgroup_rules),
        device_requests: each(&spec.device_requests, |request| DeviceRequest {
            driver: text(&request.driver),
            count: number(request.count),
            device_ids: list(&request.device_ids),
            capabilities: list(&request.capabilities),
            options: map(&request.options),
        }),
        ulimits: each(&spec.ulimits, |limit| ResourcesUlimits {
            name: Some(limit.name.clone()),
            soft: Some(limit.soft),
            hard: Some(limit.hard),
        }),
        ..Default::default()
    }
}

fn restart_policy(spec: &ContainerSpec) -> Result<Option<RestartPolicy>, String> {
    let Some(policy) = &spec.restart_policy else { return Ok(None) };
    let name = word("restart", &policy.name)?;
    Ok(Some(RestartPolicy { name, maximum_retry_count: number(policy.maximum_retry_count) }))
}

fn ports(spec: &ContainerSpec) -> HashMap<String, Option<Vec<PortBinding>>> {
    let binding = |binding: &crate::engine::PortBinding| PortBinding {
        host_ip: Some(binding.address.clone()),
        host_port: Some(binding.published.clone()),
    };
    spec.port_bindings.iter().map(|(port, to)| (port.clone(), Some(to.iter().map(binding).collect()))).collect()
}

fn mounts(spec: &ContainerSpec, api: ApiVersion) -> Result<Option<Vec<bollard::models::Mount>>, String> {
    let mounts: Vec<_> = spec.mounts.iter().map(|mount| mount_body(mount, api)).collect::<Result<_, _>>()?;
    Ok((!mounts.is_empty()).then_some(mounts))
}

/// The endpoints that go with the request: all of them, or the primary one where the engine takes one only.
fn endpoints(spec: &ContainerSpec, api: ApiVersion) -> HashMap<String, EndpointSettings> {
    let goes_along = |name: &str| api >= MULTIPLE_ENDPOINTS || name == spec.network_mode;
    let mut endpoints: HashMap<_, _> = spec
        .endpoints
        .iter()
        .filter(|(name, _)| goes_along(name))
        .map(|(name, endpoint)| (name.clone(), endpoint_body(endpoint, api)))
        .collect();
    if api >= MULTIPLE_ENDPOINTS
        && !spec.mac_address.is_empty()
        && let Some(primary) = endpoints.get_mut(&spec.network_mode)
    {
        primary.mac_address.get_or_insert_with(|| spec.mac_address.clone());
    }
    endpoints
}

/// The older place of a hardware address; also the place where a container has no endpoint of its own.
fn container_wide_mac_address(spec: &ContainerSpec, api: ApiVersion) -> Option<&str> {
    let primary = spec.endpoints.get(&spec.network_mode);
    if api >= MULTIPLE_ENDPOINTS && primary.is_some() {
        return None;
    }
    let of_endpoint = primary.map_or("", |endpoint| endpoint.mac_address.as_str());
    [spec.mac_address.as_str(), of_endpoint].into_iter().find(|address| !address.is_empty())
}

pub(super) fn endpoint_body(endpoint: &EndpointSpec, api: ApiVersion) -> EndpointSettings {
    let fixed =
        !(endpoint.ipv4_address.is_empty() && endpoint.ipv6_address.is_empty() && endpoint.link_local_ips.is_empty());
    EndpointSettings {
        ipam_config: fixed.then(|| EndpointIpamConfig {
            ipv4_address: text(&endpoint.ipv4_address),
            ipv6_address: text(&endpoint.ipv6_address),
            link_local_ips: list(&endpoint.link_local_ips),
        }),
        links: list(&endpoint.links),
        aliases: list(&endpoint.aliases),
        // Shown until the start, which puts the real addresses there: docker compose fills the same two.
        ip_address: text(&endpoint.ipv4_address),
        ipv6_gateway: text(&endpoint.ipv6_address),
        mac_address: (api >= MULTIPLE_ENDPOINTS).then(|| text(&endpoint.mac_address)).flatten(),
        driver_opts: map(&endpoint.driver_options),
        gw_priority: number(endpoint.gateway_priority),
        ..Default::default()
    }
}

fn health_body(health: &HealthSpec) -> HealthConfig {
    HealthConfig {
        test: list(&health.test),
        interval: nanoseconds(health.interval),
        timeout: nanoseconds(health.timeout),
        retries: health.retries,
        start_period: nanoseconds(health.start_period),
        start_interval: nanoseconds(health.start_interval),
    }
}

/// The other direction: what the engine says of a health check.
pub(super) fn health_spec(answer: Healthcheck) -> HealthSpec {
    let duration = |nanoseconds: u64| (nanoseconds != 0).then(|| Duration::from_nanos(nanoseconds));
    HealthSpec {
        test: answer.test,
        interval: duration(answer.interval),
        timeout: duration(answer.timeout),
        start_period: duration(answer.start_period),
        start_interval: duration(answer.start_interval),
        retries: (answer.retries != 0).then_some(answer.retries),
    }
}

fn nanoseconds(duration: Option<Duration>) -> Option<i64> {
    duration.map(|duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

fn rates(rates: &[(String, i64)]) -> Option<Vec<ThrottleDevice>> {
    each(rates, |(path, rate)| ThrottleDevice { path: Some(path.clone()), rate: Some(*rate) })
}

pub(super) fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(number: i64) -> Option<i64> {
    (number != 0).then_some(number)
}

fn list<T: Clone>(items: &[T]) -> Option<Vec<T>> {
    (!items.is_empty()).then(|| items.to_vec())
}

fn each<T, U>(items: &[T], into: impl Fn(&T) -> U) -> Option<Vec<U>> {
    (!items.is_empty()).then(|| items.iter().map(into).collect())
}

pub(super) fn map<K: Clone + Eq + Hash, V: Clone>(entries: &BTreeMap<K, V>) -> Option<HashMap<K, V>> {
    (!entries.is_empty()).then(|| entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// One word of a closed list; empty is left to the engine.
pub(super) fn word<T: FromStr>(of: &str, word: &str) -> Result<Option<T>, String> {
    if word.is_empty() {
        return Ok(None);
    }
    word.parse().map(Some).map_err(|_| format!("`{word}` is no value of {of} that the engine knows"))
}
