//! `convoke config --variables`: what the compose files expect of their surroundings.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::json;
use serde_json::ser::PrettyFormatter;
use serde_yaml::Mapping;

use crate::render::table::{Layout, aligned};
use crate::source::{Mention, mentions};
use crate::yaml::{Kind, Node, print};

/// The variables that the values of a document mention, each once. What is written last counts.
pub fn of(document: &Node) -> Vec<Mention> {
    let mut found = BTreeMap::new();
    collect(document, &mut found);
    found.into_values().collect()
}

fn collect(node: &Node, found: &mut BTreeMap<String, Mention>) {
    match &node.kind {
        Kind::Str(text) => {
            for mention in mentions(text) {
                match found.get_mut(&mention.name) {
                    None => {
                        found.insert(mention.name.clone(), mention);
                    }
                    Some(known) => {
                        known.required |= mention.required;
                        replace(&mut known.default, mention.default);
                        replace(&mut known.alternative, mention.alternative);
                    }
                }
            }
        }
        Kind::Seq(items) => items.iter().for_each(|item| collect(item, found)),
        Kind::Map(map) => map.iter().for_each(|(_, _, value)| collect(value, found)),
        _ => {}
    }
}

fn replace(known: &mut String, text: String) {
    if !text.is_empty() {
        *known = text;
    }
}

pub fn text(variables: &[Mention]) -> String {
    let header = ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"].map(str::to_owned).to_vec();
    let rows = variables.iter().map(|variable| {
        let Mention { name, required, default, alternative, .. } = variable.clone();
        vec![name, required.to_string(), default, alternative]
    });
    aligned(Layout::WIDE, &std::iter::once(header).chain(rows).collect::<Vec<_>>())
}

/// By name, with the fields of docker compose.
pub fn json(variables: &[Mention]) -> String {
    let object: serde_json::Map<_, _> = variables
        .iter()
        .map(|variable| {
            let fields = json!({
                "Name": variable.name,
                "DefaultValue": variable.default,
                "PresenceValue": variable.alternative,
                "Required": variable.required,
            });
            (variable.name.clone(), fields)
        })
        .collect();
    indented(&object)
}

/// As [`json`], with fields in lower case, four spaces in.
pub fn yaml(variables: &[Mention]) -> String {
    let object: Mapping = variables
        .iter()
        .map(|variable| {
            let fields = [
                ("name", variable.name.as_str().into()),
                ("defaultvalue", variable.default.as_str().into()),
                ("presencevalue", variable.alternative.as_str().into()),
                ("required", variable.required.into()),
            ];
            let fields: Mapping = fields.into_iter().map(|(key, value)| (key.into(), value)).collect();
            (variable.name.as_str().into(), fields.into())
        })
        .collect();
    print(&object.into()).replace("\n  ", "\n    ")
}

/// With four spaces for each level, and an empty line behind it all.
fn indented(object: &serde_json::Map<String, serde_json::Value>) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    // A map of texts and booleans always has a text.
    let _ = object.serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    format!("{}\n\n", String::from_utf8_lossy(&bytes))
}
