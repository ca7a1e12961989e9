//! A drawing as a tree: everything below what needs it, each thing in full only once.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Drawing, Edge};

/// The tree, below each thing that nothing else needs.
pub fn text(drawing: &Drawing) -> String {
    let mut tree = Tree { drawing, text: String::new(), shown: BTreeSet::new() };
    for root in drawing.roots() {
        tree.node(root, "", "", "");
    }
    // What stands in a circle is needed by something, all of it.
    for node in 0..drawing.nodes.len() {
        if !tree.shown.contains(&node) {
            tree.node(node, "", "", "");
        }
    }
    tree.text
}

struct Tree<'d> {
    drawing: &'d Drawing,
    text: String,
    /// Those whose needs stand above already.
    shown: BTreeSet<usize>,
}

impl Tree<'_> {
    /// `branch` leads to the node, `below` to what it needs.
    fn node(&mut self, node: usize, branch: &str, below: &str, said: &str) {
        let found = &self.drawing.nodes[node];
        let notes = found.notes.join(", ");
        let needs: Vec<&Edge> = self.drawing.needs(node).collect();
        let is_new = self.shown.insert(node);
        let again = if is_new || needs.is_empty() { "" } else { "  …" };
        let line = format!("{branch}{}{said}  {notes}", found.name);
        // Writing to a String cannot go wrong.
        let _ = writeln!(self.text, "{}{again}", line.trim_end());
        if !is_new {
            return;
        }
        for (place, edge) in needs.iter().enumerate() {
            let (bend, line) = if place + 1 == needs.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.node(edge.to, &format!("{below}{bend}"), &format!("{below}{line}"), &said_of(edge));
        }
    }
}

fn said_of(edge: &Edge) -> String {
    match (edge.label.as_str(), edge.optional) {
        ("", false) => String::new(),
        ("", true) => " (optional)".to_owned(),
        (label, false) => format!(" ({label})"),
        (label, true) => format!(" ({label}, optional)"),
    }
}
