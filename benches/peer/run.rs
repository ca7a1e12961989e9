//! How long a command took, and how much memory it had.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub struct Measured {
    pub wall: Duration,
    /// Bytes at the peak, as the kernel counts: never less than what this bench itself had when it started the command.
    pub peak: u64,
}

/// Runs a command to its end; it has to succeed.
#[expect(clippy::zombie_processes, reason = "wait4 waits for it, and tells its memory too")]
pub fn measure(command: &mut Command) -> Measured {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = std::io::read_to_string(child.stderr.take().expect("a piped output")).unwrap_or_default();
    let pid = i32::try_from(child.id()).expect("a process id");
    let (mut status, mut usage) = (0, Usage::default());
    // SAFETY: the C library's function with its own signature; both pointers are to values of ours that outlive the call,
    // and nobody else waits for this child.
    let waited = unsafe { wait4(pid, &raw mut status, 0, &raw mut usage) };
    let wall = began.elapsed();
    assert!(waited == pid && status == 0, "{command:?}: status {status}\n{said}");
    Measured { wall, peak: u64::try_from(usage.peak_kibibytes).unwrap_or_default() * 1024 }
}

pub fn median(runs: &[Measured]) -> Duration {
    let mut walls: Vec<_> = runs.iter().map(|run| run.wall).collect();
    walls.sort();
    walls[walls.len() / 2]
}

/// The C library's `struct rusage` on 64-bit Linux.
#[repr(C)]
#[derive(Default)]
struct Usage {
    times: [i64; 4],
    peak_kibibytes: i64,
    others: [i64; 13],
}

unsafe extern "C" {
    fn wait4(pid: i32, status: *mut i32, options: i32, usage: *mut Usage) -> i32;
}
