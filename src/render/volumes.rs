//! Volumes as a table, as JSON objects, or as a template has them.

use serde_json::json;

use crate::engine::Volume;

use super::listing::{Entry, Kind, fields};
use super::table::Layout;
use super::template::Row;

pub const VOLUMES: Kind = Kind {
    columns: &["DRIVER", "VOLUME NAME"],
    headings: &[
        ("Availability", "AVAILABILITY"),
        ("Driver", "DRIVER"),
        ("Group", "GROUP"),
        ("Labels", "LABELS"),
        ("Links", "LINKS"),
        ("Mountpoint", "MOUNTPOINT"),
        ("Name", "VOLUME NAME"),
        ("Scope", "SCOPE"),
        ("Size", "SIZE"),
        ("Status", "STATUS"),
    ],
    layout: Layout::USUAL,
    as_array: false,
};

/// What nobody asks the engine for.
const UNKNOWN: &str = "N/A";

pub fn volume(volume: &Volume) -> Entry {
    let labels: Vec<String> = volume.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let object = json!({
        "Availability": UNKNOWN,
        "Driver": volume.driver,
        "Group": UNKNOWN,
        "Labels": labels.join(","),
        "Links": UNKNOWN,
        "Mountpoint": volume.mountpoint,
        "Name": volume.name,
        "Scope": volume.scope,
        "Size": UNKNOWN,
        "Status": UNKNOWN,
    });
    Entry {
        row: Row { fields: fields(object), labels: volume.labels.clone() },
        cells: vec![volume.driver.clone(), volume.name.clone()],
    }
}
