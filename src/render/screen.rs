//! Everything that is told while a command works, each on the stream where it belongs.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use crate::engine::Stream;
use crate::event::{Event, LogLine};
use crate::model::ServiceName;

use super::logs::Logs;
use super::progress::{Moment, Outline, Progress};
use super::records::Records;
use super::sieve::{Shown, Sieve, Wanted};
use super::watch;

/// Where the parts of the telling go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// Progress goes to standard output.
    pub progress_on_stdout: bool,
    /// What containers write to standard error goes to standard output too.
    pub errors_on_stdout: bool,
    /// Logs are JSON objects.
    pub json_logs: bool,
    /// Says whose logs are about to be shown.
    pub announce: bool,
    /// How the lines of one container are kept apart from those of the next.
    pub groups: Groups,
}

/// What stands around the lines of one container when they are shown one container after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Groups {
    /// A heading.
    #[default]
    Headings,
    /// What a GitHub workflow folds.
    Github,
}

/// Which lines are shown.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub wanted: Wanted,
    /// Services whose lines are read for other reasons than to be shown.
    pub hidden: BTreeSet<ServiceName>,
}

/// Progress and logs together. Logs are kept back until the next [`Screen::tick`] or until there are many.
pub struct Screen<'w> {
    progress: Progress,
    logs: Logs,
    records: Records,
    hidden: BTreeSet<ServiceName>,
    sieve: Sieve,
    routes: Routes,
    out: io::BufWriter<Sink<'w>>,
    err: io::BufWriter<Sink<'w>>,
    attached: bool,
    /// Whose lines are to come, until the first of them that is shown.
    heading: Option<Arc<str>>,
    /// Whether a group of lines is open.
    grouped: bool,
    /// The memory of the last line that was shown, for the next one.
    line: Vec<u8>,
}

pub type Sink<'w> = Box<dyn Write + 'w>;

const BUFFER: usize = 64 * 1024;

impl<'w> Screen<'w> {
    pub fn new(progress: Progress, logs: Logs, routes: Routes, out: Sink<'w>, err: Sink<'w>) -> Self {
        Self {
            progress,
            logs,
            records: Records::default(),
            hidden: BTreeSet::new(),
            sieve: Sieve::new(Wanted::default()),
            routes,
            out: io::BufWriter::with_capacity(BUFFER, out),
            err: io::BufWriter::with_capacity(BUFFER, err),
            attached: false,
            heading: None,
            grouped: false,
            line: Vec::new(),
        }
    }

    /// Whose project the objects are about.
    #[must_use]
    pub fn with_records(self, records: Records) -> Self {
        Self { records, ..self }
    }

    #[must_use]
    pub fn with_choice(self, choice: Choice) -> Self {
        Self { sieve: Sieve::new(choice.wanted), hidden: choice.hidden, ..self }
    }

    /// The plan that the coming events are about.
    pub fn outline(&mut self, outline: Outline) {
        self.progress.outline(outline);
    }

    pub fn show(&mut self, event: &Event, moment: Moment) -> io::Result<()> {
        match event {
            Event::Attached { containers } => {
                self.give_way(moment)?;
                self.logs.expect(containers.iter().map(String::as_str));
                if self.routes.announce && !self.routes.json_logs {
                    writeln!(self.out, "Attaching to {}", containers.join(", "))?;
                }
                Ok(())
            }
            Event::LogsOf { label } => {
                self.heading = Some(Arc::clone(label));
                Ok(())
            }
            Event::Log(line) if self.hidden.contains(&line.service) => Ok(()),
            Event::Log(line) => {
                self.give_way(moment)?;
                self.sift(line)
            }
            Event::Life(life) if self.hidden.contains(&life.service) => Ok(()),
            Event::Life(life) => {
                self.give_way(moment)?;
                let text = if self.routes.json_logs { self.records.life(life) + "\n" } else { self.logs.life(life) };
                self.write(Stream::Stdout, text.as_bytes())
            }
            Event::Watch(news) => {
                self.give_way(moment)?;
                let text = if self.routes.json_logs { self.records.watch(news) } else { watch::words(news) };
                self.write(Stream::Stdout, (text + "\n").as_bytes())
            }
            _ => self.status(|progress, out| progress.show(event, moment, out)),
        }
    }

    /// Shows a line, if it is wanted, and what belongs to it.
    fn sift(&mut self, line: &LogLine) -> io::Result<()> {
        if self.sieve.lets_everything_through() {
            return self.log(line);
        }
        let mut shown = Vec::new();
        self.sieve.pass(line.clone(), &mut |line| shown.push(line));
        for line in shown {
            match line {
                Shown::Line(line) => self.log(&line)?,
                Shown::Gap(_) if self.routes.json_logs => {}
                Shown::Gap(line) => {
                    let text = self.logs.gap(&line);
                    self.write(line.stream, &text)?;
                }
            }
        }
        Ok(())
    }

    fn log(&mut self, line: &LogLine) -> io::Result<()> {
        if let Some(label) = self.heading.take() {
            self.group(&label)?;
        }
        if self.routes.json_logs {
            let text = self.records.line(line) + "\n";
            return self.write(line.stream, text.as_bytes());
        }
        let text = self.logs.line(line, std::mem::take(&mut self.line));
        let written = self.write(line.stream, &text);
        self.line = text;
        written
    }

    /// Begins the lines of one container. In objects each line says whose it is.
    fn group(&mut self, label: &str) -> io::Result<()> {
        if self.routes.json_logs {
            return Ok(());
        }
        self.end_group()?;
        self.grouped = true;
        let text = match self.routes.groups {
            Groups::Headings => format!("── {label} ──\n"),
            Groups::Github => format!("::group::{label}\n"),
        };
        self.write(Stream::Stdout, text.as_bytes())
    }

    fn end_group(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.grouped) {
            return Ok(());
        }
        match self.routes.groups {
            Groups::Headings => self.write(Stream::Stdout, b"\n"),
            Groups::Github => self.write(Stream::Stdout, b"::endgroup::\n"),
        }
    }

    /// Keeps the order between the two streams, which may be the same terminal.
    fn write(&mut self, stream: Stream, text: &[u8]) -> io::Result<()> {
        let (own, other) = match stream {
            Stream::Stderr if !self.routes.errors_on_stdout => (&mut self.err, &mut self.out),
            _ => (&mut self.out, &mut self.err),
        };
        if !other.buffer().is_empty() {
            other.flush()?;
        }
        own.write_all(text)
    }

    /// The live list leaves the window when logs begin.
    fn give_way(&mut self, moment: Moment) -> io::Result<()> {
        if self.attached {
            return Ok(());
        }
        self.attached = true;
        self.status(|progress, out| progress.give_way(moment, out))
    }

    /// Time has passed: shows what was kept back, and turns the spinners.
    pub fn tick(&mut self, moment: Moment) -> io::Result<()> {
        self.out.flush()?;
        self.status(|progress, out| progress.tick(moment, out))
    }

    /// The work is done: what is shown stays.
    pub fn finish(&mut self, moment: Moment) -> io::Result<()> {
        if self.routes.groups == Groups::Github {
            self.end_group()?;
        }
        self.out.flush()?;
        self.status(|progress, out| progress.finish(moment, out))
    }

    fn status(&mut self, tell: impl FnOnce(&mut Progress, &mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let (stream, other) = if self.routes.progress_on_stdout {
            (&mut self.out, &mut self.err)
        } else {
            (&mut self.err, &mut self.out)
        };
        other.flush()?;
        tell(&mut self.progress, stream)?;
        stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Life, News};
    use crate::render::paint::Paint;
    use crate::terminal::USUAL;

    fn log(stream: Stream, text: &str) -> Event {
        Event::Log(LogLine::of("web-1", stream, text))
    }

    fn shown(routes: Routes, progress: Progress) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let moment = Moment { time: std::time::Duration::ZERO, size: USUAL };
        let mut screen =
            Screen::new(progress, Logs::new(Paint::PLAIN, true), routes, Box::new(&mut out), Box::new(&mut err))
                .with_records(Records { project: "shop".into() });
        let life = Life {
            service: "web".into(),
            replica: 1,
            label: "web-1".into(),
            news: News::Exited { code: 3, out_of_memory: false, restarting: false },
        };
        for event in [
            Event::Warning("careful".into()),
            Event::Attached { containers: vec!["db-1".into(), "web-1".into()] },
            log(Stream::Stdout, "out"),
            log(Stream::Stderr, "err"),
            Event::Life(life),
        ] {
            screen.show(&event, moment).expect("memory takes everything");
        }
        screen.finish(moment).expect("memory takes everything");
        drop(screen);
        (String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
    }

    #[test]
    fn each_stream_goes_where_it_came_from() {
        let routes = Routes { announce: true, ..Routes::default() };
        let (out, err) = shown(routes, Progress::plain(Paint::PLAIN));
        assert_eq!(out, "Attaching to db-1, web-1\nweb-1  | out\nweb-1 exited with code 3\n");
        assert_eq!(err, "warning: careful\nweb-1  | err\n");
    }

    #[test]
    fn streams_can_be_joined() {
        let routes = Routes { progress_on_stdout: true, errors_on_stdout: true, ..Routes::default() };
        let (out, err) = shown(routes, Progress::plain(Paint::PLAIN));
        assert_eq!(out, "warning: careful\nweb-1  | out\nweb-1  | err\nweb-1 exited with code 3\n");
        assert_eq!(err, "");
    }

    #[test]
    fn programs_get_objects() {
        let routes = Routes { json_logs: true, announce: true, ..Routes::default() };
        let (out, err) = shown(routes, Progress::json());
        assert_eq!(
            out,
            "{\"project\":\"shop\",\"service\":\"web\",\"replica\":1,\"container\":\"web-1\",\"stream\":\"stdout\",\"line\":\"out\"}\n\
             {\"project\":\"shop\",\"service\":\"web\",\"replica\":1,\"container\":\"web-1\",\"event\":\"exited\",\"exit_code\":3,\
             \"out_of_memory\":false,\"restarting\":false}\n"
        );
        assert_eq!(
            err,
            "{\"status\":\"Warning\",\"text\":\"careful\"}\n\
             {\"project\":\"shop\",\"service\":\"web\",\"replica\":1,\"container\":\"web-1\",\"stream\":\"stderr\",\"line\":\"err\"}\n"
        );
    }
}
