//! The whole of what `config` shows: a project, or a document in which variables still stand.

use serde_yaml::{Mapping, Value};

use crate::load::{self, Loaded, Options};
use crate::model::json::NoJson;
use crate::model::{Project, Service};
use crate::render::config as render;

pub enum Shown {
    Project(Box<Project>),
    Document { value: Value, normal: bool },
}

const IMAGE: &str = "image";

impl Shown {
    /// Leaves an empty project behind.
    pub fn taken_from(loaded: &mut Loaded, options: &Options) -> Self {
        if options.interpolate {
            Self::Project(Box::new(std::mem::take(&mut loaded.project)))
        } else {
            Self::Document { value: crate::yaml::to_value(&loaded.document), normal: options.normalize }
        }
    }

    /// Goes to every name of an image, with the keys of its service and of the attribute that it stands in.
    pub fn each_image(&mut self, visit: &mut dyn FnMut([&str; 3], &mut String)) {
        match self {
            Self::Project(project) => {
                for (name, service) in &mut project.services {
                    images_of(service, &mut |key, image| visit(["services", name.as_str(), key], image));
                }
            }
            Self::Document { value: document, .. } => {
                for (name, service) in services(document) {
                    written_images(service, &mut |key, image| visit(["services", name, key], image));
                }
            }
        }
    }

    /// Leaves only what names images: to be merged onto the files that it came from.
    pub fn keep_images(&mut self) {
        match self {
            Self::Project(project) => {
                let services = std::mem::take(&mut project.services);
                let services = services.into_iter().map(|(name, service)| {
                    let volumes = service.volumes.into_iter().filter(|mount| mount.kind == IMAGE).collect();
                    (name, Service { image: service.image, volumes, ..Service::default() }.into())
                });
                **project = Project { services: services.collect(), ..Project::default() };
            }
            Self::Document { value: document, .. } => {
                services(document).for_each(|(_, service)| keep_written_images(service));
                if let Some(document) = document.as_mapping_mut() {
                    document.retain(|key, _| key == "services");
                }
            }
        }
    }

    pub fn text(&self, json: bool) -> Result<String, NoJson> {
        Ok(match self {
            Self::Project(project) if json => render::escaped(&render::json(project)?),
            Self::Project(project) => render::escaped(&crate::yaml::print(&render::yaml(project))),
            Self::Document { value, normal } if json => {
                let mut value = value.clone();
                forget_nothing(&mut value, &mut Vec::new(), *normal);
                render::plain_json(&value)?
            }
            Self::Document { value, .. } => crate::yaml::print(&render::sorted(value.clone())),
        })
    }
}

/// In the JSON of docker compose an empty list is null, unless its entries are told apart by keys; what has its normal form
/// has two of those less.
fn forget_nothing(value: &mut Value, place: &mut Vec<String>, normal: bool) {
    match value {
        Value::Sequence(items) if items.is_empty() => {
            let steps: Vec<&str> = place.iter().map(String::as_str).collect();
            let is_gone = normal && matches!(steps[..], [_, _, "environment"] | [_, _, "build", "args"]);
            if is_gone || !load::has_keys(&steps) {
                *value = Value::Null;
            }
        }
        Value::Sequence(items) => {
            place.push(String::new());
            items.iter_mut().for_each(|item| forget_nothing(item, place, normal));
            place.pop();
        }
        Value::Mapping(map) => {
            for (key, value) in map {
                place.push(key.as_str().unwrap_or_default().to_owned());
                forget_nothing(value, place, normal);
                place.pop();
            }
        }
        _ => {}
    }
}

fn images_of(service: &mut Service, visit: &mut dyn FnMut(&str, &mut String)) {
    visit(IMAGE, &mut service.image);
    let mounts = service.volumes.iter_mut().filter(|mount| mount.kind == IMAGE);
    mounts.for_each(|mount| visit("volumes", &mut mount.source));
    service.pre_start.iter_mut().for_each(|hook| visit("pre_start", &mut hook.image));
}

fn services(document: &mut Value) -> impl Iterator<Item = (&str, &mut Mapping)> {
    let services = document.get_mut("services").and_then(Value::as_mapping_mut);
    let services = services.into_iter().flat_map(Mapping::iter_mut);
    services.filter_map(|(name, service)| Some((name.as_str()?, service.as_mapping_mut()?)))
}

fn written_images(service: &mut Mapping, visit: &mut dyn FnMut(&str, &mut String)) {
    for (key, value) in service.iter_mut() {
        match (key.as_str(), value) {
            (Some(IMAGE), Value::String(image)) => visit(IMAGE, image),
            (Some(key @ "volumes"), Value::Sequence(mounts)) => {
                let mounts = mounts.iter_mut().filter(|mount| is_image(mount));
                mounts.filter_map(|mount| text_in(mount, "source")).for_each(|source| visit(key, source));
            }
            (Some(key @ "pre_start"), Value::Sequence(hooks)) => {
                hooks.iter_mut().filter_map(|hook| text_in(hook, IMAGE)).for_each(|image| visit(key, image));
            }
            _ => {}
        }
    }
}

fn keep_written_images(service: &mut Mapping) {
    if let Some(Value::Sequence(mounts)) = service.get_mut("volumes") {
        mounts.retain(is_image);
    }
    service.retain(|key, value| {
        let mounts = key == "volumes" && value.as_sequence().is_some_and(|mounts| !mounts.is_empty());
        mounts || key == IMAGE
    });
}

fn is_image(mount: &Value) -> bool {
    mount.get("type").and_then(Value::as_str) == Some(IMAGE)
}

fn text_in<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut String> {
    match value.get_mut(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
