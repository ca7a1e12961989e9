//! The same containers without convoke: nothing but the engine's calls, so many at once.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine::{Engine, text};
use crate::run::Measured;

/// Creates a network, and then creates and starts containers on it.
pub fn start_many(engine: &Engine, image: &str, project: &str, count: usize, at_once: usize) -> Measured {
    let began = Instant::now();
    let network = format!("{project}_default");
    let labels = json!({ "com.docker.compose.project": project });
    post(engine, "/networks/create", &json!({ "Name": network, "CheckDuplicate": true, "Labels": labels }));
    all(count, at_once, |number| {
        let number = number + 1;
        let container = json!({
            "Image": image,
            "Cmd": ["stay"],
            "Labels": labels,
            "HostConfig": { "NetworkMode": network },
            "NetworkingConfig": { "EndpointsConfig": { &network: { "Aliases": [format!("s{number}")] } } },
        });
        let created = post(engine, &format!("/containers/create?name={project}-s{number}-1"), &container);
        post(engine, &format!("/containers/{}/start", text(&created["Id"])), &Value::Null);
    });
    Measured { wall: began.elapsed(), cpu: Duration::ZERO, peak: 0 }
}

/// Stops and removes a project's containers, and then removes its network.
pub fn end_many(engine: &Engine, project: &str, at_once: usize) -> Measured {
    let began = Instant::now();
    let ids = containers(engine, project);
    all(ids.len(), at_once, |number| {
        post(engine, &format!("/containers/{}/stop", ids[number]), &Value::Null);
        engine.call("DELETE", &format!("/containers/{}", ids[number]), "", b"");
    });
    engine.call("DELETE", &format!("/networks/{project}_default"), "", b"");
    Measured { wall: began.elapsed(), cpu: Duration::ZERO, peak: 0 }
}

/// Does something with each number from 0, with so many at once.
fn all(count: usize, at_once: usize, deed: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    deed(number);
                }
            });
        }
    });
}

/// How often a look is measured.
const LOOKS: usize = 9;

/// How long the engine takes to list a project's containers.
pub fn list(engine: &Engine, project: &str) -> Duration {
    middle(|| drop(containers(engine, project)))
}

/// How long it takes to list them and then the processes of each, all at once.
pub fn top(engine: &Engine, project: &str) -> Duration {
    middle(|| each(engine, project, "top"))
}

/// How long it takes to list them and then to read the end of each one's output, all at once.
pub fn logs(engine: &Engine, project: &str) -> Duration {
    middle(|| each(engine, project, "logs?stdout=1&stderr=1&tail=10"))
}

/// Asks something about each container of a project, all at once, and throws the answers away.
pub fn each(engine: &Engine, project: &str, what: &str) {
    let ids = containers(engine, project);
    thread::scope(|scope| {
        for id in &ids {
            scope.spawn(move || throw_away(engine, &format!("/containers/{id}/{what}")));
        }
    });
}

/// Reads an answer to its end, whatever it is.
fn throw_away(engine: &Engine, path: &str) {
    let mut answer = engine.send("GET", path, "", b"").expect("a request is taken");
    io::copy(&mut answer, &mut io::sink()).unwrap_or_else(|error| panic!("GET {path}: {error}"));
}

/// How long it takes to list them and then to run a command in one of them, to its end.
pub fn exec(engine: &Engine, project: &str) -> Duration {
    middle(|| {
        let ids = containers(engine, project);
        let command = json!({ "AttachStdout": true, "AttachStderr": true, "Cmd": ["/actor", "exit", "0"] });
        let made = post(engine, &format!("/containers/{}/exec", ids[0]), &command);
        let id = text(&made["Id"]);
        engine.call("POST", &format!("/exec/{id}/start"), "application/json", b"{}");
        engine.get(&format!("/exec/{id}/json"));
    })
}

fn containers(engine: &Engine, project: &str) -> Vec<String> {
    let label = format!("%7B%22label%22%3A%5B%22com.docker.compose.project%3D{project}%22%5D%7D");
    let list = engine.get(&format!("/containers/json?all=1&filters={label}"));
    list.as_array().into_iter().flatten().map(|container| text(&container["Id"]).to_owned()).collect()
}

fn middle(look: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..LOOKS)
        .map(|_| {
            let began = Instant::now();
            look();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[LOOKS / 2]
}

fn post(engine: &Engine, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let answer = engine.call("POST", path, "application/json", &body);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(answer.status < 300, "POST {path}: {}: {text}", answer.status);
    serde_json::from_str(&text).unwrap_or_default()
}
