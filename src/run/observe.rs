//! Asks the engine once what it holds.

use crate::engine::{Engine, EngineError, Filters};
use crate::model::labels;
use crate::plan::Observed;

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
