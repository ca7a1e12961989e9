//! The project as `config` prints it: byte for byte what docker compose prints for the same project.

use std::cmp::Ordering;

use serde::Serialize;
use serde_yaml::{Mapping, Value};

use crate::model::json::{self, NoJson};
use crate::model::tree::{EXTENSIONS, Tree};
use crate::model::{Extensions, Project};
use crate::yaml::natural_order;

/// The project as YAML shows it: `x-*` in their places, empty parts left out, keys in natural order.
pub fn yaml(project: &Project) -> Value {
    let mut top = Mapping::new();
    if !project.name.is_empty() {
        top.insert("name".into(), project.name.as_str().into());
    }
    for (section, tree) in sections(project) {
        if section == "services" || !tree.is_empty() {
            top.insert(section.into(), value(tree));
        }
    }
    spread(&mut top, tree(&project.extensions));
    Value::Mapping(top)
}

/// The project as JSON: keys sorted at the top, `x-*` only there; models are not shown.
///
/// # Errors
/// A number that JSON does not have.
pub fn json(project: &Project) -> Result<String, NoJson> {
    let mut top = vec![("name".to_owned(), Tree::Text(project.name.clone()))];
    for (section, tree) in sections(project) {
        if section == "services" || section != "models" && !tree.is_empty() {
            top.push((section.to_owned(), tree));
        }
    }
    top.extend(extensions(&project.extensions).into_iter().map(|(key, tree)| (key, without_empty_lists(tree))));
    json::indented(&Tree::Map(top))
}

/// A plain value, such as a document that was not turned into a project: keys in natural order everywhere.
pub fn sorted(plain: Value) -> Value {
    value(tree(&plain))
}

/// A plain value as JSON, keys sorted everywhere.
///
/// # Errors
/// A number that JSON does not have.
pub fn plain_json(plain: &Value) -> Result<String, NoJson> {
    json::indented(&tree(plain))
}

/// The text with every `$` doubled, so that reading it again gives the same values.
pub fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

fn tree(value: &impl Serialize) -> Tree {
    // The model's types always have a tree.
    Tree::of(value).unwrap_or(Tree::Null)
}

/// The sections in the order of the YAML form. Contents that came from the environment stay where they came from; label
/// files were read, and are not named.
fn sections(project: &Project) -> [(&'static str, Tree); 6] {
    let mut services = project.services.clone();
    services.values_mut().for_each(|service| service.label_file.clear());
    let (mut secrets, mut configs) = (project.secrets.clone(), project.configs.clone());
    secrets.values_mut().for_each(|secret| secret.content.clear());
    configs.values_mut().filter(|config| !config.environment.is_empty()).for_each(|config| config.content.clear());
    [
        ("services", tree(&services)),
        ("networks", tree(&project.networks)),
        ("volumes", tree(&project.volumes)),
        ("secrets", tree(&secrets)),
        ("configs", tree(&configs)),
        ("models", tree(&project.models)),
    ]
}

fn extensions(extensions: &Extensions) -> Vec<(String, Tree)> {
    match tree(extensions) {
        Tree::Map(entries) => entries,
        _ => Vec::new(),
    }
}

/// In the JSON of docker compose an empty list under `x-*` is null.
fn without_empty_lists(tree: Tree) -> Tree {
    match tree {
        Tree::List(items) if items.is_empty() => Tree::Null,
        Tree::List(items) => Tree::List(items.into_iter().map(without_empty_lists).collect()),
        Tree::Map(entries) => {
            Tree::Map(entries.into_iter().map(|(key, entry)| (key, without_empty_lists(entry))).collect())
        }
        other => other,
    }
}

fn value(tree: Tree) -> Value {
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => value.into(),
        Tree::Int(value) => value.into(),
        Tree::Uint(value) => value.into(),
        // The double with the same shortest text.
        Tree::Single(value) => value.to_string().parse::<f64>().unwrap_or_else(|_| f64::from(value)).into(),
        Tree::Double(value) => value.into(),
        Tree::Text(text) => text.into(),
        Tree::List(items) => Value::Sequence(items.into_iter().map(value).collect()),
        Tree::Map(mut entries) => {
            entries.sort_by(|(left, _), (right, _)| natural(left, right));
            Value::Mapping(entries.into_iter().map(|(key, entry)| (key.into(), value(entry))).collect())
        }
        Tree::Object(name, fields) => object(name, fields),
    }
}

/// Keys that the natural order takes for equal still need an order.
fn natural(left: &str, right: &str) -> Ordering {
    natural_order(left, right).then_with(|| left.cmp(right))
}

/// Parts that JSON shows even when there is nothing in them, and YAML does not: the object, and its field.
const HIDDEN: &[(&str, &str)] = &[
    ("Deploy", "placement"),
    ("Deploy", "resources"),
    ("Hook", "command"),
    ("Network", "ipam"),
    ("Service", "command"),
    ("Service", "entrypoint"),
    ("Trigger", "exec"),
];

fn object(name: &'static str, fields: Vec<(&'static str, Tree)>) -> Value {
    let mut map = Mapping::new();
    let mut extensions = Tree::Null;
    if name == "Ulimit" {
        for bound in ["soft", "hard"] {
            let given = fields.iter().find(|(key, _)| *key == bound);
            map.insert(bound.into(), given.map_or_else(|| 0.into(), |(_, bound)| value(bound.clone())));
        }
        return Value::Mapping(map);
    }
    for (key, field) in fields {
        if key == EXTENSIONS {
            extensions = field;
            continue;
        }
        let field = value(field);
        let nothing = field.is_null() || field.as_mapping().is_some_and(Mapping::is_empty);
        if nothing && HIDDEN.contains(&(name, key)) {
            continue;
        }
        let key = match name {
            "WeightDevice" | "ThrottleDevice" => key.to_lowercase(),
            _ => key.to_owned(),
        };
        map.insert(key.into(), field);
    }
    spread(&mut map, extensions);
    Value::Mapping(map)
}

/// Puts the `x-*` keys behind the others.
fn spread(map: &mut Mapping, extensions: Tree) {
    if let Value::Mapping(extensions) = value(extensions) {
        map.extend(extensions);
    }
}
