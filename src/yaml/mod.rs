//! Text and trees: a YAML document whose every node knows where it was written.

mod node;

pub use node::{Kind, Map, Node, Tag};
