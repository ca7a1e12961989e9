//! Nodes and a row → text.

use serde_json::Value;

use super::parse::{Command, Node, Pipeline, Word};
use super::text::{is_true, plain};
use super::{Row, TemplateError, functions};

pub(super) fn evaluate(nodes: &[Node], row: &Row) -> Result<String, TemplateError> {
    let root = Value::Object(row.fields.clone());
    let mut filling = Filling { row, root: &root, text: String::new() };
    filling.nodes(nodes, &root)?;
    Ok(filling.text)
}

struct Filling<'r> {
    row: &'r Row,
    root: &'r Value,
    text: String,
}

impl Filling<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<(), TemplateError> {
        nodes.iter().try_for_each(|node| self.node(node, dot))
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<(), TemplateError> {
        match node {
            Node::Text(text) => self.text.push_str(text),
            Node::Print(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                self.text.push_str(&plain(&value));
            }
            Node::If(branches, otherwise) => {
                for (condition, then) in branches {
                    if is_true(&self.pipeline(condition, dot)?) {
                        return self.nodes(then, dot);
                    }
                }
                self.nodes(otherwise, dot)?;
            }
            Node::With(pipeline, then, otherwise) => {
                let value = self.pipeline(pipeline, dot)?;
                if is_true(&value) {
                    self.nodes(then, &value)?;
                } else {
                    self.nodes(otherwise, dot)?;
                }
            }
            Node::Range(pipeline, then, otherwise) => {
                let items = match self.pipeline(pipeline, dot)? {
                    Value::Array(items) => items,
                    Value::Object(fields) => fields.into_iter().map(|(_, value)| value).collect(),
                    Value::Null => Vec::new(),
                    other => return Err(TemplateError::of(format!("range can't iterate over {}", plain(&other)))),
                };
                if items.is_empty() {
                    self.nodes(otherwise, dot)?;
                }
                for item in &items {
                    self.nodes(then, item)?;
                }
            }
        }
        Ok(())
    }

    fn pipeline(&self, pipeline: &Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        let mut last = None;
        for command in pipeline {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or_default())
    }

    fn command(&self, command: &Command, piped: Option<Value>, dot: &Value) -> Result<Value, TemplateError> {
        let Some((first, rest)) = command.split_first() else { return Ok(Value::Null) };
        let mut arguments = rest.iter().map(|word| self.word(word, dot)).collect::<Result<Vec<_>, _>>()?;
        arguments.extend(piped);
        match first {
            Word::Function(name) => functions::call(name, &arguments),
            Word::Dot(names) | Word::Root(names) if names == &["Label"] => match arguments.as_slice() {
                [Value::String(name)] => Ok(self.row.labels.get(name).cloned().unwrap_or_default().into()),
                _ => Err(TemplateError::of("Label takes the name of one label")),
            },
            word if arguments.is_empty() => self.word(word, dot),
            _ => Err(TemplateError::of("only functions take arguments")),
        }
    }

    fn word(&self, word: &Word, dot: &Value) -> Result<Value, TemplateError> {
        match word {
            Word::Literal(value) => Ok(value.clone()),
            Word::Dot(names) => inside(dot, names),
            Word::Root(names) => inside(self.root, names),
            Word::Function(name) => functions::call(name, &[]),
            Word::Group(pipeline, names) => inside(&self.pipeline(pipeline, dot)?, names),
        }
    }
}

fn inside(value: &Value, names: &[String]) -> Result<Value, TemplateError> {
    let mut found = value;
    for name in names {
        let fields = found.as_object();
        found = fields.and_then(|fields| fields.get(name)).ok_or_else(|| {
            let known: Vec<&str> = fields.into_iter().flat_map(|fields| fields.keys().map(String::as_str)).collect();
            let near = crate::diagnostic::nearest(name, known.iter().copied());
            let help = match near {
                Some(near) => format!("; did you mean .{near}?"),
                None if known.is_empty() => String::new(),
                None => format!("; there are .{}", known.join(", .")),
            };
            TemplateError::of(format!("can't evaluate field {name}{help}"))
        })?;
    }
    Ok(found.clone())
}
