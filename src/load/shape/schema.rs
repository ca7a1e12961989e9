//! The tables as a JSON schema, written into `schemas/` and checked against what the loader takes.
//!
//! It is about a file as it is written: a text with a variable may stand where words or numbers are wanted.

use serde_json::{Map, Value, json};

use super::{Kinds, Names, Object, Others, Shape, notes, table};
use crate::load::unique;

/// The schema of a compose file.
pub(crate) fn file() -> Value {
    let mut schema = shape(&table::FILE, &mut Vec::new());
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Compose file",
        "description": "A multi-container application, as convoke reads it.",
    });
    let mut whole = head.as_object().cloned().unwrap_or_default();
    whole.append(schema.as_object_mut().unwrap_or(&mut Map::new()));
    Value::Object(whole)
}

/// The schema of one value. `place` names where it stands; `*` is a name that the file chooses.
fn shape(shape: &'static Shape, place: &mut Vec<&'static str>) -> Value {
    if shape.kinds == Kinds::ANY {
        return json!({});
    }
    let mut schema = Map::new();
    let restricted = !shape.words.is_empty() || shape.pattern.is_some();
    let kinds = if restricted { Kinds(shape.kinds.0 & !Kinds::STRING.0) } else { shape.kinds };
    let types = types(kinds);
    match &types[..] {
        [] => {}
        [only] => drop(schema.insert("type".to_owned(), json!(only))),
        _ => drop(schema.insert("type".to_owned(), json!(types))),
    }
    if shape.least != i64::MIN {
        schema.insert("minimum".to_owned(), json!(shape.least));
    }
    if shape.most != i64::MAX {
        schema.insert("maximum".to_owned(), json!(shape.most));
    }
    if let Some(item) = shape.item {
        place.push("*");
        schema.insert("items".to_owned(), self::shape(item, place));
        place.pop();
    }
    // Where entries have keys, a later one takes the place of an earlier one, and equal ones are no fault.
    if shape.unique && !unique::has_keys(place) {
        schema.insert("uniqueItems".to_owned(), json!(true));
    }
    if let Some(inner) = shape.object {
        schema.append(&mut object(inner, place));
    }
    if !restricted {
        return Value::Object(schema);
    }
    let mut choices = Vec::new();
    if !shape.words.is_empty() {
        choices.push(json!({ "enum": shape.words }));
    }
    if let Some(pattern) = shape.pattern {
        choices.push(json!({ "type": "string", "pattern": pattern.expression }));
    }
    choices.push(json!({ "type": "string", "pattern": r"\$", "description": "A variable." }));
    if kinds.0 != 0 {
        choices.push(Value::Object(schema));
    }
    json!({ "anyOf": choices })
}

fn types(kinds: Kinds) -> Vec<&'static str> {
    let names = [
        (Kinds::NULL, "null"),
        (Kinds::BOOL, "boolean"),
        (Kinds::STRING, "string"),
        (Kinds::LIST, "array"),
        (Kinds::MAPPING, "object"),
    ];
    let mut types: Vec<_> = names.iter().filter(|(kind, _)| kinds.holds(*kind)).map(|(_, name)| *name).collect();
    match kinds {
        kinds if kinds.holds(Kinds::NUMBER) => types.push("number"),
        kinds if kinds.holds(Kinds::INTEGER) => types.push("integer"),
        _ => {}
    }
    types
}

fn object(object: &'static Object, place: &mut Vec<&'static str>) -> Map<String, Value> {
    let mut schema = Map::new();
    let mut properties = Map::new();
    for (key, value) in object.keys {
        place.push(key);
        let mut schema = shape(value, place);
        describe(&mut schema, place);
        properties.insert((*key).to_owned(), schema);
        place.pop();
    }
    if !properties.is_empty() {
        schema.insert("properties".to_owned(), Value::Object(properties));
    }
    let mut patterns = Map::new();
    if object.extensions {
        // Those of ours that are not known are refused.
        patterns.insert("^x-(?!convoke-)".to_owned(), json!({}));
    }
    if let Some((names, value)) = object.named {
        place.push("*");
        patterns.insert(expression(names).to_owned(), shape(value, place));
        place.pop();
    }
    if !patterns.is_empty() {
        schema.insert("patternProperties".to_owned(), Value::Object(patterns));
    }
    if object.others == Others::Refused {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    if !object.required.is_empty() {
        schema.insert("required".to_owned(), json!(object.required));
    }
    schema
}

fn expression(names: Names) -> &'static str {
    match names {
        Names::Resource => "^[a-zA-Z0-9._-]+$",
        Names::Lower => "^[a-z]+$",
        Names::Filled => r"[\s\S]",
    }
}

/// What editors show: the meaning, and what counts without it.
fn describe(schema: &mut Value, place: &[&'static str]) {
    let (Some(note), Some(schema)) = (noted(place), schema.as_object_mut()) else { return };
    let default = if note.default.is_empty() { String::new() } else { format!(" Default: {}.", note.default) };
    schema.insert("description".to_owned(), json!(format!("{}{default}", note.text)));
    if notes::is_deprecated(note) {
        schema.insert("deprecated".to_owned(), json!(true));
        schema.insert("deprecationMessage".to_owned(), json!(note.text));
    }
}

fn noted(place: &[&'static str]) -> Option<&'static notes::Note> {
    let named: Vec<&str> = place.iter().copied().filter(|step| *step != "*").collect();
    notes::note(&named)
}

#[cfg(test)]
mod tests;
