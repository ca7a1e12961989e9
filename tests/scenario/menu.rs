//! Keys that a foreground `up` hears: containers that are left running, and files that are watched or not.

use rustix::process::Signal;

use crate::scenario::Scenario;
use crate::stories;

stories![
    a_key_leaves_the_containers_running,
    a_key_has_files_watched_or_not,
    keys_are_heard_again_after_a_while_in_the_background,
    beside_keys_an_interrupt_stops_as_ever,
];

const ONE: &str = "services: { web: { image: ACTOR, command: [say, open, stay] } }\n";
const WATCHED: &str = "
services:
  web:
    image: ACTOR
    command: [say, open, stay]
    stop_grace_period: 0s
    develop: { watch: [{ path: src, action: sync, target: /srv }] }
";

fn a_key_leaves_the_containers_running(scenario: &Scenario) {
    scenario.compose(ONE);
    let mut seat = scenario.at_terminal(&["up", "--menu"]);
    seat.see("d detaches");
    assert!(seat.is_raw());
    // Neither a key without a meaning nor the one that would end it on the spot, leaving the terminal as it is.
    seat.keys("x\x1cd");
    let shown = seat.ends_with(0);
    assert!(shown.contains("running after"), "what is left is told: {shown}");
    assert!(!shown.contains("watch"), "there is nothing to watch: {shown}");
    assert_eq!(scenario.states(), ["web running"]);
    scenario.compose(WATCHED);
    scenario.file("src/kept", "kept");
    let mut seat = scenario.at_terminal(&["up", "--menu", "--watch"]);
    seat.see("d detaches, w ends the watch");
    seat.keys("d");
    seat.ends_with(0);
    assert_eq!(scenario.states(), ["web running"]);
}

fn a_key_has_files_watched_or_not(scenario: &Scenario) {
    let is_inside = |path: &str| scenario.convoke(&["exec", "-T", "web", "/actor", "show", path]).succeeded();
    scenario.compose(WATCHED);
    scenario.file("src/kept", "kept");
    let mut seat = scenario.at_terminal(&["up", "--menu"]);
    seat.see("d detaches, w watches files");
    scenario.file("src/a", "one");
    seat.keys("w");
    // What changed since `up` began comes first.
    seat.see("web-1 synced: 1 written");
    seat.see("Watch enabled");
    assert!(is_inside("/srv/a"));
    seat.keys("w");
    seat.see("Watch disabled");
    // From now on somebody else may watch.
    let mut other = scenario.begin(&["watch", "--no-up"]);
    other.until_line("Watch enabled");
    scenario.file("src/b", "two");
    other.until_line("web-1 synced: 1 written");
    seat.keys("w");
    seat.see("cannot take exclusive lock");
    other.signal(Signal::INT);
    other.end().exits_with(130);
    seat.keys("w");
    seat.see("web-1 synced: 1 written");
    seat.see("Watch enabled");
    // Where files are watched it stays when everything has ended, and only there.
    scenario.done(&["kill"]);
    seat.see("exited with code 137");
    seat.keys("w");
    let shown = seat.ends_with(0);
    let counts = ["synced:", "Watch enabled", "Watch disabled"].map(|text| shown.matches(text).count());
    assert_eq!(counts, [2, 2, 2], "{shown}");
}

fn keys_are_heard_again_after_a_while_in_the_background(scenario: &Scenario) {
    scenario.compose(ONE);
    let mut seat = scenario.at_terminal(&["up", "--menu"]);
    seat.see("d detaches");
    seat.settle();
    seat.signal(Signal::CONT);
    seat.until_raw();
    seat.keys("d");
    seat.ends_with(0);
    assert_eq!(scenario.states(), ["web running"]);
}

fn beside_keys_an_interrupt_stops_as_ever(scenario: &Scenario) {
    scenario.compose(ONE);
    let mut seat = scenario.at_terminal(&["up"]);
    seat.see("open");
    assert!(!seat.is_raw(), "nobody asked for keys");
    seat.keys("\x03");
    seat.ends_with(130);
    scenario.variable("COMPOSE_MENU", "1");
    let mut seat = scenario.at_terminal(&["up"]);
    seat.see("d detaches");
    seat.keys("\x03");
    let shown = seat.ends_with(130);
    assert!(shown.contains("Gracefully Stopping"), "{shown}");
    assert_eq!(scenario.states(), ["web exited"]);
}
