//! Asks the engine once what it holds.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;

use crate::engine::{ContainerId, Engine, EngineError, Filters};
use crate::model::labels;
use crate::plan::{Configured, Inspected, Observed};

/// Reads the project's containers and nothing else, in one call; sorted by name.
///
/// # Errors
/// When the call fails.
pub async fn observe_containers(engine: &dyn Engine, project: &str) -> Result<Observed, EngineError> {
    let mut containers = engine.containers(&Filters::label(labels::PROJECT, project)).await?;
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Observed { containers, api: engine.about().api, ..Observed::default() })
}

/// Reads the project's containers and all networks, volumes and images, in four calls at once; sorted by name. What
/// needs a clock or further calls is left to the caller: `read_at` and `tagged_at`.
///
/// # Errors
/// The first call that failed.
pub async fn observe(engine: &dyn Engine, project: &str) -> Result<Observed, EngineError> {
    let ours = Filters::label(labels::PROJECT, project);
    let all = Filters::default();
    let (mut containers, mut networks, mut volumes, mut images) =
        tokio::try_join!(engine.containers(&ours), engine.networks(&all), engine.volumes(&all), engine.images())?;
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    networks.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    volumes.sort_by(|a, b| a.name.cmp(&b.name));
    images.sort_by(|a, b| (&a.tags, &a.id).cmp(&(&b.tags, &b.id)));
    Ok(Observed { containers, networks, volumes, images, api: engine.about().api, ..Observed::default() })
}

/// All that the engine says of some containers and of their images. What is gone by now tells nothing.
pub async fn inspect(
    engine: &dyn Engine,
    containers: BTreeMap<Configured, ContainerId>,
) -> BTreeMap<Configured, Inspected> {
    let one = |(configured, id): (Configured, ContainerId)| async move {
        let details = engine.inspect_container(&id).await.ok()?;
        let image = engine.inspect_image(details.image_id.as_str()).await.ok();
        let image = image.and_then(|image| image.raw.get("Config").cloned()).unwrap_or(Value::Null);
        Some((configured, Inspected { container: details.raw, image }))
    };
    join_all(containers.into_iter().map(one)).await.into_iter().flatten().collect()
}
