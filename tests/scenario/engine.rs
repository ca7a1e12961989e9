//! The engine's own word about state, by a route that convoke has no part in: HTTP/1.0 on its socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Longer than anything here takes, and short enough for somebody to wait for.
pub const PATIENCE: Duration = Duration::from_secs(120);

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";

pub struct Engine {
    pub socket: PathBuf,
}

pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Engine {
    /// The engine that DOCKER_HOST names, or the usual one. It has to be on a unix socket.
    pub fn named() -> Self {
        let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let socket = host.strip_prefix("unix://").unwrap_or_else(|| panic!("{host} is no unix socket"));
        Self { socket: PathBuf::from(socket) }
    }

    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    pub fn call(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let outcome = self.exchange(method, path, content_type, body);
        let remedy = "a Docker engine on a unix socket is needed: `make test` makes sure of one";
        outcome.unwrap_or_else(|error| panic!("{method} {path} on {}: {error}; {remedy}", self.address()))
    }

    pub fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, "", b"");
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "GET {path}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error}: {text}"))
    }

    fn exchange(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> std::io::Result<Answer> {
        let mut reply = Vec::new();
        self.send(method, path, content_type, body)?.read_to_end(&mut reply)?;
        let head_end = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(reply.len());
        let head = String::from_utf8_lossy(&reply[..head_end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = reply.split_off(reply.len().min(head_end + 4));
        Ok(Answer { status: status.ok_or(std::io::ErrorKind::InvalidData)?, body })
    }

    /// Sends a request; its answer is to be read.
    pub fn send(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> std::io::Result<UnixStream> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: engine\r\nContent-Type: {content_type}\r\n")?;
        write!(stream, "Content-Length: {length}\r\n\r\n")?;
        stream.write_all(body)?;
        Ok(stream)
    }

    /// All that the engine knows of every container of a project, by name.
    pub fn containers(&self, project: &str) -> Vec<Value> {
        let list = self.get(&format!("/containers/json?all=1&filters={}", of_project(project)));
        let ids = list.as_array().into_iter().flatten().map(|container| text(&container["Id"]).to_owned());
        let mut containers: Vec<Value> = ids
            .map(|id| self.call("GET", &format!("/containers/{id}/json"), "", b""))
            // One that went away between the two calls is no longer there.
            .filter(|answer| answer.status == 200)
            .map(|answer| serde_json::from_slice(&answer.body).expect("an inspected container"))
            .collect();
        containers.sort_by(|a, b| text(&a["Name"]).cmp(text(&b["Name"])));
        containers
    }

    /// Waits until the engine's list has a service's container in a state: it lags behind the events.
    pub fn wait_for_listed(&self, project: &str, service: &str, state: &str) {
        let began = Instant::now();
        loop {
            let list = self.get(&format!("/containers/json?all=1&filters={}", of_project(project)));
            let mut rows = list.as_array().into_iter().flatten();
            if rows.any(|row| row["Labels"][SERVICE] == service && row["State"] == state) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{service} is not {state}: {list}");
        }
    }

    pub fn networks(&self, project: &str) -> Vec<String> {
        names(&self.get(&format!("/networks?filters={}", of_project(project))))
    }

    pub fn volumes(&self, project: &str) -> Vec<String> {
        names(&self.get(&format!("/volumes?filters={}", of_project(project)))["Volumes"])
    }

    /// A volume as the engine shows it.
    pub fn volume(&self, name: &str) -> Value {
        self.get(&format!("/volumes/{name}"))
    }

    /// The output of a container, each line behind the engine's time, standard output and error in the order written.
    pub fn logs(&self, id: &str) -> Vec<String> {
        let answer = self.call("GET", &format!("/containers/{id}/logs?stdout=1&stderr=1&timestamps=1"), "", b"");
        let (mut lines, mut rest) = (Vec::new(), answer.body.as_slice());
        while let Some((head, tail)) = rest.split_at_checked(8) {
            let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let (chunk, tail) = tail.split_at(length.min(tail.len()));
            lines.push(String::from_utf8_lossy(chunk).trim_end().to_owned());
            rest = tail;
        }
        lines
    }

    /// Everything that happens to a project's containers from now on.
    pub fn events(&self, project: &str) -> Events {
        let path = format!("/events?filters={}", of_project(project));
        let mut lines = BufReader::new(self.send("GET", &path, "", b"").expect("a stream of events"));
        // The head comes at once: from here on nothing is missed.
        let mut head = String::new();
        while lines.read_line(&mut head).expect("the head of the stream of events") > 2 {}
        Events { lines }
    }

    /// Removes all that carries the project's label, and says what there was.
    pub fn clear(&self, project: &str) -> Vec<String> {
        let mut found = Vec::new();
        for container in self.containers(project) {
            let id = text(&container["Id"]);
            self.call("DELETE", &format!("/containers/{id}?force=1&v=1"), "", b"");
            found.push(format!("container {}", text(&container["Name"])));
        }
        for (kind, folder, names) in
            [("network", "networks", self.networks(project)), ("volume", "volumes", self.volumes(project))]
        {
            for name in names {
                let answer = self.call("DELETE", &format!("/{folder}/{name}"), "", b"");
                if kind == "network" && answer.status == 403 && self.has_miscounted(&name) {
                    eprintln!("the engine says that somebody is on network {name}, where nobody is: left there");
                    continue;
                }
                found.push(format!("{kind} {name}"));
            }
        }
        found
    }

    /// Whether an engine that refuses to remove a network has nobody on it. Engines up to 20.10 count who is on a network
    /// beside the list of those who are, and lose count where many come and go at the same moment.
    fn has_miscounted(&self, network: &str) -> bool {
        self.get(&format!("/networks/{network}"))["Containers"].as_object().is_some_and(serde_json::Map::is_empty)
    }

    /// Removes every image that was built for a project or made from its containers, and what a build left on the way to
    /// one: that has no label but the one that the scenario gave it.
    pub fn clear_images(&self, project: &str) {
        for label in [PROJECT, "scenario"] {
            let path = format!("/images/json?all=1&filters={}", of(label, project));
            let mut known = usize::MAX;
            loop {
                let list = self.get(&path);
                let ids: Vec<_> = list.as_array().into_iter().flatten().map(|image| text(&image["Id"])).collect();
                // What others stand upon can only go after them.
                if ids.is_empty() || ids.len() == known {
                    break;
                }
                known = ids.len();
                ids.into_iter().for_each(|id| self.remove_image(id));
            }
        }
    }

    /// Makes an image of one static program, which is its entrypoint.
    pub fn import(&self, program: &Path, name: &str, tag: &str) {
        let mut archive = tar::Builder::new(Vec::new());
        archive.append_path_with_name(program, "actor").expect("an archive of the program");
        let archive = archive.into_inner().expect("an archive of the program");
        let entrypoint = escape("ENTRYPOINT [\"/actor\"]");
        let path = format!("/images/create?fromSrc=-&repo={name}&tag={tag}&changes={entrypoint}");
        let answer = self.call("POST", &path, "application/x-tar", &archive);
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.status == 200 && !text.contains("\"error\""), "import of {name}:{tag}: {text}");
    }

    pub fn remove_image(&self, name: &str) {
        self.call("DELETE", &format!("/images/{name}?force=1"), "", b"");
    }
}

pub struct Events {
    lines: BufReader<UnixStream>,
}

impl Events {
    /// Waits for the next event that will do. `what` is for the message when none comes.
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut line = String::new();
            let length = self.lines.read_line(&mut line).unwrap_or_else(|error| panic!("waiting for {what}: {error}"));
            assert!(length > 0, "waiting for {what}: the engine told no more");
            if let Ok(event) = serde_json::from_str::<Value>(&line)
                && wanted(&event)
            {
                return event;
            }
        }
    }

    /// Waits until a service's container does something: `start`, `die`, `kill`, `health_status: healthy`.
    pub fn wait_for_action(&mut self, service: &str, action: &str) -> Value {
        self.wait_for(&format!("{action} of {service}"), |event| {
            event["Action"] == action && event["Actor"]["Attributes"][SERVICE] == service
        })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // The engine may have closed it already.
        let _ = self.lines.get_ref().shutdown(Shutdown::Both);
    }
}

/// A word that no other run has: this process and the moment.
pub fn unique() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    format!("{:x}-{:x}", std::process::id(), now.subsec_nanos())
}

/// A JSON string's text; empty for anything else.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The service that a container belongs to.
pub fn service(container: &Value) -> &str {
    text(&container["Config"]["Labels"][SERVICE])
}

fn names(list: &Value) -> Vec<String> {
    let mut names: Vec<_> = list.as_array().into_iter().flatten().map(|item| text(&item["Name"]).to_owned()).collect();
    names.sort();
    names
}

fn of_project(project: &str) -> String {
    of(PROJECT, project)
}

fn of(label: &str, value: &str) -> String {
    escape(&json!({ "label": [format!("{label}={value}")] }).to_string())
}

fn escape(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
