//! Text and trees: a YAML document whose every node knows where it was written.

mod characters;
mod decode;
mod mismatch;
mod node;
mod parse;
mod scalar;
mod syntax;
mod timestamp;
mod tree;

#[cfg(test)]
mod tests;

pub use decode::{decode, decode_all};
pub use node::{Kind, Map, Node, Tag};
pub use parse::parse;
