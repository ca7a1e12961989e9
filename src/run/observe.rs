//! Asks the engine once what it holds.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, try_join_all};
use serde_json::Value;

use crate::engine::{ContainerId, Engine, EngineError, ErrorKind, Filters, Image};
use crate::model::{Project, labels};
use crate::plan::{Configured, Inspected, Observed, named_images};

/// Reads the project's containers and nothing else, in one call; sorted by name.
///
/// # Errors
/// When the call fails.
pub async fn observe_containers(engine: &dyn Engine, project: &str) -> Result<Observed, EngineError> {
    let mut containers = engine.containers(&Filters::label(labels::PROJECT, project)).await?;
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Observed { containers, api: engine.about().api, ..Observed::default() })
}

/// Reads the project's containers, all networks and volumes, and the images that a plan for it may ask for; sorted by
/// name. What needs a clock or further calls is left to the caller: `read_at` and `tagged_at`.
///
/// # Errors
/// The first call that failed.
pub async fn observe(engine: &dyn Engine, project: &Project) -> Result<Observed, EngineError> {
    let (names, few) = (named_images(project), few(project));
    observe_with(engine, &project.name, known_images(engine, &names, few)).await
}

/// The same where the files do not tell which images are meant: all of them, or none where nobody asks for any.
///
/// # Errors
/// The first call that failed.
pub async fn observe_named(engine: &dyn Engine, project: &str, images: bool) -> Result<Observed, EngineError> {
    let images = async { if images { engine.images().await } else { Ok(Vec::new()) } };
    observe_with(engine, project, images).await
}

async fn observe_with(
    engine: &dyn Engine,
    project: &str,
    images: impl Future<Output = Result<Vec<Image>, EngineError>>,
) -> Result<Observed, EngineError> {
    let ours = Filters::label(labels::PROJECT, project);
    let all = Filters::default();
    let (mut containers, mut networks, mut volumes, mut images) =
        tokio::try_join!(engine.containers(&ours), engine.networks(&all), engine.volumes(&all), images)?;
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    networks.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    volumes.sort_by(|a, b| a.name.cmp(&b.name));
    images.sort_by(|a, b| (&a.tags, &a.id).cmp(&(&b.tags, &b.id)));
    images.dedup_by(|a, b| a.id == b.id);
    Ok(Observed { containers, networks, volumes, images, api: engine.about().api, ..Observed::default() })
}

/// How many images are asked for one by one. An engine takes long to list all that it has, and next to nothing to tell of
/// one; but a large project is to cost few calls, whatever they take.
fn few(project: &Project) -> usize {
    const LARGE: usize = 100;
    if project.services.len() > LARGE { 2 } else { 8 }
}

/// The images with these names, as far as they are there; when one is missing, or there are more than a few, all images,
/// among which there may be one with a name nearly like it.
async fn known_images(engine: &dyn Engine, names: &BTreeSet<String>, few: usize) -> Result<Vec<Image>, EngineError> {
    if names.len() > few {
        return engine.images().await;
    }
    let one = async |name: &String| match engine.inspect_image(name).await {
        Ok(details) => Ok(Some(details.summary())),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    match try_join_all(names.iter().map(one)).await?.into_iter().collect() {
        Some(images) => Ok(images),
        None => engine.images().await,
    }
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
