//! Reading a text: values, places, and what is said about faults.

use super::{Kind, Node, Tag, parse};
use crate::diagnostic::{Diagnostic, FileId, Span};

const FILE: FileId = FileId(0);

fn read(text: &str) -> Node {
    let mut documents = parse(FILE, text).unwrap_or_else(|findings| panic!("{text:?}: {findings:?}"));
    assert_eq!(documents.len(), 1, "{text:?}");
    documents.remove(0)
}

fn faults(text: &str) -> Vec<Diagnostic> {
    parse(FILE, text).expect_err(text)
}

fn slice(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

/// A short form of a tree that tests can compare.
fn show(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(number) => number.to_string(),
        Kind::Uint(number) => number.to_string(),
        Kind::Float(number) => format!("{number:?}"),
        Kind::Time(text) => format!("@{text}"),
        Kind::Str(text) => format!("{text:?}"),
        Kind::Seq(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Kind::Map(map) => {
            let entries = map.iter().map(|(key, _, value)| format!("{key}: {}", show(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn scalars_mean_what_they_mean_to_docker_compose() {
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/scalars.json")).unwrap();
    assert!(rows.len() > 100);
    for row in rows {
        let (text, is, value) = (row["text"].as_str().unwrap(), row["is"].as_str().unwrap(), &row["value"]);
        if text == "<<" {
            continue; // A plain `<<` is a string as a value; as a key it merges.
        }
        let document = parse(FILE, &format!("v: {text}\n"));
        if is == "error" {
            assert!(document.is_err(), "{text}");
            continue;
        }
        let document = document.unwrap();
        let node = document[0].as_map().unwrap().get("v").unwrap();
        let right = match (&node.kind, is) {
            (Kind::Null, "null") => true,
            (Kind::Bool(found), "bool") => value == found,
            (Kind::Str(found) | Kind::Time(found), "string") => value.as_str() == Some(found),
            (Kind::Int(found), "number") => value.as_str() == Some(&found.to_string()),
            (Kind::Uint(found), "number") => value.as_str() == Some(&found.to_string()),
            (Kind::Float(found), "number") => value.as_str().unwrap().parse::<f64>().unwrap() == *found,
            (Kind::Float(found), "not finite") => !found.is_finite(),
            _ => false,
        };
        assert!(right, "{text}: expected {is} {value}, found {node:?}");
    }
}

#[test]
fn dates_are_no_strings() {
    for (text, canonical) in [
        ("2001-12-14", "2001-12-14T00:00:00Z"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00"),
        ("2001-12-14  1:2:3", "2001-12-14T01:02:03Z"),
        ("2024-2-29", "2024-02-29T00:00:00Z"),
    ] {
        assert_eq!(show(&read(text)), format!("@{canonical}"));
    }
    for text in ["2023-02-29", "2001-13-01", "2001-12-14T21:59:43", "2001-12-14 21:59", "12001-12-14", "2001-12"] {
        assert_eq!(show(&read(text)), format!("{text:?}"));
    }
}

#[test]
fn every_key_and_value_knows_its_place() {
    let text = "services:\n  web:\n    image: \"a b\" # c\n    ports: [1, {a: b}]\n    run: |\n      x\n      y\n    nothing:\nend: &e !reset\n";
    let node = read(text);
    let web = node.as_map().unwrap().get("services").unwrap().as_map().unwrap();
    assert_eq!(slice(text, web.key_span("web").unwrap()), "web");
    let web = web.get("web").unwrap();
    assert!(slice(text, web.span).starts_with("image: ") && slice(text, web.span).ends_with("nothing"));
    let web = web.as_map().unwrap();
    let span = |key: &str| web.get(key).unwrap().span;
    assert_eq!(slice(text, web.key_span("image").unwrap()), "image");
    assert_eq!(slice(text, span("image")), "\"a b\"");
    assert_eq!(slice(text, span("ports")), "[1, {a: b}]");
    assert_eq!(slice(text, span("run")), "x\n      y");
    assert_eq!(slice(text, span("nothing")), "nothing");
    let end = node.as_map().unwrap().get("end").unwrap();
    assert_eq!(slice(text, end.span), "!reset");
    assert_eq!(end.tag, Some(Tag::Reset));
    assert!(end.is_null());
}

#[test]
fn faults_are_all_told_each_with_its_place() {
    let text = "a: {k: 1, k: 2}\nb: *nope\nc: !!int x\n1: z\na: 2\n";
    let found: Vec<_> =
        faults(text).into_iter().map(|fault| (fault.message, slice(text, fault.span.unwrap()).to_owned())).collect();
    let expected = [
        ("`k` is defined twice", "k"),
        ("no anchor `nope` is defined before this alias", "*nope"),
        ("`x` is not an integer, as its tag says", "x"),
        ("a key must be a string, found a number", "1"),
        ("`a` is defined twice", "a"),
    ];
    assert_eq!(found, expected.map(|(message, place)| (message.to_owned(), place.to_owned())));
}
