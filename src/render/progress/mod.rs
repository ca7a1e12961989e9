//! What work in progress looks like: a live list, lines, JSON objects, or nothing.

mod board;
mod lines;
mod objects;
mod outline;
mod row;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::time::Duration;

use crate::event::Event;
use crate::terminal::Size;

use super::paint::Paint;

pub use outline::{Outline, Telling};

use board::Board;
use lines::Lines;
use objects::Objects;

/// A way of showing progress.
#[derive(Debug)]
pub enum Progress {
    Tty(Board),
    Plain(Lines),
    Json(Objects),
    Quiet,
}

/// What is known at the moment of telling: the time since the command began, and the window.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub time: Duration,
    pub size: Size,
}

impl Progress {
    pub fn tty(title: &str, paint: Paint) -> Self {
        Self::Tty(Board::new(title, paint))
    }

    pub fn plain(paint: Paint) -> Self {
        Self::Plain(Lines::new(paint))
    }

    pub fn json() -> Self {
        Self::Json(Objects::default())
    }

    /// The plan that the coming events are about.
    pub fn outline(&mut self, outline: Outline) {
        match self {
            Self::Tty(board) => board.outline = outline,
            Self::Plain(lines) => lines.outline = outline,
            Self::Json(objects) => objects.outline = outline,
            Self::Quiet => {}
        }
    }

    /// Logs are going to be shown: single lines do not tell what can be seen there.
    pub fn expect_logs(&mut self) {
        if let Self::Plain(lines) = self {
            lines.attached = true;
        }
    }

    /// Leaves the layers of pulls out.
    pub fn quiet_pull(&mut self) {
        match self {
            Self::Tty(board) => board.quiet_pull = true,
            Self::Plain(lines) => lines.quiet_pull = true,
            Self::Json(objects) => objects.quiet_pull = true,
            Self::Quiet => {}
        }
    }

    /// Leaves the output of builds out.
    pub fn quiet_build(&mut self) {
        match self {
            Self::Tty(board) => board.quiet_build = true,
            Self::Plain(lines) => lines.quiet_build = true,
            Self::Json(objects) => objects.quiet_build = true,
            Self::Quiet => {}
        }
    }

    pub fn show(&mut self, event: &Event, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Tty(board) => board.show(event, moment, out),
            Self::Plain(lines) => lines.show(event, out),
            Self::Json(objects) => objects.show(event, out),
            Self::Quiet => Ok(()),
        }
    }

    /// Time has passed, and nothing else.
    pub fn tick(&mut self, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Tty(board) => board.draw(moment, out),
            _ => Ok(()),
        }
    }

    /// The work is done: what is shown stays.
    pub fn finish(&mut self, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Tty(board) => board.finish(moment, out),
            _ => Ok(()),
        }
    }

    /// Logs begin: a live list gives way to single lines, and what is to be expected is not told any more.
    pub fn give_way(&mut self, moment: Moment, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Tty(board) => {
                board.clear(moment, out)?;
                *self = Self::Plain(board.successor());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
