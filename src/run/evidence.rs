//! What a container left behind that tells why it failed: its last lines, its last probe.

use std::time::Duration;

use futures_util::StreamExt;

use crate::engine::{ContainerDetails, ContainerId, Engine, LogRequest, Probe, Stream};

use super::failure::FailedProbe;
use super::lines::instant;

/// How many lines tell enough.
const LINES: usize = 10;
/// An engine that hesitates must not keep a failure from being told.
const LIMIT: Duration = Duration::from_secs(2);

/// What a container that was killed exits with.
pub const KILLED: i64 = 137;
/// The engine hears from two sides that a container ended and that its memory ran out: how often it is asked once more
/// about the second, and after what time.
const LATE: u32 = 10;
const LATER: Duration = Duration::from_millis(100);

/// Whether a container ended because its memory ran out.
pub(super) async fn ran_out_of_memory(engine: &dyn Engine, ended: &ContainerDetails) -> bool {
    let is_limited = ended.raw["HostConfig"]["Memory"].as_i64().is_some_and(|limit| limit > 0);
    if ended.oom_killed || ended.exit_code != KILLED || !is_limited {
        return ended.oom_killed;
    }
    for _ in 0..LATE {
        tokio::time::sleep(LATER).await;
        match engine.inspect_container(&ended.id).await {
            Ok(details) if details.oom_killed => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// The last lines that a container wrote, oldest first; none where they cannot be read.
pub(super) async fn last_lines(engine: &dyn Engine, container: &ContainerId) -> Vec<String> {
    let request = LogRequest { tail: Some(LINES as u64), ..LogRequest::default() };
    let mut chunks = engine.logs(container, &request);
    let mut text = Vec::new();
    let read = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            text.extend_from_slice(&chunk.bytes);
        }
    };
    // What came until the limit is what there is.
    let _ = tokio::time::timeout(LIMIT, read).await;
    last(&String::from_utf8_lossy(&text), LINES)
}

/// All that a container wrote, by stream.
pub(super) async fn output(engine: &dyn Engine, container: &ContainerId) -> Vec<(Stream, Vec<u8>)> {
    let mut chunks = engine.logs(container, &LogRequest::default());
    let mut written: Vec<(Stream, Vec<u8>)> = vec![(Stream::Stdout, Vec::new()), (Stream::Stderr, Vec::new())];
    let read = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            let of = written.iter_mut().find(|(stream, _)| *stream == chunk.stream);
            if let Some((_, bytes)) = of {
                bytes.extend_from_slice(&chunk.bytes);
            }
        }
    };
    // What came until the limit is what there is.
    let _ = tokio::time::timeout(LIMIT, read).await;
    written
}

/// What the engine says now of a container's last failed probe.
pub(super) async fn last_probe(engine: &dyn Engine, container: &ContainerId) -> Option<FailedProbe> {
    let details = tokio::time::timeout(LIMIT, engine.inspect_container(container)).await.ok()?.ok()?;
    failed_probe(&details)
}

/// Whether a health check was run since the container was started last, as far as the engine tells.
pub(super) fn is_of_this_run(details: &ContainerDetails, probe: &Probe) -> bool {
    match (instant(&probe.ended_at), instant(&details.started_at)) {
        (Some(ended), Some(started)) => ended >= started,
        _ => true,
    }
}

/// The last run of a health check that failed, with the command that was run.
pub(super) fn failed_probe(details: &ContainerDetails) -> Option<FailedProbe> {
    let failed = |probe: &&Probe| probe.exit_code != 0 && is_of_this_run(details, probe);
    let probe = details.probes.iter().rev().find(failed)?;
    let words = details.health_check.as_ref().map(|check| check.test.as_slice()).unwrap_or_default();
    let command = match words.split_first() {
        Some((kind, rest)) if kind == "CMD" || kind == "CMD-SHELL" => rest.join(" "),
        _ => words.join(" "),
    };
    Some(FailedProbe { command, exit_code: probe.exit_code, output: probe.output.trim_end().to_owned() })
}

/// The last lines of a text that are not blank at its end.
pub(super) fn last(text: &str, count: usize) -> Vec<String> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_text() {
        let table =
            [("", 2, vec![]), ("a\n", 2, vec!["a"]), ("a\nb\r\nc\n\n", 2, vec!["b", "c"]), ("a\nb", 5, vec!["a", "b"])];
        for (text, count, expected) in table {
            assert_eq!(last(text, count), expected, "{text:?}");
        }
    }
}
