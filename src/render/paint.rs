//! Colour, or none of it.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// Whether escape sequences may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    pub color: bool,
}

pub const GOOD: Style = AnsiColor::Green.on_default();
pub const BUSY: Style = AnsiColor::Cyan.on_default();
pub const WARNING: Style = AnsiColor::Yellow.on_default();
pub const BAD: Style = AnsiColor::Red.on_default();
pub const STRONG: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();

impl Paint {
    pub const PLAIN: Self = Self { color: false };

    pub fn new(color: bool) -> Self {
        Self { color }
    }

    pub fn paint(self, style: Style, text: impl Display) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// A text that a terminal opens as a link when it is clicked (OSC 8).
    pub fn link(self, address: &str) -> String {
        if self.color { format!("\x1b]8;;{address}\x1b\\{address}\x1b]8;;\x1b\\") } else { address.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_there_is_no_escape_sequence() {
        assert_eq!(Paint::PLAIN.paint(BAD, "no"), "no");
        assert_eq!(Paint::PLAIN.link("http://localhost:1"), "http://localhost:1");
        assert_eq!(Paint::new(true).paint(BAD, "no"), "\x1b[31mno\x1b[0m");
        assert!(Paint::new(true).link("http://x").starts_with("\x1b]8;;http://x\x1b\\"));
    }
}
