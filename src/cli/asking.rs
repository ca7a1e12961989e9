//! Questions to the person at the terminal, where there is one.

use std::io::{self, Write};

use crate::terminal::Terminal;

use super::words;

/// Whether somebody is there to be asked: what is written is seen, and what is typed is read.
pub fn is_possible() -> bool {
    let terminal = Terminal::look();
    terminal.stdin && terminal.stdout
}

/// Asks on standard output, and takes anything but a yes for a no.
///
/// # Errors
/// When the terminal is gone.
pub fn confirm(question: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    write!(out, "{question} [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        // Nobody was there to press the key that would have ended the line.
        writeln!(out)?;
    }
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim();
    answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes") || words::truth(answer) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for answer in ["y\n", "Y\n", "yes", " Yes \n", "true", "1"] {
            assert!(is_yes(answer), "{answer:?}");
        }
        for answer in ["", "\n", "n\n", "yess\n", "0", "yes please"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
