//! How long a command took and how much memory it had, and how two of them compare.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub struct Measured {
    pub wall: Duration,
    /// How long processors worked for it.
    pub cpu: Duration,
    /// Bytes at the peak, as the kernel counts: never less than what this bench itself had when it started the command.
    pub peak: u64,
}

pub const MEBIBYTE: f64 = 1024.0 * 1024.0;

impl Measured {
    pub fn mebibytes(&self) -> f64 {
        self.peak as f64 / MEBIBYTE
    }
}

/// Runs a command to its end; it has to succeed.
pub fn measure(command: &mut Command) -> Measured {
    let (measured, status, said) = run(command);
    assert!(status == 0, "{command:?}: status {status}\n{said}");
    measured
}

/// Runs a command to its end, and gives its status as the system does, and what it said of errors.
#[expect(clippy::zombie_processes, reason = "wait4 waits for it, and tells its memory too")]
pub fn run(command: &mut Command) -> (Measured, i32, String) {
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
    assert!(waited == pid, "{command:?} was not waited for");
    let time = |seconds: i64, microseconds: i64| {
        Duration::from_micros(u64::try_from(seconds * 1_000_000 + microseconds).unwrap_or_default())
    };
    let [user, user_more, system, system_more] = usage.times;
    let cpu = time(user, user_more) + time(system, system_more);
    (Measured { wall, cpu, peak: u64::try_from(usage.peak_kibibytes).unwrap_or_default() * 1024 }, status, said)
}

pub fn median(runs: &[Measured]) -> Duration {
    let mut walls: Vec<_> = runs.iter().map(|run| run.wall).collect();
    walls.sort();
    walls[walls.len() / 2]
}

/// Runs both once to warm up, and then in turns.
pub fn in_turns(
    pairs: usize,
    ours: impl Fn() -> Measured,
    theirs: impl Fn() -> Measured,
) -> (Vec<Measured>, Vec<Measured>) {
    ours();
    theirs();
    let pair = |turn: usize| {
        if turn.is_multiple_of(2) {
            let ours = ours();
            (ours, theirs())
        } else {
            let theirs = theirs();
            (ours(), theirs)
        }
    };
    (0..pairs).map(pair).unzip()
}

/// Prints both medians and their ratio, and says whether that is within the limit.
pub fn compare(what: &str, ours: &[Measured], theirs: &[Measured], limit: f64) -> bool {
    let (mine, other) = (median(ours), median(theirs));
    let ratio = mine.as_secs_f64() / other.as_secs_f64();
    let kept = ratio <= limit;
    let verdict = if kept { "kept" } else { "MISSED" };
    println!("{what}: {mine:.1?} against {other:.1?}, ratio {ratio:.3} (at most {limit}: {verdict})");
    kept
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
