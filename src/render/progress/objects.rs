//! One JSON object for each change, for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::engine::PullProgress;
use crate::event::{Event, Phase};

use super::super::human;
use super::outline::{self, Outline};

#[derive(Debug, Default)]
pub struct Objects {
    pub outline: Outline,
    pub quiet_pull: bool,
    pub quiet_build: bool,
}

/// One change of what is being done. Empty fields are left out.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "A line of --progress json"))]
pub(super) struct Change<'e> {
    /// What changes: `Container shop-web-1`, or a layer of an image. Absent for what is said in general.
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'e str,
    /// The image that a layer belongs to.
    #[serde(skip_serializing_if = "str::is_empty")]
    parent_id: &'e str,
    /// `Working`, `Done`, `Warning` or `Error`.
    status: &'static str,
    /// What is done to it, in one word: `Creating`, `Created`. In general: what is said.
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'e str,
    /// What is waited for, why it failed or was skipped, what a build printed, or how long it took.
    #[serde(skip_serializing_if = "str::is_empty")]
    details: &'e str,
    /// Bytes that have arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<u64>,
    /// Bytes that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// Of those bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u64>,
}

impl Objects {
    pub fn show(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Step { id, subject, action, phase } => {
                let telling = self.outline.telling(*id, subject, *action);
                let elapsed;
                let (status, text, details) = match phase {
                    Phase::Began => ("Working", telling.working, telling.detail.as_str()),
                    Phase::Done { elapsed: time } => {
                        elapsed = human::elapsed(*time);
                        ("Done", telling.done, elapsed.as_str())
                    }
                    Phase::Unneeded => ("Done", telling.unneeded, ""),
                    Phase::Tolerated { message } => ("Warning", "Warning", message.as_str()),
                    Phase::Failed { message } => ("Error", "Error", message.as_str()),
                    Phase::Skipped { because } => ("Warning", "Skipped", because.as_str()),
                };
                write(&Change { id: &telling.row, status, text, details, ..Change::default() }, out)
            }
            Event::Pull { id, progress } if !self.quiet_pull => write(&pulled(progress, self.outline.row(*id)), out),
            Event::Build { id, text } if !self.quiet_build => {
                let id = self.outline.row(*id);
                write(&Change { id, status: "Working", text: "Building", details: text, ..Change::default() }, out)
            }
            Event::StillWaiting { subject, what, elapsed } => {
                let id = outline::row(subject);
                let details = format!("{what} ({})", human::elapsed(*elapsed));
                write(
                    &Change { id: &id, status: "Working", text: "Waiting", details: &details, ..Change::default() },
                    out,
                )
            }
            Event::Warning(text) => write(&Change { status: "Warning", text, ..Change::default() }, out),
            Event::Notice(text) => write(&Change { status: "Working", text, ..Change::default() }, out),
            Event::Pull { .. } | Event::Build { .. } => Ok(()),
            Event::Attached { .. }
            | Event::LogsOf { .. }
            | Event::Log(_)
            | Event::Life(_)
            | Event::Watch(_)
            | Event::Settled { .. } => Ok(()),
        }
    }
}

fn pulled<'e>(progress: &'e PullProgress, image: &'e str) -> Change<'e> {
    let percent = match (progress.current, progress.total) {
        (Some(current), Some(total)) if total > 0 => Some((current.saturating_mul(100) / total).min(100)),
        _ => None,
    };
    let status = if progress.is_done() { "Done" } else { "Working" };
    let (id, parent_id) = if progress.layer.is_empty() { (image, "") } else { (progress.layer.as_str(), image) };
    Change {
        id,
        parent_id,
        status,
        text: &progress.status,
        details: "",
        current: progress.current,
        total: progress.total,
        percent,
    }
}

fn write(change: &Change<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, change)?;
    out.write_all(b"\n")
}
