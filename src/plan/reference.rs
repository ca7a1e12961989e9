//! References to images, and finding what the engine has under one.

use std::collections::HashMap;

use crate::engine::Image;

/// The engine's images by everything that they can be called.
#[derive(Clone, Debug, Default)]
pub struct Images<'o> {
    by_name: HashMap<String, &'o Image>,
    by_id: HashMap<&'o str, &'o Image>,
}

impl<'o> Images<'o> {
    pub fn of(images: &'o [Image]) -> Self {
        let mut this = Self::default();
        for image in images {
            this.by_id.insert(digits(image.id.as_str()), image);
            for name in image.tags.iter().chain(&image.digests) {
                this.by_name.insert(normal(name), image);
            }
        }
        this
    }

    /// The image behind a name, a digest or an id.
    pub fn find(&self, reference: &str) -> Option<&'o Image> {
        if let Some(image) = self.by_name.get(&normal(reference)) {
            return Some(image);
        }
        let id = digits(reference);
        let hexadecimal = id.len() >= 12 && id.chars().all(|digit| digit.is_ascii_hexdigit());
        if !hexadecimal {
            return None;
        }
        let short = || self.by_id.iter().find(|(known, _)| known.starts_with(id)).map(|(_, image)| *image);
        self.by_id.get(id).copied().or_else(short)
    }

    /// All names, as people write them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.values().flat_map(|image| &image.tags).map(String::as_str)
    }
}

fn digits(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// One way to write what can be written in several: `redis`, `docker.io/library/redis:latest` are `redis:latest`. A tag
/// beside a digest says nothing.
pub fn normal(reference: &str) -> String {
    let short = ["docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/"]
        .iter()
        .find_map(|prefix| reference.strip_prefix(prefix))
        .unwrap_or(reference);
    let (name, digest) = short.split_once('@').map_or((short, None), |(name, digest)| (name, Some(digest)));
    let path = name.rfind('/').map_or(0, |at| at + 1);
    let untagged = name[path..].find(':').map_or(name, |at| &name[..path + at]);
    match digest {
        Some(digest) => format!("{untagged}@{digest}"),
        None if untagged.len() == name.len() => format!("{name}:latest"),
        None => name.to_owned(),
    }
}

/// Whether another image may bear this name tomorrow.
pub fn is_moving(reference: &str) -> bool {
    normal(reference).ends_with(":latest")
}

/// The name of an image with its registry, and with a tag or a digest; `None` for an id, which no registry knows.
pub fn full(reference: &str) -> Option<String> {
    let hexadecimal = |id: &str| id.len() == 64 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    if hexadecimal(digits(reference)) {
        return None;
    }
    let short = normal(reference);
    Some(match short.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => short,
        Some(_) => format!("docker.io/{short}"),
        None => format!("docker.io/library/{short}"),
    })
}

#[cfg(test)]
mod tests {
    use crate::engine::{ImageId, Labels};

    use super::*;

    #[test]
    fn one_image_has_one_normal_name() {
        for (reference, expected) in [
            ("redis", "redis:latest"),
            ("redis:7", "redis:7"),
            ("docker.io/library/redis:7", "redis:7"),
            ("docker.io/me/app", "me/app:latest"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
            ("localhost:5000/app:1", "localhost:5000/app:1"),
            ("redis:7@sha256:ab", "redis@sha256:ab"),
        ] {
            assert_eq!(normal(reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_full_name_has_a_registry_and_a_tag_or_a_digest() {
        let id = "0123456789abcdef".repeat(4);
        for (reference, expected) in [
            ("redis", Some("docker.io/library/redis:latest")),
            ("index.docker.io/redis:7", Some("docker.io/library/redis:7")),
            ("me/app", Some("docker.io/me/app:latest")),
            ("localhost/app:1", Some("localhost/app:1")),
            ("host:5000/me/app", Some("host:5000/me/app:latest")),
            ("registry.example/app:1@sha256:ab", Some("registry.example/app@sha256:ab")),
            (&id, None),
            (&format!("sha256:{id}"), None),
        ] {
            assert_eq!(full(reference).as_deref(), expected, "{reference}");
        }
    }

    #[test]
    fn an_image_is_found_by_name_digest_and_id() {
        let id = "0123456789abcdef0123456789abcdef";
        let image = Image {
            id: ImageId::new(format!("sha256:{id}")),
            tags: vec!["docker.io/library/redis:7".into()],
            digests: vec!["redis@sha256:feed".into()],
            labels: Labels::new(),
            size: 0,
            created: 0,
        };
        let images = [image];
        let images = Images::of(&images);
        for found in ["redis:7", "redis@sha256:feed", "redis:7@sha256:feed", id, &id[..12], &format!("sha256:{id}")] {
            assert!(images.find(found).is_some(), "{found}");
        }
        for missing in ["redis", "redis@sha256:dead", "0123456", "ffffffffffff"] {
            assert!(images.find(missing).is_none(), "{missing}");
        }
    }
}
