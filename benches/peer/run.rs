//! How long a command took and how much memory it had, and how two of them compare.

use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

/// The word with which this program is started once more.
const BETWEEN: &str = "--measure";

#[derive(Clone, Copy)]
pub struct Measured {
    pub wall: Duration,
    /// How long processors worked for it.
    pub cpu: Duration,
    /// Bytes at the peak, as the kernel counts.
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

/// The same, with somebody who reads what it writes.
pub fn measure_heard<T>(command: &mut Command, hear: impl FnOnce(ChildStdout) -> T) -> (Measured, T) {
    let mut heard = None;
    let (measured, status, said) = watch(command, Stdio::piped(), |output| heard = output.map(hear));
    assert!(status == 0, "{command:?}: status {status}\n{said}");
    (measured, heard.expect("an output to read"))
}

/// Runs a command to its end, and gives its status as the system does, and what it said of errors.
pub fn run(command: &mut Command) -> (Measured, i32, String) {
    watch(command, Stdio::null(), |_| {})
}

/// A process that is started has at its peak at least what its parent had: so it is this program started once more, and
/// small yet, that starts the command and tells what it took.
fn watch(command: &mut Command, stdout: Stdio, hear: impl FnOnce(Option<ChildStdout>)) -> (Measured, i32, String) {
    let told = NamedTempFile::new().expect("a file for what is measured");
    let mut between = Command::new(std::env::current_exe().expect("this program"));
    between.arg(BETWEEN).arg(told.path()).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => between.env(name, value),
            None => between.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        between.current_dir(folder);
    }
    let begun = between.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn();
    let mut begun = begun.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    hear(begun.stdout.take());
    let done = begun.wait_with_output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let text = std::fs::read_to_string(told.path()).expect("what was measured");
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [wall, cpu, peak, status] = numbers[..] else { panic!("{command:?} was not measured: {text:?}\n{said}") };
    let measured = Measured { wall: Duration::from_nanos(wall), cpu: Duration::from_nanos(cpu), peak: peak * 1024 };
    (measured, i32::try_from(status).expect("a status"), said)
}

/// Whether this is the program started once more, which then has measured a command and is done.
pub fn stood_between() -> bool {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_none_or(|word| word != BETWEEN) {
        return false;
    }
    let told = words.next().expect("a file for what is measured");
    let mut command = Command::new(words.next().expect("a command"));
    std::fs::write(told, measured(command.args(words))).expect("what was measured");
    true
}

/// Nanoseconds by the clock and by processors, kibibytes at the peak, and the status.
#[expect(clippy::zombie_processes, reason = "wait4 waits for it, and tells its memory too")]
fn measured(command: &mut Command) -> String {
    let began = Instant::now();
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let pid = i32::try_from(child.id()).expect("a process id");
    let (mut status, mut usage) = (0, Usage::default());
    // SAFETY: the C library's function with its own signature; both pointers are to values of ours that outlive the call,
    // and nobody else waits for this child.
    let waited = unsafe { wait4(pid, &raw mut status, 0, &raw mut usage) };
    let wall = began.elapsed().as_nanos();
    assert!(waited == pid, "{command:?} was not waited for");
    let [user, user_more, system, system_more] = usage.times;
    let cpu = ((user + system) * 1_000_000 + user_more + system_more) * 1000;
    format!("{wall} {cpu} {} {status}", usage.peak_kibibytes)
}

pub fn median(runs: &[Measured]) -> Duration {
    middle(runs, |run| run.wall)
}

fn middle(runs: &[Measured], of: impl Fn(&Measured) -> Duration) -> Duration {
    let mut times: Vec<_> = runs.iter().map(of).collect();
    times.sort();
    times[times.len() / 2]
}

/// The most memory that any of some runs had, in MiB.
pub fn peak(runs: &[Measured]) -> f64 {
    runs.iter().map(Measured::mebibytes).fold(0.0, f64::max)
}

pub fn verdict(kept: bool) -> &'static str {
    if kept { "kept" } else { "MISSED" }
}

/// Prints the peak of memory of some runs, and says whether that is within the limit, in MiB.
pub fn remembers(runs: &[Measured], limit: f64) -> bool {
    let (peak, kept) = (peak(runs), peak(runs) <= limit);
    println!("  its peak of memory: {peak:.1} MiB (at most {limit}: {})", verdict(kept));
    kept
}

/// Prints how long some runs took, and says whether that is within the limit.
pub fn takes(what: &str, runs: &[Measured], limit: Duration) -> bool {
    let (wall, kept) = (median(runs), median(runs) < limit);
    println!("{what}: {wall:.1?} (below {limit:.0?}: {})", verdict(kept));
    kept
}

/// Measures the parts of a bench that are named on the command line, or all of them.
pub fn all(parts: &[(&str, &dyn Fn() -> bool)]) -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let Some(unknown) = named.iter().find(|word| !parts.iter().any(|(name, _)| name == word)) {
        let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
        eprintln!("no part is called {unknown}: {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    let is_meant = |name: &str| named.is_empty() || named.iter().any(|word| word == name);
    let kept: Vec<bool> = parts.iter().filter(|(name, _)| is_meant(name)).map(|(_, part)| part()).collect();
    if kept.into_iter().all(|kept| kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
    compare_times(what, median(ours), median(theirs), limit)
}

/// The same for runs that last long: whatever slows a machine down for a while slows both of a pair, so it is the ratio of each
/// pair that counts, and of these the middle one.
pub fn compare_pairs(what: &str, ours: &[Measured], theirs: &[Measured], limit: f64) -> bool {
    let pairs = ours.iter().zip(theirs);
    let mut ratios: Vec<f64> = pairs.map(|(mine, other)| mine.wall.div_duration_f64(other.wall)).collect();
    ratios.sort_by(f64::total_cmp);
    tell_ratio(what, median(ours), median(theirs), ratios[ratios.len() / 2], limit)
}

/// The same for the time that processors worked.
pub fn compare_work(what: &str, ours: &[Measured], theirs: &[Measured], limit: f64) -> bool {
    compare_times(what, middle(ours, |run| run.cpu), middle(theirs, |run| run.cpu), limit)
}

fn compare_times(what: &str, mine: Duration, other: Duration, limit: f64) -> bool {
    tell_ratio(what, mine, other, mine.div_duration_f64(other), limit)
}

fn tell_ratio(what: &str, mine: Duration, other: Duration, ratio: f64, limit: f64) -> bool {
    let kept = ratio <= limit;
    println!("{what}: {mine:.1?} against {other:.1?}, ratio {ratio:.3} (at most {limit}: {})", verdict(kept));
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
