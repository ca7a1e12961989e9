//! Everything that is told while a command works, each on the stream where it belongs.

use std::io::{self, Write};

use crate::engine::Stream;
use crate::event::{Event, LogLine};

use super::logs::Logs;
use super::progress::{self, Moment, Outline, Progress};

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
}

/// Progress and logs together. Logs are kept back until the next [`Screen::tick`] or until there are many.
pub struct Screen<'w> {
    progress: Progress,
    logs: Logs,
    routes: Routes,
    out: io::BufWriter<Sink<'w>>,
    err: io::BufWriter<Sink<'w>>,
    attached: bool,
}

pub type Sink<'w> = Box<dyn Write + 'w>;

const BUFFER: usize = 64 * 1024;

impl<'w> Screen<'w> {
    pub fn new(progress: Progress, logs: Logs, routes: Routes, out: Sink<'w>, err: Sink<'w>) -> Self {
        Self {
            progress,
            logs,
            routes,
            out: io::BufWriter::with_capacity(BUFFER, out),
            err: io::BufWriter::with_capacity(BUFFER, err),
            attached: false,
        }
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
            Event::Log(line) => {
                self.give_way(moment)?;
                self.log(line)
            }
            Event::Life(life) => {
                self.give_way(moment)?;
                let text = if self.routes.json_logs { progress::life(life) + "\n" } else { self.logs.life(life) };
                self.write(Stream::Stdout, text.as_bytes())
            }
            _ => self.status(|progress, out| progress.show(event, moment, out)),
        }
    }

    fn log(&mut self, line: &LogLine) -> io::Result<()> {
        let text = if self.routes.json_logs { (progress::log(line) + "\n").into_bytes() } else { self.logs.line(line) };
        self.write(line.stream, &text)
    }

    /// Keeps the order between the two streams, which may be the same terminal.
    fn write(&mut self, stream: Stream, text: &[u8]) -> io::Result<()> {
        if stream == Stream::Stdout || self.routes.errors_on_stdout {
            self.err.flush()?;
            self.out.write_all(text)
        } else {
            self.out.flush()?;
            self.err.write_all(text)
        }
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
        Event::Log(LogLine {
            service: "web".into(),
            label: "web-1".into(),
            stream,
            text: text.to_owned().into(),
            time: None,
        })
    }

    fn shown(routes: Routes, progress: Progress) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let moment = Moment { time: std::time::Duration::ZERO, size: USUAL };
        let mut screen =
            Screen::new(progress, Logs::new(Paint::PLAIN, true), routes, Box::new(&mut out), Box::new(&mut err));
        let life = Life {
            service: "web".into(),
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
            "{\"service\":\"web\",\"container\":\"web-1\",\"stream\":\"stdout\",\"message\":\"out\"}\n\
             {\"service\":\"web\",\"container\":\"web-1\",\"event\":\"exited\",\"exit_code\":3,\
             \"out_of_memory\":false,\"restarting\":false}\n"
        );
        assert_eq!(
            err,
            "{\"status\":\"Warning\",\"text\":\"careful\"}\n\
             {\"service\":\"web\",\"container\":\"web-1\",\"stream\":\"stderr\",\"message\":\"err\"}\n"
        );
    }
}
