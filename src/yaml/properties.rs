//! What holds for every text: reading ends, places exist, and what is printed is read as it was.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_yaml::{Mapping, Value};

use super::{Kind, Node, decode, decode_all, parse, print, to_value};
use crate::diagnostic::{Diagnostic, FileId, Span};

const FILE: FileId = FileId(0);

/// Whether a span covers whole characters of a text.
fn is_place(text: &str, span: Span) -> bool {
    span.file == FILE && text.get(span.start as usize..span.end as usize).is_some()
}

fn places_exist(text: &str, node: &Node) -> bool {
    is_place(text, node.span)
        && match &node.kind {
            Kind::Seq(items) => items.iter().all(|item| places_exist(text, item)),
            Kind::Map(map) => map.iter().all(|(_, key, value)| is_place(text, key) && places_exist(text, value)),
            _ => true,
        }
}

fn is_told_well(text: &str, finding: &Diagnostic) -> bool {
    let mut places = finding.span.into_iter().chain(finding.labels.iter().map(|(span, _)| *span));
    !finding.message.is_empty() && finding.span.is_some() && places.all(|span| is_place(text, span))
}

fn check(text: &str) -> Result<(), TestCaseError> {
    match parse(FILE, text) {
        Ok(documents) => {
            for node in &documents {
                prop_assert!(places_exist(text, node), "{text:?}: {node:?}");
                prop_assert!(decode::<Value>(node).is_ok());
                if let Err(findings) = decode_all::<BTreeMap<String, Vec<u8>>>(node) {
                    prop_assert!(findings.iter().all(|finding| is_told_well(text, finding)), "{text:?}: {findings:?}");
                }
            }
        }
        Err(findings) => {
            prop_assert!(!findings.is_empty());
            prop_assert!(findings.iter().all(|finding| is_told_well(text, finding)), "{text:?}: {findings:?}");
        }
    }
    Ok(())
}

/// Texts made of what means something in YAML.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("a: "),
        Just("b:"),
        Just("- "),
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("\n\t"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(", "),
        Just("&x "),
        Just("*x "),
        Just("*x"),
        Just("<<: "),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("\\'"),
        Just("|\n"),
        Just(">-\n"),
        Just("? "),
        Just("!reset "),
        Just("!!int "),
        Just("!foo "),
        Just("# c"),
        Just("---\n"),
        Just("...\n"),
        Just("%YAML 1.1\n"),
        Just("é"),
        Just("😀"),
        Just("\u{2028}"),
        Just("\u{feff}"),
        Just("\r\n"),
        Just("\r"),
        Just("\t"),
        Just("\0"),
        Just("12"),
        Just("1e3"),
        Just("~"),
        Just("true"),
        Just("2001-12-14"),
        Just("services: "),
        Just("image: "),
        Just("x-y: "),
        Just("word"),
        Just(" "),
    ];
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

/// Real documents with a few characters changed, taken out or put in.
fn damaged() -> impl Strategy<Value = String> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/documents.json")).unwrap();
    let texts: Vec<String> = rows.iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect();
    let change = (any::<prop::sample::Index>(), prop::option::of(any::<char>()), any::<bool>());
    (prop::sample::select(texts), prop::collection::vec(change, 0..4)).prop_map(|(text, changes)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (index, new, replace) in changes {
            let at = index.index(characters.len() + 1);
            if replace && at < characters.len() {
                characters.remove(at);
            }
            characters.splice(at..at, new);
        }
        characters.into_iter().collect()
    })
}

fn text() -> impl Strategy<Value = String> {
    let any_text = prop::collection::vec(any::<char>(), 0..12).prop_map(|characters| characters.into_iter().collect());
    let telling = "[-#:?!&*|>'\"%@`{}\\[\\], \n\t\ra0é.~=_$\\\\\u{85}\u{2028}\u{feff}\u{1}]{0,12}";
    let word =
        prop::sample::select(vec!["yes", "null", "~", "<<", "1_000", "0o7", "12:30", "2001-12-14", ".inf", "---"]);
    prop_oneof![telling, any_text, word.prop_map(str::to_owned), "[a-z ]{120,140}"]
}

fn value() -> impl Strategy<Value = Value> {
    let fraction = (any::<i32>(), 1_u8..64).prop_map(|(whole, part)| f64::from(whole) + f64::from(part) / 64.0);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        fraction.prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let entry = (text().prop_map(Value::from), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Sequence),
            prop::collection::vec(entry, 0..4)
                .prop_map(|entries| Value::Mapping(entries.into_iter().collect::<Mapping>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_soup_is_read_or_refused_with_a_place(text in soup()) {
        check(&text)?;
    }

    #[test]
    fn any_damaged_document_is_read_or_refused_with_a_place(text in damaged()) {
        check(&text)?;
    }

    #[test]
    fn what_is_printed_is_read_as_it_was(value in value()) {
        let printed = print(&value);
        let documents = parse(FILE, &printed);
        let read: Option<Vec<Value>> = documents.as_ref().ok().map(|nodes| nodes.iter().map(to_value).collect());
        prop_assert_eq!(read, Some(vec![value]), "{:?}: {:?}", printed, documents);
    }
}
