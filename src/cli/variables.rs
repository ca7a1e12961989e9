//! `convoke config --variables`: what the compose files expect of their surroundings.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::render::table::table;
use crate::source::{Mention, mentions};
use crate::yaml::{Kind, Node};

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
    let rows: Vec<[String; 4]> = variables
        .iter()
        .map(|variable| {
            let Mention { name, required, default, alternative, .. } = variable.clone();
            [name, required.to_string(), default, alternative]
        })
        .collect();
    table(["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"], &rows)
}

/// By name, with the fields of docker compose.
pub fn object(variables: &[Mention]) -> Value {
    variables
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
        .collect::<serde_json::Map<_, _>>()
        .into()
}
