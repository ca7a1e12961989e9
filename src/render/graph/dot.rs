//! A drawing in the language of Graphviz.

use std::fmt::Write as _;

use super::{Drawing, Kind};

/// The graph's text.
pub fn dot(drawing: &Drawing) -> String {
    let mut text = format!("digraph {} {{\n    rankdir=LR;\n    node [shape=box];\n", quoted(&drawing.title));
    for (number, node) in drawing.nodes.iter().enumerate() {
        let label = std::iter::once(&node.name).chain(&node.notes).map(String::as_str).collect::<Vec<_>>().join("\n");
        let shape = match node.kind {
            Kind::Service => "",
            Kind::Network => " shape=oval",
        };
        // Writing to a String cannot go wrong.
        let _ = writeln!(text, "    n{number} [label={}{shape}];", quoted(&label));
    }
    for edge in &drawing.edges {
        let mut attributes = Vec::new();
        if !edge.label.is_empty() {
            attributes.push(format!("label={}", quoted(&edge.label)));
        }
        if edge.optional {
            attributes.push("style=dashed".to_owned());
        }
        let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(" ")) };
        let _ = writeln!(text, "    n{} -> n{}{attributes};", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
