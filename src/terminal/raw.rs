//! A terminal that gives keys as they are typed, for a while. Whatever ends convoke, it is as it was before.

use std::io;
use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// What stands for no key at all, `_POSIX_VDISABLE`: 0 on Linux, 255 on macOS and the BSDs.
const NO_KEY: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// How the terminal was before, while it is raw.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
static PANICS: Once = Once::new();

/// The terminal of standard input is raw, or nearly so, for as long as this lives.
#[derive(Debug)]
pub struct Raw {
    changed: Termios,
}

impl Raw {
    /// Every key goes to the process at the other end.
    ///
    /// # Errors
    /// When standard input is no terminal.
    pub fn enter() -> io::Result<Self> {
        Self::change(Termios::make_raw)
    }

    /// Each key is there as soon as it is typed, and is not shown. Those that interrupt and suspend still do; the one that ends
    /// a process where it stands does not, as it would leave the terminal like this.
    ///
    /// # Errors
    /// When standard input is no terminal.
    pub fn enter_for_keys() -> io::Result<Self> {
        Self::change(|terminal| {
            terminal.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            terminal.special_codes[SpecialCodeIndex::VMIN] = 1;
            terminal.special_codes[SpecialCodeIndex::VTIME] = 0;
            terminal.special_codes[SpecialCodeIndex::VQUIT] = NO_KEY;
        })
    }

    fn change(change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut changed = before.clone();
        change(&mut changed);
        // A panic is told on a terminal that shows it as it should, also where nothing is unwound.
        PANICS.call_once(|| {
            let told = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                restore();
                told(panic);
            }));
        });
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(before);
        let entered = Self { changed };
        entered.again()?;
        Ok(entered)
    }

    /// Changes the terminal once more: a shell gives it back as the shell has it.
    ///
    /// # Errors
    /// When standard input is no terminal any more.
    pub fn again(&self) -> io::Result<()> {
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &self.changed)?)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was. Whoever ends the process at once calls this: nothing is dropped then.
pub fn restore() {
    if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // A terminal that has gone away needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}
