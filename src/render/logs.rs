//! The output of containers: whose line it is, in which colour, and what became of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use foldhash::fast::RandomState;
use unicode_width::UnicodeWidthStr;

use crate::event::{Life, LogLine, News};
use crate::model::ServiceName;

use super::human;
use super::paint::Paint;

/// Red is for errors; black and white vanish on some backgrounds.
const COLORS: [AnsiColor; 10] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightYellow,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

/// How lines are shown.
#[derive(Debug, Default)]
pub struct Logs {
    paint: Paint,
    prefix: bool,
    times: bool,
    width: usize,
    /// What stands in front of the lines of each container, by its label.
    prefixes: HashMap<Arc<str>, Vec<u8>, RandomState>,
    colors: BTreeMap<ServiceName, AnsiColor>,
}

impl Logs {
    pub fn new(paint: Paint, prefix: bool) -> Self {
        Self { paint, prefix, ..Self::default() }
    }

    /// Shows the engine's time of each line.
    #[must_use]
    pub fn with_times(self, times: bool) -> Self {
        Self { times, ..self }
    }

    /// Makes room for names that are going to appear, so that the first lines already stand in line.
    pub fn expect<'l>(&mut self, labels: impl IntoIterator<Item = &'l str>) {
        let width = labels.into_iter().map(UnicodeWidthStr::width).fold(self.width, usize::max);
        if width > self.width {
            self.width = width;
            self.prefixes.clear();
        }
    }

    /// One line of output with its prefix, ready to be written. `text` is memory that may be used for it.
    pub fn line(&mut self, line: &LogLine, mut text: Vec<u8>) -> Vec<u8> {
        text.clear();
        self.prefix(line, &mut text);
        if let Some(time) = line.time.filter(|_| self.times) {
            text.extend_from_slice(human::instant(time).as_bytes());
            text.push(b' ');
        }
        text.extend_from_slice(&line.text);
        text.push(b'\n');
        text
    }

    /// Stands where lines of a container were left out.
    pub fn gap(&mut self, line: &LogLine) -> Vec<u8> {
        let mut text = Vec::new();
        self.prefix(line, &mut text);
        text.extend_from_slice(b"--\n");
        text
    }

    fn prefix(&mut self, line: &LogLine, text: &mut Vec<u8>) {
        if !self.prefix {
            return;
        }
        if let Some(prefix) = self.prefixes.get(&line.label) {
            text.extend_from_slice(prefix);
            return;
        }
        let label = &line.label;
        self.expect([&**label]);
        let gap = " ".repeat((self.width + 1).saturating_sub(label.width()));
        let style = self.style(&line.service);
        let prefix = self.paint.paint(style, format_args!("{label}{gap} | ")).into_bytes();
        text.extend_from_slice(&prefix);
        self.prefixes.insert(Arc::clone(label), prefix);
    }

    /// What happened to a container: `web-1 exited with code 0`.
    pub fn life(&mut self, life: &Life) -> String {
        let label = self.paint.paint(self.style(&life.service), &life.label);
        match &life.news {
            News::Exited { code, out_of_memory, restarting } => {
                let memory = if *out_of_memory { " (out of memory)" } else { "" };
                let again = if *restarting { " (restarting)" } else { "" };
                format!("{label} exited with code {code}{memory}{again}\n")
            }
            News::Restarted => format!("{label} has been restarted\n"),
            News::Recreated => format!("{label} has been recreated\n"),
            News::Removed => format!("{label} has been removed\n"),
        }
    }

    /// The same service has the same colour every time, unless another one has taken it before.
    fn style(&mut self, service: &ServiceName) -> Style {
        if !self.paint.color {
            return Style::new();
        }
        if let Some(color) = self.colors.get(service) {
            return color.on_default();
        }
        let first = hash(service.as_str()) % COLORS.len();
        let color = (0..COLORS.len())
            .map(|step| COLORS[(first + step) % COLORS.len()])
            .find(|color| !self.colors.values().any(|taken| taken == color))
            .unwrap_or(COLORS[first]);
        self.colors.insert(service.clone(), color);
        color.on_default()
    }
}

/// FNV-1a: small, and the same on every machine.
fn hash(text: &str) -> usize {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    fn line(service: &str, text: &str) -> LogLine {
        LogLine::of(&format!("{service}-1"), Stream::Stdout, text)
    }

    fn shown(logs: &mut Logs, line: &LogLine) -> Vec<u8> {
        logs.line(line, Vec::new())
    }

    #[test]
    fn prefixes_stand_in_line_and_can_be_left_out() {
        let mut logs = Logs::new(Paint::PLAIN, true);
        logs.expect(["database-1"]);
        assert_eq!(shown(&mut logs, &line("web", "hello")), b"web-1       | hello\n");
        assert_eq!(shown(&mut logs, &line("database", "hi")), b"database-1  | hi\n");
        let dated = LogLine { time: Some(1_767_323_045_000_000_001), ..line("web", "x") };
        assert_eq!(shown(&mut logs, &dated), b"web-1       | x\n");
        assert_eq!(logs.gap(&dated), b"web-1       | --\n");
        assert_eq!(shown(&mut logs.with_times(true), &dated), b"web-1       | 2026-01-02T03:04:05.000000001Z x\n");
        assert_eq!(shown(&mut Logs::new(Paint::PLAIN, false), &line("web", "hello")), b"hello\n");
    }

    #[test]
    fn bytes_that_are_no_text_come_through() {
        let mut logs = Logs::new(Paint::PLAIN, false);
        let raw = LogLine { text: vec![0xff, 0x00, b'x'].into(), ..line("web", "") };
        assert_eq!(shown(&mut logs, &raw), [0xff, 0x00, b'x', b'\n']);
    }

    #[test]
    fn a_service_keeps_its_colour_and_shares_it_with_nobody_while_colours_last() {
        let mut logs = Logs::new(Paint::new(true), true);
        let names: Vec<String> = (0..COLORS.len()).map(|number| format!("service{number}")).collect();
        let first: Vec<Style> = names.iter().map(|name| logs.style(&name.as_str().into())).collect();
        let again: Vec<Style> = names.iter().map(|name| logs.style(&name.as_str().into())).collect();
        assert_eq!(first, again);
        for (index, style) in first.iter().enumerate() {
            assert!(!first[..index].contains(style), "{index} has the colour of an earlier one");
        }
        assert_eq!(Logs::new(Paint::new(true), true).style(&"service3".into()), {
            Logs::new(Paint::new(true), true).style(&"service3".into())
        });
    }

    #[test]
    fn exits_are_told_with_code_and_cause() {
        let mut logs = Logs::new(Paint::PLAIN, true);
        let mut told = |news| logs.life(&Life { service: "web".into(), replica: 1, label: "web-1".into(), news });
        let exited = |code, out_of_memory, restarting| News::Exited { code, out_of_memory, restarting };
        assert_eq!(told(exited(0, false, false)), "web-1 exited with code 0\n");
        assert_eq!(told(exited(137, true, true)), "web-1 exited with code 137 (out of memory) (restarting)\n");
        assert_eq!(told(News::Recreated), "web-1 has been recreated\n");
    }
}
