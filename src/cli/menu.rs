//! The keys that a foreground `up` hears at a terminal: one leaves the containers running, one has files watched or not.

use std::io;

use futures_util::StreamExt;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch::Sender;
use tokio_util::io::ReaderStream;

use crate::event::Event;
use crate::terminal::{self, raw::Raw};

use super::context::Context;
use super::prepared::Prepared;
use super::report;
use super::session::Session;
use super::settings::{self, Environment, ProgressKind, Settings};
use super::switch::Switch;

/// Whether keys are heard: where somebody asked for it, and sits at both ends of a terminal that shows more than lines.
pub fn is_wanted(flag: Option<bool>, environment: &Environment, settings: &Settings) -> bool {
    let is_asked_for = flag.unwrap_or_else(|| settings::switch(environment, "COMPOSE_MENU"));
    is_asked_for && settings.terminal.stdin && settings.terminal.stdout && settings.progress == ProgressKind::Tty
}

/// What keys lead to.
pub struct Menu<'a> {
    pub session: &'a Session<'a>,
    pub prepared: &'a Prepared,
    pub context: &'a Context<'a>,
    /// Of the watch, where there is something to watch.
    pub switch: Option<&'a Switch>,
    /// Told when the containers are left to themselves.
    pub leaves: &'a Sender<bool>,
}

impl Menu<'_> {
    /// Hears keys until somebody leaves or interrupts, or the terminal goes away.
    pub async fn listen(&self) {
        if let Err(error) = self.hear().await {
            self.tell(Event::Warning(format!("keys are not heard any more: {error}")));
        }
    }

    async fn hear(&self) -> io::Result<()> {
        let mut brought_back = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        let mut typed = ReaderStream::new(tokio::io::stdin());
        let mut raw: Option<Raw> = None;
        loop {
            // In the background the terminal is somebody else's, and whoever comes back finds it as the shell has it.
            if terminal::is_in_front() {
                match &raw {
                    Some(raw) => raw.again()?,
                    None => {
                        raw = Some(Raw::enter_for_keys()?);
                        self.tell(Event::Notice(self.words()));
                    }
                }
            }
            let read = tokio::select! {
                biased;
                () = self.session.interrupted() => return Ok(()),
                _ = brought_back.recv() => continue,
                read = typed.next(), if raw.is_some() => read,
            };
            let Some(Ok(keys)) = read else { return Ok(()) };
            for key in keys {
                match (key, self.switch) {
                    (b'd', _) => return self.leave().await,
                    (b'w', Some(switch)) => self.toggle(switch),
                    _ => {}
                }
            }
        }
    }

    fn words(&self) -> String {
        let watch = match self.switch {
            None => "",
            Some(switch) if switch.is_on() => ", w ends the watch",
            Some(_) => ", w watches files",
        };
        format!("d detaches{watch}")
    }

    fn toggle(&self, switch: &Switch) {
        if switch.is_on() {
            switch.turn_off();
        } else if let Err(failure) = switch.turn_on(self.prepared, self.context) {
            report::report(&failure, self.context.manner());
        }
    }

    /// Leaves once the watch has done what it is at: half of a replaced container is none.
    async fn leave(&self) -> io::Result<()> {
        if let Some(switch) = self.switch {
            switch.turn_off();
            let mut at_work = switch.at_work();
            tokio::select! {
                biased;
                () = self.session.interrupted() => return Ok(()),
                _ = at_work.wait_for(|at_work| !at_work) => {}
            }
        }
        self.leaves.send_replace(true);
        Ok(())
    }

    fn tell(&self, event: Event) {
        (self.session.work().tell)(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::globals::{Globals, Progress};
    use crate::terminal::Terminal;

    #[test]
    fn keys_are_heard_where_that_is_asked_for_and_somebody_sits_at_both_ends() {
        let both = Terminal { stdin: true, stdout: true, stderr: true };
        let no_keys = Terminal { stdin: false, ..both };
        let no_window = Terminal { stdout: false, ..both };
        let auto = Progress::Auto;
        let table = [
            (Some(true), "", both, auto, true),
            (Some(true), "false", both, auto, true),
            (Some(true), "", no_keys, auto, false),
            (Some(true), "", no_window, auto, false),
            (Some(true), "", both, Progress::Tty, true),
            (Some(true), "", both, Progress::Plain, false),
            (Some(true), "", both, Progress::Json, false),
            (Some(true), "", both, Progress::Quiet, false),
            (Some(false), "true", both, auto, false),
            (None, "true", both, auto, true),
            (None, "1", both, auto, true),
            (None, "true", no_keys, auto, false),
            (None, "true", both, Progress::Plain, false),
            (None, "0", both, auto, false),
            (None, "whatever", both, auto, false),
            (None, "", both, auto, false),
        ];
        for (flag, variable, terminal, progress, expected) in table {
            let environment = Environment::from([("COMPOSE_MENU".to_owned(), variable.to_owned())]);
            let globals = Globals { progress: Some(progress), ..Globals::default() };
            let settings = Settings::settle(&globals, &environment, terminal).expect("these go together");
            let case = (flag, variable, terminal, progress);
            assert_eq!(is_wanted(flag, &environment, &settings), expected, "{case:?}");
        }
    }
}
