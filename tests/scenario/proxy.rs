//! An engine's socket in between: it writes down every request, and decides what becomes of it.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::PATIENCE;

type Requests = Arc<Mutex<Vec<String>>>;
type Decide = Arc<dyn Fn(&str) -> Fate + Send + Sync>;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pass,
    /// The engine goes away for good before it hears of it.
    Cut,
    /// The proxy answers in the engine's place, which does not hear of it: with this status, of an error.
    Refuse(u16),
    /// It is never answered.
    Mute,
    /// The engine hears of it only later.
    Delay(Duration),
}

pub struct Proxy {
    socket: PathBuf,
    requests: Requests,
}

impl Proxy {
    /// Listens at `socket` and hands on to `engine` what `decide` lets pass: it is asked for method and path.
    pub fn open(socket: PathBuf, engine: &Path, decide: impl Fn(&str) -> Fate + Send + Sync + 'static) -> Self {
        // The proxy of an earlier part of the story may have left it.
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).expect("a socket for the proxy");
        let requests = Requests::default();
        let (seen, engine, decide): (_, _, Decide) = (Arc::clone(&requests), engine.to_owned(), Arc::new(decide));
        thread::spawn(move || {
            let lines = Arc::new(Mutex::new(Some(Vec::new())));
            for client in listener.incoming() {
                let Ok(client) = client else { break };
                // While nobody listens behind it, whoever comes is turned away.
                let Ok(engine) = UnixStream::connect(&engine) else { continue };
                let (requests, decide, lines) = (Arc::clone(&seen), Arc::clone(&decide), Arc::clone(&lines));
                let line = Line { client, engine, requests, decide, lines };
                if !line.join() {
                    break;
                }
            }
        });
        Self { socket, requests }
    }

    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// The requests so far: method and path.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("the list of requests").clone()
    }

    /// Waits until the requests so far are enough; `what` says what that is.
    pub fn until(&self, what: &str, are_enough: impl Fn(&[String]) -> bool) {
        let began = Instant::now();
        while !are_enough(&self.requests()) {
            assert!(began.elapsed() < PATIENCE, "{what}: {:#?}", self.requests());
            thread::yield_now();
        }
    }

    /// Those that change something.
    pub fn changes(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .filter(|request| !request.starts_with("GET ") && !request.starts_with("HEAD "))
            .collect()
    }
}

/// One connection of a client to the engine.
struct Line {
    client: UnixStream,
    engine: UnixStream,
    requests: Requests,
    decide: Decide,
    /// Both ends of all lines; `None` once they are cut.
    lines: Arc<Mutex<Option<Vec<UnixStream>>>>,
}

impl Line {
    /// Carries bytes both ways from now on; false once the line is cut.
    fn join(self) -> bool {
        let twin = |stream: &UnixStream| stream.try_clone().expect("a second handle of a socket");
        let mut lines = self.lines.lock().expect("the list of lines");
        let Some(open) = lines.as_mut() else { return false };
        open.extend([twin(&self.client), twin(&self.engine)]);
        drop(lines);
        let (engine, client) = (twin(&self.engine), twin(&self.client));
        thread::spawn(move || carry(engine, client, |_| Fate::Pass));
        thread::spawn(move || {
            let (mut text, engine, client) = (Vec::new(), twin(&self.engine), twin(&self.client));
            carry(client, engine, |bytes| self.note(&mut text, bytes));
        });
        true
    }

    /// Writes down the requests among the bytes of a client, and says what becomes of the bytes.
    fn note(&self, text: &mut Vec<u8>, bytes: &[u8]) -> Fate {
        text.extend_from_slice(bytes);
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let Some(request) = line.trim_end().strip_suffix(" HTTP/1.1").and_then(request_in) else { continue };
            self.requests.lock().expect("the list of requests").push(request.to_owned());
            let fate = (self.decide)(request);
            match fate {
                Fate::Pass => continue,
                Fate::Delay(time) => {
                    thread::sleep(time);
                    continue;
                }
                Fate::Refuse(status) => self.refuse(status),
                Fate::Cut => {
                    for stream in self.lines.lock().expect("the list of lines").take().unwrap_or_default() {
                        // It may be closed already.
                        let _ = stream.shutdown(Shutdown::Both);
                    }
                }
                Fate::Mute => {}
            }
            return fate;
        }
        Fate::Pass
    }

    fn refuse(&self, status: u16) {
        let body = "{\"message\":\"the engine stumbled\"}";
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Stumbled\r\nContent-Type: application/json\r\nConnection: close\r\n");
        // Whoever asked may have left.
        let _ = write!(&self.client, "{head}Content-Length: {length}\r\n\r\n{body}");
        let _ = self.client.shutdown(Shutdown::Both);
    }
}

/// Method and path at the end of a line: the body of the request before may stand in front, and has no line end.
fn request_in(line: &str) -> Option<&str> {
    let begins = ["GET /", "HEAD /", "POST /", "PUT /", "DELETE /"].into_iter().filter_map(|method| line.rfind(method));
    begins.max().map(|at| &line[at..])
}

fn carry(mut from: UnixStream, mut to: UnixStream, mut inspect: impl FnMut(&[u8]) -> Fate) {
    let mut buffer = [0; 65536];
    while let Ok(length) = from.read(&mut buffer) {
        let fate = if length == 0 { Fate::Cut } else { inspect(&buffer[..length]) };
        if fate == Fate::Mute {
            // Both ends stay open, and nothing comes through any more.
            return;
        }
        if fate != Fate::Pass || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other side may have gone first.
    let _ = to.shutdown(Shutdown::Write);
}
