//! Questions to the person at the terminal, where there is one.

use std::io::{self, Write};

use crate::terminal::Terminal;

/// Whether somebody is there to be asked: what is written is seen, and what is typed is read.
pub fn is_possible() -> bool {
    let terminal = Terminal::look();
    terminal.stdin && terminal.stderr
}

/// Asks on standard error, and takes anything but a yes for a no.
///
/// # Errors
/// When the terminal is gone.
pub fn confirm(question: &str) -> io::Result<bool> {
    let mut err = io::stderr().lock();
    write!(err, "{question} [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        // Nobody pressed the key that would have ended the line.
        writeln!(err)?;
    }
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for answer in ["y\n", "Y\n", "yes", " Yes \n"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yess\n", "1\n", "yes please"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
