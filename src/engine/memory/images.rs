//! Images that are only names, with what containers take over from them.

use std::collections::BTreeMap;

use serde_json::json;

use super::clock::written;
use super::world::{Outcome, World, digest, refusal};
use crate::engine::{ErrorKind, HealthSpec, Image, ImageBuild, ImageDetails, ImageId, Labels, PathOrArchive};

/// An image, held or offered by a registry.
#[derive(Clone, Debug, Default)]
pub struct MemoryImage {
    /// Its digest; made from its first name when empty.
    pub id: String,
    pub tags: Vec<String>,
    pub digests: Vec<String>,
    pub labels: Labels,
    /// `KEY=value`
    pub environment: Vec<String>,
    /// Paths that it declares as volumes.
    pub volumes: Vec<String>,
    pub health_check: Option<HealthSpec>,
    /// Nanoseconds since 1970, when its last name was given.
    pub tagged: i64,
}

/// Bytes: no image of this engine has any contents that could be weighed.
const SIZE: i64 = 1_000_000;

impl MemoryImage {
    pub fn named(name: &str) -> Self {
        Self { tags: vec![full_name(name)], ..Self::default() }
    }
}

/// `busybox` is `busybox:latest`, and so is `docker.io/library/busybox`.
pub(super) fn full_name(name: &str) -> String {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    let tagged = name.rsplit_once(':').is_some_and(|(_, tag)| !tag.contains('/'));
    if tagged || name.contains('@') { name.to_owned() } else { format!("{name}:latest") }
}

impl World {
    /// Puts an image in; its names are taken from others.
    pub(super) fn put_image(&mut self, mut image: MemoryImage) -> ImageId {
        if image.id.is_empty() {
            image.id = format!("sha256:{}", digest(&format!("image {:?}", image.tags)));
        }
        image.tags = image.tags.iter().map(|name| full_name(name)).collect();
        image.tagged = self.clock.tick();
        for other in &mut self.images {
            other.tags.retain(|tag| !image.tags.contains(tag));
        }
        let id = ImageId::new(&image.id);
        match self.images.iter_mut().find(|other| other.id == image.id) {
            Some(same) => {
                same.tags.extend(image.tags);
                same.tags.sort();
                same.tags.dedup();
            }
            None => self.images.push(image),
        }
        id
    }

    /// Finds an image by name, digest, or the beginning of its digest.
    pub(super) fn find_image(&self, name: &str) -> Option<&MemoryImage> {
        let full = full_name(name);
        let digits = name.strip_prefix("sha256:").unwrap_or(name);
        let by_name = self.images.iter().find(|image| image.tags.contains(&full) || image.digests.contains(&full));
        by_name.or_else(|| {
            let looks_like_one = digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let begins = |image: &&MemoryImage| image.id.trim_start_matches("sha256:").starts_with(digits);
            looks_like_one.then(|| self.images.iter().find(begins)).flatten()
        })
    }

    pub(super) fn list_images(&self) -> Vec<Image> {
        let mut images: Vec<Image> = self
            .images
            .iter()
            .map(|image| Image {
                id: ImageId::new(&image.id),
                tags: image.tags.clone(),
                digests: image.digests.clone(),
                labels: image.labels.clone(),
                size: SIZE,
                created: image.tagged / 1_000_000_000,
            })
            .collect();
        images.sort_by(|left, right| (&left.tags, &left.id).cmp(&(&right.tags, &right.id)));
        images
    }

    pub(super) fn image_details(&self, name: &str) -> Outcome<ImageDetails> {
        let image = self.find_image(name).ok_or_else(|| no_such_image(name))?;
        Ok(ImageDetails {
            id: ImageId::new(&image.id),
            tags: image.tags.clone(),
            digests: image.digests.clone(),
            volumes: image.volumes.clone(),
            health_check: image.health_check.clone(),
            os: "linux".into(),
            architecture: "amd64".into(),
            last_tagged: written(image.tagged),
            raw: json!({
                "Id": image.id,
                "RepoTags": image.tags,
                "Created": written(image.tagged),
                "Size": SIZE,
                "Config": { "Labels": image.labels },
            }),
        })
    }

    pub(super) fn tag_image(&mut self, image: &str, name: &str) -> Outcome<()> {
        let mut found = self.find_image(image).ok_or_else(|| no_such_image(image))?.clone();
        found.tags = vec![full_name(name)];
        self.put_image(found);
        self.tell("image", "tag", &full_name(name), BTreeMap::from([("name".into(), full_name(name))]));
        Ok(())
    }

    pub(super) fn remove_image(&mut self, name: &str, force: bool) -> Outcome<()> {
        let image = self.find_image(name).ok_or_else(|| no_such_image(name))?.clone();
        let full = full_name(name);
        let last = image.tags.iter().all(|tag| *tag == full);
        let user = self.containers.values().find(|container| container.image_id == image.id);
        if let Some(user) = user.filter(|_| last && !force) {
            let user = user.id.get(..12).unwrap_or_default();
            let message = format!(
                "conflict: unable to remove repository reference \"{name}\" (must force) - container {user} is using its referenced image"
            );
            return Err(refusal(ErrorKind::InUse, message));
        }
        if last || !image.tags.contains(&full) {
            self.images.retain(|other| other.id != image.id);
        } else if let Some(image) = self.images.iter_mut().find(|other| other.id == image.id) {
            image.tags.retain(|tag| *tag != full);
        }
        self.tell("image", "delete", &image.id, BTreeMap::from([("name".into(), image.id.clone())]));
        Ok(())
    }

    fn offered_image(&self, full: &String) -> Outcome<&MemoryImage> {
        let offered = self.offered.iter().find(|image| image.tags.contains(full) || image.digests.contains(full));
        offered.ok_or_else(|| refusal(ErrorKind::NotFound, format!("manifest for {full} not found: manifest unknown")))
    }

    /// What the registry calls an image, which need not be here.
    pub(super) fn registry_digest(&self, name: &str) -> Outcome<String> {
        let image = self.offered_image(&full_name(name))?;
        let known = image.digests.iter().find_map(|name| Some(name.split_once('@')?.1.to_owned()));
        Ok(known.unwrap_or_else(|| format!("sha256:{}", digest(&format!("image {:?}", image.tags)))))
    }

    /// Takes an image from the registry.
    pub(super) fn pull_image(&mut self, name: &str) -> Outcome<ImageId> {
        let full = full_name(name);
        let image = self.offered_image(&full)?.clone();
        let id = self.put_image(image);
        self.tell("image", "pull", &full, BTreeMap::from([("name".into(), full.clone())]));
        Ok(id)
    }

    /// Gives an image to the registry.
    pub(super) fn push_image(&mut self, name: &str) -> Outcome<ImageId> {
        let full = full_name(name);
        let image = self.find_image(name).cloned().ok_or_else(|| {
            let message = format!("An image does not exist locally with the tag: {full}");
            refusal(ErrorKind::NotFound, message)
        })?;
        let id = ImageId::new(&image.id);
        self.offered.retain(|offered| !offered.tags.contains(&full));
        self.offered.push(MemoryImage { tags: vec![full.clone()], ..image });
        self.tell("image", "push", &full, BTreeMap::from([("name".into(), full.clone())]));
        Ok(id)
    }

    /// Makes an image of a build: the same input gives the same image.
    pub(super) fn build_image(&mut self, build: &ImageBuild) -> ImageId {
        let context = match &build.context {
            PathOrArchive::File(path) => path.display().to_string(),
            PathOrArchive::Archive(bytes) => hex::encode(bytes),
            PathOrArchive::Remote(address) => address.clone(),
        };
        let input = format!("{context} {} {} {:?} {:?}", build.dockerfile, build.target, build.arguments, build.labels);
        self.put_image(MemoryImage {
            id: format!("sha256:{}", digest(&input)),
            tags: build.tags.clone(),
            labels: build.labels.clone(),
            ..MemoryImage::default()
        })
    }
}

fn no_such_image(name: &str) -> crate::engine::EngineError {
    refusal(ErrorKind::NotFound, format!("No such image: {}", full_name(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_several_names() {
        for name in ["busybox", "docker.io/library/busybox", "library/busybox:latest", "busybox:latest"] {
            assert_eq!(full_name(name), "busybox:latest");
        }
        assert_eq!(full_name("host:5000/a"), "host:5000/a:latest");
        assert_eq!(full_name("a@sha256:b"), "a@sha256:b");
    }
}
