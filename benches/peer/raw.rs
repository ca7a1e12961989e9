//! The same containers without convoke: nothing but the engine's calls, so many at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::engine::{Engine, text};
use crate::run::Measured;

/// Creates a network, and then creates and starts containers on it.
pub fn start_many(engine: &Engine, image: &str, project: &str, count: usize, at_once: usize) -> Measured {
    let began = Instant::now();
    let network = format!("{project}_default");
    let labels = json!({ "com.docker.compose.project": project });
    post(engine, "/networks/create", &json!({ "Name": network, "CheckDuplicate": true, "Labels": labels }));
    let next = AtomicUsize::new(1);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number > count {
                        return;
                    }
                    let container = json!({
                        "Image": image,
                        "Cmd": ["stay"],
                        "Labels": labels,
                        "HostConfig": { "NetworkMode": network },
                        "NetworkingConfig": { "EndpointsConfig": { &network: { "Aliases": [format!("s{number}")] } } },
                    });
                    let created = post(engine, &format!("/containers/create?name={project}-s{number}-1"), &container);
                    post(engine, &format!("/containers/{}/start", text(&created["Id"])), &Value::Null);
                }
            });
        }
    });
    Measured { wall: began.elapsed(), peak: 0 }
}

fn post(engine: &Engine, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let answer = engine.call("POST", path, "application/json", &body);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(answer.status < 300, "POST {path}: {}: {text}", answer.status);
    serde_json::from_str(&text).unwrap_or_default()
}
