//! The model as a tree that still tells objects from mappings, so that each printer can follow its own rules.

use std::fmt;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// The field that holds the `x-*` keys of an object.
pub const EXTENSIONS: &str = "x-*";

/// A value of the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    /// Kept apart: its shortest text has fewer digits than that of the same number in double precision.
    Single(f32),
    Double(f64),
    Text(String),
    List(Vec<Tree>),
    /// Keys that the file chose.
    Map(Vec<(String, Tree)>),
    /// A struct of the model: its name, and those fields that are not left out.
    Object(&'static str, Vec<(&'static str, Tree)>),
}

/// Why a value has no tree; the model's own types never give one.
#[derive(Debug)]
pub struct NoTree(String);

impl Tree {
    /// The tree of a value.
    ///
    /// # Errors
    /// A mapping whose keys are no text.
    pub fn of(value: &impl Serialize) -> Result<Self, NoTree> {
        value.serialize(Planter)
    }

    /// Whether an object has no field, or a mapping or list no entry.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            Self::Object(_, fields) => fields.is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for NoTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoTree {}

impl serde::ser::Error for NoTree {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[derive(Clone, Copy)]
struct Planter;

macro_rules! leaves {
    ($($method:ident($type:ty) => $make:expr;)*) => {$(
        fn $method(self, value: $type) -> Result<Tree, NoTree> {
            Ok($make(value))
        }
    )*};
}

impl Serializer for Planter {
    type Ok = Tree;
    type Error = NoTree;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Entries;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    leaves! {
        serialize_bool(bool) => Tree::Bool;
        serialize_i8(i8) => |value| Tree::Int(i64::from(value));
        serialize_i16(i16) => |value| Tree::Int(i64::from(value));
        serialize_i32(i32) => |value| Tree::Int(i64::from(value));
        serialize_i64(i64) => Tree::Int;
        serialize_u8(u8) => |value| Tree::Uint(u64::from(value));
        serialize_u16(u16) => |value| Tree::Uint(u64::from(value));
        serialize_u32(u32) => |value| Tree::Uint(u64::from(value));
        serialize_u64(u64) => Tree::Uint;
        serialize_f32(f32) => Tree::Single;
        serialize_f64(f64) => Tree::Double;
        serialize_char(char) => |value: char| Tree::Text(value.to_string());
        serialize_str(&str) => |value: &str| Tree::Text(value.to_owned());
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Tree, NoTree> {
        Ok(Tree::List(value.iter().map(|byte| Tree::Uint(u64::from(*byte))).collect()))
    }

    fn serialize_none(self) -> Result<Tree, NoTree> {
        Ok(Tree::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, NoTree> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, NoTree> {
        Ok(Tree::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, NoTree> {
        Ok(Tree::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Tree, NoTree> {
        Ok(Tree::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Tree, NoTree> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, NoTree> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, NoTree> {
        Ok(List(Vec::with_capacity(length.unwrap_or_default())))
    }

    fn serialize_tuple(self, length: usize) -> Result<List, NoTree> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List, NoTree> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, length: usize) -> Result<List, NoTree> {
        self.serialize_seq(Some(length))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, NoTree> {
        Ok(Entries { entries: Vec::new(), key: None })
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Fields, NoTree> {
        Ok(Fields { name, fields: Vec::with_capacity(length) })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        length: usize,
    ) -> Result<Fields, NoTree> {
        self.serialize_struct(name, length)
    }
}

struct List(Vec<Tree>);

impl SerializeSeq for List {
    type Ok = Tree;
    type Error = NoTree;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoTree> {
        self.0.push(value.serialize(Planter)?);
        Ok(())
    }

    fn end(self) -> Result<Tree, NoTree> {
        Ok(Tree::List(self.0))
    }
}

macro_rules! as_list {
    ($($interface:ident::$method:ident;)*) => {$(
        impl $interface for List {
            type Ok = Tree;
            type Error = NoTree;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoTree> {
                SerializeSeq::serialize_element(self, value)
            }

            fn end(self) -> Result<Tree, NoTree> {
                SerializeSeq::end(self)
            }
        }
    )*};
}

as_list! {
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

struct Entries {
    entries: Vec<(String, Tree)>,
    key: Option<String>,
}

impl SerializeMap for Entries {
    type Ok = Tree;
    type Error = NoTree;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NoTree> {
        self.key = Some(match key.serialize(Planter)? {
            Tree::Text(text) => text,
            Tree::Bool(value) => value.to_string(),
            Tree::Int(value) => value.to_string(),
            Tree::Uint(value) => value.to_string(),
            _ => return Err(NoTree::custom("a key must be a text")),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoTree> {
        let key = self.key.take().ok_or_else(|| NoTree::custom("a value came before its key"))?;
        self.entries.push((key, value.serialize(Planter)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, NoTree> {
        Ok(Tree::Map(self.entries))
    }
}

struct Fields {
    name: &'static str,
    fields: Vec<(&'static str, Tree)>,
}

impl SerializeStruct for Fields {
    type Ok = Tree;
    type Error = NoTree;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), NoTree> {
        self.fields.push((key, value.serialize(Planter)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, NoTree> {
        Ok(Tree::Object(self.name, self.fields))
    }
}

impl SerializeStructVariant for Fields {
    type Ok = Tree;
    type Error = NoTree;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), NoTree> {
        SerializeStruct::serialize_field(self, key, value)
    }

    fn end(self) -> Result<Tree, NoTree> {
        SerializeStruct::end(self)
    }
}
