//! Images.

use convoke::engine::{ErrorKind, Image, ImagePull};
use futures_util::TryStreamExt;

use super::{created, kind, removed};
use crate::stage::{Stage, image};

async fn tagged(stage: &Stage, name: &str) -> Option<Image> {
    let images = stage.engine.images().await.expect("a list");
    images.into_iter().find(|image| image.tags.iter().any(|tag| tag == name))
}

/// One after the other: an image with a second name may lose its first one even while it is in use.
pub async fn an_image_has_names_and_stays_while_it_is_used(stage: &Stage) {
    an_image_is_known_by_its_names(stage).await;
    an_image_in_use_stays(stage).await;
}

async fn an_image_is_known_by_its_names(stage: &Stage) {
    let built = tagged(stage, &image()).await.expect("built");
    let details = stage.engine.inspect_image(&image()).await.expect("details");
    let summary = details.summary();
    assert_eq!((&summary.id, &summary.labels, summary.created), (&built.id, &built.labels, built.created));
    assert!(summary.tags.contains(&image()) && summary.size > 0, "{summary:?}");
    assert_eq!(details.id, built.id);
    assert_eq!(details.volumes, ["/data"]);
    assert_eq!(details.os, "linux");
    assert_eq!(stage.engine.inspect_image(image().trim_end_matches(":latest")).await.expect("details").id, built.id);
    assert_eq!(stage.engine.inspect_image(built.id.as_str()).await.expect("details").id, built.id);
    let name = format!("{}:1", stage.name());
    stage.engine.tag_image(&image(), &name).await.expect("tagged");
    assert_eq!(tagged(stage, &name).await.expect("listed").id, built.id);
    stage.engine.remove_image(&name, false).await.expect("removed");
    assert_eq!(tagged(stage, &name).await, None);
    assert!(tagged(stage, &image()).await.is_some(), "its other name stays");
    assert_eq!(kind(stage.engine.remove_image(&name, false).await), ErrorKind::NotFound);
    assert_eq!(kind(stage.engine.inspect_image(&name).await), ErrorKind::NotFound);
    assert_eq!(kind(stage.engine.tag_image(&name, "elsewhere:1").await), ErrorKind::NotFound);
}

async fn an_image_in_use_stays(stage: &Stage) {
    let id = created(stage, &stage.spec(&["forever"])).await;
    assert_eq!(kind(stage.engine.remove_image(&image(), false).await), ErrorKind::InUse);
    removed(stage, &id).await;
}

pub async fn what_cannot_be_pulled_is_an_error(stage: &Stage) {
    let pull = ImagePull { image: "127.0.0.1:1/nothing:here".into(), platform: String::new() };
    let outcome: Result<Vec<_>, _> = stage.engine.pull_image(&pull).try_collect().await;
    let error = outcome.expect_err("no registry is there");
    assert_eq!(error.action, "pull image 127.0.0.1:1/nothing:here");
    assert!(!error.message.is_empty());
}

pub async fn what_no_registry_has_has_no_digest(stage: &Stage) {
    let name = "127.0.0.1:1/nothing:here";
    let error = stage.engine.image_digest(name).await.expect_err("no registry is there");
    assert_eq!(error.action, "resolve image 127.0.0.1:1/nothing:here");
    assert!(!error.message.is_empty());
    assert_ne!(error.kind, ErrorKind::Unreachable, "the engine is there, the registry is not");
}
