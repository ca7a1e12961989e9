//! What containers use: processor, memory, network and disks, as a list that is written once or again and again.

use serde_json::json;

use crate::engine::{Container, Usage};

use super::human;
use super::listing::{Entry, Kind, fields};
use super::table::Layout;
use super::template::Row;

pub const USAGES: Kind = Kind {
    columns: &["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"],
    headings: &[
        ("BlockIO", "BLOCK I/O"),
        ("CPUPerc", "CPU %"),
        ("Container", "CONTAINER"),
        ("ID", "CONTAINER ID"),
        ("MemPerc", "MEM %"),
        ("MemUsage", "MEM USAGE / LIMIT"),
        ("Name", "NAME"),
        ("NetIO", "NET I/O"),
        ("PIDs", "PIDS"),
    ],
    layout: Layout::USUAL,
    as_array: false,
};

/// What stands where nothing is known yet.
const OPEN: &str = "--";

/// A container and what it uses; `None` as long as that is not known.
pub fn usage(container: &Container, usage: Option<&Usage>, in_full: bool) -> Entry {
    let told = |text: &dyn Fn(&Usage) -> String, open: &str| usage.map_or_else(|| open.to_owned(), text);
    let pair = format!("{OPEN} / {OPEN}");
    let id = if in_full { container.id.as_str() } else { container.id.short() };
    let size = |bytes: u64| human::size(bytes);
    let processor = told(&|usage| format!("{:.2}%", usage.processor_percent().unwrap_or(0.0)), OPEN);
    let memory = told(
        &|usage| format!("{} / {}", human::binary_size(usage.memory), human::binary_size(usage.memory_limit)),
        &pair,
    );
    let share = told(&|usage| format!("{:.2}%", usage.memory_percent()), OPEN);
    let network = told(&|usage| format!("{} / {}", size(usage.received), size(usage.sent)), OPEN);
    let disk = told(&|usage| format!("{} / {}", size(usage.read), size(usage.written)), OPEN);
    let processes = told(&|usage| usage.processes.to_string(), OPEN);
    let object = json!({
        "BlockIO": disk,
        "CPUPerc": processor,
        "Container": container.id.as_str(),
        "ID": id,
        "MemPerc": share,
        "MemUsage": memory,
        "Name": container.name,
        "NetIO": network,
        "PIDs": processes,
    });
    Entry {
        row: Row { fields: fields(object), labels: container.labels.clone() },
        cells: vec![id.to_owned(), container.name.clone(), processor, memory, share, network, disk, processes],
    }
}
