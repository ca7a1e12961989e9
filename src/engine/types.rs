//! What all of the engine shares, and its containers, free of any client library.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The twelve digits that people see.
            pub fn short(&self) -> &str {
                let digits = self.0.strip_prefix("sha256:").unwrap_or(&self.0);
                digits.get(..12).unwrap_or(digits)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// The engine's id of a container, 64 hexadecimal digits.
    ContainerId,
    /// The engine's id of a network.
    NetworkId,
    /// The digest that names an image's content: `sha256:…`.
    ImageId,
    /// The engine's id of a command that is run inside a container.
    ExecId,
}

pub type Labels = BTreeMap<String, String>;

/// What answers on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// `Docker`, `Podman`, …
    pub product: String,
    pub version: String,
    /// The version both sides speak.
    pub api: ApiVersion,
    pub os: String,
    /// How it was reached, for messages: `unix:///var/run/docker.sock`.
    pub address: String,
    pub place: Place,
}

/// Where an engine is, seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this machine, with the networks of its containers.
    Here,
    /// On this machine, but in a machine or a namespace of its own: only what is published can be reached.
    Apart,
    /// On another machine: only what is published there can be reached.
    Elsewhere { host: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    pub major: u16,
    pub minor: u16,
}

impl ApiVersion {
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a list is narrowed to: filter name to values, as the engine's API has them (`label`, `name`, `status`, …).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters(pub BTreeMap<String, Vec<String>>);

impl Filters {
    /// Only what carries the label with that value.
    pub fn label(name: &str, value: &str) -> Self {
        Self(BTreeMap::from([("label".into(), vec![format!("{name}={value}")])]))
    }

    #[must_use]
    pub fn and(mut self, filter: &str, value: impl Into<String>) -> Self {
        self.0.entry(filter.into()).or_default().push(value.into());
        self
    }
}

// ---------------------------------------------------------------------------------------------------- containers

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    #[default]
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

/// What the engine's own health checks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// No health check.
    #[default]
    None,
    Starting,
    Healthy,
    Unhealthy,
}

/// A container as it appears in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    pub id: ContainerId,
    /// Without the leading slash.
    pub name: String,
    /// The reference that it was created from.
    pub image: String,
    pub image_id: ImageId,
    pub command: String,
    /// Seconds since 1970.
    pub created: i64,
    pub state: State,
    /// The engine's words: `Up 3 seconds (healthy)`.
    pub status: String,
    pub health: Health,
    /// Known once it has exited.
    pub exit_code: Option<i64>,
    pub labels: Labels,
    pub ports: Vec<PublishedPort>,
    pub mounts: Vec<MountPoint>,
    /// By network name.
    pub networks: BTreeMap<String, Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PublishedPort {
    /// The host's address; empty when the port is only exposed.
    pub address: String,
    /// The port on the host.
    pub published: Option<u16>,
    pub target: u16,
    pub protocol: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPoint {
    /// `bind`, `volume`, `tmpfs`, …
    pub kind: String,
    /// The volume's name.
    pub name: String,
    pub source: String,
    pub destination: String,
    pub driver: String,
    pub read_only: bool,
}

/// A container's place on a network, as the engine reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub network_id: String,
    pub aliases: Vec<String>,
    pub ip_address: String,
    pub ipv6_address: String,
    pub mac_address: String,
}

/// All that the engine knows of one container.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerDetails {
    pub id: ContainerId,
    pub name: String,
    pub image: String,
    pub image_id: ImageId,
    pub state: State,
    pub health: Health,
    pub exit_code: i64,
    pub oom_killed: bool,
    /// Why it could not be started, in the engine's words; empty when it could.
    pub error: String,
    /// RFC 3339, as the engine writes it; year 1 when never.
    pub started_at: String,
    pub finished_at: String,
    pub restart_count: i64,
    /// `no`, `always`, `on-failure`, `unless-stopped`, or empty.
    pub restart_policy: String,
    /// The last runs of the health check, oldest first.
    pub probes: Vec<Probe>,
    pub health_check: Option<HealthSpec>,
    pub tty: bool,
    /// Whether its process can read.
    pub stdin_open: bool,
    pub log_driver: String,
    /// The engine's word: `bridge`, `host`, `none`, `container:<id>`, or a network's name.
    pub network_mode: String,
    pub ports: Vec<PublishedPort>,
    pub labels: Labels,
    pub environment: Vec<String>,
    pub mounts: Vec<MountPoint>,
    pub networks: BTreeMap<String, Endpoint>,
    pub stop_timeout: Option<i64>,
    /// The engine's whole answer, for `inspect`.
    pub raw: serde_json::Value,
}

/// One run of a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    pub exit_code: i64,
    pub output: String,
    /// When it ended: RFC 3339, as the engine writes it; empty when it does not tell.
    pub ended_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    pub id: ContainerId,
    pub warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Kill it first if it runs.
    pub force: bool,
    /// Take its anonymous volumes along.
    pub volumes: bool,
}

/// Everything needed to create a container. What is `None` or empty is left to the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ContainerSpec {
    pub name: String,
    /// `os[/architecture[/variant]]`
    pub platform: String,
    pub image: String,
    pub command: Option<Vec<String>>,
    pub entrypoint: Option<Vec<String>>,
    /// `KEY=value`, or `KEY` alone to unset what the image sets.
    pub environment: Vec<String>,
    pub labels: Labels,
    pub annotations: BTreeMap<String, String>,
    pub hostname: String,
    pub domain_name: String,
    pub user: String,
    pub working_dir: String,
    pub tty: bool,
    pub stdin_open: bool,
    pub stdin_once: bool,
    pub attach_stdin: bool,
    pub stop_signal: String,
    /// Whole seconds.
    pub stop_timeout: Option<i64>,
    pub health_check: Option<HealthSpec>,
    /// `80/tcp`
    pub exposed_ports: Vec<String>,
    /// `80/tcp` to where it is published.
    pub port_bindings: BTreeMap<String, Vec<PortBinding>>,
    pub network_disabled: bool,
    pub mac_address: String,

    /// The engine's word: `none`, `host`, `bridge`, `container:<id>`, or the primary network's name.
    pub network_mode: String,
    /// By network name; the primary one is the one that `network_mode` names.
    pub endpoints: BTreeMap<String, EndpointSpec>,
    pub links: Vec<String>,
    pub binds: Vec<String>,
    pub mounts: Vec<MountSpec>,
    pub tmpfs: BTreeMap<String, String>,
    pub volumes_from: Vec<String>,
    pub volume_driver: String,
    pub restart_policy: Option<RestartPolicySpec>,
    pub auto_remove: bool,
    pub log: Option<LogSpec>,
    pub cap_add: Vec<String>,
    pub cap_drop: Vec<String>,
    pub cgroup_namespace: String,
    pub dns: Vec<String>,
    pub dns_options: Vec<String>,
    pub dns_search: Vec<String>,
    pub extra_hosts: Vec<String>,
    pub group_add: Vec<String>,
    pub ipc: String,
    pub pid: String,
    pub uts: String,
    pub userns: String,
    pub isolation: String,
    pub privileged: bool,
    pub read_only: bool,
    pub init: Option<bool>,
    pub runtime: String,
    pub security_options: Vec<String>,
    /// `Some(empty)` takes every default mask away (`systempaths=unconfined`).
    pub masked_paths: Option<Vec<String>>,
    pub read_only_paths: Option<Vec<String>>,
    pub shm_size: i64,
    pub storage_options: BTreeMap<String, String>,
    pub sysctls: BTreeMap<String, String>,
    pub oom_score_adj: i64,
    pub resources: ResourceSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ResourceSpec {
    pub cgroup_parent: String,
    pub cpu_count: i64,
    pub cpu_percent: i64,
    pub cpu_period: i64,
    pub cpu_quota: i64,
    pub cpu_realtime_period: i64,
    pub cpu_realtime_runtime: i64,
    pub cpu_shares: i64,
    pub cpuset_cpus: String,
    /// Billionths of a processor.
    pub nano_cpus: i64,
    pub memory: i64,
    pub memory_reservation: i64,
    pub memory_swap: i64,
    pub memory_swappiness: Option<i64>,
    pub oom_kill_disable: Option<bool>,
    pub pids_limit: Option<i64>,
    pub blkio_weight: u16,
    pub blkio_weight_device: Vec<(String, u16)>,
    pub blkio_read_bps: Vec<(String, i64)>,
    pub blkio_read_iops: Vec<(String, i64)>,
    pub blkio_write_bps: Vec<(String, i64)>,
    pub blkio_write_iops: Vec<(String, i64)>,
    pub devices: Vec<DeviceSpec>,
    pub device_cgroup_rules: Vec<String>,
    pub device_requests: Vec<DeviceRequestSpec>,
    pub ulimits: Vec<UlimitSpec>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceSpec {
    pub host_path: String,
    pub container_path: String,
    pub permissions: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceRequestSpec {
    pub driver: String,
    pub count: i64,
    pub device_ids: Vec<String>,
    pub capabilities: Vec<Vec<String>>,
    pub options: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UlimitSpec {
    pub name: String,
    pub soft: i64,
    pub hard: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PortBinding {
    pub address: String,
    /// A port, a range from which the engine takes one, or empty for any.
    pub published: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HealthSpec {
    /// `NONE`, or `CMD`/`CMD-SHELL` and the rest; empty inherits the image's.
    pub test: Vec<String>,
    pub interval: Option<Duration>,
    pub timeout: Option<Duration>,
    pub start_period: Option<Duration>,
    pub start_interval: Option<Duration>,
    pub retries: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RestartPolicySpec {
    pub name: String,
    pub maximum_retry_count: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogSpec {
    pub driver: String,
    pub options: BTreeMap<String, String>,
}

/// A mount that needs the engine's long form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MountSpec {
    /// `bind`, `volume`, `tmpfs`, `npipe`, `cluster` or `image`.
    pub kind: String,
    pub source: String,
    pub target: String,
    pub read_only: bool,
    pub consistency: String,
    pub propagation: String,
    pub create_mountpoint: bool,
    pub non_recursive: bool,
    pub read_only_non_recursive: bool,
    pub read_only_force_recursive: bool,
    pub no_copy: bool,
    pub subpath: String,
    pub labels: Labels,
    pub driver: String,
    pub driver_options: BTreeMap<String, String>,
    /// Bytes; 0 leaves it to the engine.
    pub tmpfs_size: i64,
    pub tmpfs_mode: u32,
}

/// How a container joins a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EndpointSpec {
    pub aliases: Vec<String>,
    pub links: Vec<String>,
    pub ipv4_address: String,
    pub ipv6_address: String,
    pub link_local_ips: Vec<String>,
    pub mac_address: String,
    pub driver_options: BTreeMap<String, String>,
    pub gateway_priority: i64,
}
