//! The examples, run as their READMEs say.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::Engine;
use crate::life::ask_port;
use crate::scenario::Scenario;
use crate::stories;

stories![runs_the_shop, takes_the_tour_of_the_readme];

/// These need images that have to be there: no test pulls anything.
pub const WITH_IMAGES: &[crate::Story] = &[("runs_the_stack", runs_the_stack)];

pub const IMAGES: &[&str] = &["nginx:1", "busybox", "postgres:15", "redis:7"];

pub fn has_images(engine: &Engine) -> bool {
    IMAGES.iter().all(|image| engine.call("GET", &format!("/images/{image}/json"), "", b"").status == 200)
}

fn runs_the_shop(scenario: &Scenario) {
    let port = bring_shop(scenario);
    scenario.done(&["up", "-d", "--wait"]);
    let running = ["catalog running", "gateway running", "migrate exited", "orders running", "store running"];
    assert_eq!(scenario.states(), running);
    assert!(ask_port(port, "GET", "/items", "").contains("teapot"));
    assert!(ask_port(port, "POST", "/orders", "tea").contains("one tea, on its way"));
    assert!(ask_port(port, "POST", "/orders", "coal").contains("we do not sell"));
    scenario.done(&["down"]);
    assert!(scenario.containers().is_empty());
    scenario.done(&["up", "-d", "--wait"]);
    assert!(ask_port(port, "GET", "/orders", "").ends_with("\ntea\n"), "orders outlast down");
    assert!(scenario.said("migrate").iter().any(|line| line == "3 items are on the shelf already"));
    scenario.done(&["down", "-v", "--rmi", "local"]);
    assert!(scenario.engine.volumes(&scenario.project).is_empty());
}

/// Every command that README.md shows in a console is run here, or is one of the two that run this.
fn takes_the_tour_of_the_readme(scenario: &Scenario) {
    let port = bring_shop(scenario);
    let readme = include_str!("../../README.md");
    let consoles = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let commands: Vec<_> = consoles.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(!commands.is_empty(), "README.md shows no command");
    for command in commands {
        let words: Vec<_> = command.split(' ').collect();
        match words[..] {
            ["convoke", ref words @ ..] => drop(scenario.done(words)),
            ["curl", "localhost:8080/orders", "-d", item] => {
                assert!(ask_port(port, "POST", "/orders", item).contains("on its way"));
            }
            ["make", target] => assert!(include_str!("../../Makefile").contains(&format!("\n{target}:"))),
            // That is where `bring_shop` got it from.
            ["cd", "examples/shop"] | ["cargo", "build", "--release"] => {}
            _ => panic!("README.md shows a command that nothing runs: {command}"),
        }
    }
}

fn runs_the_stack(scenario: &Scenario) {
    let stack = example("stack");
    for file in ["compose.yaml", "nginx.conf", "schema.sql", "api/index.html", "api/cgi-bin/visits"] {
        copy(&stack.join(file), &scenario.path(file));
    }
    let port = free_port();
    scenario.variable("STACK_PORT", &port.to_string());
    scenario.done(&["up", "-d", "--wait"]);
    assert_eq!(scenario.states(), ["api running", "cache running", "db running", "schema exited", "web running"]);
    assert!(ask_port(port, "GET", "/", "").contains("The stack is up"));
    for number in [1, 2] {
        let answer = ask_port(port, "GET", "/cgi-bin/visits", "");
        assert!(answer.contains(&format!("visit number {number}")), "{answer}");
    }
}

/// Builds the shop and puts it into the scenario's folder; its port is one that was free.
fn bring_shop(scenario: &Scenario) -> u16 {
    let shop = example("shop");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    let status = cargo.args(["build", "--release", "--quiet", "--offline"]).current_dir(&shop).status();
    assert!(status.expect("cargo to build the shop").success(), "the shop does not build");
    for file in ["compose.yaml", "Dockerfile", ".dockerignore", "target/release/shop"] {
        copy(&shop.join(file), &scenario.path(file));
    }
    let port = free_port();
    scenario.variable("SHOP_PORT", &port.to_string());
    port
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a path below the folder")).expect("a folder for a file");
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

/// A port that nobody listens on at this moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
