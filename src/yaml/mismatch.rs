//! What to tell people when a value does not fit the type that is read from it.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::diagnostic::{Diagnostic, nearest};

/// The field under which a type asks for all keys that start with `x-`.
pub(super) const EXTENSIONS: &str = "x-*";

impl Error for Diagnostic {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::error(message)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::error(format!("expected {expected}, found {}", noun(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::error(format!("expected {expected}, found {}", value(found)))
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        let finding = Self::error(format!("unknown value `{found}`"));
        match nearest(found, known.iter().copied()) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help(format!("use one of {}", list(known))),
        }
    }

    fn unknown_field(found: &str, known: &'static [&'static str]) -> Self {
        let known: Vec<&str> = known.iter().copied().filter(|word| *word != EXTENSIONS).collect();
        let finding = Self::error(format!("unknown key `{found}`"));
        match nearest(found, known.iter().copied()) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None if (1..=8).contains(&known.len()) => finding.help(format!("known here: {}", list(&known))),
            None => finding,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::error(format!("`{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::error(format!("`{field}` is given twice"))
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn noun(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a string",
        Unexpected::Seq | Unexpected::TupleVariant => "a list",
        Unexpected::Map | Unexpected::StructVariant | Unexpected::NewtypeStruct => "a mapping",
        _ => "something else",
    }
}

fn value(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value}`"),
        Unexpected::Char(value) => format!("`{value}`"),
        Unexpected::Str(value) => format!("`{value}`"),
        other => noun(other).to_owned(),
    }
}
