//! The engine's answers, as far as they are read. Unknown fields, null lists and new words do no harm.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};

/// Engines write `null` for what is empty.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        pub(super) struct $name {
            $($(#[$attribute])* #[serde(deserialize_with = "or_default")] pub(super) $field: $type,)*
        }
    )*};
}

answers! {
    ListedContainer {
        id: String,
        names: Vec<String>,
        image: String,
        #[serde(rename = "ImageID")]
        image_id: String,
        command: String,
        created: i64,
        state: String,
        status: String,
        labels: BTreeMap<String, String>,
        ports: Vec<ListedPort>,
        mounts: Vec<Mount>,
        network_settings: NetworkSettings,
    }
    ListedPort {
        #[serde(rename = "IP")]
        ip: String,
        private_port: u16,
        public_port: Option<u16>,
        r#type: String,
    }
    Mount {
        r#type: String,
        name: String,
        source: String,
        destination: String,
        driver: String,
        #[serde(rename = "RW")]
        read_write: bool,
    }
    /// What runs in a container, as `ps` on the engine's host tells it.
    NetworkSettings {
        networks: BTreeMap<String, Endpoint>,
        /// Only a single container's answer has it: `80/tcp` to where it is published, or null.
        ports: BTreeMap<String, Option<Vec<HostPort>>>,
    }
    HostPort {
        host_ip: String,
        host_port: String,
    }
    Endpoint {
        #[serde(rename = "NetworkID")]
        network_id: String,
        aliases: Vec<String>,
        #[serde(rename = "IPAddress")]
        ip_address: String,
        #[serde(rename = "GlobalIPv6Address")]
        global_ipv6_address: String,
        mac_address: String,
    }
    InspectedContainer {
        id: String,
        name: String,
        image: String,
        state: ContainerState,
        restart_count: i64,
        mounts: Vec<Mount>,
        config: ContainerConfig,
        host_config: HostConfig,
        network_settings: NetworkSettings,
    }
    ContainerState {
        status: String,
        #[serde(rename = "OOMKilled")]
        oom_killed: bool,
        exit_code: i64,
        error: String,
        started_at: String,
        finished_at: String,
        health: Option<HealthState>,
    }
    HealthState {
        status: String,
        log: Vec<HealthRun>,
    }
    HealthRun {
        exit_code: i64,
        output: String,
        end: String,
    }
    ContainerConfig {
        image: String,
        tty: bool,
        open_stdin: bool,
        labels: BTreeMap<String, String>,
        env: Vec<String>,
        stop_timeout: Option<i64>,
        healthcheck: Option<Healthcheck>,
    }
    /// Durations are nanoseconds; 0 is the engine's default.
    Healthcheck {
        test: Vec<String>,
        interval: u64,
        timeout: u64,
        start_period: u64,
        start_interval: u64,
        retries: i64,
    }
    HostConfig {
        restart_policy: RestartPolicy,
        network_mode: String,
        log_config: LogConfig,
    }
    RestartPolicy {
        name: String,
    }
    LogConfig {
        r#type: String,
    }
    ListedProcesses {
        titles: Vec<String>,
        processes: Vec<Vec<String>>,
    }
    ChangedFile {
        path: String,
        kind: u8,
    }
    Ended {
        status_code: i64,
    }
    HistoryLayer {
        id: String,
        created: i64,
        created_by: String,
        tags: Vec<String>,
        size: i64,
        comment: String,
    }
    CreatedContainer {
        id: String,
        warnings: Vec<String>,
    }
    ListedNetwork {
        id: String,
        name: String,
        driver: String,
        labels: BTreeMap<String, String>,
        options: BTreeMap<String, String>,
        internal: bool,
        attachable: bool,
        #[serde(rename = "EnableIPv6")]
        enable_ipv6: bool,
        #[serde(rename = "IPAM")]
        ipam: Ipam,
    }
    Ipam {
        driver: String,
        config: Vec<IpamPool>,
    }
    IpamPool {
        subnet: String,
        #[serde(rename = "IPRange")]
        ip_range: String,
        gateway: String,
        auxiliary_addresses: BTreeMap<String, String>,
    }
    ListedVolumes {
        volumes: Vec<ListedVolume>,
    }
    ListedVolume {
        name: String,
        driver: String,
        options: BTreeMap<String, String>,
        labels: BTreeMap<String, String>,
        mountpoint: String,
        scope: String,
    }
    ListedImage {
        id: String,
        repo_tags: Vec<String>,
        repo_digests: Vec<String>,
        labels: BTreeMap<String, String>,
        size: i64,
        created: i64,
    }
    InspectedImage {
        id: String,
        repo_tags: Vec<String>,
        repo_digests: Vec<String>,
        config: ImageConfig,
        os: String,
        architecture: String,
        metadata: ImageMetadata,
    }
    ImageConfig {
        volumes: BTreeMap<String, serde::de::IgnoredAny>,
        healthcheck: Option<Healthcheck>,
    }
    ImageMetadata {
        last_tag_time: String,
    }
    Event {
        r#type: String,
        action: String,
        actor: Actor,
        #[serde(rename = "timeNano")]
        time_nano: i64,
    }
    Actor {
        #[serde(rename = "ID")]
        id: String,
        attributes: BTreeMap<String, String>,
    }
}

/// What a registry says about a name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Distribution {
    pub(super) descriptor: Descriptor,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Descriptor {
    pub(super) digest: String,
}

/// One line of what a pull or a build tells while it goes on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    pub(super) id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) stream: Option<String>,
    #[serde(rename = "progressDetail")]
    pub(super) detail: Option<ProgressDetail>,
    pub(super) error: Option<String>,
    #[serde(rename = "errorDetail")]
    pub(super) error_detail: Option<ProgressError>,
    pub(super) aux: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProgressDetail {
    pub(super) current: Option<i64>,
    pub(super) total: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProgressError {
    pub(super) message: String,
}

impl Progress {
    /// What went wrong, if that is what the line says.
    pub(super) fn failure(&self) -> Option<&str> {
        let detail = self.error_detail.as_ref().map(|detail| detail.message.as_str()).filter(|text| !text.is_empty());
        detail.or(self.error.as_deref())
    }
}

/// The names that mean something: `<none>` is how the engine says that there is none.
pub(super) fn without_none(names: Vec<String>) -> Vec<String> {
    let unique: BTreeSet<_> = names.into_iter().filter(|name| !name.starts_with("<none>")).collect();
    unique.into_iter().collect()
}
