//! Measures convoke against docker compose, in turns on the same engine, and against the bare engine.
//!
//! Prints medians and ratios, and fails when one of them is over its limit. Left out where docker compose is missing. Words
//! after `--bench` choose parts: `cargo bench --bench peer -- looks`.

#[expect(dead_code, reason = "scenarios look closer at the engine than measuring does")]
#[path = "../../tests/scenario/engine.rs"]
mod engine;

#[path = "../../tests/scenario/actor.rs"]
mod actor;

mod raw;

#[expect(dead_code, reason = "the other benches look closer at what commands take, and read what they write")]
mod run;

use std::fmt::Write;
use std::io::Read;
use std::process::{Command, ExitCode};
use std::time::Duration;

use tempfile::TempDir;

use actor::Actor;
use engine::Engine;
use run::{Measured, compare, compare_pairs, in_turns, remembers};

/// What the two are asked to do at a time: each goes first every other time.
const PAIRS: usize = 7;
const QUICK_PAIRS: usize = 25;
const SLOW_PAIRS: usize = 5;
const MANY: usize = 50;
/// What a command about 200 services may have of memory.
const MOST_MEBIBYTES: f64 = 25.0;

fn main() -> ExitCode {
    if run::stood_between() {
        return ExitCode::SUCCESS;
    }
    // `cargo test` asks benches to run as tests, where measuring would mean nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let version = Command::new("docker").args(["compose", "version"]).output();
    let Some(version) = version.ok().filter(|output| output.status.success()) else {
        println!("left out: docker compose is missing, and there is nothing to compare with");
        return ExitCode::SUCCESS;
    };
    print!("{}", String::from_utf8_lossy(&version.stdout));
    let engine = Engine::named();
    let actor = Actor::import(&engine);
    let bench = Bench { engine: &engine, image: &actor.image, folder: TempDir::new().expect("a folder") };
    let parts: [(&str, &dyn Fn() -> bool); 8] = [
        ("start-up", &|| bench.starts()),
        ("completion", &|| bench.completes()),
        ("nothing", &|| bench.finds_nothing_to_do()),
        ("up", &|| bench.starts_many()),
        ("down", &|| bench.ends_many()),
        ("chain-1s", &|| bench.waits_in_a_chain(1, 0.5)),
        ("chain-10s", &|| bench.waits_in_a_chain(10, 0.1)),
        ("looks", &|| bench.looks_at_many()),
    ];
    run::all(&parts)
}

struct Bench<'e> {
    engine: &'e Engine,
    image: &'e str,
    folder: TempDir,
}

impl Bench<'_> {
    fn finds_nothing_to_do(&self) -> bool {
        let kept = [10, 50, 200].map(|count| {
            self.compose(&self.many(count));
            let project = format!("cvk-bench-{}", engine::unique());
            let up = ["-p", &project, "up", "-d"];
            self.convoke(&up);
            let (ours, theirs) = in_turns(PAIRS, || self.convoke(&up), || self.peer(&up));
            self.engine.clear(&project);
            let fast = compare(&format!("up -d that changes nothing, {count} services"), &ours, &theirs, 0.15);
            remembers(&ours, MOST_MEBIBYTES) && fast
        });
        kept.iter().all(|kept| *kept)
    }

    fn ends_many(&self) -> bool {
        self.compose(&self.many(MANY));
        let ended = |down: &dyn Fn(&str) -> Measured| {
            let project = format!("cvk-bench-{}", engine::unique());
            self.convoke(&["-p", &project, "up", "-d"]);
            let measured = down(&project);
            self.engine.clear(&project);
            measured
        };
        let raw = |at_once| ended(&|project| raw::end_many(self.engine, project, at_once));
        let best = [4, 8, 16, MANY].into_iter().min_by_key(|at_once| raw(*at_once).wall).unwrap_or(MANY);
        let (ours, bare) =
            in_turns(SLOW_PAIRS, || ended(&|project| self.convoke(&["-p", project, "down"])), || raw(best));
        compare_pairs(&format!("down of {MANY} services, against bare calls, {best} at once"), &ours, &bare, 1.05)
    }

    fn starts_many(&self) -> bool {
        self.compose(&self.many(MANY));
        let fresh = |run: &dyn Fn(&str) -> Measured| {
            let project = format!("cvk-bench-{}", engine::unique());
            let measured = run(&project);
            self.engine.clear(&project);
            measured
        };
        let raw = |at_once| fresh(&|project| raw::start_many(self.engine, self.image, project, MANY, at_once));
        // The best that the engine can be brought to is the measure: how many calls at once, is tried out first.
        let best = [2, 4, 8, 16, MANY].into_iter().min_by_key(|at_once| raw(*at_once).wall).unwrap_or(MANY);
        let ours = || fresh(&|project| self.convoke(&["-p", project, "up", "-d"]));
        let theirs = || fresh(&|project| self.peer(&["-p", project, "up", "-d"]));
        let (mine, bare) = in_turns(SLOW_PAIRS, ours, || raw(best));
        let (mine_again, theirs) = in_turns(SLOW_PAIRS, ours, theirs);
        let what = format!("up -d of {MANY} fresh services");
        let kept = [
            compare_pairs(&format!("{what}, against bare calls, {best} at once"), &mine, &bare, 1.05),
            compare_pairs(&what, &mine_again, &theirs, 1.0),
        ];
        kept.iter().all(|kept| *kept)
    }

    /// `interval`: of each check, in seconds
    fn waits_in_a_chain(&self, interval: u32, limit: f64) -> bool {
        let mut text = "services:\n".to_owned();
        for number in 1..=6 {
            let needs = match number {
                1 => String::new(),
                _ => format!(", depends_on: {{ s{}: {{ condition: service_healthy }} }}", number - 1),
            };
            let health = format!("healthcheck: {{ test: [CMD, /actor, reach, '8000'], interval: {interval}s }}");
            let image = self.image;
            writeln!(text, "  s{number}: {{ image: '{image}', command: [serve, '8000'], {health}{needs} }}")
                .expect("text grows");
        }
        self.compose(&text);
        let fresh = |run: &dyn Fn(&[&str]) -> Measured| {
            let project = format!("cvk-bench-{}", engine::unique());
            let measured = run(&["-p", &project, "up", "-d", "--wait"]);
            self.engine.clear(&project);
            measured
        };
        let ours: Vec<_> = (0..SLOW_PAIRS).map(|_| fresh(&|words| self.convoke(words))).collect();
        let theirs = [fresh(&|words| self.peer(words))];
        compare(&format!("a chain of six services with interval: {interval}s"), &ours, &theirs, limit)
    }

    /// Nothing at all, which is what every command begins with.
    fn starts(&self) -> bool {
        let help: Vec<_> = (0..QUICK_PAIRS).map(|_| self.convoke(&["--help"])).collect();
        run::takes("--help", &help, Duration::from_millis(5))
    }

    /// What a shell asks when somebody looks for a service, as its script asks it.
    fn completes(&self) -> bool {
        self.compose(&self.many(MANY));
        let mut asked = self.command(&["--", "convoke", "logs", ""]);
        asked.envs([("CONVOKE_COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "2"), ("_CLAP_IFS", "\n")]);
        let mut answer = String::new();
        let runs = (0..QUICK_PAIRS).map(|_| {
            answer.clear();
            run::measure_heard(&mut asked, |mut output| output.read_to_string(&mut answer).expect("words")).0
        });
        let runs: Vec<_> = runs.collect();
        let names = answer.lines().filter(|word| word.starts_with('s')).count();
        assert!(names == MANY, "{names} services are offered: {answer}");
        run::takes(&format!("completing one of {MANY} services"), &runs, Duration::from_millis(20))
    }

    /// What a look costs beyond what the engine itself takes to answer.
    fn looks_at_many(&self) -> bool {
        let ports = "command: [stay], ports: ['127.0.0.1::8000']";
        self.compose(&self.many(MANY).replace("command: [stay]", ports));
        let project = format!("cvk-bench-{}", engine::unique());
        self.convoke(&["-p", &project, "up", "-d"]);
        let list = raw::list(self.engine, &project);
        let looks: [(&[&str], Duration); 5] = [
            (&["ps"], list),
            (&["port", "s1", "8000"], list),
            (&["top"], raw::top(self.engine, &project)),
            (&["exec", "-T", "s1", "/actor", "exit", "0"], raw::exec(self.engine, &project)),
            (&["logs", "--tail", "10"], raw::logs(self.engine, &project)),
        ];
        let kept = looks.map(|(look, engine)| {
            let words = [&["-p", &project][..], look].concat();
            let (ours, theirs) = in_turns(PAIRS, || self.convoke(&words), || self.peer(&words));
            let beyond = |runs: &[Measured]| {
                runs.iter().map(|run| Measured { wall: run.wall.saturating_sub(engine), ..*run }).collect::<Vec<_>>()
            };
            let what = format!("{} of {MANY} services, beyond the engine's own {engine:.1?}", look[0]);
            compare(&what, &beyond(&ours), &beyond(&theirs), 0.3)
        });
        self.engine.clear(&project);
        kept.iter().all(|kept| *kept)
    }

    fn many(&self, count: usize) -> String {
        let mut text = "services:\n".to_owned();
        for number in 1..=count {
            writeln!(text, "  s{number}: {{ image: '{}', command: [stay] }}", self.image).expect("text grows");
        }
        text
    }

    fn compose(&self, text: &str) {
        std::fs::write(self.folder.path().join("compose.yaml"), text).expect("a compose file");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_convoke"));
        command.args(words).current_dir(self.folder.path());
        command
    }

    fn convoke(&self, words: &[&str]) -> Measured {
        run::measure(&mut self.command(words))
    }

    fn peer(&self, words: &[&str]) -> Measured {
        run::measure(Command::new("docker").arg("compose").args(words).current_dir(self.folder.path()))
    }
}
