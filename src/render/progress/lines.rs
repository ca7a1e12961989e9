//! One line for each change, for pipes and files.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::event::{Event, Phase};
use crate::plan::Action;

use super::super::human;
use super::super::paint::{BAD, FAINT, Paint, WARNING};
use super::outline::{self, Outline};

#[derive(Debug, Default)]
pub struct Lines {
    pub outline: Outline,
    pub quiet_pull: bool,
    pub quiet_build: bool,
    /// Logs are (or will be) shown: that containers start and are waited for can be seen there.
    pub attached: bool,
    /// The rows that were said to be skipped: once for all their steps.
    skipped: BTreeSet<String>,
    paint: Paint,
}

impl Lines {
    pub fn new(paint: Paint) -> Self {
        Self { paint, ..Self::default() }
    }

    pub fn show(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Step { id, subject, action, phase } => {
                let telling = self.outline.telling(*id, subject, *action);
                let row = &telling.row;
                match phase {
                    Phase::Began | Phase::Done { .. } | Phase::Unneeded if self.is_expected(*action) => Ok(()),
                    Phase::Began => writeln!(out, " {row}  {}", telling.working),
                    Phase::Done { elapsed } => {
                        let elapsed = self.paint.paint(FAINT, human::elapsed(*elapsed));
                        writeln!(out, " {row}  {}  {elapsed}", telling.done)
                    }
                    Phase::Unneeded => writeln!(out, " {row}  {}", telling.unneeded),
                    Phase::Tolerated { message } => {
                        writeln!(out, " {row}  {}  {message}", self.paint.paint(WARNING, "Warning"))
                    }
                    Phase::Failed { message } => writeln!(out, " {row}  {}  {message}", self.paint.paint(BAD, "Error")),
                    Phase::Skipped { .. } if !self.skipped.insert(row.clone()) => Ok(()),
                    Phase::Skipped { because } => {
                        writeln!(out, " {row}  {}  {because}", self.paint.paint(FAINT, "Skipped"))
                    }
                }
            }
            Event::Pull { id, progress } => {
                if self.quiet_pull || !progress.is_done() {
                    return Ok(());
                }
                let row = self.outline.row(*id);
                writeln!(out, " {row}  {} {}", progress.layer, progress.status)
            }
            Event::Build { .. } if self.quiet_build => Ok(()),
            Event::Build { id, text } => {
                let row = self.outline.row(*id);
                writeln!(out, " {row}  {text}")
            }
            Event::StillWaiting { subject, what, elapsed } => {
                writeln!(out, " {}  Waiting  {what} ({})", outline::row(subject), human::elapsed(*elapsed))
            }
            Event::Warning(text) => writeln!(out, "{} {text}", self.paint.paint(WARNING, "warning:")),
            Event::Notice(text) => writeln!(out, "{text}"),
            Event::Attached { .. }
            | Event::LogsOf { .. }
            | Event::Log(_)
            | Event::Life(_)
            | Event::Watch(_)
            | Event::Settled { .. } => Ok(()),
        }
    }

    fn is_expected(&self, action: Action) -> bool {
        self.attached && matches!(action, Action::Await | Action::Start)
    }
}
