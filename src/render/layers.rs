//! The layers of an image as a table, as JSON objects, or as a template has them.

use jiff::Timestamp;
use serde_json::json;

use crate::engine::ImageLayer;

use super::human;
use super::listing::{Entry, Kind, fields};
use super::table::Layout;
use super::template::Row;

pub const LAYERS: Kind = Kind {
    columns: &["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"],
    headings: &[
        ("Comment", "COMMENT"),
        ("CreatedAt", "CREATED AT"),
        ("CreatedBy", "CREATED BY"),
        ("CreatedSince", "CREATED"),
        ("ID", "IMAGE"),
        ("Size", "SIZE"),
    ],
    layout: Layout::USUAL,
    as_array: false,
};

const COMMAND: usize = 45;

pub fn layer(layer: &ImageLayer, now: Timestamp, in_full: bool) -> Entry {
    let since = format!("{} ago", human::age(now.as_second() - layer.created));
    let at = Timestamp::from_second(layer.created).map(|time| time.to_string()).unwrap_or_default();
    let command: String = layer.created_by.replace(['\t', '\n'], " ");
    let command = if in_full { command } else { human::shorten(&command, COMMAND) };
    let size = human::size(u64::try_from(layer.size).unwrap_or(0));
    let id = if layer.id.starts_with('<') { layer.id.clone() } else { id(layer, in_full).to_owned() };
    let object = json!({
        "Comment": layer.comment,
        "CreatedAt": at,
        "CreatedBy": command,
        "CreatedSince": since,
        "ID": id,
        "Size": size,
    });
    Entry {
        row: Row { fields: fields(object), ..Row::default() },
        cells: vec![id, since, command, size, layer.comment.clone()],
    }
}

/// As people see it: twelve digits, unless all of them are wanted.
pub fn id(layer: &ImageLayer, in_full: bool) -> &str {
    let digits = layer.id.strip_prefix("sha256:").unwrap_or(&layer.id);
    if in_full { &layer.id } else { digits.get(..12).unwrap_or(digits) }
}
