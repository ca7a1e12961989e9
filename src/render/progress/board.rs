//! A live list, redrawn in place: one row for each thing that is worked on.

use std::io::{self, Write};
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use crate::event::{Event, Phase};

use super::super::human;
use super::super::paint::{Paint, STRONG, WARNING};
use super::Moment;
use super::lines::Lines;
use super::outline::{self, Outline};
use super::row::{Mark, Row};

#[derive(Debug)]
pub struct Board {
    pub outline: Outline,
    pub quiet_pull: bool,
    pub quiet_build: bool,
    title: String,
    paint: Paint,
    rows: Vec<Row>,
    /// The lines that are on the screen now, and their widths.
    drawn: Vec<(String, usize)>,
}

impl Board {
    pub fn new(title: &str, paint: Paint) -> Self {
        Self {
            outline: Outline::default(),
            quiet_pull: false,
            quiet_build: false,
            title: title.to_owned(),
            paint,
            rows: Vec::new(),
            drawn: Vec::new(),
        }
    }

    /// What goes on in single lines after the list is gone.
    pub fn successor(&mut self) -> Lines {
        let mut lines = Lines::new(self.paint);
        lines.outline = std::mem::take(&mut self.outline);
        (lines.quiet_pull, lines.quiet_build, lines.attached) = (self.quiet_pull, self.quiet_build, true);
        lines
    }

    pub fn show(&mut self, event: &Event, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Step { id, subject, action, phase } => {
                let telling = self.outline.telling(*id, subject, *action);
                let row = self.row(&telling.row, moment.time);
                row.advance(&telling, phase, moment.time);
                // A build that failed is worth its whole output; the list shows only its end.
                if matches!(phase, Phase::Failed { .. }) {
                    let output = std::mem::take(&mut row.output);
                    if !output.is_empty() {
                        self.above(&output.join("\n"), moment, out)?;
                    }
                }
            }
            Event::Pull { .. } if self.quiet_pull => return Ok(()),
            Event::Pull { id, progress } => {
                let name = self.outline.row(*id).to_owned();
                self.row(&name, moment.time).pull.advance(progress);
            }
            Event::Build { .. } if self.quiet_build => return Ok(()),
            Event::Build { id, text } => {
                let name = self.outline.row(*id).to_owned();
                self.row(&name, moment.time).output.push(text.clone());
            }
            Event::StillWaiting { subject, what, .. } => {
                self.row(&outline::row(subject), moment.time).detail.clone_from(what);
            }
            Event::Warning(text) => {
                let text = format!("{} {text}", self.paint.paint(WARNING, "warning:"));
                self.above(&text, moment, out)?;
            }
            Event::Notice(text) => self.above(text, moment, out)?,
            Event::Attached { .. }
            | Event::LogsOf { .. }
            | Event::Log(_)
            | Event::Life(_)
            | Event::Watch(_)
            | Event::Settled { .. } => {
                return Ok(());
            }
        }
        self.draw(moment, out)
    }

    fn row(&mut self, name: &str, now: Duration) -> &mut Row {
        let at = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            self.rows.push(Row::new(name, now));
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// Prints a text that stays, over the list.
    fn above(&mut self, text: &str, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        self.clear(moment, out)?;
        writeln!(out, "{text}")
    }

    pub fn clear(&mut self, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.back(moment).as_bytes())?;
        self.drawn.clear();
        out.flush()
    }

    pub fn draw(&mut self, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        let lines = self.frame(moment);
        if lines == self.drawn { Ok(()) } else { self.replace(lines, moment, out) }
    }

    /// Shows every row, also those that the window has no room for.
    pub fn finish(&mut self, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        let unlimited = Moment { size: crate::terminal::Size { rows: usize::MAX, ..moment.size }, ..moment };
        let lines = self.frame(unlimited);
        self.replace(lines, moment, out)?;
        self.drawn.clear();
        self.rows.clear();
        Ok(())
    }

    /// One write for the whole change, so that nobody sees half of it.
    fn replace(&mut self, lines: Vec<(String, usize)>, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        let mut text = self.back(moment);
        for (line, _) in &lines {
            text.push_str(line);
            text.push('\n');
        }
        self.drawn = lines;
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Goes back to where the list began, and erases from there. A window that became narrower has wrapped the lines.
    fn back(&self, moment: Moment) -> String {
        let columns = moment.size.columns.max(1);
        let rows: usize = self.drawn.iter().map(|(_, width)| width.div_ceil(columns).max(1)).sum();
        if rows == 0 { String::new() } else { format!("\x1b[{rows}A\r\x1b[J") }
    }

    /// The lines of the list and their widths, no wider and no longer than the window.
    pub fn frame(&self, moment: Moment) -> Vec<(String, usize)> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let done = self.rows.iter().filter(|row| row.mark != Mark::Working).count();
        let title = format!("[+] {} {done}/{}", self.title, self.rows.len().max(self.outline.rows()));
        let title = human::shorten(&title, moment.size.columns.saturating_sub(1));
        let width = title.width();
        let mut lines = vec![(self.paint.paint(STRONG, title), width)];
        // One line stays free for the cursor, one for the rows that do not fit.
        let room = moment.size.rows.saturating_sub(3).max(1);
        let shown = self.fitting(room);
        let hidden = self.rows.len() - shown.len();
        if hidden > 0 {
            let text = human::shorten(&format!(" … {hidden} more"), moment.size.columns.saturating_sub(1));
            let width = text.width();
            lines.push((text, width));
        }
        let columns = super::row::Columns::of(&shown, moment);
        let mut left = room.saturating_sub(shown.len());
        for row in shown {
            lines.push(row.line(&columns, moment, self.paint));
            let tail = row.tail(left.min(TAIL), &columns, moment, self.paint);
            left -= tail.len();
            lines.extend(tail);
        }
        lines
    }

    /// The rows that are shown when there is no room for all: what is unfinished first.
    fn fitting(&self, room: usize) -> Vec<&Row> {
        if self.rows.len() <= room {
            return self.rows.iter().collect();
        }
        let unfinished = self.rows.iter().filter(|row| row.mark == Mark::Working || row.mark == Mark::Failed).count();
        let mut finished = room.saturating_sub(unfinished);
        let mut open = room;
        let mut kept: Vec<&Row> = Vec::new();
        // From the end: of what is finished, the latest is the most interesting.
        for row in self.rows.iter().rev() {
            let left = match row.mark {
                Mark::Working | Mark::Failed => &mut open,
                _ => &mut finished,
            };
            if *left > 0 && kept.len() < room {
                *left -= 1;
                kept.push(row);
            }
        }
        kept.reverse();
        kept
    }
}

/// How many lines are shown below a row at most: the end of a build's output while it runs.
const TAIL: usize = 6;
