//! Templates that people know from container tools: `{{.Name}}`, `{{json .}}`, `{{range .Publishers}}{{.URL}} {{end}}`.
//!
//! It is the part of Go's template language that makes sense for a row of a list: fields, literals, pipelines,
//! functions, `if`, `with` and `range`. Variables and nested templates are not in it, and whoever writes one is told so.

mod evaluate;
mod functions;
mod parse;
mod text;

use serde_json::{Map, Value};

use crate::engine::Labels;

pub use functions::json;

/// One thing that is listed.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What it has, under the names that people write, in the order of JSON.
    pub fields: Map<String, Value>,
    /// What `{{.Label "name"}}` finds.
    pub labels: Labels,
}

/// A template, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<parse::Node>,
}

/// What is wrong with a template, or with what it is given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl TemplateError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// About the template itself.
    fn of(message: impl Into<String>) -> Self {
        Self(format!("template: {}", message.into()))
    }
}

impl Template {
    /// Reads a template. `\t` and `\n` written out mean a tab and a line's end.
    ///
    /// # Errors
    /// What is no template, or has a function that nobody knows.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let text = text.replace("\\t", "\t").replace("\\n", "\n");
        Ok(Self { nodes: parse::parse(&text)? })
    }

    /// Puts a row in.
    ///
    /// # Errors
    /// A field that the row does not have, or a function that cannot take what it is given.
    pub fn fill(&self, row: &Row) -> Result<String, TemplateError> {
        evaluate::evaluate(&self.nodes, row)
    }
}

#[cfg(test)]
mod tests;
