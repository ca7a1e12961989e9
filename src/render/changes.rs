//! Files that changed in containers, as a table, as JSON objects, or as a template has them.

use serde_json::json;

use crate::engine::{Change, ChangedPath, Container};

use super::listing::{Entry, Kind, fields};
use super::table::Layout;
use super::template::Row;

pub const CHANGES: Kind = Kind {
    columns: &["CONTAINER", "CHANGE", "PATH"],
    headings: &[("Container", "CONTAINER"), ("Change", "CHANGE"), ("Path", "PATH")],
    layout: Layout::USUAL,
    as_array: false,
};

pub fn change(container: &Container, changed: &ChangedPath) -> Entry {
    let letter = match changed.change {
        Change::Modified => "C",
        Change::Added => "A",
        Change::Deleted => "D",
    };
    let object = json!({ "Container": container.name, "Change": letter, "Path": changed.path });
    Entry {
        row: Row { fields: fields(object), labels: container.labels.clone() },
        cells: vec![container.name.clone(), letter.to_owned(), changed.path.clone()],
    }
}
