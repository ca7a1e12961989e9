//! What holds for every text, however hostile: one function for each small language of the format.
//!
//! The fuzz targets call them with whatever a fuzzer thinks of, `tests/languages.rs` with a fixed number of texts.

pub mod command;
pub mod duration;
pub mod env_file;
pub mod forms;
pub mod load;
pub mod ports;
pub mod size;
pub mod template;
pub mod volumes;
pub mod yaml;

use convoke::diagnostic::{Diagnostic, FileId, Span};
use convoke::load::long_form;
use convoke::yaml::{Kind, Map, Node};

const FILE: FileId = FileId(0);

/// Whether a span covers whole characters of a text.
fn is_place(text: &str, span: Span) -> bool {
    span.file == FILE && text.get(span.start as usize..span.end as usize).is_some()
}

/// A finding has words, and all that it points at is there.
fn is_told_well(text: &str, finding: &Diagnostic) -> bool {
    let mut places = finding.span.into_iter().chain(finding.labels.iter().map(|(span, _)| *span));
    !finding.message.is_empty() && finding.span.is_some() && places.all(|span| is_place(text, span))
}

fn whole(text: &str) -> Span {
    Span { file: FILE, start: 0, end: text.len() as u32 }
}

/// The long form of an attribute that is written as a list with this one text; nothing when it is refused, which must
/// come with a place.
fn long_item(attribute: &str, text: &str) -> Option<Vec<Node>> {
    let span = whole(text);
    let mut list = Node::new(Kind::Seq(vec![Node::string(text, span)]), span);
    long(attribute, &mut list, text)?;
    list.as_seq().map(<[Node]>::to_vec)
}

/// Gives a value its long form in place; nothing when it is refused.
fn long(attribute: &str, value: &mut Node, text: &str) -> Option<()> {
    let mut findings = Vec::new();
    long_form(attribute, value, &mut findings);
    assert!(findings.iter().all(|finding| is_told_well(text, finding)), "{text:?}: {findings:?}");
    assert!(places_exist(text, value), "{text:?}: {value:?}");
    (!findings.iter().any(Diagnostic::is_error)).then_some(())
}

fn places_exist(text: &str, node: &Node) -> bool {
    is_place(text, node.span)
        && match &node.kind {
            Kind::Seq(items) => items.iter().all(|item| places_exist(text, item)),
            Kind::Map(map) => map.iter().all(|(_, key, value)| is_place(text, key) && places_exist(text, value)),
            _ => true,
        }
}

/// The text under a key; empty when there is none.
fn text_of<'m>(map: &'m Map, key: &str) -> &'m str {
    map.get(key).and_then(Node::as_str).unwrap_or_default()
}
