//! One row of the live list: what, how far, and for how long.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use crate::engine::PullProgress;
use crate::event::Phase;

use super::super::human;
use super::super::paint::{BAD, BUSY, FAINT, GOOD, Paint, WARNING};
use super::{Moment, Telling};

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPIN: u128 = 100;
/// Narrower than this, a name says nothing any more.
const SHORTEST_NAME: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Working,
    Done,
    Warning,
    Failed,
    Skipped,
}

#[derive(Debug)]
pub struct Row {
    pub name: String,
    pub mark: Mark,
    pub detail: String,
    pub pull: Pull,
    /// What a build has printed.
    pub output: Vec<String>,
    verb: String,
    began: Duration,
    /// When it stopped moving.
    ended: Option<Duration>,
}

impl Row {
    pub fn new(name: &str, now: Duration) -> Self {
        Self {
            name: name.to_owned(),
            mark: Mark::Working,
            detail: String::new(),
            pull: Pull::default(),
            output: Vec::new(),
            verb: String::new(),
            began: now,
            ended: None,
        }
    }

    pub fn advance(&mut self, telling: &Telling, phase: &Phase, now: Duration) {
        let (mark, verb, detail) = match phase {
            Phase::Began => (Mark::Working, telling.working, telling.detail.as_str()),
            Phase::Done { .. } => (Mark::Done, telling.done, ""),
            Phase::Unneeded => (Mark::Done, telling.unneeded, ""),
            Phase::Tolerated { message } => (Mark::Warning, "Warning", message.as_str()),
            Phase::Failed { message } => (Mark::Failed, "Error", message.as_str()),
            Phase::Skipped { because } => (Mark::Skipped, "Skipped", because.as_str()),
        };
        // A later step of the same row does not hide that an earlier one went wrong.
        if self.mark == Mark::Failed {
            return;
        }
        if mark != Mark::Working {
            self.pull = Pull::default();
        }
        if mark == Mark::Done {
            self.output.clear();
        }
        // Only the time that is worked on it counts, not what lies between two steps.
        if let (Mark::Working, Some(ended)) = (mark, self.ended) {
            self.began += now.saturating_sub(ended);
        }
        self.ended = (mark != Mark::Working).then_some(now);
        self.mark = mark;
        self.verb = verb.to_owned();
        self.detail = one_line(detail);
    }

    /// The row in at most the window's columns, and how many it takes.
    pub fn line(&self, columns: &Columns, moment: Moment, paint: Paint) -> (String, usize) {
        let (mark, style) = match self.mark {
            Mark::Working => (SPINNER[(moment.time.as_millis() / SPIN) as usize % SPINNER.len()], BUSY),
            Mark::Done => ("✔", GOOD),
            Mark::Warning => ("!", WARNING),
            Mark::Failed => ("✘", BAD),
            Mark::Skipped => ("-", FAINT),
        };
        let name = padded(&human::shorten_name(&self.name, columns.name), columns.name);
        let verb = padded(&human::shorten(&self.verb, columns.verb), columns.verb);
        let elapsed = human::elapsed(self.ended.unwrap_or(moment.time).saturating_sub(self.began));
        let detail = if self.overflows(columns) { String::new() } else { self.detail() };
        let detail = padded(&human::shorten(&detail, columns.detail), columns.detail);
        let gap = if columns.detail == 0 { "" } else { "  " };
        let time = if columns.time == 0 { String::new() } else { format!(" {elapsed:>width$}", width = columns.time) };
        let width = 3 + name.width() + 2 + verb.width() + gap.len() + detail.width() + time.width();
        let detail_style = if self.mark == Mark::Failed { BAD } else { FAINT };
        let line = format!(
            " {} {name}  {}{gap}{}{}",
            paint.paint(style, mark),
            paint.paint(style, verb),
            paint.paint(detail_style, detail),
            paint.paint(FAINT, time),
        );
        (line, width)
    }

    /// What stands below the row while it is worked on: the detail if it has no room beside, the end of a build's output.
    pub fn tail(&self, lines: usize, columns: &Columns, moment: Moment, paint: Paint) -> Vec<(String, usize)> {
        if self.mark != Mark::Working {
            return Vec::new();
        }
        let detail = self.overflows(columns).then(|| self.detail());
        let output = &self.output[self.output.len().saturating_sub(lines)..];
        detail
            .into_iter()
            .chain(output.iter().map(|line| one_line(line)))
            .take(lines)
            .map(|line| {
                let text = human::shorten(&format!("     {line}"), moment.size.columns.saturating_sub(1));
                let width = text.width();
                (paint.paint(FAINT, text), width)
            })
            .collect()
    }

    fn detail(&self) -> String {
        if self.pull.is_empty() { self.detail.clone() } else { self.pull.to_string() }
    }

    /// What is awaited has to be readable: it moves below when there is too little room for it.
    fn overflows(&self, columns: &Columns) -> bool {
        self.mark == Mark::Working && columns.detail < self.detail().width()
    }
}

/// How wide each part of a row is. In a narrow window the detail moves below, then the name is shortened, then the time goes.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    name: usize,
    verb: usize,
    detail: usize,
    time: usize,
}

impl Columns {
    pub fn of(rows: &[&Row], moment: Moment) -> Self {
        const TIME: usize = 6;
        // The last column stays free: some terminals wrap when it is written.
        let window = moment.size.columns.saturating_sub(1);
        let widest = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).width()).max().unwrap_or(0);
        let (name, verb) = (widest(|row| &row.name), widest(|row| &row.verb));
        let wanted = |name: usize, time: usize| 3 + name + 2 + verb + if time > 0 { 1 + time } else { 0 };
        if let Some(left) = window.checked_sub(wanted(name, TIME) + 2) {
            return Self { name, verb, detail: left, time: TIME };
        }
        let short = name.min(window.saturating_sub(wanted(0, TIME))).max(SHORTEST_NAME.min(name));
        if wanted(short, TIME) <= window {
            return Self { name: short, verb, detail: 0, time: TIME };
        }
        let short = name.min(window.saturating_sub(wanted(0, 0)));
        let verb = verb.min(window.saturating_sub(5 + short));
        Self { name: short, verb, detail: 0, time: 0 }
    }
}

/// The layers of a pull, added up.
#[derive(Debug, Default)]
pub struct Pull(Vec<Layer>);

#[derive(Debug, Default)]
struct Layer {
    id: String,
    current: u64,
    total: u64,
    done: bool,
}

impl Pull {
    pub fn advance(&mut self, progress: &PullProgress) {
        if progress.layer.is_empty() {
            return;
        }
        let at = self.0.iter().position(|layer| layer.id == progress.layer).unwrap_or_else(|| {
            self.0.push(Layer { id: progress.layer.clone(), ..Layer::default() });
            self.0.len() - 1
        });
        let layer = &mut self.0[at];
        match progress.status.as_str() {
            _ if progress.is_done() => (layer.done, layer.current) = (true, layer.total),
            // Unpacking counts again from 0: what has arrived has arrived.
            "Downloading" | "Pushing" => {
                layer.current = progress.current.unwrap_or(layer.current);
                layer.total = progress.total.unwrap_or(layer.total);
            }
            "Download complete" => layer.current = layer.total,
            _ => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Pull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let done = self.0.iter().filter(|layer| layer.done).count();
        let (current, total) =
            self.0.iter().fold((0_u64, 0_u64), |sum, layer| (sum.0 + layer.current, sum.1 + layer.total));
        write!(f, "{done}/{}", human::count(self.0.len(), "layer"))?;
        if total > 0 { write!(f, "  {} of {}", human::size(current), human::size(total)) } else { Ok(()) }
    }
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// Line ends and tabs would break the list.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
