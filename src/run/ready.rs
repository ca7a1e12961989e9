//! Looks from outside whether a container is ready, as `x-convoke-ready` says.

use std::time::Duration;

use futures_util::StreamExt;

use crate::engine::{ContainerDetails, Engine, EngineError, ErrorKind, LogRequest};
use crate::model::{Ready, Sign};

use super::door::doors;
use super::knock::knock;
use super::lines::{Lines, as_since, instant};

/// The pause after the first attempt; each one after is half as long again, up to the interval.
const FIRST: Duration = Duration::from_millis(50);
/// A container's network may belong to another one, whose own is yet another's.
const NETWORK_OWNERS: usize = 8;

/// Why nobody will ever see the sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unseen {
    pub message: String,
    pub help: String,
}

/// Ends when the sign is seen. `note` is told what was seen instead, each time.
///
/// # Errors
/// When it cannot be seen from here.
pub(super) async fn seen(
    engine: &dyn Engine,
    container: &ContainerDetails,
    ready: &Ready,
    note: &dyn Fn(String),
) -> Result<(), Unseen> {
    match &ready.sign {
        Sign::Tcp { port } | Sign::Http { port, .. } => open(engine, container, *port, ready, note).await,
        Sign::Log { pattern } => written(engine, container, pattern, note).await,
    }
}

async fn open(
    engine: &dyn Engine,
    container: &ContainerDetails,
    port: u16,
    ready: &Ready,
    note: &dyn Fn(String),
) -> Result<(), Unseen> {
    let owner = match network_owner(engine, container).await {
        Ok(owner) => owner,
        // The container that has the network is gone or does not run: what waits for this one sees that.
        Err(error) => {
            note(error.to_string());
            return std::future::pending().await;
        }
    };
    let doors = doors(owner.as_ref().unwrap_or(container), port, &engine.about().place)
        .map_err(|(message, help)| Unseen { message, help })?;
    for pause in pauses(ready.interval) {
        let mut why = Vec::new();
        for door in &doors {
            match knock(door, &ready.sign, ready.timeout).await {
                Ok(()) => return Ok(()),
                Err(reason) => why.push(reason),
            }
        }
        note(why.join("; "));
        tokio::time::sleep(pause).await;
    }
    std::future::pending().await
}

/// The container on whose network another one is; `None` is itself.
async fn network_owner(
    engine: &dyn Engine,
    container: &ContainerDetails,
) -> Result<Option<ContainerDetails>, EngineError> {
    let mut owner: Option<ContainerDetails> = None;
    for _ in 0..NETWORK_OWNERS {
        let mode = &owner.as_ref().unwrap_or(container).network_mode;
        let Some(id) = mode.strip_prefix("container:") else { break };
        owner = Some(engine.inspect_container(&crate::engine::ContainerId::new(id)).await?);
    }
    Ok(owner)
}

fn pauses(interval: Duration) -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(FIRST.min(interval)), move |pause| Some((*pause * 3 / 2).min(interval)))
}

/// Reads what the container has written in this life, until a line has a match. The engine may note a start later than
/// the first line after it, but never an end earlier than the last line before it.
async fn written(
    engine: &dyn Engine,
    container: &ContainerDetails,
    pattern: &str,
    note: &dyn Fn(String),
) -> Result<(), Unseen> {
    let unseen = |message: String, help: &str| Unseen { message, help: help.to_owned() };
    let pattern = regex::Regex::new(pattern)
        .map_err(|error| unseen(error.to_string(), "write a regular expression that can be read"))?;
    let request = LogRequest {
        follow: true,
        timestamps: true,
        since: instant(&container.finished_at).map(as_since).unwrap_or_default(),
        ..LogRequest::default()
    };
    note(format!("no line of its log matches {pattern}"));
    let (mut chunks, mut lines) = (engine.logs(&container.id, &request), Lines::new(container.tty));
    while let Some(chunk) = chunks.next().await {
        let mut found = false;
        let mut look = |line: super::lines::Line| found |= pattern.is_match(&String::from_utf8_lossy(&line.text));
        match chunk {
            Ok(chunk) => lines.push(chunk, &mut look),
            Err(error) if error.kind == ErrorKind::Unsupported => {
                let message = format!("the log of container {} cannot be read: {error}", container.name);
                return Err(unseen(message, "use another log driver, or another sign than `log`"));
            }
            // The container ended or the engine went away: what waits for this one sees that.
            Err(_) => break,
        }
        if found {
            return Ok(());
        }
    }
    std::future::pending().await
}
