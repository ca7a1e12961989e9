//! A seat at a terminal: a pseudo-terminal with a command at its other end, which is typed at and looked at.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::engine::PATIENCE;

pub struct Seat {
    child: Child,
    command: String,
    terminal: File,
    seen: String,
    /// Up to here what was seen has been looked for.
    looked: usize,
    /// Dropped when the command has ended, which calls the watch off.
    watch: Sender<()>,
}

impl Seat {
    /// Starts a command at a terminal of 80 columns and 24 rows.
    pub fn take(mut command: Command, told: String) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&terminal).expect("a terminal");
        unlockpt(&terminal).expect("a terminal");
        let path = ptsname(&terminal, Vec::new()).expect("a terminal's name");
        let other = File::options().read(true).write(true).open(path.to_str().expect("a path")).expect("a terminal");
        let end = || other.try_clone().expect("one more end");
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: both are system calls that change nothing but the child's own session and terminal.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let seat = |child, watch| Self {
            child,
            command: told,
            terminal: File::from(terminal),
            seen: String::new(),
            looked: 0,
            watch,
        };
        let child = command.spawn().expect("a command");
        // The command keeps its ends, which would keep the terminal open after it.
        drop((command, other));
        let (watch, called_off) = mpsc::channel::<()>();
        let pid = Pid::from_child(&child);
        thread::spawn(move || {
            if called_off.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                // It may have ended in this moment.
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let mut seat = seat(child, watch);
        seat.resize(80, 24);
        seat
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.terminal, size).expect("another size");
    }

    pub fn keys(&mut self, typed: &str) {
        self.terminal.write_all(typed.as_bytes()).expect("a terminal to type at");
    }

    /// Looks until a text is there, after what was looked for before.
    #[track_caller]
    pub fn see(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen[self.looked..].find(text) {
                self.looked += at + text.len();
                return;
            }
            if !self.look() {
                let status = self.child.wait().expect("a child to wait for");
                panic!("{} ended with {status} without showing {text:?}:\n{}", self.command, self.seen);
            }
        }
    }

    /// Takes in what is new on the screen; `false` when nobody has the terminal any more.
    fn look(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.terminal.read(&mut bytes) {
            Ok(0) | Err(_) => false,
            Ok(length) => {
                self.seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
                true
            }
        }
    }

    /// Whether letters go to the command as they are typed, and are not shown by the terminal itself.
    pub fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("a terminal").local_modes;
        !modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO)
    }

    /// Has the terminal collect and show lines, as a shell does while a command of its is suspended.
    pub fn settle(&self) {
        let mut settings = tcgetattr(&self.terminal).expect("a terminal");
        settings.local_modes.insert(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(&self.terminal, OptionalActions::Now, &settings).expect("other settings");
    }

    #[track_caller]
    pub fn until_raw(&self) {
        let began = Instant::now();
        while !self.is_raw() {
            assert!(began.elapsed() < PATIENCE, "{} leaves the terminal as it is\n{}", self.command, self.seen);
            thread::yield_now();
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a running command");
    }

    /// Takes the terminal away, as a window that is closed does. Returns how the command ended.
    pub fn leave(self) -> ExitStatus {
        let Self { mut child, terminal, watch, .. } = self;
        drop(OwnedFd::from(terminal));
        let status = child.wait().expect("a child to wait for");
        drop(watch);
        status
    }

    /// Everything that was shown until the command ended. The terminal is again as it was before.
    #[track_caller]
    pub fn ends_with(mut self, code: i32) -> String {
        while self.look() {}
        let status = self.child.wait().expect("a child to wait for");
        assert_eq!(status.code(), Some(code), "{}: {status}\n{}", self.command, self.seen);
        assert!(!self.is_raw(), "{} left the terminal raw\n{}", self.command, self.seen);
        drop(self.watch);
        self.seen
    }
}
