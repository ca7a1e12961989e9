//! Text and trees: a YAML document whose every node knows where it was written.

mod characters;
mod decode;
mod decode_all;
mod escapes;
mod map;
mod mismatch;
mod node;
mod order;
mod parse;
mod print;
mod scalar;
mod style;
mod suspect;
mod syntax;
mod timestamp;
mod trail;
mod tree;
mod value;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use decode_all::decode_all;
pub use map::Map;
pub use node::{Kind, Node, Tag, word};
pub use order::natural_order;
pub use parse::{Parsed, VALUE_LIMIT, parse, parse_all};
pub use print::print;
pub use trail::{Author, Removed, Template, Through, Trail, Variable, VariableFrom};
pub use value::to_value;
