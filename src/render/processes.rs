//! The processes of several containers in one table.

use crate::engine::{Container, Processes};
use crate::plan::Labelled;

use super::table::{Layout, aligned};

const COMMAND: &str = "CMD";

/// Whose process it is, then the columns that the engine gives, and the command last. Empty where nothing runs.
pub fn table(containers: &[(&Container, Processes)]) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for title in containers.iter().flat_map(|(_, processes)| &processes.titles) {
        if title != COMMAND && !titles.contains(&title.as_str()) {
            titles.push(title);
        }
    }
    let mut rows = Vec::new();
    for (container, processes) in containers {
        let number = container.number().map_or_else(|| "-".to_owned(), |number| number.to_string());
        for process in &processes.rows {
            let cell = |title: &str| {
                let at = processes.titles.iter().position(|known| known == title);
                at.and_then(|at| process.get(at)).map_or("-", String::as_str).to_owned()
            };
            let own = [container.service().to_owned(), number.clone()];
            rows.push(own.into_iter().chain(titles.iter().map(|title| cell(title))).chain([cell(COMMAND)]).collect());
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let header: Vec<String> =
        ["SERVICE", "#"].into_iter().chain(titles.iter().copied()).chain([COMMAND]).map(str::to_owned).collect();
    aligned(Layout::TIGHT, &std::iter::once(header).chain(rows).collect::<Vec<Vec<String>>>())
}
