//! Services and what they need, drawn: as a tree of text, for Mermaid, for Graphviz, and as a picture.

mod dot;
mod mermaid;
mod svg;
mod text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
pub use text::text;

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    pub title: String,
    /// By name.
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// What is said below the name.
    pub notes: Vec<String>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Service,
    Network,
}

/// One thing that needs another: places in [`Drawing::nodes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// What it waits for: `healthy`; empty where that is nothing special.
    pub label: String,
    /// It does without, too.
    pub optional: bool,
}

impl Drawing {
    /// What a node needs.
    fn needs(&self, from: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == from)
    }

    /// What nothing needs: where a reader begins.
    fn roots(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|node| self.edges.iter().all(|edge| edge.to != *node)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing() -> Drawing {
        let node = |name: &str, notes: &[&str], kind| Node {
            name: name.into(),
            notes: notes.iter().map(|note| (*note).to_owned()).collect(),
            kind,
        };
        let edge = |from, to, label: &str, optional| Edge { from, to, label: label.into(), optional };
        Drawing {
            title: "shop".into(),
            nodes: vec![
                node("api", &["app:1", "8080:80"], Kind::Service),
                node("cache", &[], Kind::Service),
                node("db", &["a \"<database>\" & more"], Kind::Service),
                node("web.front", &[], Kind::Service),
                node("back", &[], Kind::Network),
            ],
            edges: vec![
                edge(0, 1, "", true),
                edge(0, 2, "healthy", false),
                edge(3, 0, "completed", false),
                edge(3, 2, "healthy", false),
                edge(2, 4, "", false),
            ],
        }
    }

    #[test]
    fn one_drawing_in_every_form() {
        let drawing = drawing();
        let forms =
            [("text", text(&drawing)), ("mermaid", mermaid(&drawing)), ("dot", dot(&drawing)), ("svg", svg(&drawing))];
        let forms = forms.map(|(name, form)| format!("-- {name}\n{form}"));
        insta::assert_snapshot!(forms.concat());
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let nothing = Drawing::default();
        assert_eq!(text(&nothing), "");
        assert_eq!(mermaid(&nothing), "flowchart LR\n");
        assert!(svg(&nothing).starts_with("<svg"));
    }

    #[test]
    fn a_circle_comes_to_an_end() {
        let node = |name: &str| Node { name: name.into(), ..Node::default() };
        let edge = |from, to| Edge { from, to, ..Edge::default() };
        let circle =
            Drawing { nodes: vec![node("a"), node("b")], edges: vec![edge(0, 1), edge(1, 0)], ..Drawing::default() };
        assert!(text(&circle).contains("a"));
        assert!(svg(&circle).contains("</svg>"));
    }
}
