//! The window to the person: whether somebody is watching, and how large the window is.

pub mod keys;
pub mod raw;

use std::io::IsTerminal;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Which of the standard streams are terminals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

impl Terminal {
    /// Asks the operating system.
    pub fn look() -> Self {
        Self {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
        }
    }
}

/// Whether keys that are typed are for this process: one in the background that asks for them is stopped.
pub fn is_in_front() -> bool {
    let front = rustix::termios::tcgetpgrp(std::io::stdin());
    front.map_or(true, |front| front == rustix::process::getpgrp())
}

/// Whether somebody still reads standard output; a pipe whose reader has left has nobody.
pub fn is_heard() -> bool {
    let stdout = std::io::stdout();
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    match poll(&mut watched, Some(&Timespec::default())) {
        Ok(_) => !watched[0].revents().contains(PollFlags::ERR),
        // What cannot be told is found out by writing.
        Err(_) => true,
    }
}

/// A text that stands where the last one stood: from the top of the window, with nothing left of what was there.
pub fn over(text: &str) -> String {
    let lines = text.replace('\n', "\x1b[K\n");
    format!("\x1b[H{lines}\x1b[J")
}

/// Columns and rows of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// What is taken for granted where nobody can tell.
pub const USUAL: Size = Size { columns: 80, rows: 24 };

/// The window that a person sits at, if any of the standard streams has one.
pub fn window() -> Option<Size> {
    let sizes = [
        rustix::termios::tcgetwinsize(std::io::stdout()),
        rustix::termios::tcgetwinsize(std::io::stdin()),
        rustix::termios::tcgetwinsize(std::io::stderr()),
    ];
    first(sizes.into_iter().flatten())
}

/// The window that standard error, else standard output, is shown in. Changes when the person resizes it.
pub fn size() -> Size {
    let sizes = [rustix::termios::tcgetwinsize(std::io::stderr()), rustix::termios::tcgetwinsize(std::io::stdout())];
    first(sizes.into_iter().flatten()).unwrap_or(USUAL)
}

/// A window that nobody has given a size yet has none.
fn first(mut windows: impl Iterator<Item = rustix::termios::Winsize>) -> Option<Size> {
    let window = windows.find(|window| window.ws_col > 0 && window.ws_row > 0)?;
    Some(Size { columns: usize::from(window.ws_col), rows: usize::from(window.ws_row) })
}
