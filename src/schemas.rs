//! Keeps the files in schemas/ true to the code that they are about. For tests alone.

use std::path::Path;

use schemars::JsonSchema;
use serde_json::Value;

/// A schema and what the repository has of it are one; with `UPDATE_CASES` in the environment the file is written anew.
pub fn keep_true(name: &str, schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
    let text = format!("{schema:#}\n");
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(&path, &text).expect("a schema to be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "schemas/{name} is not what the code gives: write it with UPDATE_CASES=1");
}

/// The schema of what a type is written as.
pub fn of<T: JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Asserts that a text is what the schema says.
pub fn assert_valid(schema: &Value, text: &str) {
    let object = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    if let Err(error) = jsonschema::validate(schema, &object) {
        panic!("{error}: {text}");
    }
}
