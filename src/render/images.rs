//! The images of containers as a table, as JSON objects, or as a template has them.

use jiff::Timestamp;
use serde_json::json;

use crate::engine::{Container, ImageDetails};

use super::human;
use super::listing::{Entry, Kind, fields};
use super::table::Layout;
use super::template::Row;

pub const IMAGES: Kind = Kind {
    columns: &["CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"],
    headings: &[
        ("ContainerName", "CONTAINER"),
        ("Repository", "REPOSITORY"),
        ("Tag", "TAG"),
        ("Platform", "PLATFORM"),
        ("ID", "IMAGE ID"),
        ("Size", "SIZE"),
        ("Created", "CREATED"),
        ("LastTagTime", "LAST TAGGED"),
    ],
    layout: Layout::WIDE,
    as_array: true,
};

/// What stands where the engine has forgotten.
const UNKNOWN: &str = "N/A";
const NAMELESS: &str = "<none>";

/// A container's image; without details it is not there any more.
pub fn image(container: &Container, details: Option<&ImageDetails>, now: Timestamp) -> Entry {
    let (repository, tag) = name(&container.image);
    let text = |name: &str| details.and_then(|details| details.raw[name].as_str()).unwrap_or_default();
    let size = details.and_then(|details| details.raw["Size"].as_u64());
    let variant = text("Variant");
    let platform = details.map(|details| match variant {
        "" => format!("{}/{}", details.os, details.architecture),
        variant => format!("{}/{}/{variant}", details.os, details.architecture),
    });
    let created = text("Created").parse::<Timestamp>().ok();
    let object = json!({
        "ID": container.image_id.as_str(),
        "ContainerName": container.name,
        "Repository": repository,
        "Tag": tag,
        "Platform": platform.clone().unwrap_or_default(),
        "Size": size.unwrap_or(0),
        "Created": text("Created"),
        "LastTagTime": details.map_or("", |details| details.last_tagged.as_str()),
    });
    let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    Entry {
        row: Row { fields: fields(object), labels: container.labels.clone() },
        cells: vec![
            container.name.clone(),
            or(&repository, NAMELESS),
            or(&tag, NAMELESS),
            platform.unwrap_or_else(|| UNKNOWN.to_owned()),
            container.image_id.short().to_owned(),
            size.map_or(UNKNOWN.to_owned(), human::size),
            created.map_or(UNKNOWN.to_owned(), |created| {
                format!("{} ago", human::age(now.as_second() - created.as_second()))
            }),
        ],
    }
}

/// The repository and the tag of a reference, as people write them. An id has neither.
fn name(reference: &str) -> (String, String) {
    if reference.starts_with("sha256:") {
        return (String::new(), String::new());
    }
    let short = reference.strip_prefix("docker.io/library/").or_else(|| reference.strip_prefix("docker.io/"));
    let reference = short.unwrap_or(reference);
    if let Some((name, _)) = reference.split_once('@') {
        return (tagless(name).0.to_owned(), String::new());
    }
    let (name, tag) = tagless(reference);
    (name.to_owned(), tag.unwrap_or("latest").to_owned())
}

fn tagless(reference: &str) -> (&str, Option<&str>) {
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (reference, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_a_repository_and_a_tag() {
        let cases = [
            ("busybox", ("busybox", "latest")),
            ("docker.io/library/busybox:1", ("busybox", "1")),
            ("docker.io/team/app", ("team/app", "latest")),
            ("registry.example.com:5000/team/app", ("registry.example.com:5000/team/app", "latest")),
            ("app:1@sha256:ab", ("app", "")),
            ("sha256:abcdef", ("", "")),
        ];
        for (reference, (repository, tag)) in cases {
            assert_eq!(name(reference), (repository.to_owned(), tag.to_owned()), "{reference}");
        }
    }
}
