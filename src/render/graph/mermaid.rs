//! A drawing as a Mermaid flow chart, as many web pages show it.

use std::fmt::Write as _;

use super::{Drawing, Kind};

/// The chart's text.
pub fn mermaid(drawing: &Drawing) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (number, node) in drawing.nodes.iter().enumerate() {
        let label = std::iter::once(&node.name).chain(&node.notes).map(|line| escaped(line)).collect::<Vec<_>>();
        let (open, close) = match node.kind {
            Kind::Service => ("[", "]"),
            Kind::Network => ("([", "])"),
        };
        // Writing to a String cannot go wrong.
        let _ = writeln!(text, "    n{number}{open}\"{}\"{close}", label.join("<br/>"));
    }
    for edge in &drawing.edges {
        let arrow = if edge.optional { "-.->" } else { "-->" };
        let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&edge.label)) };
        let _ = writeln!(text, "    n{} {arrow}{label} n{}", edge.from, edge.to);
    }
    text
}

/// Characters that mean something to Mermaid, as it wants them.
fn escaped(text: &str) -> String {
    text.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
