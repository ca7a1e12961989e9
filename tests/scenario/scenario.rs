//! One scenario: a folder with a compose file, a project of its own on the engine, and convoke run in it.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::engine::{self, Engine, PATIENCE};
use crate::proxy::{Fate, Proxy};
use crate::seat::Seat;

pub struct Scenario<'e> {
    pub engine: &'e Engine,
    pub project: String,
    pub image: &'e str,
    folder: TempDir,
    artefacts: PathBuf,
    commands: Cell<usize>,
    variables: RefCell<Vec<(String, String)>>,
}

/// What a finished command left.
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    command: String,
    status: ExitStatus,
}

/// A command under way.
pub struct Running {
    child: Child,
    command: String,
    artefacts: PathBuf,
    output: BufReader<Box<dyn Read>>,
    /// What was read of its output already.
    stdout: Vec<u8>,
    /// Dropped when the command has ended, which calls the watch off.
    watch: Sender<()>,
}

/// Runs a scenario and takes everything of it away again. After a failure, what was seen stays in a folder.
pub fn play(name: &str, engine: &Engine, image: &str, story: fn(&Scenario)) {
    let artefacts = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../scenario").join(name);
    // Left from an earlier failure, or not there at all.
    let _ = fs::remove_dir_all(&artefacts);
    fs::create_dir_all(&artefacts).expect("a folder for what is seen");
    let artefacts = artefacts.canonicalize().expect("a folder for what is seen");
    let scenario = Scenario {
        engine,
        project: format!("cvk-{}-{}", name.replace('_', "-"), engine::unique()),
        image,
        folder: TempDir::new().expect("a folder for the project"),
        artefacts,
        commands: Cell::new(0),
        variables: RefCell::default(),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| story(&scenario)));
    if outcome.is_err() {
        scenario.keep_engine_state();
    }
    let down = catch_unwind(AssertUnwindSafe(|| scenario.convoke(&["down", "-v", "--remove-orphans", "-t", "0"])));
    let left = engine.clear(&scenario.project);
    engine.clear_images(&scenario.project);
    match outcome.and(down) {
        Ok(down) if down.status.success() && left.is_empty() => {
            fs::remove_dir_all(&scenario.artefacts).expect("a folder of what was seen");
        }
        Ok(down) => panic!("down left {left:?}\n{}\nartefacts: {}", down.told(), scenario.artefacts.display()),
        Err(panic) => {
            eprintln!("artefacts of {name}: {}", scenario.artefacts.display());
            resume_unwind(panic)
        }
    }
}

impl<'e> Scenario<'e> {
    /// Writes compose.yaml; `ACTOR` in it stands for the image of the tests.
    pub fn compose(&self, text: &str) {
        self.file("compose.yaml", text);
    }

    /// Writes compose.yaml, and brings all of it up.
    pub fn up(&self, text: &str) {
        self.compose(text);
        self.done(&["up", "-d"]);
    }

    /// The beginning of addresses that no other scenario has, and no default pool of the engine.
    fn net(&self) -> String {
        let number = self.project.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        format!("10.{}.{}", 64 + number / 256 % 32, number % 256)
    }

    /// Writes a file of the project; `ACTOR` in it stands for the image of the tests, `NET` for three numbers of addresses.
    pub fn file(&self, name: &str, text: &str) {
        let text = &text.replace("NET.", &format!("{}.", self.net()));
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a path below the folder")).expect("a folder for a file");
        fs::write(path, text.replace("ACTOR", self.image)).expect("a file of the project");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets a variable for the commands that follow.
    pub fn variable(&self, name: &str, value: &str) {
        let mut variables = self.variables.borrow_mut();
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value.to_owned()));
    }

    /// Lets the commands that follow talk to the engine through a proxy that takes notes.
    pub fn recorded(&self) -> Proxy {
        self.behind(self.engine, |_| Fate::Pass)
    }

    /// Lets the commands that follow talk to the engine through a proxy that passes not every request on.
    pub fn met_by(&self, fate: impl Fn(&str) -> Fate + Send + Sync + 'static) -> Proxy {
        self.behind(self.engine, fate)
    }

    /// Lets the commands that follow talk to an engine through a proxy that decides what becomes of each request.
    pub fn behind(&self, engine: &Engine, decide: impl Fn(&str) -> Fate + Send + Sync + 'static) -> Proxy {
        let proxy = Proxy::open(self.path("engine.sock"), &engine.socket, decide);
        self.variable("DOCKER_HOST", &proxy.address());
        proxy
    }

    /// Lets the commands that follow talk to the engine itself again.
    pub fn direct(&self) {
        self.variable("DOCKER_HOST", &self.engine.address());
    }

    /// Runs convoke for this project to its end.
    pub fn convoke(&self, words: &[&str]) -> Outcome {
        self.begin(words).end()
    }

    /// The same, and it has to succeed.
    pub fn done(&self, words: &[&str]) -> Outcome {
        self.convoke(words).exits_with(0)
    }

    /// Runs convoke to its end, and gives it something to read.
    pub fn fed(&self, words: &[&str], input: &[u8]) -> Outcome {
        let all = [&["-p", &self.project], words].concat();
        let mut running = self.begin_program(env!("CARGO_BIN_EXE_convoke"), &all, self.folder.path(), Stdio::piped());
        let mut pipe = running.child.stdin.take().expect("a piped input");
        let input = input.to_vec();
        // Whoever does not read to the end has read enough.
        let writing = thread::spawn(move || drop(pipe.write_all(&input)));
        let outcome = running.end();
        writing.join().expect("everything written");
        outcome
    }

    /// Starts convoke for this project at a terminal.
    pub fn at_terminal(&self, words: &[&str]) -> Seat {
        let all = [&["-p", &self.project], words].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_convoke"));
        command.args(all).current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TERM", "xterm");
        command.env("DOCKER_HOST", self.engine.address()).envs(self.variables.borrow().iter().map(|(k, v)| (k, v)));
        Seat::take(command, format!("convoke {}", words.join(" ")))
    }

    /// Starts convoke for this project.
    pub fn begin(&self, words: &[&str]) -> Running {
        let all = [&["-p", &self.project], words].concat();
        self.begin_program(env!("CARGO_BIN_EXE_convoke"), &all, self.folder.path(), Stdio::null())
    }

    /// Runs convoke to its end in the project's folder, and leaves it to the files to tell the project's name.
    pub fn nameless(&self, words: &[&str]) -> Outcome {
        self.begin_program(env!("CARGO_BIN_EXE_convoke"), words, self.folder.path(), Stdio::null()).end()
    }

    /// Runs convoke for this project with the compose file named: then it counts, and not what the containers say.
    pub fn by_file(&self, words: &[&str]) -> Outcome {
        self.convoke(&[&["-f", "compose.yaml"], words].concat())
    }

    /// Runs convoke for this project to its end, while somebody types this.
    pub fn answered(&self, words: &[&str], typed: &str) -> Outcome {
        let all = [&["-p", &self.project], words].concat();
        fs::write(self.path("typed"), typed).expect("a file for what is typed");
        let stdin = File::open(self.path("typed")).expect("what is typed");
        self.begin_program(env!("CARGO_BIN_EXE_convoke"), &all, self.folder.path(), stdin.into()).end()
    }

    /// Runs another program to its end, with nothing in its environment but what every command here has.
    pub fn run(&self, program: &str, words: &[&str]) -> Outcome {
        let home = std::env::var("HOME").unwrap_or_default();
        self.begin_program(program, words, Path::new(&home), Stdio::null()).end()
    }

    fn begin_program(&self, program: &str, words: &[&str], home: &Path, stdin: Stdio) -> Running {
        self.commands.set(self.commands.get() + 1);
        let program_name = Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let verb = words.iter().rfind(|word| word.chars().all(char::is_alphabetic)).unwrap_or(&"");
        let artefacts = self.artefacts.join(format!("{:02}-{program_name}-{verb}", self.commands.get()));
        let stderr = File::create(artefacts.with_extension("stderr")).expect("a file for what is said");
        let mut command = Command::new(program);
        command.args(words).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", home);
        command.env("DOCKER_HOST", self.engine.address()).envs(self.variables.borrow().iter().map(|(k, v)| (k, v)));
        let child = command.stdin(stdin).stdout(Stdio::piped()).stderr(stderr).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{program}: {error}"));
        let output: Box<dyn Read> = Box::new(child.stdout.take().expect("a piped output"));
        let output = BufReader::new(output);
        let (watch, called_off) = mpsc::channel::<()>();
        let pid = pid(&child);
        thread::spawn(move || {
            if called_off.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                // It may have ended in this moment.
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let command = format!("{program_name} {}", words.join(" "));
        Running { child, command, artefacts, output, stdout: Vec::new(), watch }
    }

    /// Every container of the project, by name, as the engine sees it now.
    pub fn containers(&self) -> Vec<Value> {
        self.engine.containers(&self.project)
    }

    /// The one container of a service.
    pub fn container(&self, service: &str) -> Value {
        let mut containers = self.containers();
        containers.retain(|container| engine::service(container) == service);
        assert_eq!(containers.len(), 1, "containers of {service}");
        containers.remove(0)
    }

    /// Each container's service and state, by name: `web running`.
    pub fn states(&self) -> Vec<String> {
        let state = |container: &Value| {
            format!("{} {}", engine::service(container), engine::text(&container["State"]["Status"]))
        };
        self.containers().iter().map(state).collect()
    }

    /// What containers of a service said so far, without times.
    pub fn said(&self, service: &str) -> Vec<String> {
        let lines = self.engine.logs(engine::text(&self.container(service)["Id"]));
        lines.iter().map(|line| line.split_once(' ').map_or("", |(_, line)| line).to_owned()).collect()
    }

    /// Waits until the one container of a service has said these lines, and no others.
    pub fn until_said(&self, service: &str, expected: &[&str]) {
        self.until_logged(engine::text(&self.container(service)["Id"]), expected);
    }

    /// The same of any container.
    pub fn until_logged(&self, id: &str, expected: &[&str]) {
        let began = Instant::now();
        loop {
            let lines = self.engine.logs(id);
            let said: Vec<&str> = lines.iter().map(|line| line.split_once(' ').map_or("", |(_, line)| line)).collect();
            if said == expected {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{said:?}, not {expected:?}");
        }
    }

    fn keep_engine_state(&self) {
        let containers = self.containers();
        let pretty = serde_json::to_string_pretty(&containers).expect("JSON from JSON");
        // The failure itself is what matters: it is about to be told.
        let _ = fs::write(self.artefacts.join("containers.json"), pretty);
        for container in &containers {
            let name = engine::text(&container["Name"]).trim_start_matches('/');
            let log = self.engine.logs(engine::text(&container["Id"])).join("\n");
            let _ = fs::write(self.artefacts.join(format!("{name}.log")), log);
        }
        for file in ["compose.yaml", ".env"] {
            let _ = fs::copy(self.path(file), self.artefacts.join(file));
        }
    }
}

impl Running {
    /// Reads standard output up to a line that contains the text.
    pub fn until_line(&mut self, text: &str) {
        self.until(text, |line| line.contains(text));
    }

    /// Reads standard output up to the line with which it is enough; `what` says what that is.
    pub fn until(&mut self, what: &str, mut is_enough: impl FnMut(&str) -> bool) {
        loop {
            let began = self.stdout.len();
            let length = self.output.read_until(b'\n', &mut self.stdout).expect("a readable output");
            if is_enough(&String::from_utf8_lossy(&self.stdout[began..])) {
                return;
            }
            if length == 0 {
                let status = self.child.wait().expect("a child to wait for");
                let seen = String::from_utf8_lossy(&self.stdout);
                let stderr = fs::read_to_string(self.artefacts.with_extension("stderr")).unwrap_or_default();
                panic!("{} ended with {status} without {what:?}:\n{seen}{stderr}", self.command);
            }
        }
    }

    /// Waits until this stands in its standard error.
    pub fn until_complaint(&self, text: &str) {
        let began = Instant::now();
        let said = || fs::read_to_string(self.artefacts.with_extension("stderr")).unwrap_or_default();
        while !said().contains(text) {
            assert!(began.elapsed() < PATIENCE, "{} does not say {text:?}:\n{}", self.command, said());
            thread::yield_now();
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child to ask about").is_none()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).expect("a running command");
    }

    /// Leaves without having read all of it, and waits for its end.
    pub fn leave(mut self) -> Outcome {
        self.output = BufReader::new(Box::new(std::io::empty()));
        self.end()
    }

    /// The most memory that it has had so far, in MiB.
    pub fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running command");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak.and_then(|kibibytes| kibibytes.parse::<u64>().ok()).expect("a number of kibibytes") / 1024
    }

    pub fn end(self) -> Outcome {
        let artefacts = self.artefacts.clone();
        let Self { mut child, command, watch, mut output, mut stdout, .. } = self;
        std::io::copy(&mut output, &mut stdout).expect("a readable output");
        let status = child.wait().expect("a child to wait for");
        drop(watch);
        fs::write(artefacts.with_extension("stdout"), &stdout).expect("a file for what is said");
        let stderr = fs::read(artefacts.with_extension("stderr")).expect("a file for what is said");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output in UTF-8");
        Outcome { stdout: text(stdout), stderr: text(stderr), command, status }
    }
}

impl Outcome {
    #[track_caller]
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "signal {:?}\n{}", self.status.signal(), self.told());
        self
    }

    pub fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::KILL.as_raw())
    }

    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Standard error has all these texts.
    #[track_caller]
    pub fn complains_about(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "nothing about {text:?}\n{}", self.told());
        }
        self
    }

    /// Standard output has this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "nothing about {text:?}\n{}", self.told());
        self
    }

    pub fn told(&self) -> String {
        let Self { command, status, stdout, stderr } = self;
        format!("$ {command}\n{stdout}--- stderr ---\n{stderr}--- {status} ---")
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}
