use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;

use super::*;
use crate::diagnostic::{Diagnostic, FileId};
use crate::load::{self, Options, reset};
use crate::source::{self, DiskReader, Question};
use crate::yaml::{self, Kind, Node};

#[test]
fn the_schemas_are_what_the_code_gives() {
    crate::schemas::keep_true("compose.schema.json", &file());
    let mut explanation = schemars::schema_for!(crate::explain::Explanation).to_value();
    explanation["title"] = json!("What `convoke explain --format json` prints");
    crate::schemas::keep_true("explain.schema.json", &explanation);
}

#[test]
fn every_attribute_is_described_and_every_description_is_used() {
    let mut used = BTreeSet::new();
    let mut bare = Vec::new();
    for place in places() {
        match noted(&place) {
            Some(note) => drop(used.insert(note.place)),
            None => bare.push(place.join(".")),
        }
    }
    assert_eq!(bare, [""; 0], "without a description");
    let unused: Vec<_> = notes::NOTES.iter().map(|note| note.place).filter(|place| !used.contains(place)).collect();
    assert_eq!(unused, [""; 0], "about nothing");
}

/// The place of every attribute.
fn places() -> Vec<Vec<&'static str>> {
    fn below(shape: &'static Shape, place: &mut Vec<&'static str>, found: &mut Vec<Vec<&'static str>>) {
        let named = shape.object.and_then(|object| object.named).map(|(_, shape)| shape);
        for inner in [shape.item, named].into_iter().flatten() {
            place.push("*");
            below(inner, place, found);
            place.pop();
        }
        for (key, value) in shape.object.map_or(&[][..], |object| object.keys) {
            place.push(key);
            found.push(place.clone());
            below(value, place, found);
            place.pop();
        }
    }
    let mut found = Vec::new();
    below(&table::FILE, &mut Vec::new(), &mut found);
    found
}

fn validator() -> Validator {
    jsonschema::draft7::new(&file()).expect("a schema")
}

/// Whether the tables find a fault in a document, as the loader asks them.
fn is_refused(document: &Node) -> bool {
    let mut document = document.clone();
    let mut findings = Vec::new();
    reset::Resets::take(&mut document);
    unique::keep_last(&mut document, &mut Vec::new());
    super::super::check(&mut document, &mut findings);
    findings.iter().any(Diagnostic::is_error)
}

fn as_json(document: &Node) -> Value {
    let mut document = document.clone();
    reset::Resets::take(&mut document);
    serde_json::to_value(yaml::to_value(&document)).expect("a value that JSON can hold")
}

/// Each attribute with values of each kind, in a document that is right but for that.
#[test]
fn the_schema_refuses_what_the_tables_refuse_and_nothing_else() {
    const VALUES: &[&str] = &[
        "null",
        "true",
        "-1",
        "101",
        "1.5",
        "150.0",
        "text",
        "host",
        "always",
        "all",
        "service_started",
        "bind",
        "[]",
        "[a, a]",
        "[1, 1]",
        "[null]",
        "[{}]",
        "[[a]]",
        "{a: b}",
        "{a: null}",
        "{a: [b]}",
        "{a: {}}",
        "{x-a: 1}",
        "{'': 1}",
        "{A B: 1}",
        "{name: a}",
        "{a: {hard: 1, soft: '2'}}",
    ];
    let validator = validator();
    let mut compared = 0;
    for place in places() {
        for value in VALUES {
            let mut text = (*value).to_owned();
            for (depth, step) in place.iter().enumerate().rev() {
                // A `*` is an item of a list or a name, as the tables have it.
                text = match *step {
                    "*" if is_item(&place[..depth]) => format!("[{text}]"),
                    "*" => format!("{{name: {text}}}"),
                    key => format!("{{{key}: {text}}}"),
                };
            }
            let Ok(documents) = yaml::parse(FileId(0), &text) else { panic!("{text}") };
            let refused = is_refused(&documents[0]);
            assert_eq!(!validator.is_valid(&as_json(&documents[0])), refused, "{text}");
            compared += 1;
        }
    }
    assert!(compared > 8_000, "{compared}");
}

fn is_item(place: &[&'static str]) -> bool {
    let mut shape = &table::FILE;
    for step in place {
        let named = |object: &'static Object| object.known(step).or_else(|| object.named.map(|(_, shape)| shape));
        let next = match *step {
            "*" => shape.item.or_else(|| shape.object.and_then(|object| object.named).map(|(_, shape)| shape)),
            _ => shape.object.and_then(named),
        };
        shape = next.expect("a place of the tables");
    }
    shape.item.is_some()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"))
        .collect();
    files.sort();
    files
}

/// Every compose file of the tests and examples, alone: what the schema refuses, the loader refuses; and what has no
/// variables and the tables refuse, the schema refuses.
#[test]
fn the_schema_holds_over_every_compose_file_of_the_tests() {
    let validator = validator();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = ["tests", "examples"].iter().flat_map(|folder| files_below(&root.join(folder))).collect();
    let (mut taken, mut refused) = (0, 0);
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let Ok(documents) = yaml::parse(FileId(0), &text) else { continue };
        let documents: Vec<_> = documents.iter().filter(|document| matches!(document.kind, Kind::Map(_))).collect();
        let alone = documents.len() == 1;
        for document in documents {
            let faults: Vec<String> = validator
                .iter_errors(&as_json(document))
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            match faults.is_empty() {
                true => taken += 1,
                false => refused += 1,
            }
            if !faults.is_empty() && alone {
                assert!(is_refused_by_the_loader(&path), "only the schema refuses {}: {faults:?}", path.display());
            }
            if !text.contains('$') && !has_time(document) {
                assert_eq!(!faults.is_empty(), is_refused(document), "{}: {faults:?}", path.display());
            }
        }
    }
    assert!(taken > 50 && refused >= 5, "{taken} taken, {refused} refused");
}

fn is_refused_by_the_loader(path: &Path) -> bool {
    let question = Question {
        files: vec![path.to_string_lossy().into_owned()],
        current_dir: path.parent().unwrap_or(path).to_owned(),
        ..Question::default()
    };
    let loaded = source::gather(&question, &DiskReader)
        .and_then(|(source, files, _)| load::project(&source, files, &Options::default(), &DiskReader));
    loaded.is_err()
}

/// JSON has no dates: a plain one is a text there.
fn has_time(node: &Node) -> bool {
    match &node.kind {
        Kind::Time(_) => true,
        Kind::Seq(items) => items.iter().any(has_time),
        Kind::Map(map) => map.iter().any(|(_, _, value)| has_time(value)),
        _ => false,
    }
}
