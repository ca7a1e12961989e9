//! What can be seen of what is in memory: as much as can be made of containers that run nothing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::Shared;
use super::port::doing;
use super::world::{Outcome, World, refusal};
use crate::engine::{Change, ChangedPath, ContainerId, EngineError, ErrorKind, ImageLayer, Processes, Usage};

const SECOND: Duration = Duration::from_secs(1);

impl World {
    /// One process each: the command.
    pub(super) fn processes(&self, name: &str) -> Outcome<Processes> {
        let occupant = self.container(name)?;
        if !occupant.is_up() {
            return Err(refusal(ErrorKind::Conflict, format!("Container {} is not running", occupant.id)));
        }
        let words = occupant.spec.entrypoint.iter().chain(&occupant.spec.command).flatten();
        let command = words.map(String::as_str).collect::<Vec<_>>().join(" ");
        let titles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"].map(str::to_owned).to_vec();
        let row = ["root", "1", "0", "0", "00:00", "?", "00:00:00", &command].map(str::to_owned).to_vec();
        Ok(Processes { titles, rows: vec![row] })
    }

    /// A process that does nothing.
    pub(super) fn usage(&self, name: &str) -> Outcome<Usage> {
        let occupant = self.container(name)?;
        Ok(Usage { processors: 1, processes: u64::from(occupant.is_up()), ..Usage::default() })
    }

    /// What was put in.
    pub(super) fn changed_paths(&self, name: &str) -> Outcome<Vec<ChangedPath>> {
        let folder =
            |(folder, _): &(String, bytes::Bytes)| ChangedPath { path: folder.clone(), change: Change::Modified };
        Ok(self.container(name)?.uploads.iter().map(folder).collect())
    }

    pub(super) fn raw_network(&self, name: &str) -> Outcome<Value> {
        let segment = self.network(name)?;
        let on_it = self.containers.values().filter(|it| it.is_up() && it.joints.contains_key(&segment.spec.name));
        let on_it: Map<_, _> = on_it.map(|it| (it.id.clone(), json!({ "Name": it.spec.name }))).collect();
        Ok(json!({ "Id": segment.id, "Name": segment.spec.name, "Labels": segment.spec.labels, "Containers": on_it }))
    }

    pub(super) fn raw_volume(&self, name: &str) -> Outcome<Value> {
        let volume = self.volumes.get(name);
        let volume = volume.ok_or_else(|| refusal(ErrorKind::NotFound, format!("get {name}: no such volume")))?;
        Ok(json!({ "Name": volume.name, "Driver": volume.driver, "Labels": volume.labels }))
    }

    /// It has one layer.
    pub(super) fn layers(&self, name: &str) -> Outcome<Vec<ImageLayer>> {
        let image = self.find_image(name);
        let image = image.ok_or_else(|| refusal(ErrorKind::NotFound, format!("No such image: {name}")))?;
        Ok(vec![ImageLayer { id: image.id.clone(), tags: image.tags.clone(), ..ImageLayer::default() }])
    }
}

/// Waits until a container does not run, and tells its exit code.
pub(super) async fn end(shared: Arc<Shared>, id: &str) -> Outcome<i64> {
    let mut changes = shared.changes.subscribe();
    let life = shared.world().container(id)?.lives;
    loop {
        changes.borrow_and_update();
        {
            let world = shared.world();
            let occupant = world.container(id)?;
            if !occupant.is_up() || occupant.lives != life {
                return Ok(occupant.exit_code);
            }
        }
        if changes.changed().await.is_err() {
            return Err(refusal(ErrorKind::Unreachable, "the engine is gone"));
        }
    }
}

/// One look, or one a second for as long as the container runs.
pub(super) fn usage(
    shared: Arc<Shared>,
    id: ContainerId,
    follow: bool,
) -> BoxStream<'static, Result<Usage, EngineError>> {
    stream::unfold(Some((shared, id, true)), move |state| async move {
        let (shared, id, first) = state?;
        if !first {
            sleep(SECOND).await;
        }
        let entered = if first { shared.enter("usage", &shared.name_of(&id)).await } else { Ok(()) };
        let looked = entered.and_then(|()| shared.world().usage(id.as_str()));
        let looked = doing(|| format!("measure container {}", id.short()), looked);
        match looked {
            Ok(usage) if !first && usage.processes == 0 => None,
            Ok(usage) => Some((Ok(usage), follow.then_some((shared, id, false)))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}
