//! Progress in a real terminal: a window of tmux, whose content is looked at while convoke works and after it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::engine::PATIENCE;
use crate::scenario::Scenario;

crate::stories![fits_into_a_usual_window, fits_into_a_narrow_window, bears_that_the_window_shrinks];

/// Whether there is a tmux to look through.
pub fn is_possible() -> bool {
    let tmux = Command::new("tmux").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    tmux.is_ok_and(|status| status.success())
}

fn fits_into_a_usual_window(scenario: &Scenario) {
    let window = Window::open(scenario, 80);
    let waiting = window.until("Waiting");
    assert_tidy(&waiting, 80);
    let row = waiting.iter().position(|line| line.contains("Waiting")).expect("a row that waits");
    let told = waiting[row..].concat();
    assert!(told.contains("Service db") && told.contains("healthy, needed by web"), "{waiting:#?}");
    scenario.file("gate/open", "open");
    let end = window.end();
    assert_tidy(&end, 80);
    assert_told(&end);
    assert!(end.iter().any(|line| line.contains("web  ") && line.contains("http://localhost:")), "{end:#?}");
}

fn fits_into_a_narrow_window(scenario: &Scenario) {
    let window = Window::open(scenario, 40);
    let waiting = window.until("Waiting");
    assert_tidy(&waiting, 40);
    let row = waiting.iter().position(|line| line.contains("Waiting")).expect("a row that waits");
    assert_eq!(waiting[row + 1].trim(), "healthy, needed by web", "what has no room beside stands below: {waiting:#?}");
    scenario.file("gate/open", "open");
    let end = window.end();
    assert_tidy(&end, 40);
    assert_told(&end);
    assert!(end.iter().any(|line| line.starts_with("   http://localhost:")), "{end:#?}");
}

fn bears_that_the_window_shrinks(scenario: &Scenario) {
    let window = Window::open(scenario, 80);
    window.until("Waiting");
    window.tmux(&["resize-window", "-x", "40"]);
    scenario.file("gate/open", "open");
    let end = window.end();
    assert_tidy(&end, 40);
    assert_told(&end);
}

/// One list, each of its rows as it begins, and nothing that a terminal had to wrap.
fn assert_tidy(screen: &[String], columns: usize) {
    let heads = screen.iter().filter(|line| line.starts_with("[+] up ")).count();
    assert_eq!(heads, 1, "{screen:#?}");
    for line in screen {
        let mut letters = line.chars();
        let is_row = letters.next() == Some(' ') && letters.next().is_some_and(is_mark) && letters.next() == Some(' ');
        let is_below = line.starts_with("   ");
        assert!(is_row || is_below || line.starts_with("[+] up "), "{line:?} in {screen:#?}");
        assert!(line.chars().count() < columns, "{line:?} in {screen:#?}");
    }
}

fn is_mark(letter: char) -> bool {
    "✔✘!-".contains(letter) || ('⠀'..='⣿').contains(&letter)
}

/// Each thing of the project with what became of it, and each service with how it is.
fn assert_told(screen: &[String]) {
    for (what, state) in [
        ("_default", "Created"),
        ("db-1", "Started"),
        ("web-1", "Started"),
        ("Service db", "Healthy"),
        ("db  ", "healthy after"),
        ("web ", "running after"),
    ] {
        let told = |line: &&String| line.contains(what) && line.contains(state);
        assert_eq!(screen.iter().filter(told).count(), 1, "{what} {state}: {screen:#?}");
    }
}

/// A window with `up -d` in it, of a project whose db becomes healthy when the file gate/open is there.
struct Window<'s> {
    scenario: &'s Scenario<'s>,
    socket: PathBuf,
}

impl<'s> Window<'s> {
    fn open(scenario: &'s Scenario<'s>, columns: usize) -> Self {
        scenario.compose(
            "services:\n  db:\n    image: ACTOR\n    command: stay\n    volumes: ['./gate:/gate']\n    \
             healthcheck: { test: [CMD, /actor, show, /gate/open], interval: 1s, retries: 1000 }\n  \
             web:\n    image: ACTOR\n    command: [serve, '80']\n    depends_on: { db: { condition: service_healthy } }\n    \
             ports: ['80']\n",
        );
        scenario.file("gate/closed", "");
        let window = Self { scenario, socket: scenario.path("tmux.sock") };
        let command = format!(
            "{} -p {} up -d; echo; tmux -S {} wait-for -S ended; read line",
            env!("CARGO_BIN_EXE_convoke"),
            scenario.project,
            window.socket.display()
        );
        let columns = columns.to_string();
        window.tmux(&["-u", "-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", "24", &command]);
        window
    }

    fn tmux(&self, words: &[&str]) -> String {
        let socket = self.socket.to_string_lossy();
        self.scenario.run("tmux", &[&["-S", &socket], words].concat()).exits_with(0).stdout
    }

    /// What the window shows, without the empty lines.
    fn screen(&self) -> Vec<String> {
        let screen = self.tmux(&["capture-pane", "-p"]);
        screen.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// What the window shows once it shows this.
    fn until(&self, text: &str) -> Vec<String> {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if screen.iter().any(|line| line.contains(text)) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "no {text:?}: {screen:#?}");
        }
    }

    /// What it shows when convoke has ended.
    fn end(&self) -> Vec<String> {
        self.tmux(&["wait-for", "ended"]);
        self.screen()
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        let socket = self.socket.to_string_lossy();
        // A server that never came up needs no end.
        let _ = self.scenario.run("tmux", &["-S", &socket, "kill-server"]);
    }
}
