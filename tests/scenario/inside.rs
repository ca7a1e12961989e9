//! Inside running containers: commands, terminals, what is piped through, and how they end.

use rustix::process::Signal;

use crate::engine::text;
use crate::proxy::Fate;
use crate::scenario::Scenario;
use crate::stories;

stories![
    runs_commands_inside,
    pipes_through_a_command_until_its_input_ends,
    gives_a_command_a_terminal,
    leaves_a_command_at_the_keys,
    restores_the_terminal_when_it_is_killed,
    restores_the_terminal_when_the_engine_goes_away,
    goes_into_the_container_that_is_meant,
    says_why_it_cannot_go_inside,
    attaches_to_a_container,
    hands_signals_on_to_the_container,
    ends_when_the_window_is_closed,
];

const STAYS: &str = "services: { web: { image: ACTOR, command: [stay] } }\n";

fn runs_commands_inside(scenario: &Scenario) {
    scenario.up(STAYS);
    let said = scenario.convoke(&["exec", "-T", "web", "/actor", "say", "out", "complain", "err", "exit", "3"]);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("out\n", "err\n"));
    said.exits_with(3);
    scenario.variable("FROM_SHELL", "yes");
    let flags = ["-e", "A=1", "--env", "FROM_SHELL", "-e", "NOWHERE"];
    let told = scenario.done(&[&["exec"], &flags[..], &["web", "/actor", "environment"]].concat()).stdout;
    assert!(told.contains("A=1\n") && told.contains("FROM_SHELL=yes\n") && !told.contains("NOWHERE"), "{told}");
    let told = scenario.done(&["exec", "-u", "1234", "-w", "/proc", "web", "/actor", "identity", "folder"]).stdout;
    assert_eq!(told, "1234\n/proc\n");
    // Whatever follows the service is the command's own.
    scenario.done(&["exec", "web", "/actor", "say", "--dry-run=true", "say", "-T"]);
    // Where the engine itself may not do everything, that is what it says.
    let shown = |flags: &[&str]| {
        let words = [&["exec"], flags, &["web", "/actor", "show", "/proc/self/status"]].concat();
        let told = scenario.convoke(&words).told();
        told.lines().find(|line| line.starts_with("CapEff") || line.contains("caps")).map(str::to_owned)
    };
    assert_ne!(shown(&["--privileged"]), shown(&[]));
    // Nobody waits for a command in the background; what it wrote shows that it ran.
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["exec", "-d", "web", "/actor", "write", "/ran", "yes"]);
    events.wait_for("the end of the command", |event| event["Action"] == "exec_die");
    assert_eq!(scenario.done(&["exec", "web", "/actor", "show", "/ran"]).stdout, "yes\n");
    let dry = scenario.done(&["exec", "--dry-run", "web", "/actor", "exit", "9"]).stdout;
    assert!(dry.contains("run `/actor exit 9`"), "{dry}");
}

fn pipes_through_a_command_until_its_input_ends(scenario: &Scenario) {
    scenario.up(STAYS);
    let input: Vec<u8> = (0..300_000u32).flat_map(|number| format!("{number}\n").into_bytes()).collect();
    let told = scenario.fed(&["exec", "web", "/actor", "repeat"], &input).exits_with(0);
    assert_eq!(told.stdout.as_bytes(), input);
    let refused = scenario.fed(&["exec", "-t", "web", "/actor", "repeat"], b"x").exits_with(1);
    refused.complains_about(&["cannot attach stdin to a TTY-enabled container because stdin is not a terminal"]);
}

fn gives_a_command_a_terminal(scenario: &Scenario) {
    scenario.up(STAYS);
    let words =
        ["exec", "web", "/actor", "await-window", "80x24", "ask", "now?", "await-window", "101x33", "exit", "5"];
    let mut seat = scenario.at_terminal(&words);
    seat.see("80x24");
    seat.see("now? ");
    assert!(seat.is_raw());
    seat.resize(101, 33);
    seat.keys("typed\r");
    seat.see("101x33");
    let shown = seat.ends_with(5);
    assert!(shown.contains("typed"), "the terminal inside shows what is typed: {shown}");
    let told = scenario.at_terminal(&["exec", "-T", "web", "/actor", "window"]).ends_with(0);
    assert!(told.contains("no terminal"), "{told}");
}

fn leaves_a_command_at_the_keys(scenario: &Scenario) {
    scenario.up(STAYS);
    scenario.file(".docker/config.json", r#"{"detachKeys": "ctrl-x,x"}"#);
    for (flags, keys) in [(&["--detach-keys", "ctrl-a"][..], "\x01"), (&[][..], "\x18x")] {
        let words = [&["exec"], flags, &["web", "/actor", "say", "here", "stay"]].concat();
        let mut seat = scenario.at_terminal(&words);
        seat.see("here");
        seat.keys(keys);
        seat.ends_with(0);
    }
    let wrong = scenario.convoke(&["exec", "--detach-keys", "control", "web", "/actor"]).exits_with(1);
    wrong.complains_about(&["detach keys", "ctrl-p,ctrl-q"]);
}

fn restores_the_terminal_when_it_is_killed(scenario: &Scenario) {
    scenario.up(STAYS);
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let mut seat = scenario.at_terminal(&["exec", "web", "/actor", "ask", "now?"]);
        seat.see("now?");
        assert!(seat.is_raw());
        seat.signal(signal);
        seat.ends_with(code);
    }
}

fn restores_the_terminal_when_the_engine_goes_away(scenario: &Scenario) {
    scenario.up(STAYS);
    let cut = |request: &str| if request.contains("/resize?h=20&w=77") { Fate::Cut } else { Fate::Pass };
    let _proxy = scenario.met_by(cut);
    let mut seat = scenario.at_terminal(&["exec", "web", "/actor", "ask", "now?"]);
    seat.see("now?");
    assert!(seat.is_raw());
    seat.resize(77, 20);
    seat.ends_with(1);
    scenario.direct();
}

fn goes_into_the_container_that_is_meant(scenario: &Scenario) {
    scenario.up("services: { web: { image: ACTOR, command: [stay], scale: 2 } }\n");
    let hosts: Vec<String> =
        scenario.containers().iter().map(|it| text(&it["Config"]["Hostname"]).to_owned()).collect();
    let host = |flags: &[&str]| {
        let words = [&["exec"], flags, &["web", "/actor", "show", "/etc/hostname"]].concat();
        scenario.done(&words).stdout.trim().to_owned()
    };
    assert_eq!(
        (host(&[]), host(&["--index", "1"]), host(&["--index", "2"])),
        (hosts[0].clone(), hosts[0].clone(), hosts[1].clone())
    );
    let none = scenario.convoke(&["exec", "--index", "3", "web", "/actor"]).exits_with(1);
    none.complains_about(&["service \"web\" is not running container #3", "its containers are #1, #2"]);
}

fn says_why_it_cannot_go_inside(scenario: &Scenario) {
    scenario.up("services: { web: { image: ACTOR, command: [exit, '4'] }, db: { image: ACTOR, command: [stay] } }\n");
    scenario.engine.wait_for_listed(&scenario.project, "web", "exited");
    let ended = scenario.convoke(&["exec", "web", "/actor"]).exits_with(1);
    ended.complains_about(&["service \"web\" is not running", "ended with status 4", "logs web", "up -d web"]);
    let missing = scenario.convoke(&["exec", "db"]).exits_with(1);
    missing.complains_about(&["what is to be run is missing"]);
    let unknown = scenario.convoke(&["exec", "--nothing", "db", "/actor"]).exits_with(1);
    unknown.complains_about(&["unexpected argument '--nothing'"]);
    let not_there = scenario.convoke(&["exec", "-T", "db", "/nowhere"]);
    assert!(matches!(not_there.code(), Some(126 | 127)), "{}", not_there.told());
}

fn attaches_to_a_container(scenario: &Scenario) {
    scenario.up(r#"
services:
  web: { image: ACTOR, command: [await-window, 99x9, ask, now?, exit, "6"], stdin_open: true, tty: true }
  pipe: { image: ACTOR, command: [ask, now?, say, said, exit, "7"], stdin_open: true }
  deaf: { image: ACTOR, command: [stay], stdin_open: true, tty: true }
"#);
    let mut events = scenario.engine.events(&scenario.project);
    let mut seat = scenario.at_terminal(&["attach", "web"]);
    seat.resize(99, 9);
    seat.see("now? ");
    seat.keys("x\r");
    seat.ends_with(6);
    scenario.engine.wait_for_listed(&scenario.project, "web", "exited");
    scenario.convoke(&["attach", "web"]).exits_with(1).complains_about(&["service \"web\" is not running"]);
    let mut looking = scenario.begin(&["attach", "--no-stdin", "pipe"]);
    events.wait_for_action("pipe", "attach");
    scenario.fed(&["attach", "pipe"], b"x\n").exits_with(7);
    looking.until_line("said");
    looking.end().exits_with(7);
    let mut seat = scenario.at_terminal(&["attach", "deaf"]);
    events.wait_for_action("deaf", "attach");
    seat.keys("\x10\x11");
    seat.ends_with(0);
    assert!(scenario.states().contains(&"deaf running".to_owned()));
    scenario.convoke(&["attach", "deaf"]).exits_with(1).complains_about(&["stdin is not a terminal", "--no-stdin"]);
}

fn hands_signals_on_to_the_container(scenario: &Scenario) {
    scenario.up(STAYS);
    let mut events = scenario.engine.events(&scenario.project);
    let attached = scenario.begin(&["attach", "web"]);
    events.wait_for_action("web", "attach");
    attached.signal(Signal::TERM);
    // The program ends well when it is asked to.
    attached.end().exits_with(0);
    scenario.engine.wait_for_listed(&scenario.project, "web", "exited");
    scenario.done(&["up", "-d"]);
    let attached = scenario.begin(&["attach", "--sig-proxy=false", "web"]);
    events.wait_for_action("web", "attach");
    attached.signal(Signal::TERM);
    attached.end().exits_with(143);
    assert_eq!(scenario.states(), ["web running"]);
}

fn ends_when_the_window_is_closed(scenario: &Scenario) {
    scenario.up(STAYS);
    let mut seat = scenario.at_terminal(&["exec", "web", "/actor", "ask", "now?"]);
    seat.see("now?");
    let status = seat.leave();
    assert!(status.code().is_some(), "{status}");
}
