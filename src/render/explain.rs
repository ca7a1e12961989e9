//! Values with their origins, in three columns: where it stands, what it is, who says so.

use unicode_width::UnicodeWidthStr;

use crate::explain::{Explanation, Origin, OriginKind, Overridden, Place, Step, ThroughKind, Value, Variable, Way};

use super::human::shorten;
use super::paint::{FAINT, Paint, STRONG, WARNING};

/// Between columns.
const GAP: usize = 2;
/// How wide the first column gets, so that something is left for the others.
const WIDEST_KEY: usize = 28;
const NARROWEST_VALUE: usize = 12;
const WIDEST_FROM: usize = 28;

/// How wide the window is, if somebody looks through one: then long values are cut.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub columns: usize,
    pub cut: bool,
}

/// One line.
struct Row {
    key: String,
    value: String,
    from: String,
    /// It explains the line above it.
    beneath: bool,
    warning: bool,
}

/// Everything, a block for each service and resource.
pub fn text(explanation: &Explanation, window: Window, paint: Paint) -> String {
    let mut blocks: Vec<(String, Vec<Row>)> = Vec::new();
    for value in &explanation.values {
        let subject = subject(value);
        if blocks.last().is_none_or(|(last, _)| *last != subject) {
            blocks.push((subject, Vec::new()));
        }
        if let Some((_, rows)) = blocks.last_mut() {
            rows.extend(rows_of(value));
        }
    }
    let rows = || blocks.iter().flat_map(|(_, rows)| rows);
    let widest = |cells: &dyn Fn(&Row) -> usize| rows().map(cells).max().unwrap_or(0);
    let key = widest(&|row| row.key.width()).min(WIDEST_KEY);
    let from = widest(&|row| row.from.width()).min(WIDEST_FROM);
    // The last column ends where the window ends, as long as the middle one keeps some room.
    let room = window.columns.saturating_sub(key + from + 2 * GAP + INDENT);
    let value = widest(&|row| row.value.width()).min(room.max(NARROWEST_VALUE));
    let columns = Columns { key, value, window, paint };
    let mut text = String::new();
    for (subject, rows) in &blocks {
        if !subject.is_empty() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&paint.paint(STRONG, subject));
            text.push('\n');
        }
        for row in rows {
            columns.line(&mut text, row, if subject.is_empty() { 0 } else { INDENT });
        }
    }
    text
}

/// How far values stand to the right of what they belong to.
const INDENT: usize = 2;

struct Columns {
    key: usize,
    value: usize,
    window: Window,
    paint: Paint,
}

impl Columns {
    /// What is too wide for its column has the next one begin on a line of its own.
    fn line(&self, text: &mut String, row: &Row, indent: usize) {
        let start = INDENT + self.key + GAP;
        let mut at = indent + row.key.width();
        text.push_str(&" ".repeat(indent));
        text.push_str(&if row.beneath { self.paint.paint(FAINT, &row.key) } else { row.key.clone() });
        self.advance(text, &mut at, start, row.value.width());
        let room = self.window.columns.saturating_sub(start);
        let value = if self.window.cut || row.beneath { shorten(&row.value, room) } else { row.value.clone() };
        at += value.width();
        text.push_str(&if row.beneath { self.paint.paint(FAINT, &value) } else { value });
        self.advance(text, &mut at, start + self.value + GAP, row.from.width());
        text.push_str(&self.paint.paint(if row.warning { WARNING } else { FAINT }, &row.from));
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }

    /// Goes to a column; behind it, no further than needed, or to a new line where what comes would not fit.
    fn advance(&self, text: &mut String, at: &mut usize, column: usize, width: usize) {
        if *at + GAP > column && *at + GAP + width > self.window.columns {
            text.push('\n');
            *at = 0;
        }
        let blank = column.saturating_sub(*at).max(GAP);
        text.push_str(&" ".repeat(blank));
        *at += blank;
    }
}

/// The service or resource that a value belongs to; nothing for what stands at the top.
fn subject(value: &Value) -> String {
    match &value.path[..] {
        [Step::Key(section), Step::Key(name), ..] if !section.starts_with("x-") => format!("{section}.{name}"),
        _ => String::new(),
    }
}

fn rows_of(value: &Value) -> Vec<Row> {
    let name = value.name();
    let key = match name.strip_prefix(&subject(value)) {
        Some(rest) if subject(value).is_empty() => rest.to_owned(),
        Some(rest) => rest.trim_start_matches('.').to_owned(),
        None => name.clone(),
    };
    let shown = match value.way.from.kind {
        OriginKind::Unset => "(not set)".to_owned(),
        _ if value.has_parts => match (&value.way.template, &value.value) {
            (Some(short), _) => short.clone(),
            (None, serde_json::Value::Array(_)) => "[…]".to_owned(),
            (None, _) => "{…}".to_owned(),
        },
        _ => shown(&value.value),
    };
    let mut rows = vec![Row { key, value: shown, from: way(&value.way), beneath: false, warning: false }];
    variables(&value.way, "", &mut rows);
    for earlier in &value.instead_of {
        rows.push(overridden(earlier));
        variables(&earlier.way, "  ", &mut rows);
    }
    rows
}

fn overridden(earlier: &Overridden) -> Row {
    Row {
        key: "  instead of".into(),
        value: written(&earlier.value, &earlier.way),
        from: way(&earlier.way),
        beneath: true,
        warning: false,
    }
}

fn variables(way: &Way, indent: &str, rows: &mut Vec<Row>) {
    for Variable { name, value, from, .. } in &way.variables {
        let shown = value.as_ref().map_or_else(|| "(not set)".to_owned(), String::clone);
        let unset = from.kind == OriginKind::Unset;
        rows.push(Row {
            key: format!("{indent}  ${name}"),
            value: shown,
            from: origin(from),
            beneath: true,
            warning: unset,
        });
    }
}

/// A mapping in its short form, if it was written so.
fn written(value: &serde_json::Value, way: &Way) -> String {
    match (&way.template, value) {
        (Some(short), serde_json::Value::Object(_)) => short.clone(),
        _ => shown(value),
    }
}

/// A value on one line, as it could be written in a compose file.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// A text without quotes, unless it would then be something else.
fn plain(text: &str) -> String {
    let other = text.is_empty()
        || text.trim() != text
        || text.chars().any(char::is_control)
        || text.starts_with(['"', '{', '['])
        || matches!(text, "true" | "false" | "null" | "~")
        || text.parse::<f64>().is_ok();
    if other { serde_json::Value::from(text).to_string() } else { text.to_owned() }
}

fn way(way: &Way) -> String {
    let mut text = origin(&way.from);
    for through in &way.through {
        text.push_str(", ");
        text.push_str(&match (through.kind, &through.service) {
            (ThroughKind::Extends, Some(service)) => format!("extends {service}"),
            (ThroughKind::Extends, None) => "extends".to_owned(),
            (ThroughKind::Include, _) => "include".to_owned(),
            (ThroughKind::Anchor, _) => "anchor".to_owned(),
        });
    }
    text
}

fn origin(origin: &Origin) -> String {
    let word = match origin.kind {
        OriginKind::File | OriginKind::EnvFile | OriginKind::LabelFile => "",
        OriginKind::Shell => "shell",
        OriginKind::Image => "image",
        OriginKind::Default => "default",
        OriginKind::Project => "follows",
        OriginKind::Template => "in the template",
        OriginKind::CommandLine => "command line",
        OriginKind::Folder => "folder",
        OriginKind::Convoke => "convoke",
        OriginKind::Unset if origin.place.is_some() => "!reset",
        OriginKind::Unset => "",
    };
    let place = origin.place.as_ref().map(at);
    [Some(word.to_owned()), place, origin.image.clone()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}
