//! Text → the nodes of a template.

use serde_json::Value;

use super::TemplateError;
use super::functions;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Print(Pipeline),
    /// Each condition with what it guards, and what is left when none holds.
    If(Vec<(Pipeline, Vec<Node>)>, Vec<Node>),
    /// The value becomes the dot, if there is something to it.
    With(Pipeline, Vec<Node>, Vec<Node>),
    Range(Pipeline, Vec<Node>, Vec<Node>),
}

/// Commands whose results go on to the next one, as its last argument.
pub(super) type Pipeline = Vec<Command>;

/// One word and its arguments.
pub(super) type Command = Vec<Word>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Literal(Value),
    /// `.A.B`; without names it is the dot itself.
    Dot(Vec<String>),
    /// `$.A.B`: from the row, wherever the dot is.
    Root(Vec<String>),
    Function(String),
    /// `(pipeline).A`
    Group(Pipeline, Vec<String>),
}

pub(super) fn parse(text: &str) -> Result<Vec<Node>, TemplateError> {
    let mut parser = Parser { rest: text };
    match parser.nodes()? {
        (nodes, None) => Ok(nodes),
        (_, Some(keyword)) => Err(wrong(format!("unexpected {{{{{}}}}}", keyword.trim()))),
    }
}

fn wrong(message: impl Into<String>) -> TemplateError {
    TemplateError::of(message)
}

struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    /// Nodes up to an `end` or `else`, which is returned, or up to the end.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<&'t str>), TemplateError> {
        let mut nodes = Vec::new();
        while let Some(start) = self.rest.find("{{") {
            let text = &self.rest[..start];
            let inside = &self.rest[start + 2..];
            let trims = inside.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace));
            push_text(&mut nodes, if trims.is_some() { text.trim_end() } else { text });
            let action = self.action(trims.unwrap_or(inside))?;
            let (word, after) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
            match word {
                "end" | "else" => return Ok((nodes, Some(action))),
                "if" => nodes.push(self.choice(after)?),
                "with" => {
                    let (then, otherwise) = self.body()?;
                    nodes.push(Node::With(pipeline(after)?, then, otherwise));
                }
                "range" => {
                    let (then, otherwise) = self.body()?;
                    nodes.push(Node::Range(pipeline(after)?, then, otherwise));
                }
                "define" | "template" | "block" | "break" | "continue" => {
                    return Err(wrong(format!("{word} is not supported")));
                }
                _ if action.starts_with("/*") => {}
                _ => nodes.push(Node::Print(pipeline(action)?)),
            }
        }
        push_text(&mut nodes, self.rest);
        self.rest = "";
        Ok((nodes, None))
    }

    /// What stands between the braces; goes on behind them.
    fn action(&mut self, inside: &'t str) -> Result<&'t str, TemplateError> {
        let end = end_of_action(inside).ok_or_else(|| wrong("unclosed action: }} is missing"))?;
        let (action, rest) = (&inside[..end], &inside[end + 2..]);
        match action.strip_suffix('-').filter(|action| action.ends_with(char::is_whitespace)) {
            Some(action) => {
                self.rest = rest.trim_start();
                Ok(action.trim())
            }
            None => {
                self.rest = rest;
                Ok(action.trim())
            }
        }
    }

    /// Up to `end`, with what an `else` on the way guards.
    fn body(&mut self) -> Result<(Vec<Node>, Vec<Node>), TemplateError> {
        match self.nodes()? {
            (then, Some("end")) => Ok((then, Vec::new())),
            (then, Some("else")) => match self.nodes()? {
                (otherwise, Some("end")) => Ok((then, otherwise)),
                _ => Err(wrong("{{end}} is missing")),
            },
            (_, Some(keyword)) => Err(wrong(format!("unexpected {{{{{keyword}}}}}"))),
            (_, None) => Err(wrong("{{end}} is missing")),
        }
    }

    fn choice(&mut self, condition: &str) -> Result<Node, TemplateError> {
        let mut branches = Vec::new();
        let mut condition = pipeline(condition)?;
        loop {
            let (then, keyword) = self.nodes()?;
            branches.push((condition, then));
            match keyword.map(|keyword| (keyword, keyword.strip_prefix("else").map(str::trim_start))) {
                Some(("end", _)) => return Ok(Node::If(branches, Vec::new())),
                Some((_, Some(""))) => match self.nodes()? {
                    (otherwise, Some("end")) => return Ok(Node::If(branches, otherwise)),
                    _ => return Err(wrong("{{end}} is missing")),
                },
                Some((_, Some(next))) if next.starts_with("if ") => condition = pipeline(&next[3..])?,
                Some((keyword, _)) => return Err(wrong(format!("unexpected {{{{{keyword}}}}}"))),
                None => return Err(wrong("{{end}} is missing")),
            }
        }
    }
}

fn push_text(nodes: &mut Vec<Node>, text: &str) {
    if !text.is_empty() {
        nodes.push(Node::Text(text.to_owned()));
    }
}

/// Where the `}}` is that is in no quotes.
fn end_of_action(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            quote @ (b'"' | b'`') => at = end_of_quote(bytes, at, quote)?,
            _ => {}
        }
        at += 1;
    }
    None
}

fn end_of_quote(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start + 1;
    while *bytes.get(at)? != quote {
        at += if bytes[at] == b'\\' && quote == b'"' { 2 } else { 1 };
    }
    Some(at)
}

fn pipeline(text: &str) -> Result<Pipeline, TemplateError> {
    let (pipeline, rest) = commands(text)?;
    if rest.is_empty() { Ok(pipeline) } else { Err(wrong(format!("unexpected {rest:?}"))) }
}

/// Commands up to a closing parenthesis or the end, and what is left.
fn commands(text: &str) -> Result<(Pipeline, &str), TemplateError> {
    let mut pipeline = vec![Command::new()];
    let mut rest = text.trim_start();
    while !rest.is_empty() && !rest.starts_with(')') {
        if let Some(after) = rest.strip_prefix('|') {
            pipeline.push(Command::new());
            rest = after.trim_start();
            continue;
        }
        let (word, after) = word(rest)?;
        if let Some(command) = pipeline.last_mut() {
            command.push(word);
        }
        rest = after.trim_start();
    }
    if pipeline.iter().any(Vec::is_empty) { Err(wrong("missing value for command")) } else { Ok((pipeline, rest)) }
}

fn word(text: &str) -> Result<(Word, &str), TemplateError> {
    if let Some(inside) = text.strip_prefix('(') {
        let (pipeline, rest) = commands(inside)?;
        let rest = rest.strip_prefix(')').ok_or_else(|| wrong("unclosed left parenthesis"))?;
        let (names, rest) = fields(rest)?;
        return Ok((Word::Group(pipeline, names), rest));
    }
    if let Some(quote) = text.bytes().next().filter(|byte| matches!(byte, b'"' | b'`')) {
        let end = end_of_quote(text.as_bytes(), 0, quote).ok_or_else(|| wrong("unterminated quoted string"))?;
        let inside = &text[1..end];
        // Go and JSON escape the usual letters alike.
        let value = match quote {
            b'`' => Value::from(inside),
            _ => serde_json::from_str(&text[..=end]).map_err(|_| wrong(format!("{inside:?} has an unknown escape")))?,
        };
        return Ok((Word::Literal(value), &text[end + 1..]));
    }
    if let Some(rest) = text.strip_prefix('$') {
        if rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_') {
            return Err(wrong("variables are not supported"));
        }
        let (names, rest) = fields(rest)?;
        return Ok((Word::Root(names), rest));
    }
    if let Some(after) = text.strip_prefix('.') {
        let (names, rest) = fields(text)?;
        let rest = if names.is_empty() { after } else { rest };
        return Ok((Word::Dot(names), rest));
    }
    let end = text.find(|letter: char| letter.is_whitespace() || "()|".contains(letter)).unwrap_or(text.len());
    Ok((bare(&text[..end])?, &text[end..]))
}

/// A number, a truth, or a function's name.
fn bare(word: &str) -> Result<Word, TemplateError> {
    match word {
        "true" => Ok(Word::Literal(Value::Bool(true))),
        "false" => Ok(Word::Literal(Value::Bool(false))),
        "nil" => Ok(Word::Literal(Value::Null)),
        _ if functions::is_known(word) => Ok(Word::Function(word.to_owned())),
        _ => match (word.parse::<i64>(), word.parse::<f64>()) {
            (Ok(number), _) => Ok(Word::Literal(number.into())),
            (_, Ok(number)) if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
                Ok(Word::Literal(number.into()))
            }
            _ => Err(wrong(format!("function {word:?} not defined"))),
        },
    }
}

/// `.A.B`, and what follows it.
fn fields(text: &str) -> Result<(Vec<String>, &str), TemplateError> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix('.') {
        let end = after.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(after.len());
        if end == 0 {
            break;
        }
        names.push(after[..end].to_owned());
        rest = &after[end..];
    }
    match rest.chars().next() {
        Some(letter) if !names.is_empty() && !letter.is_whitespace() && !"()|".contains(letter) => {
            Err(wrong(format!("bad character {letter:?} after .{}", names.join("."))))
        }
        _ => Ok((names, rest)),
    }
}
