//! Images: listed, inspected, named and removed.

use bollard::query_parameters::{RemoveImageOptions, TagImageOptions};
use serde::Deserialize;

use super::DockerEngine;
use super::answers::{InspectedImage, ListedImage, without_none};
use super::error::translate;
use super::translate::health_spec;
use super::wire::Query;
use crate::engine::{EngineError, Image, ImageDetails, ImageId};

impl DockerEngine {
    pub(super) async fn list_images(&self) -> Result<Vec<Image>, EngineError> {
        let listed: Vec<ListedImage> = self
            .wire
            .get_json("/images/json", &Query::default())
            .await
            .map_err(|error| translate("list images", error))?;
        let mut images: Vec<Image> = listed.into_iter().map(image).collect();
        images.sort_by(|left, right| (&left.tags, &left.id).cmp(&(&right.tags, &right.id)));
        Ok(images)
    }

    pub(super) async fn image_details(&self, name: &str) -> Result<ImageDetails, EngineError> {
        let action = format!("inspect image {name}");
        let raw: serde_json::Value = self
            .wire
            .get_json(&format!("/images/{name}/json"), &Query::default())
            .await
            .map_err(|error| translate(&action, error))?;
        match InspectedImage::deserialize(&raw) {
            Ok(inspected) => Ok(details(inspected, raw)),
            Err(error) => Err(translate(&action, error.into())),
        }
    }

    pub(super) async fn tag(&self, image: &str, name: &str) -> Result<(), EngineError> {
        let (repository, tag) = split_reference(name);
        let options = TagImageOptions { repo: Some(repository.into()), tag: Some(tag.unwrap_or("latest").into()) };
        let done = self.docker.tag_image(image, Some(options)).await;
        done.map_err(|error| translate(&format!("tag image {image} as {name}"), error))
    }

    pub(super) async fn delete_image(&self, name: &str, force: bool) -> Result<(), EngineError> {
        let options = RemoveImageOptions { force, ..Default::default() };
        let done = self.docker.remove_image(name, Some(options), None).await;
        done.map(drop).map_err(|error| translate(&format!("remove image {name}"), error))
    }
}

/// Splits `host:5000/name:tag` at the tag. A digest stays with the name.
pub(super) fn split_reference(reference: &str) -> (&str, Option<&str>) {
    if reference.contains('@') {
        return (reference, None);
    }
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (reference, None),
    }
}

fn image(listed: ListedImage) -> Image {
    Image {
        id: ImageId(listed.id),
        tags: without_none(listed.repo_tags),
        digests: without_none(listed.repo_digests),
        labels: listed.labels,
        size: listed.size,
        created: listed.created,
    }
}

fn details(answer: InspectedImage, raw: serde_json::Value) -> ImageDetails {
    ImageDetails {
        id: ImageId(answer.id),
        tags: without_none(answer.repo_tags),
        digests: without_none(answer.repo_digests),
        volumes: answer.config.volumes.into_keys().collect(),
        health_check: answer.config.healthcheck.map(health_spec),
        os: answer.os,
        architecture: answer.architecture,
        last_tagged: answer.metadata.last_tag_time,
        raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_split_at_its_tag() {
        let cases = [
            ("web", ("web", None)),
            ("web:1", ("web", Some("1"))),
            ("host:5000/web", ("host:5000/web", None)),
            ("host:5000/web:1", ("host:5000/web", Some("1"))),
            ("web@sha256:ab", ("web@sha256:ab", None)),
        ];
        for (reference, expected) in cases {
            assert_eq!(split_reference(reference), expected);
        }
    }
}
