//! What a node remembers of the way that it came, when somebody will ask for it.
//!
//! A tree remembers or does not, as a whole: nodes are told to after parsing, and whatever takes the place of one that
//! remembers keeps it. A tree that was not told carries nothing along.

use std::sync::Arc;

use super::{Kind, Node};
use crate::diagnostic::Span;

/// Who says what a node says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Author {
    /// The text that its span covers.
    #[default]
    Text,
    /// The format: it was left out, and this is what is meant.
    Format,
    /// It follows from other parts of the project.
    Project,
    /// The variable that it is named after, as the environment has it.
    Environment,
    /// A line of an env file of the service.
    EnvFile,
    /// A line of a label file of the service.
    LabelFile,
    /// The command line.
    Flag,
    /// The name of the project's folder.
    Directory,
}

/// The way of one node.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// What brought it from where it was written to where it is, the first first.
    pub through: Vec<Through>,
    /// What it took the place of.
    pub earlier: Option<Node>,
    /// The text before its variables were put in.
    pub template: Option<Template>,
    /// The entries that were taken out of this mapping.
    pub removed: Vec<Removed>,
}

/// What brings a value to another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Through {
    /// `*alias` or `<<`
    Anchor,
    /// `extends:` at this place names this service.
    Extends { service: Arc<str>, at: Span },
    /// `include:` at this place.
    Include { at: Span },
}

/// A text with variables.
#[derive(Clone, Debug)]
pub struct Template {
    pub text: Arc<str>,
    /// Those whose values count, in the order in which they are written.
    pub variables: Vec<Variable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// What it stands for in this place; `None` when it is not set and nothing stands in for it.
    pub value: Option<String>,
    pub from: VariableFrom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableFrom {
    Shell,
    /// A line of an env file.
    File(Span),
    /// convoke itself.
    Provided,
    /// The text behind `-` or `+` in the template.
    Template,
    Nowhere,
}

/// An entry that `!reset` or `!override` took away.
#[derive(Clone, Debug)]
pub struct Removed {
    pub key: Arc<str>,
    pub node: Node,
    /// Where the tag stands.
    pub by: Span,
}

impl Node {
    /// Says who the author is, if it is not the text.
    #[must_use]
    pub fn by(self, author: Author) -> Self {
        Self { author, ..self }
    }

    /// Another value that came to its place in the same way.
    #[must_use]
    pub fn likewise(&self, kind: Kind) -> Self {
        Self { kind, span: self.span, tag: None, author: self.author, trail: self.trail.clone() }
    }

    /// Makes a parsed tree remember.
    pub fn remember(&mut self) {
        self.remember_from(false);
    }

    /// As [`Node::remember`], for what an anchor brought.
    pub(super) fn remember_anchored(&mut self) {
        self.remember_from(true);
    }

    fn remember_from(&mut self, elsewhere: bool) {
        let span = self.span;
        let trail = self.trail.get_or_insert_default();
        trail.through = if elsewhere { vec![Through::Anchor] } else { Vec::new() };
        // An anchor stands before whatever uses it: what starts before its parent was written there.
        match &mut self.kind {
            Kind::Map(map) => {
                for (_, key_span, value) in map.iter_mut() {
                    let written = value.span.start.min(key_span.start);
                    value.remember_from(elsewhere || written < span.start);
                }
            }
            Kind::Seq(items) => {
                items.iter_mut().for_each(|item| item.remember_from(elsewhere || item.span.start < span.start));
            }
            _ => {}
        }
    }

    pub fn remembers(&self) -> bool {
        self.trail.is_some()
    }

    /// Puts another node in the place of this one; one that remembers is remembered by it.
    pub fn give_way(&mut self, mut next: Self) {
        if self.trail.is_some() {
            next.follow(std::mem::replace(self, Self::null(next.span)));
        }
        *self = next;
    }

    /// Remembers what was in its place before.
    pub fn follow(&mut self, earlier: Self) {
        if earlier.trail.is_none() {
            return;
        }
        let trail = self.trail.get_or_insert_default();
        match &mut trail.earlier {
            // What it replaced already came later.
            Some(known) => known.follow(earlier),
            none => *none = Some(earlier),
        }
    }

    /// Notes that the whole of it came another way.
    pub fn pass(&mut self, through: &Through) {
        let Some(trail) = &mut self.trail else { return };
        trail.through.push(through.clone());
        if let Some(earlier) = &mut trail.earlier {
            earlier.pass(through);
        }
        match &mut self.kind {
            Kind::Map(map) => map.iter_mut().for_each(|(_, _, value)| value.pass(through)),
            Kind::Seq(items) => items.iter_mut().for_each(|item| item.pass(through)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::yaml::{VALUE_LIMIT, parse, parse_all};

    fn tree(text: &str) -> Node {
        parse_all(FileId(0), text, true, VALUE_LIMIT).documents.remove(0)
    }

    fn get<'n>(node: &'n Node, path: &[&str]) -> &'n Node {
        path.iter().fold(node, |node, key| node.as_map().unwrap().get(key).unwrap())
    }

    #[test]
    fn what_an_anchor_brought_is_known() {
        let text = "x-a: &a {image: x, list: [1]}\nb: {<<: *a, own: 1}\nc: *a\nd: [*a]\ne: {<<: *a, image: y}\n";
        let node = tree(text);
        let anchored = |path: &[&str]| get(&node, path).trail.as_ref().unwrap().through == [Through::Anchor];
        assert!(anchored(&["b", "image"]) && anchored(&["b", "list"]) && anchored(&["c", "image"]));
        assert!(!anchored(&["b", "own"]) && !anchored(&["b"]) && !anchored(&["x-a", "image"]) && !anchored(&["d"]));
    }

    #[test]
    fn what_a_merge_key_brought_in_vain_is_known() {
        let node = tree("a: &a {image: x}\nb: {<<: *a, image: y}\n");
        let image = get(&node, &["b", "image"]).trail.as_ref().unwrap();
        let earlier = image.earlier.as_ref().unwrap();
        assert_eq!(earlier.as_str(), Some("x"));
        assert_eq!(earlier.trail.as_ref().unwrap().through, [Through::Anchor]);
        assert!(image.through.is_empty());
    }

    #[test]
    fn what_gave_way_is_remembered_in_order_and_only_when_asked() {
        let mut value = tree("1");
        for next in ["2", "3"] {
            value.give_way(tree(next));
        }
        let two = value.trail.as_ref().unwrap().earlier.as_ref().unwrap();
        let one = two.trail.as_ref().unwrap().earlier.as_ref().unwrap();
        assert!(matches!((&value.kind, &two.kind, &one.kind), (Kind::Int(3), Kind::Int(2), Kind::Int(1))));
        let mut silent = parse(FileId(0), "1").unwrap().remove(0);
        silent.give_way(parse(FileId(0), "2").unwrap().remove(0));
        assert!(!silent.remembers());
    }
}
