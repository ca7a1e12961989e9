//! Measures what `logs` costs, in turns with docker compose and with the bare engine: much history, many that write at
//! once, and a reader who stops for a while.
//!
//! Prints what it saw with its limits, and fails when one of them is missed. Left out where docker compose is missing.

#[expect(dead_code, reason = "scenarios look closer at the engine than measuring does")]
#[path = "../../tests/scenario/engine.rs"]
mod engine;

#[path = "../../tests/scenario/actor.rs"]
mod actor;

#[expect(dead_code, reason = "the bench beside docker compose does more with the bare engine")]
#[path = "../peer/raw.rs"]
mod raw;

#[expect(dead_code, reason = "the bench beside docker compose also measures what is compared with nobody")]
#[path = "../peer/run.rs"]
mod run;

mod tally;

use std::fmt::Write;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use actor::Actor;
use engine::Engine;
use run::{Measured, compare, compare_work, in_turns, measure_heard, remembers, verdict};
use tally::Tally;

const PAIRS: usize = 5;
/// The lines of each of two containers.
const HISTORY: u64 = 500_000;
const HISTORY_MEBIBYTES: f64 = 20.0;

/// So many containers write so many lines a second each, for ten seconds.
const WRITERS: usize = 100;
const A_SECOND: u64 = 1000;
const WRITTEN: u64 = 10 * A_SECOND;
const FOLLOWING_MEBIBYTES: f64 = 30.0;
/// How long a reader stops who does not read on at once.
const PAUSE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    if run::stood_between() {
        return ExitCode::SUCCESS;
    }
    // `cargo test` asks benches to run as tests, where measuring would mean nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    if !Command::new("docker").args(["compose", "version"]).output().is_ok_and(|told| told.status.success()) {
        println!("left out: docker compose is missing, and there is nothing to compare with");
        return ExitCode::SUCCESS;
    }
    let engine = Engine::named();
    let actor = Actor::import(&engine);
    let bench = Bench { engine: &engine, image: &actor.image, folder: TempDir::new().expect("a folder") };
    run::all(&[
        ("history", &|| bench.reads_history()),
        ("following", &|| bench.follows("followed", Duration::ZERO)),
        ("pausing", &|| bench.follows("followed by a reader who stops for a while", PAUSE)),
    ])
}

struct Bench<'e> {
    engine: &'e Engine,
    image: &'e str,
    folder: TempDir,
}

impl Bench<'_> {
    fn reads_history(&self) -> bool {
        let project = self.up(2, &format!("[lines, '{HISTORY}']"), "");
        self.convoke(&project, &["wait", "s0", "s1"]);
        let words = ["logs", "--no-color"];
        let (_, seen) = measure_heard(&mut self.command(&project, &words), Tally::read);
        let whole = seen.is_complete(2, HISTORY);
        let ours = || self.convoke(&project, &words);
        let (mine, theirs) = in_turns(PAIRS, ours, || self.peer(&project, &words));
        let (mine_again, bare) = in_turns(PAIRS, ours, || self.raw(&project));
        self.engine.clear(&project);
        let what = format!("logs of two containers with {HISTORY} lines each");
        let runs = [mine.as_slice(), &mine_again].concat();
        let kept = [
            compare_work(&format!("{what}, processor time"), &mine, &theirs, 0.35),
            compare(&format!("{what}, against reading them raw"), &mine_again, &bare, 1.1),
            remembers(&runs, HISTORY_MEBIBYTES),
            whole,
        ];
        compare(&what, &mine, &theirs, 1.0);
        kept.iter().all(|kept| *kept)
    }

    /// Follows many until they have ended. The reader stops for a pause in the middle of it.
    fn follows(&self, how: &str, pause: Duration) -> bool {
        let project = self.up(WRITERS, &format!("[await-file, /gate/open, pace, '{WRITTEN}', '{A_SECOND}']"), "/gate");
        let mut command = self.command(&project, &["logs", "-f", "--no-color"]);
        let (measured, seen) = measure_heard(&mut command, |output| {
            self.convoke(&project, &["exec", "-T", "s0", "/actor", "write", "/gate/open", ""]);
            Tally::with_pause(output, WRITERS as u64 * WRITTEN / 4, pause)
        });
        self.engine.clear(&project);
        println!(
            "{WRITERS} containers with {A_SECOND} lines a second each, {how}: {:.0} lines a second came, {:.1?} of a processor",
            seen.a_second(),
            measured.cpu
        );
        let whole = seen.is_complete(WRITERS, WRITTEN);
        remembers(&[measured], FOLLOWING_MEBIBYTES) && whole
    }

    /// Starts so many services that do the same, in a project whose name it gives. `shared` is where all of them see one
    /// volume.
    fn up(&self, count: usize, command: &str, shared: &str) -> String {
        let volumes = if shared.is_empty() { String::new() } else { format!(", volumes: ['shared:{shared}']") };
        let mut text = "services:\n".to_owned();
        for number in 0..count {
            writeln!(
                text,
                "  s{number}: {{ image: '{}', command: {command}, logging: {{ driver: json-file }}{volumes} }}",
                self.image
            )
            .expect("text grows");
        }
        text.push_str("volumes: { shared: {} }\n");
        std::fs::write(self.folder.path().join("compose.yaml"), text).expect("a compose file");
        let project = format!("cvk-bench-{}", engine::unique());
        self.convoke(&project, &["up", "-d"]);
        project
    }

    fn command(&self, project: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_convoke"));
        command.args(["-p", project]).args(words).current_dir(self.folder.path());
        command
    }

    fn convoke(&self, project: &str, words: &[&str]) -> Measured {
        run::measure(&mut self.command(project, words))
    }

    /// Reads the same bytes from the engine, and throws them away.
    fn raw(&self, project: &str) -> Measured {
        let began = Instant::now();
        raw::each(self.engine, project, "logs?stdout=1&stderr=1&timestamps=1&tail=all");
        Measured { wall: began.elapsed(), cpu: Duration::ZERO, peak: 0 }
    }

    fn peer(&self, project: &str, words: &[&str]) -> Measured {
        let mut command = Command::new("docker");
        run::measure(command.args(["compose", "-p", project]).args(words).current_dir(self.folder.path()))
    }
}
