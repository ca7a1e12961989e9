//! The person at the keyboard, or the pipe that stands for one: what commands that talk with a process are given.

use std::io;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::io::ReaderStream;

use crate::engine::Window;
use crate::run::{Parting, Person, Said, Signal, TalkError};
use crate::terminal::keys::{self, Watch};
use crate::terminal::raw::Raw;
use crate::terminal::{self, Terminal};

use super::client::ClientConfiguration;
use super::outcome::{Failure, Status};

/// What a command says about the terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub tty: bool,
    pub no_tty: bool,
    /// The process can read.
    pub stdin: bool,
}

impl Wish {
    /// Whether the process gets a terminal: when it was asked for, or when a person sits at both ends.
    ///
    /// # Errors
    /// When a terminal is asked for, and what is typed comes from elsewhere.
    pub fn tty(self, terminal: Terminal) -> Result<bool, Failure> {
        if self.no_tty {
            return Ok(false);
        }
        if self.tty && self.stdin && !terminal.stdin {
            return Err(Failure::with_help(
                "cannot attach stdin to a TTY-enabled container because stdin is not a terminal",
                "leave -t out: what is piped in needs no terminal",
            ));
        }
        Ok(self.tty || terminal.stdin && terminal.stdout)
    }
}

/// The keys that leave a process to itself: the flag's, those of Docker's configuration, or the usual ones.
///
/// # Errors
/// When they make no sense.
pub fn detach_keys(flag: Option<&str>, client: &ClientConfiguration) -> Result<String, Failure> {
    let keys = flag.unwrap_or(&client.detach_keys);
    let keys = if keys.is_empty() { keys::USUAL } else { keys };
    keys::parse(keys).map_err(|message| {
        Failure::with_help(format!("detach keys {keys:?}: {message}"), "write them like ctrl-p,ctrl-q")
    })?;
    Ok(keys.to_owned())
}

/// Somebody who talks with a process. Where it has a terminal, their own is raw until the second value is dropped.
///
/// # Errors
/// When the operating system does not let us listen.
pub fn present(tty: bool, stdin: bool, detach_keys: &str) -> Result<(Person<'static>, Option<Raw>), Failure> {
    let raw = if tty && stdin && Terminal::look().stdin { Some(Raw::enter()?) } else { None };
    let watch = Watch::new(if tty { keys::parse(detach_keys).unwrap_or_default() } else { Vec::new() });
    let person = Person {
        says: if stdin { typed(watch) } else { stream::pending().boxed_local() },
        windows: if tty { windows()? } else { stream::pending().boxed_local() },
        signals: signals()?,
        out: Box::new(tokio::io::stdout()),
        err: Box::new(tokio::io::stderr()),
    };
    Ok((person, raw))
}

/// Standard input until its end. A terminal that goes away ends it too.
fn typed(watch: Watch) -> LocalBoxStream<'static, Said> {
    let input = ReaderStream::new(tokio::io::stdin()).take_while(|read| std::future::ready(read.is_ok()));
    let said = input.scan(watch, |watch, read| {
        let typed = watch.pass(&read.unwrap_or_default());
        let bytes = (!typed.bytes.is_empty()).then(|| Said::Bytes(Bytes::from(typed.bytes)));
        std::future::ready(Some(stream::iter(bytes.into_iter().chain(typed.left.then_some(Said::Leave)))))
    });
    said.flatten().boxed_local()
}

/// The window's size now and after each change.
fn windows() -> io::Result<LocalBoxStream<'static, Window>> {
    let changes = signal(SignalKind::window_change())?;
    let later = stream::unfold(changes, |mut changes| async move {
        changes.recv().await?;
        Some(((), changes))
    });
    let sizes = stream::iter([()]).chain(later).filter_map(|()| std::future::ready(window()));
    Ok(sizes.boxed_local())
}

fn window() -> Option<Window> {
    let size = terminal::window()?;
    Some(Window { columns: u16::try_from(size.columns).ok()?, rows: u16::try_from(size.rows).ok()? })
}

fn signals() -> io::Result<LocalBoxStream<'static, Signal>> {
    let kinds = [
        ("SIGHUP", SignalKind::hangup(), 1),
        ("SIGINT", SignalKind::interrupt(), 2),
        ("SIGQUIT", SignalKind::quit(), 3),
        ("SIGUSR1", SignalKind::user_defined1(), 10),
        ("SIGUSR2", SignalKind::user_defined2(), 12),
        ("SIGTERM", SignalKind::terminate(), 15),
    ];
    let one = |(name, kind, number)| -> io::Result<_> {
        let heard = stream::unfold(signal(kind)?, move |mut heard| async move {
            heard.recv().await?;
            Some((Signal { name, number }, heard))
        });
        Ok(heard.boxed_local())
    };
    let each: Vec<_> = kinds.into_iter().map(one).collect::<io::Result<_>>()?;
    Ok(stream::select_all(each).boxed_local())
}

/// The exit status that a talk comes to.
///
/// # Errors
/// When the engine refused, or nobody takes the output.
pub fn status(talked: Result<Parting, TalkError>) -> Result<Status, Failure> {
    match talked {
        Ok(Parting::Exited(code)) => Ok(Status::of_container(i32::try_from(code).unwrap_or(i32::MAX))),
        Ok(Parting::Left) => Ok(Status::SUCCESS),
        Ok(Parting::Signal(signal)) => Ok(Status(128 + signal.number)),
        Err(TalkError::Engine(error)) => Err(error.into()),
        Err(TalkError::Output(error)) => Err(error.into()),
        Err(TalkError::Start(failure)) => Err(Failure::plain(failure.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_given_where_a_person_sits_at_both_ends() {
        let look = |stdin, stdout| Terminal { stdin, stdout, stderr: true };
        let auto = Wish { stdin: true, ..Wish::default() };
        let table = [
            (auto, look(true, true), Some(true)),
            (auto, look(false, true), Some(false)),
            (auto, look(true, false), Some(false)),
            (Wish { no_tty: true, ..auto }, look(true, true), Some(false)),
            (Wish { tty: true, ..auto }, look(true, false), Some(true)),
            (Wish { tty: true, ..auto }, look(false, true), None),
            (Wish { tty: true, stdin: false, no_tty: false }, look(false, false), Some(true)),
        ];
        for (wish, terminal, expected) in table {
            assert_eq!(wish.tty(terminal).ok(), expected, "{wish:?} {terminal:?}");
        }
    }

    #[test]
    fn the_flag_s_keys_come_before_the_configuration_s() {
        let client = |keys: &str| ClientConfiguration { detach_keys: keys.into(), ..Default::default() };
        let keys = |flag, client: &ClientConfiguration| detach_keys(flag, client).ok();
        assert_eq!(keys(None, &client("")).as_deref(), Some("ctrl-p,ctrl-q"));
        assert_eq!(keys(None, &client("ctrl-x")).as_deref(), Some("ctrl-x"));
        assert_eq!(keys(Some("ctrl-a"), &client("ctrl-x")).as_deref(), Some("ctrl-a"));
        assert_eq!(keys(Some("control"), &client("")), None);
    }

    #[test]
    fn a_talk_ends_with_the_process_s_status_or_with_the_signal_s() {
        let term = Signal { name: "SIGTERM", number: 15 };
        let table = [
            (Parting::Exited(0), 0),
            (Parting::Exited(127), 127),
            (Parting::Exited(-1), 255),
            (Parting::Left, 0),
            (Parting::Signal(term), 143),
        ];
        for (parting, expected) in table {
            assert_eq!(status(Ok(parting)).ok(), Some(Status(expected)), "{parting:?}");
        }
    }
}
