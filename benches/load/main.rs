//! Measures how convoke reads compose files: small ones, large ones in turns with docker compose, and hostile ones.
//!
//! Prints what it saw with its limits, and fails when one of them is missed. Needs no engine.

#[path = "../../tests/hostile/cases.rs"]
mod cases;

#[expect(dead_code, reason = "the bench of logs looks closer at what commands take, and reads what they write")]
#[path = "../peer/run.rs"]
mod run;

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use tempfile::TempDir;

use run::{Measured, compare, in_turns, median, peak, remembers, verdict};

const RUNS: usize = 25;
const PAIRS: usize = 7;
/// How often a hostile file is read: the best run counts, as others may work on the same machine.
const TRIES: usize = 3;

/// What every hostile file may take.
const HOSTILE_TIME: Duration = Duration::from_millis(100);
const HOSTILE_MEBIBYTES: f64 = 100.0;

fn main() -> ExitCode {
    if run::stood_between() {
        return ExitCode::SUCCESS;
    }
    // `cargo test` asks benches to run as tests, where measuring would mean nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    run::all(&[
        ("one", &one_service),
        ("many", &|| many("1,000 services that depend on one another", &services(1000), 0.05, 30.0)),
        ("rich", &|| many("1,165 services in a file of 1 MB", &rich_services(1165), 0.03, 60.0)),
        ("linear", &linear),
        ("hostile", &hostile),
    ])
}

fn one_service() -> bool {
    let folder = project("services:\n  web:\n    image: nginx:1\n    ports: ['8080:80']\n");
    let both = [&["config", "-q"][..], &["config"]].map(|words| {
        convoke(folder.path(), words);
        let runs: Vec<Measured> = (0..RUNS).map(|_| convoke(folder.path(), words)).collect();
        let (wall, peak) = (median(&runs), peak(&runs));
        let kept = wall <= Duration::from_millis(5) && peak <= 10.0;
        let words = words.join(" ");
        println!("{words} of one service: {wall:.1?} (at most 5 ms), {peak:.1} MiB (at most 10): {}", verdict(kept));
        kept
    });
    both.iter().all(|kept| *kept)
}

/// A large project in turns with docker compose, where that is there to be compared with.
fn many(what: &str, text: &str, ratio: f64, mebibytes: f64) -> bool {
    let folder = project(text);
    let words = ["config", "-q"];
    let there = Command::new("docker").args(["compose", "version"]).output().is_ok_and(|told| told.status.success());
    let (ours, fast) = if there {
        let theirs = || run::measure(Command::new("docker").arg("compose").args(words).current_dir(folder.path()));
        let (ours, theirs) = in_turns(PAIRS, || convoke(folder.path(), &words), theirs);
        let fast = compare(&format!("config -q of {what}"), &ours, &theirs, ratio);
        (ours, fast)
    } else {
        println!("config -q of {what}: docker compose is missing, and there is nothing to compare with");
        ((0..PAIRS).map(|_| convoke(folder.path(), &words)).collect(), true)
    };
    remembers(&ours, mebibytes) && fast
}

/// What a service costs must not depend on how many others there are. To sort ten thousand instead of one would already be
/// seen: fourteen comparisons more for each. It is instructions that count: the time that they take grows where
/// what a thousand services take lies in a processor's caches, and what ten thousand take does not.
const GROWTH: f64 = 1.05;

fn linear() -> bool {
    let empty = services(1);
    let (no_time, no_work) = (cost(&empty).cpu, instructions(&empty));
    let each = [100, 1000, 10_000].map(|count| {
        let text = services(count);
        let (cost, work) = (cost(&text), instructions(&text));
        let more = count - 1;
        let time = cost.cpu.saturating_sub(no_time) / more;
        let work = work.zip(no_work).map(|(all, none)| all.saturating_sub(none) as f64 / f64::from(more));
        let counted = work.map_or_else(String::new, |work| format!(" and {:.1} thousand instructions", work / 1000.0));
        println!("{count} services: {time:.1?} of a processor{counted} each, {:.1} MiB", cost.mebibytes());
        (time, work)
    });
    let [_, (thousand, _), (ten_thousand, _)] = each;
    println!("  time for each of 10,000 against each of 1,000: {:.2}", ten_thousand.div_duration_f64(thousand));
    let [Some(fewest), _, Some(most)] = each.map(|(_, work)| work) else {
        println!("  their instructions were not counted: valgrind is missing");
        return true;
    };
    let ratio = most / fewest;
    let kept = ratio <= GROWTH;
    println!("  instructions for each of 10,000 against each of 100: {ratio:.3} (at most {GROWTH}: {})", verdict(kept));
    kept
}

/// How many instructions reading a project takes; nothing where valgrind is not there to count them.
fn instructions(text: &str) -> Option<u64> {
    let folder = project(text);
    let mut counting = Command::new("valgrind");
    counting.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    counting.args([env!("CARGO_BIN_EXE_convoke"), "config", "-q"]).current_dir(folder.path());
    let told = counting.output().ok()?;
    let told = String::from_utf8_lossy(&told.stderr);
    let (_, behind) = told.split_once("refs:").unwrap_or_else(|| panic!("no count: {told}"));
    let digits: String = behind.lines().next()?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The cheapest of some runs.
fn cost(text: &str) -> Measured {
    let folder = project(text);
    let runs = (0..PAIRS).map(|_| convoke(folder.path(), &["config", "-q"]));
    runs.min_by_key(|run| run.cpu).expect("some runs")
}

fn hostile() -> bool {
    println!("files that were made to hurt (each at most 100 ms, 100 MiB):");
    let cases = cases::all();
    let missed = cases.iter().filter(|case| {
        let folder = TempDir::new().expect("a folder");
        case.write(folder.path());
        let tries = (0..TRIES).map(|_| run::run(&mut command(folder.path(), &["config", "-q"])));
        let (best, status, said) = tries.min_by_key(|(measured, ..)| measured.wall).expect("some tries");
        // A status holds the code of the end above the signal that brought it.
        let ended = if case.words.is_empty() { status == 0 } else { status == 1 << 8 && said.contains(case.words) };
        let kept = ended && best.wall <= HOSTILE_TIME && best.mebibytes() <= HOSTILE_MEBIBYTES;
        let (wall, peak) = (best.wall.as_secs_f64() * 1000.0, best.mebibytes());
        println!("  {:45} {wall:6.1} ms {peak:6.1} MiB  {}", case.name, if kept { "" } else { "MISSED" });
        !kept
    });
    let missed = missed.count();
    println!("  {} of {} within the limits", cases.len() - missed, cases.len());
    missed == 0
}

/// Services that each wait for the one before and for the first.
fn services(count: u32) -> String {
    let mut text = "services:\n".to_owned();
    for number in 0..count {
        let needs = match number {
            0 => String::new(),
            1 => "    depends_on: [s0]\n".to_owned(),
            _ => format!("    depends_on: [s0, s{}]\n", number - 1),
        };
        let own = format!("    image: nginx:1.27\n    environment: {{NAME: s{number}, LEVEL: debug}}\n");
        let port = format!("    ports: ['{}:80']\n", 1024 + number);
        write!(text, "  s{number}:\n{own}{port}{needs}").expect("text grows");
    }
    text
}

/// Services with some of everything, about 900 bytes each.
fn rich_services(count: usize) -> String {
    let mut text = "services:\n".to_owned();
    for number in 0..count {
        write!(
            text,
            r#"  service-{number:04}:
    image: registry.example.com/team/service-{number:04}:${{TAG:-1.2.{number}}}
    restart: unless-stopped
    command: ["serve", "--listen", "0.0.0.0:8080", "--name", "service-{number:04}"]
    environment:
      DATABASE_URL: postgres://user:secret@database-{number:04}/main
      LOG_LEVEL: ${{LOG_LEVEL:-info}}
      CACHE_SIZE: "{number}"
      FEATURES: "search,billing,reports"
    labels:
      com.example.team: payments
      com.example.number: "{number}"
    ports:
      - "127.0.0.1:{port}:8080"
    volumes:
      - data-{number:04}:/var/lib/data
      - ./config/{number:04}.toml:/etc/service/config.toml:ro
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8080/health"]
      interval: 10s
      timeout: 2s
      retries: 5
    deploy:
      resources:
        limits: {{ cpus: "0.5", memory: 256M }}
    networks: [front, back]
    depends_on: {{ {needs} }}
"#,
            port = 20_000 + number,
            needs = match number {
                0 => String::new(),
                _ => format!("service-{:04}: {{ condition: service_started }}", number - 1),
            },
        )
        .expect("text grows");
    }
    text.push_str("networks: { front: {}, back: {} }\nvolumes:\n");
    (0..count).for_each(|number| writeln!(text, "  data-{number:04}: {{}}").expect("text grows"));
    text
}

fn project(text: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a compose file");
    folder
}

fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_convoke"));
    command.args(words).current_dir(folder);
    command
}

fn convoke(folder: &Path, words: &[&str]) -> Measured {
    run::measure(&mut command(folder, words))
}
