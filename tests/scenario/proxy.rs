//! An engine's socket in between: it writes down every request, and can cut the line.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

type Requests = Arc<Mutex<Vec<String>>>;

pub struct Proxy {
    socket: PathBuf,
    requests: Requests,
}

impl Proxy {
    /// Listens at `socket` and hands everything on to `engine`.
    pub fn open(socket: PathBuf, engine: &Path) -> Self {
        Self::open_until(socket, engine, |_| false)
    }

    /// The same, but the engine goes away for good when the first request comes that `cut` says yes to.
    pub fn open_until(socket: PathBuf, engine: &Path, cut: fn(&str) -> bool) -> Self {
        let listener = UnixListener::bind(&socket).expect("a socket for the proxy");
        let requests = Requests::default();
        let (seen, engine) = (Arc::clone(&requests), engine.to_owned());
        thread::spawn(move || {
            let lines = Arc::new(Mutex::new(Some(Vec::new())));
            for client in listener.incoming() {
                let (Ok(client), Ok(engine)) = (client, UnixStream::connect(&engine)) else { break };
                let line = Line { client, engine, requests: Arc::clone(&seen), cut, lines: Arc::clone(&lines) };
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
    cut: fn(&str) -> bool,
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
        thread::spawn(move || carry(engine, client, |_| true));
        thread::spawn(move || {
            let (mut text, engine, client) = (Vec::new(), twin(&self.engine), twin(&self.client));
            carry(client, engine, |bytes| self.note(&mut text, bytes));
        });
        true
    }

    /// Writes down the requests among the bytes of a client; false when one of them cuts the line.
    fn note(&self, text: &mut Vec<u8>, bytes: &[u8]) -> bool {
        text.extend_from_slice(bytes);
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let Some(request) = line.trim_end().strip_suffix(" HTTP/1.1") else { continue };
            self.requests.lock().expect("the list of requests").push(request.to_owned());
            if (self.cut)(request) {
                for stream in self.lines.lock().expect("the list of lines").take().unwrap_or_default() {
                    // It may be closed already.
                    let _ = stream.shutdown(Shutdown::Both);
                }
                return false;
            }
        }
        true
    }
}

fn carry(mut from: UnixStream, mut to: UnixStream, mut inspect: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 65536];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 || !inspect(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other side may have gone first.
    let _ = to.shutdown(Shutdown::Write);
}
