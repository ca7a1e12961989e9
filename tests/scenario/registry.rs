//! A registry on this machine, as far as images need one: what is pushed can be pulled again. It can ask for a password,
//! and fail when it is told to. Engines take one on loopback without encryption.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const BYTES: &str = "application/octet-stream";
const WORDS: &str = "application/json";

/// What a request gets in place of its answer.
#[derive(Clone, Copy)]
pub enum Fault {
    /// `503 Service Unavailable`
    Status(&'static str),
    /// The connection ends without a word.
    Cut,
}

/// Everything that the registry has and knows.
#[derive(Default)]
struct Shelf {
    /// By `shop/api:1` and by `shop/api:sha256:…`, each with its media type.
    manifests: BTreeMap<String, (String, Vec<u8>)>,
    blobs: BTreeMap<String, Vec<u8>>,
    uploads: Vec<Vec<u8>>,
    requests: Vec<String>,
    /// `Basic …`
    login: Option<String>,
    /// What meets the next requests whose line has these words in it, and how many of them.
    faults: Vec<(String, Fault, usize)>,
}

#[derive(Clone)]
pub struct Registry {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
}

struct Asked {
    method: String,
    path: String,
    query: String,
    kind: String,
    login: Option<String>,
    body: Vec<u8>,
}

struct Answer {
    status: &'static str,
    kind: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: &'static str, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, kind: kind.to_owned(), headers: Vec::new(), body: body.into() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn missing(code: &str) -> Self {
        let words = code.to_lowercase().replace('_', " ");
        Self::new("404 Not Found", WORDS, format!(r#"{{"errors":[{{"code":"{code}","message":"{words}"}}]}}"#))
    }
}

impl Registry {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the registry");
        let registry = Self { address: listener.local_addr().expect("its address"), shelf: Arc::default() };
        let behind = registry.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let behind = behind.clone();
                thread::spawn(move || behind.meet(&client));
            }
        });
        registry
    }

    /// One that only lets in who knows a password.
    pub fn guarded(user: &str, password: &str) -> Self {
        let registry = Self::open();
        registry.shelf().login = Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        registry
    }

    /// The beginning of its images' names: `127.0.0.1:5000`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Lets a name stand for a manifest that differs from others by its note, and tells the digest of it.
    pub fn puts(&self, name: &str, note: &str) -> String {
        let manifest =
            format!(r#"{{"schemaVersion":2,"mediaType":"{LIST}","manifests":[],"annotations":{{"note":"{note}"}}}}"#);
        let (repository, tag) = name.split_once(':').expect("a name and a tag");
        self.shelf().keep(repository, tag, LIST, manifest.into_bytes())
    }

    /// Lets the next so many requests with these words in their line fail.
    pub fn fails(&self, words: &str, fault: Fault, times: usize) {
        self.shelf().faults.push((words.to_owned(), fault, times));
    }

    /// The requests since the last time somebody asked: `GET /v2/`
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shelf().requests)
    }

    pub fn has(&self, name: &str) -> bool {
        self.shelf().manifests.contains_key(name)
    }

    /// What a name stands for: one image, or the list of one for several platforms.
    pub fn manifest(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(&self.shelf().manifests.get(name)?.1).ok()
    }

    /// Loses every name, and keeps what they stood for.
    pub fn forget(&self) {
        self.shelf().manifests.clear();
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        // A thread that fell over while it answered has nothing half done.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meet(&self, client: &TcpStream) {
        let Some(asked) = read(client) else {
            // Whoever tries it with encryption first learns from this that there is none; others may be gone.
            let _ = { client }.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return;
        };
        let fault = self.shelf().note(&asked);
        let answer = match fault {
            Some(Fault::Cut) => {
                // It may have left by itself.
                let _ = client.shutdown(Shutdown::Both);
                return;
            }
            Some(Fault::Status(status)) => Answer::new(status, WORDS, "{}"),
            None => self.shelf().answer(&asked),
        };
        // Whoever asked may be gone.
        let _ = write(client, &asked, &answer);
    }
}

impl Shelf {
    fn note(&mut self, asked: &Asked) -> Option<Fault> {
        let line = format!("{} {}", asked.method, asked.path);
        let fault = self.faults.iter_mut().find(|(words, _, times)| *times > 0 && line.contains(words.as_str()));
        self.requests.push(line);
        fault.map(|(_, fault, times)| {
            *times -= 1;
            *fault
        })
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        if self.login.is_some() && self.login != asked.login {
            let refused = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
            let refused = Answer::new("401 Unauthorized", WORDS, refused);
            return refused.with("WWW-Authenticate", "Basic realm=\"registry of the tests\"");
        }
        let Some(path) = asked.path.strip_prefix("/v2/") else { return Answer::missing("NAME_UNKNOWN") };
        if path.is_empty() {
            return Answer::new("200 OK", WORDS, "{}");
        }
        if let Some((name, reference)) = path.split_once("/manifests/") {
            return self.manifest(asked, name, reference);
        }
        match path.split_once("/blobs/") {
            Some((name, upload)) if upload.starts_with("uploads/") => {
                self.upload(asked, name, upload.trim_start_matches("uploads/"))
            }
            Some((_, digest)) => match self.blobs.get(digest) {
                Some(blob) => Answer::new("200 OK", BYTES, blob.clone()).with("Docker-Content-Digest", digest),
                None => Answer::missing("BLOB_UNKNOWN"),
            },
            None => Answer::missing("NAME_UNKNOWN"),
        }
    }

    fn manifest(&mut self, asked: &Asked, name: &str, reference: &str) -> Answer {
        if asked.method == "PUT" {
            let digest = self.keep(name, reference, &asked.kind, asked.body.clone());
            let made = Answer::new("201 Created", WORDS, "");
            return made
                .with("Location", format!("/v2/{name}/manifests/{digest}"))
                .with("Docker-Content-Digest", digest);
        }
        match self.manifests.get(&format!("{name}:{reference}")) {
            Some((kind, text)) => Answer::new("200 OK", kind, text.clone()).with("Docker-Content-Digest", digest(text)),
            None => Answer::missing("MANIFEST_UNKNOWN"),
        }
    }

    fn keep(&mut self, name: &str, reference: &str, kind: &str, manifest: Vec<u8>) -> String {
        let digest = digest(&manifest);
        for reference in [reference, &digest] {
            self.manifests.insert(format!("{name}:{reference}"), (kind.to_owned(), manifest.clone()));
        }
        digest
    }

    /// A blob arrives: begun with POST, its bytes with PATCH or PUT, ended with PUT and its digest.
    fn upload(&mut self, asked: &Asked, name: &str, number: &str) -> Answer {
        if asked.method == "POST" {
            self.uploads.push(Vec::new());
            return going_on(name, self.uploads.len() - 1, 0);
        }
        let number = number.parse::<usize>().ok().filter(|number| *number < self.uploads.len());
        let Some(number) = number else { return Answer::missing("BLOB_UPLOAD_UNKNOWN") };
        self.uploads[number].extend_from_slice(&asked.body);
        let promised = asked.query.split('&').find_map(|part| part.strip_prefix("digest="));
        let Some(promised) = promised.filter(|_| asked.method == "PUT") else {
            return going_on(name, number, self.uploads[number].len());
        };
        let (promised, blob) = (promised.replace("%3A", ":"), std::mem::take(&mut self.uploads[number]));
        if digest(&blob) != promised {
            return Answer::new("400 Bad Request", WORDS, r#"{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}"#);
        }
        self.blobs.insert(promised.clone(), blob);
        let made = Answer::new("201 Created", WORDS, "");
        made.with("Location", format!("/v2/{name}/blobs/{promised}")).with("Docker-Content-Digest", promised)
    }
}

fn going_on(name: &str, number: usize, length: usize) -> Answer {
    Answer::new("202 Accepted", WORDS, "")
        .with("Location", format!("/v2/{name}/blobs/uploads/{number}"))
        .with("Docker-Upload-UUID", number.to_string())
        .with("Range", format!("0-{}", length.saturating_sub(1)))
}

/// A whole request; nothing where somebody only knocked.
fn read(client: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, address) = (words.next()?, words.next()?);
    let (path, query) = address.split_once('?').unwrap_or((&address, ""));
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        while let Some(mut chunk) = chunk(&mut reader) {
            body.append(&mut chunk);
        }
    } else {
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.take(length).read_to_end(&mut body).ok()?;
    }
    Some(Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        kind: headers.remove("content-type").unwrap_or_default(),
        login: headers.remove("authorization"),
        body,
    })
}

/// The next piece of a body whose length is not told beforehand; nothing at its end.
fn chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let length = usize::from_str_radix(line.trim(), 16).ok()?;
    let mut bytes = vec![0; length + 2];
    reader.read_exact(&mut bytes).ok()?;
    bytes.truncate(length);
    (length > 0).then_some(bytes)
}

fn write(mut client: &TcpStream, asked: &Asked, answer: &Answer) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {}\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
        answer.status,
        answer.kind,
        answer.body.len(),
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    client.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    if asked.method == "HEAD" { Ok(()) } else { client.write_all(&answer.body) }
}

pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}
