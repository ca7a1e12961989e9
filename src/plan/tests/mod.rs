//! Plans of whole projects: what is planned, in which order, and that nothing is left to do afterwards.

mod apply;
mod down;
mod grants;
mod images;
mod lifecycle;
mod once;
mod pre_start;
mod properties;
mod recreate;
mod start;
mod up;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::{Container, Health, Image, ImageId, Labels, State};
use crate::model::{Network, Project, Service, ServiceName, Volume};

use super::*;
use apply::apply;

/// A project from the JSON of its services; networks and volumes are declared as they are used.
fn project(services: Value) -> Project {
    let services: BTreeMap<ServiceName, Box<Service>> = serde_json::from_value(services).expect("services");
    let mut project = Project {
        name: "shop".into(),
        working_dir: "/srv/shop".into(),
        compose_files: vec!["/srv/shop/compose.yaml".into()],
        ..Project::default()
    };
    for service in services.values() {
        let named = service.networks.keys().cloned();
        let keys: Vec<String> = if service.network_mode.is_empty() && service.networks.is_empty() {
            vec!["default".into()]
        } else {
            named.collect()
        };
        for key in keys {
            let name = format!("shop_{key}");
            project.networks.insert(key, Network { name, ..Network::default() });
        }
        for mount in service.volumes.iter().filter(|mount| mount.kind == "volume" && !mount.source.is_empty()) {
            let name = format!("shop_{}", mount.source);
            project.volumes.insert(mount.source.clone(), Volume { name, ..Volume::default() });
        }
    }
    project.services = services;
    project
}

/// A service with an image, and what else is said of it.
fn with(fields: Value) -> Value {
    let mut service = json!({"image": "app:1"});
    service.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    service
}

fn needs(conditions: &[(&str, &str)]) -> Value {
    let one = |(name, condition): &(&str, &str)| {
        ((*name).to_owned(), json!({"condition": format!("service_{condition}"), "required": true}))
    };
    Value::Object(conditions.iter().map(one).collect())
}

/// An engine that holds images and nothing else.
fn bare() -> Observed {
    let image = |name: &str| Image {
        id: ImageId::new(format!("sha256:{:0<64}", hex::encode(name))),
        tags: vec![name.to_owned()],
        digests: Vec::new(),
        labels: Labels::new(),
        size: 1,
        created: 1,
    };
    Observed { images: vec![image("app:1"), image("db:1")], ..Observed::default() }
}

fn planned(project: &Project, observed: &Observed) -> Plan {
    up(project, observed, &UpPolicy::default()).expect("a plan")
}

/// The state after the project was brought up on a bare engine.
fn running(project: &Project) -> Observed {
    let observed = apply(&bare(), &planned(project, &bare()));
    assert_eq!(planned(project, &observed).to_string(), "", "a second time there is nothing to do");
    observed
}

/// A plan as people read it, with its warnings.
fn text(plan: &Plan) -> String {
    let warnings = plan.warnings.iter().map(|warning| format!("! {warning}\n"));
    warnings.chain([plan.to_string()]).collect()
}

fn container<'o>(observed: &'o mut Observed, name: &str) -> &'o mut Container {
    observed.containers.iter_mut().find(|container| container.name == name).expect("a container of that name")
}

fn exited(observed: &mut Observed, name: &str, code: i64) {
    let container = container(observed, name);
    (container.state, container.exit_code, container.health) = (State::Exited, Some(code), Health::None);
}
