//! The projects on an engine, as their containers tell of them.

use std::collections::BTreeMap;

use serde_json::json;

use crate::engine::Container;
use crate::model::labels;

use super::listing::{Entry, Kind, fields};
use super::table::Layout;
use super::template::Row;

pub const PROJECTS: Kind = Kind {
    columns: &["NAME", "STATUS", "CONFIG FILES"],
    headings: &[("Name", "NAME"), ("Status", "STATUS"), ("ConfigFiles", "CONFIG FILES")],
    layout: Layout::WIDE,
    as_array: true,
};

/// A project, by its name, and its containers.
pub fn project(name: &str, containers: &[&Container]) -> Entry {
    let (status, files) = (states(containers), files(containers));
    let object = json!({ "Name": name, "Status": status, "ConfigFiles": files });
    Entry { row: Row { fields: fields(object), ..Row::default() }, cells: vec![name.to_owned(), status, files] }
}

/// `exited(1), running(2)`
fn states(containers: &[&Container]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for container in containers {
        *counts.entry(container.state.as_str()).or_default() += 1;
    }
    counts.iter().map(|(state, count)| format!("{state}({count})")).collect::<Vec<_>>().join(", ")
}

/// The compose files that they were made from, each once; `N/A` where nobody says.
fn files(containers: &[&Container]) -> String {
    let mut files: Vec<&str> = Vec::new();
    for container in containers {
        let label = container.labels.get(labels::CONFIG_FILES).map_or("", String::as_str);
        for file in label.split(',').filter(|file| !file.is_empty()) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    if files.is_empty() { "N/A".to_owned() } else { files.join(",") }
}
