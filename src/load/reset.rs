//! `!reset` and `!override`: what a document takes away from what was said before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Span;
use crate::yaml::{Kind, Map, Node, Removed, Tag};

/// The attributes that a document takes away, by their place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Resets {
    /// This very place goes, with all below it, since it is tagged here.
    here: Option<Span>,
    below: BTreeMap<Arc<str>, Resets>,
}

impl Resets {
    /// Takes the tags out of a document: what is tagged `!reset` leaves it, what is tagged `!override` stays.
    pub fn take(document: &mut Node) -> Self {
        let mut resets = Self::default();
        match &mut document.kind {
            Kind::Map(map) => resets.take_from_mapping(map),
            Kind::Seq(items) => {
                items.retain(|item| item.tag != Some(Tag::Reset));
                // What lies inside of an item has no place that another document could name.
                items.iter_mut().for_each(|item| drop(Self::take(item)));
            }
            _ => {}
        }
        resets.here = document.tag.take().map(|_| document.span);
        resets
    }

    fn take_from_mapping(&mut self, map: &mut Map) {
        map.retain(|key, value| {
            if value.tag == Some(Tag::Reset) {
                self.below.insert(key.into(), Self { here: Some(value.span), below: BTreeMap::new() });
                return false;
            }
            let below = Self::take(value);
            if !below.is_empty() {
                self.below.insert(key.into(), below);
            }
            true
        });
    }

    pub fn is_empty(&self) -> bool {
        self.here.is_none() && self.below.is_empty()
    }

    /// The part that is about one service.
    pub fn of_service(&self, name: &str) -> Option<&Self> {
        self.below.get("services")?.below.get(name)
    }

    /// Deletes these attributes from what was said before.
    pub fn apply(&self, earlier: &mut Node) {
        let (Kind::Map(map), trail) = (&mut earlier.kind, &mut earlier.trail) else { return };
        for (key, resets) in &self.below {
            if let Some(by) = resets.here {
                let removed = map.remove(key);
                if let (Some(trail), Some(node)) = (trail.as_mut(), removed) {
                    trail.removed.push(Removed { key: Arc::clone(key), node, by });
                }
            } else if let Some(value) = map.get_mut(key) {
                resets.apply(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::yaml::parse;

    fn tree(text: &str) -> Node {
        parse(FileId(0), text).unwrap().remove(0)
    }

    fn keys(node: &Node, path: &[&str]) -> Vec<String> {
        let node = path.iter().fold(node, |node, key| node.as_map().unwrap().get(key).unwrap());
        node.as_map().unwrap().keys().map(str::to_owned).collect()
    }

    #[test]
    fn reset_values_leave_the_document_and_what_was_said_before() {
        let mut later = tree("services: {a: {ports: !reset [], environment: {A: !reset null, B: 2}, user: x}}");
        let resets = Resets::take(&mut later);
        assert_eq!(keys(&later, &["services", "a"]), ["environment", "user"]);
        assert_eq!(keys(&later, &["services", "a", "environment"]), ["B"]);
        let mut earlier = tree("services: {a: {ports: [1], environment: {A: 1, C: 3}, image: x}, b: {ports: [1]}}");
        resets.apply(&mut earlier);
        assert_eq!(keys(&earlier, &["services", "a"]), ["environment", "image"]);
        assert_eq!(keys(&earlier, &["services", "a", "environment"]), ["C"]);
        assert_eq!(keys(&earlier, &["services", "b"]), ["ports"]);
    }

    #[test]
    fn override_values_stay_in_the_document() {
        let mut later = tree("services: {a: {ports: !override [2]}}");
        let resets = Resets::take(&mut later);
        assert_eq!(keys(&later, &["services", "a"]), ["ports"]);
        let mut service = tree("{ports: [1], image: x}");
        resets.of_service("a").unwrap().apply(&mut service);
        assert_eq!(keys(&service, &[]), ["image"]);
        assert!(resets.of_service("b").is_none());
    }

    #[test]
    fn reset_items_leave_their_list_and_reset_nothing_else() {
        let mut later = tree("services: {a: {ports: [!reset 1, 2], volumes: [{bind: !reset null, target: x}]}}");
        let resets = Resets::take(&mut later);
        assert!(resets.is_empty());
        let service = later.as_map().unwrap().get("services").unwrap().as_map().unwrap().get("a").unwrap();
        assert_eq!(service.as_map().unwrap().get("ports").unwrap().as_seq().unwrap().len(), 1);
    }
}
