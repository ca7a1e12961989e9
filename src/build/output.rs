//! What a builder prints: whole lines, of which the last are remembered in case that it fails.

use std::cell::RefCell;
use std::collections::VecDeque;

/// How many lines tell why a build failed.
const LAST: usize = 10;

/// Hands lines on.
pub struct Output<'t> {
    tell: &'t dyn Fn(String),
    carry: RefCell<Vec<u8>>,
    last: RefCell<VecDeque<String>>,
}

impl<'t> Output<'t> {
    pub fn new(tell: &'t dyn Fn(String)) -> Self {
        Self { tell, carry: RefCell::default(), last: RefCell::default() }
    }

    /// Takes text that may begin and end in the middle of a line.
    pub fn text(&self, bytes: &[u8]) {
        let mut carry = self.carry.borrow_mut();
        carry.extend_from_slice(bytes);
        let Some(end) = carry.iter().rposition(|byte| *byte == b'\n') else { return };
        let rest = carry.split_off(end + 1);
        let whole = std::mem::replace(&mut *carry, rest);
        drop(carry);
        for line in String::from_utf8_lossy(&whole[..end]).split('\n') {
            self.line(line);
        }
    }

    /// Takes one line. What was overwritten in it by a terminal's carriage returns is left out.
    pub fn line(&self, line: &str) {
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or(line);
        let mut last = self.last.borrow_mut();
        if last.len() == LAST {
            last.pop_front();
        }
        last.push_back(line.to_owned());
        drop(last);
        (self.tell)(line.to_owned());
    }

    /// Hands on what has no line end.
    pub fn finish(&self) {
        let rest = std::mem::take(&mut *self.carry.borrow_mut());
        if !rest.is_empty() {
            self.line(&String::from_utf8_lossy(&rest));
        }
    }

    /// A message with the last lines of the output below it, those left out that only repeat it.
    pub fn explain(&self, message: &str) -> String {
        let last = self.last.borrow();
        let said = |line: &&String| !line.trim().is_empty() && !message.contains(line.trim());
        let lines: Vec<_> = last.iter().filter(said).map(|line| format!("\n  {line}")).collect();
        format!("{}{}", message.trim_end(), lines.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines_and_the_last_ones_explain() {
        let told = RefCell::new(Vec::new());
        let tell = |line: String| told.borrow_mut().push(line);
        let output = Output::new(&tell);
        for piece in ["Step 1", "/2\nStep 2/2\r\n", "10%\r100%\n", "end"] {
            output.text(piece.as_bytes());
        }
        output.finish();
        assert_eq!(*told.borrow(), ["Step 1/2", "Step 2/2", "100%", "end"]);
        assert_eq!(output.explain("no: end"), "no: end\n  Step 1/2\n  Step 2/2\n  100%");
        for number in 0..20 {
            output.line(&number.to_string());
        }
        assert_eq!(output.explain("x").lines().count(), 11);
    }
}
