//! Ctrl-C and termination, counted: once asks to stop, more often insists.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::terminal::raw;

use super::outcome::{Failure, Status};

/// What the rest of the program sees of signals.
#[derive(Debug)]
pub struct Interrupts {
    pub count: watch::Receiver<u32>,
    sender: watch::Sender<u32>,
    /// Set by the first one, unless somebody counts by himself.
    pub cancel: CancellationToken,
    listening: JoinHandle<()>,
}

impl Drop for Interrupts {
    /// Whoever comes next hears signals in their own way.
    fn drop(&mut self) {
        self.hear_no_more();
    }
}

/// What the first signals mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// The first gives up what is under way, the second leaves at once.
    Command,
    /// The first stops the containers, the second kills them, the third leaves at once.
    Foreground,
}

/// Listens from now on, until what it returns is dropped.
///
/// # Errors
/// When the operating system does not let us listen.
pub fn listen(patience: Patience) -> std::io::Result<Interrupts> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (sender, count) = watch::channel(0);
    let cancel = CancellationToken::new();
    let (token, counter) = (cancel.clone(), sender.clone());
    let listening = tokio::spawn(async move {
        let enough = if patience == Patience::Command { 2 } else { 3 };
        for number in 1.. {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if number >= enough {
                raw::restore();
                std::process::exit(i32::from(Status::INTERRUPTED.0));
            }
            counter.send_modify(|count| *count += 1);
            if patience == Patience::Command {
                token.cancel();
            }
        }
    });
    Ok(Interrupts { count, sender, cancel, listening })
}

/// Waits for what only looks and waits: the first signal ends it, which leaves nothing half done.
///
/// # Errors
/// Those of what is waited for, and when the operating system does not let us listen.
pub async fn until_interrupted(looking: impl Future<Output = Result<Status, Failure>>) -> Result<Status, Failure> {
    let interrupts = listen(Patience::Command)?;
    tokio::select! {
        biased;
        result = looking => result,
        () = interrupts.cancel.cancelled() => Ok(Status::INTERRUPTED),
    }
}

impl Interrupts {
    pub fn hear_no_more(&self) {
        self.listening.abort();
    }

    /// Counts as if somebody had interrupted.
    pub fn interrupt(&self) {
        self.sender.send_modify(|count| *count += 1);
    }
}
