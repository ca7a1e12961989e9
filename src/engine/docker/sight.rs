//! What can be seen of containers, networks, volumes and images without touching them.

use bollard::errors::Error;
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryFutureExt, TryStreamExt};
use http_body_util::BodyExt;
use hyper::Method;
use serde_json::Value;

use super::DockerEngine;
use super::answers::{ChangedFile, Ended, HistoryLayer, ListedProcesses, without_none};
use super::error::translate;
use super::pieces::{Lines, pieces};
use super::sample::{Memory, Sample};
use super::wire::{Query, full};
use crate::engine::{Change, ChangedPath, ContainerId, EngineError, ImageLayer, Processes, Usage};

impl DockerEngine {
    pub(super) async fn list_processes(&self, id: &ContainerId) -> Result<Processes, EngineError> {
        let listed: ListedProcesses = self
            .wire
            .get_json(&format!("/containers/{id}/top"), &Query::default())
            .await
            .map_err(|error| translate(&format!("list processes of container {}", id.short()), error))?;
        Ok(Processes { titles: listed.titles, rows: listed.processes })
    }

    /// With one sample, the engine looks twice, a second apart: there is no share of a moment.
    pub(super) fn follow_usage(
        &self,
        id: &ContainerId,
        follow: bool,
    ) -> BoxStream<'static, Result<Usage, EngineError>> {
        let action = format!("measure container {}", id.short());
        let path = format!("/containers/{id}/stats");
        let query = Query::default().add("stream", if follow { "1" } else { "0" });
        let wire = self.wire.clone();
        let lines = async move { Ok::<_, Error>(pieces(wire.get(&path, &query).await?, Lines::default())) };
        let samples =
            lines.try_flatten_stream().and_then(|line| async move { Ok(serde_json::from_slice::<Sample>(&line)?) });
        // Of a container that has ended the engine goes on to tell that there is nothing to tell.
        let until_end = samples.try_take_while(move |sample| ready(Ok(!follow || sample.is_of_a_moment())));
        until_end.map_ok(usage).map_err(move |error| translate(&action, error)).boxed()
    }

    pub(super) async fn list_changes(&self, id: &ContainerId) -> Result<Vec<ChangedPath>, EngineError> {
        // No change at all is written as null.
        let listed: Option<Vec<ChangedFile>> = self
            .wire
            .get_json(&format!("/containers/{id}/changes"), &Query::default())
            .await
            .map_err(|error| translate(&format!("list changes in container {}", id.short()), error))?;
        let change = |kind| match kind {
            0 => Change::Modified,
            1 => Change::Added,
            _ => Change::Deleted,
        };
        Ok(listed
            .unwrap_or_default()
            .into_iter()
            .map(|it| ChangedPath { path: it.path, change: change(it.kind) })
            .collect())
    }

    pub(super) async fn wait_for_end(&self, id: &ContainerId) -> Result<i64, EngineError> {
        let action = format!("wait for container {}", id.short());
        let ended = async {
            let path = format!("/containers/{id}/wait");
            let response = self.wire.send(Method::POST, &path, &Query::default(), &[], full(Bytes::new())).await?;
            let bytes = response.into_body().collect().await?.to_bytes();
            Ok::<_, Error>(serde_json::from_slice::<Ended>(&bytes)?)
        };
        Ok(ended.await.map_err(|error| translate(&action, error))?.status_code)
    }

    pub(super) async fn raw_network(&self, name: &str) -> Result<Value, EngineError> {
        let found = self.wire.get_json(&format!("/networks/{name}"), &Query::default()).await;
        found.map_err(|error| translate(&format!("inspect network {name}"), error))
    }

    pub(super) async fn raw_volume(&self, name: &str) -> Result<Value, EngineError> {
        let found = self.wire.get_json(&format!("/volumes/{name}"), &Query::default()).await;
        found.map_err(|error| translate(&format!("inspect volume {name}"), error))
    }

    pub(super) async fn layers(&self, name: &str) -> Result<Vec<ImageLayer>, EngineError> {
        let listed: Vec<HistoryLayer> = self
            .wire
            .get_json(&format!("/images/{name}/history"), &Query::default())
            .await
            .map_err(|error| translate(&format!("list layers of image {name}"), error))?;
        let layer = |listed: HistoryLayer| ImageLayer {
            id: listed.id,
            created: listed.created,
            created_by: listed.created_by,
            tags: without_none(listed.tags),
            size: listed.size,
            comment: listed.comment,
        };
        Ok(listed.into_iter().map(layer).collect())
    }
}

fn usage(sample: Sample) -> Usage {
    let io = |operation: &str| {
        let operations = sample.blkio_stats.io_service_bytes_recursive.iter();
        operations.filter(|it| it.op.eq_ignore_ascii_case(operation)).map(|it| it.value).sum()
    };
    let listed = u64::try_from(sample.cpu_stats.cpu_usage.percpu_usage.len()).unwrap_or(0);
    Usage {
        processor: sample.cpu_stats.cpu_usage.total_usage,
        processor_before: sample.precpu_stats.cpu_usage.total_usage,
        host: sample.cpu_stats.system_cpu_usage,
        host_before: sample.precpu_stats.system_cpu_usage,
        processors: if sample.cpu_stats.online_cpus == 0 { listed } else { sample.cpu_stats.online_cpus },
        memory: memory(&sample.memory_stats),
        memory_limit: sample.memory_stats.limit,
        received: sample.networks.values().map(|network| network.rx_bytes).sum(),
        sent: sample.networks.values().map(|network| network.tx_bytes).sum(),
        read: io("read"),
        written: io("write"),
        processes: sample.pids_stats.current,
    }
}

/// The kernel's cache counts as used, under one name or another; what of it could go at once does not.
fn memory(usage: &Memory) -> u64 {
    let cached = |name: &str| usage.stats.get(name).copied();
    let idle = cached("total_inactive_file").or_else(|| cached("inactive_file")).unwrap_or(0);
    if idle < usage.usage { usage.usage - idle } else { usage.usage }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_summed_up() {
        let text = r#"{"cpu_stats":{"cpu_usage":{"total_usage":400,"percpu_usage":[1,2]},"system_cpu_usage":9000},
            "precpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":8000,"online_cpus":2},
            "memory_stats":{"usage":1000,"limit":4000,"stats":{"total_inactive_file":300,"cache":1}},
            "networks":{"eth0":{"rx_bytes":1,"tx_bytes":2},"eth1":{"rx_bytes":10,"tx_bytes":20}},
            "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":5},{"op":"write","value":6},{"op":"Read","value":7}]},
            "pids_stats":{"current":3},"read":"2026-11-26T05:45:12.1Z"}"#;
        let expected = Usage {
            processor: 400,
            processor_before: 100,
            host: 9000,
            host_before: 8000,
            processors: 2,
            memory: 700,
            memory_limit: 4000,
            received: 11,
            sent: 22,
            read: 12,
            written: 6,
            processes: 3,
        };
        let sample: Sample = serde_json::from_str(text).expect("a sample");
        assert!(sample.is_of_a_moment());
        assert_eq!(usage(sample), expected);
    }

    #[test]
    fn a_container_that_does_not_run_has_an_empty_sample() {
        let text = r#"{"cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{},"networks":null,
            "blkio_stats":{"io_service_bytes_recursive":null},"pids_stats":{},"read":"0001-01-01T00:00:00Z"}"#;
        let sample: Sample = serde_json::from_str(text).expect("a sample");
        assert!(!sample.is_of_a_moment());
        assert_eq!(usage(sample), Usage::default());
    }
}
