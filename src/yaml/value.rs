//! Tree to plain values, for what is printed and for what has no type of its own.

use serde_yaml::Value;

use super::{Kind, Node};

/// The same tree without places; dates become their canonical texts.
pub fn to_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Int(number) => Value::from(*number),
        Kind::Uint(number) => Value::from(*number),
        Kind::Float(number) => Value::from(*number),
        Kind::Time(text) | Kind::Str(text) => Value::from(&**text),
        Kind::Seq(items) => Value::Sequence(items.iter().map(to_value).collect()),
        Kind::Map(map) => {
            Value::Mapping(map.iter().map(|(key, _, value)| (Value::from(&**key), to_value(value))).collect())
        }
    }
}

impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        to_value(node)
    }
}
