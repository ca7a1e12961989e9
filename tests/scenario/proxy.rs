//! An engine's socket in between: it writes down every request, and can cut the line or leave requests unanswered.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

type Requests = Arc<Mutex<Vec<String>>>;

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Pass,
    /// The engine goes away for good.
    Cut,
    /// It is never answered.
    Mute,
}

pub struct Proxy {
    socket: PathBuf,
    requests: Requests,
}

impl Proxy {
    /// Listens at `socket` and hands everything on to `engine`.
    pub fn open(socket: PathBuf, engine: &Path) -> Self {
        Self::open_with(socket, engine, |_| Fate::Pass)
    }

    /// The same, but each request meets its fate.
    pub fn open_with(socket: PathBuf, engine: &Path, fate: fn(&str) -> Fate) -> Self {
        let listener = UnixListener::bind(&socket).expect("a socket for the proxy");
        let requests = Requests::default();
        let (seen, engine) = (Arc::clone(&requests), engine.to_owned());
        thread::spawn(move || {
            let lines = Arc::new(Mutex::new(Some(Vec::new())));
            for client in listener.incoming() {
                let (Ok(client), Ok(engine)) = (client, UnixStream::connect(&engine)) else { break };
                let line = Line { client, engine, requests: Arc::clone(&seen), fate, lines: Arc::clone(&lines) };
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
    fate: fn(&str) -> Fate,
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
            let Some(request) = line.trim_end().strip_suffix(" HTTP/1.1") else { continue };
            self.requests.lock().expect("the list of requests").push(request.to_owned());
            let fate = (self.fate)(request);
            if fate == Fate::Cut {
                for stream in self.lines.lock().expect("the list of lines").take().unwrap_or_default() {
                    // It may be closed already.
                    let _ = stream.shutdown(Shutdown::Both);
                }
            }
            if fate != Fate::Pass {
                return fate;
            }
        }
        Fate::Pass
    }
}

fn carry(mut from: UnixStream, mut to: UnixStream, mut inspect: impl FnMut(&[u8]) -> Fate) {
    let mut buffer = [0; 65536];
    while let Ok(length) = from.read(&mut buffer) {
        let fate = if length == 0 { Fate::Cut } else { inspect(&buffer[..length]) };
        if fate == Fate::Mute {
            // Both ends stay open, and nothing comes through any more.
            return;
        }
        if fate == Fate::Cut || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other side may have gone first.
    let _ = to.shutdown(Shutdown::Write);
}
