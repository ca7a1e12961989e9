//! The engine's answer about what a container uses, as far as it is read. Its names are in small letters.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::answers::or_default;

macro_rules! answers {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(#[serde(deserialize_with = "or_default")] pub(super) $field: $type,)*
        }
    )*};
}

answers! {
    Sample {
        read: String,
        cpu_stats: Processors,
        precpu_stats: Processors,
        memory_stats: Memory,
        networks: BTreeMap<String, Network>,
        blkio_stats: Disks,
        pids_stats: Count,
    }
    Processors {
        cpu_usage: ProcessorTime,
        system_cpu_usage: u64,
        online_cpus: u64,
    }
    ProcessorTime {
        total_usage: u64,
        percpu_usage: Vec<u64>,
    }
    Memory {
        usage: u64,
        limit: u64,
        stats: BTreeMap<String, u64>,
    }
    Network {
        rx_bytes: u64,
        tx_bytes: u64,
    }
    Disks {
        io_service_bytes_recursive: Vec<Operation>,
    }
    Operation {
        op: String,
        value: u64,
    }
    Count {
        current: u64,
    }
}

impl Sample {
    /// Whether anything was measured: a container that does not run has a sample of year 1, or of no time at all.
    pub(super) fn is_of_a_moment(&self) -> bool {
        !self.read.is_empty() && !self.read.starts_with("0001-")
    }
}
