//! Reading a text: values, places, and what is said about faults.

use super::{Kind, Node, Tag, parse, to_value};
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

/// Documents on which we differ from docker compose on purpose.
const ON_PURPOSE: [(&str, &str); 6] = [
    ("empty_doc_first", "whether the root is a mapping is asked when a document is loaded"),
    ("empty_file", "whether there is any document is asked when a file is loaded"),
    ("comment_only", "whether there is any document is asked when a file is loaded"),
    ("scalar_root", "whether the root is a mapping is asked when a document is loaded"),
    ("seq_root", "whether the root is a mapping is asked when a document is loaded"),
    ("null_root", "whether the root is a mapping is asked when a document is loaded"),
];

#[test]
fn documents_read_as_docker_compose_reads_them() {
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/documents.json")).unwrap();
    assert!(rows.len() > 100);
    for row in rows {
        let (name, text) = (row["name"].as_str().unwrap(), row["text"].as_str().unwrap());
        let on_purpose = ON_PURPOSE.iter().any(|(differs, _)| *differs == name);
        let documents = parse(FILE, text);
        assert_eq!(documents.is_ok(), row["accepted"].as_bool().unwrap() != on_purpose, "{name}: {documents:?}");
        let Some(values) = row["values"].as_object() else { continue };
        let documents = documents.unwrap();
        for (key, value) in values {
            let node = documents.iter().rev().find_map(|document| document.as_map()?.get(key));
            assert_eq!(serde_json::to_value(to_value(node.unwrap())).unwrap(), *value, "{name}");
        }
    }
}

#[test]
fn faults_in_the_syntax_are_told_with_a_way_out() {
    for (text, message, place, help) in [
        ("a:\n\tb: 1\n", "a tab cannot be used for indentation", "\t", "indent with spaces"),
        ("a:\n  b: 1\n\t\n  c: 2\n", "a tab cannot be used for indentation", "\t", "indent with spaces"),
        ("a:\n  b: 1\n  \tc: 2\n", "a tab cannot be used for indentation", "\t", "indent with spaces"),
        ("a: \"x\nb: 1\n", "this quoted text never ends", "\"x", "add the closing quote"),
        ("a: [b,\nc: 1\n", "this `[` is never closed", "[", "add `]`"),
        ("a: [b}\n", "this `[` is closed by `}`", "[", "use `]`"),
        ("a: {b,,}\n", "expected a value", ",}", ""),
        ("x: 1\na:b\n", "expected `:` after a key", "a:b", "write `key: value`, with a space after the colon"),
        (
            "a: b: c\n",
            "a value of the form `key: value` cannot stand here",
            ":",
            "quote a text that contains `: ` or ends with `:`",
        ),
        ("a: @b\n", "a text cannot start with `@`", "@b", "put the text in quotes"),
        ("a: *\n", "expected the name of an anchor", "*", "quote a text that starts with `*` or `&`"),
        ("a: &base 1\nc: *bsae\n", "no anchor `bsae` is defined before this alias", "*bsae", "did you mean `*base`?"),
        (
            "a: \"\\q\"\n",
            "this escape is not known",
            "\"\\q\"",
            "use single quotes for a text with backslashes, or write `\\\\`",
        ),
        ("a: \"b\\/c\"\n", "docker compose does not know this escape", "\\/", "write the character itself"),
        (
            "a: b\u{2028}c\n",
            "U+2028 ends a line here",
            "b\u{2028}c",
            "put the text in double quotes and write `\\N`, `\\L` or `\\P` for it",
        ),
        ("a: \0\n", "a NUL byte cannot stand in YAML", "\0", "is this a text file in UTF-8?"),
        (
            "a: \u{1}\n",
            "the control character U+0001 cannot stand in YAML",
            "\u{1}",
            "inside double quotes it can be written as `\\x01`",
        ),
        ("%YAML 1.2\n---\na: 1\n", "compose files are YAML 1.1, not 1.2", "---", "remove the `%YAML` line"),
    ] {
        let fault = &faults(text)[0];
        let told = (&*fault.message, slice(text, fault.span.unwrap()), fault.help.join("; "));
        assert_eq!(told, (message, place, help.to_owned()), "{text:?}");
    }
}

#[test]
fn a_tab_is_harmless_in_quotes_and_brackets_and_behind_spaces_of_a_block() {
    assert_eq!(show(&read("a: [1,\n\t2, {b:\n\tc}]\nd: 'e\n\tf'\n")), r#"{a: [1, 2, {b: "c"}], d: "e f"}"#);
    assert_eq!(show(&read("a: |\n  b\n  \tc\n")), r#"{a: "b\n\tc\n"}"#);
}

#[test]
fn an_apostrophe_may_be_escaped_in_double_quotes() {
    let text = "a: \"it\\'s\"\nb: \"\\a\\\\'\\'\"\nc: 'x\\'\n";
    assert_eq!(show(&read(text)), r#"{a: "it's", b: "\u{7}\\''", c: "x\\"}"#);
}

#[test]
fn own_keys_win_over_merged_ones_wherever_they_stand() {
    let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nv: {b: 0, <<: [*x, *y], c: 5}\nw: {\"<<\": *x}\nz: {<<: []}\n";
    let expected = "{x: {a: 1, b: 2}, y: {b: 3, c: 4}, v: {b: 0, c: 5, a: 1}, w: {<<: {a: 1, b: 2}}, z: {}}";
    assert_eq!(show(&read(text)), expected);
    for text in ["v: {<<: 1}", "v: {<<: }", "v: {<<: [{a: 1}, 2]}", "v: {<<: {}, <<: {}}", "v: {<<: {}, \"<<\": {}}"] {
        assert_eq!(faults(text).len(), 1, "{text}");
    }
}

#[test]
fn tags_on_values() {
    let node = read(
        "a: !reset\nb: !override [x]\nc: !override {x: 1}\nd: !override 12\ne: !foo 12\nf: !!str 12\ng: !reset null\n",
    );
    let map = node.as_map().unwrap();
    let tags: Vec<_> = map.iter().map(|(_, _, value)| value.tag).collect();
    let (reset, over) = (Some(Tag::Reset), Some(Tag::Override));
    assert_eq!(tags, [reset, over, over, over, None, None, reset]);
    assert_eq!(show(&node), r#"{a: null, b: ["x"], c: {x: 1}, d: "12", e: "12", f: "12", g: null}"#);
}

#[test]
fn nothing_can_exhaust_the_reader() {
    let mut bomb = String::from("a: &a [1,1,1,1,1,1,1,1,1]\n");
    for (previous, next) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        bomb += &format!("{next}: &{next} [{}]\n", vec![format!("*{previous}"); 9].join(","));
    }
    assert!(faults(&bomb)[0].message.contains("more than 100000 values"), "{:?}", faults(&bomb));
    let nested_anchors =
        format!("{}1{}\nb: *a1\n", (0..200).map(|n| format!("[&a{n} ")).collect::<String>(), "]".repeat(200));
    assert!(parse(FILE, &format!("a: {nested_anchors}")).is_ok());
    for brackets in [300, 900, 5000, 100_000] {
        let deep = format!("a: {}{}", "[".repeat(brackets), "]".repeat(brackets));
        assert!(faults(&deep)[0].message.contains("deep"), "{brackets}");
    }
    let blocks: String = (0..400).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(faults(&blocks)[0].message.contains("deep"));
}

#[test]
fn the_deepest_tree_can_be_worked_on_with_a_small_stack() {
    let depth = super::tree::DEPTH_LIMIT - 1;
    let text = format!("a: {}{}", "[{b: ".repeat(depth / 2), "}]".repeat(depth / 2));
    let work = move || {
        let node = read(&text);
        let value: serde_yaml::Value = super::decode(&node.clone()).unwrap();
        assert_eq!(value, to_value(&node));
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}
