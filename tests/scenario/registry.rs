//! Digests of images, as a registry on this machine has them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use sha2::{Digest, Sha256};

use crate::scenario::Scenario;
use crate::stories;

stories![resolves_digests];

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Which manifest stands behind a name, `shop/api:1`, and which requests came.
#[derive(Default)]
struct Shelf {
    names: BTreeMap<String, String>,
    requests: Vec<String>,
}

/// A registry that has manifests, and no layers.
#[derive(Clone)]
struct Registry {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
}

impl Registry {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the registry");
        let registry = Self { address: listener.local_addr().expect("its address"), shelf: Arc::default() };
        let behind = registry.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|client| behind.answer(&client)));
        registry
    }

    /// Lets a name stand for a manifest that differs from others by its note, and tells the digest of it.
    fn puts(&self, name: &str, note: &str) -> String {
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","manifests":[],"annotations":{{"note":"{note}"}}}}"#
        );
        let digest = digest(&manifest);
        self.shelf.lock().expect("the shelf").names.insert(name.to_owned(), manifest);
        digest
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shelf.lock().expect("the shelf").requests)
    }

    fn answer(&self, mut client: &TcpStream) {
        let mut lines = BufReader::new(client).lines().map_while(Result::ok);
        let request = lines.next().unwrap_or_default();
        lines.take_while(|line| !line.is_empty()).for_each(drop);
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut shelf = self.shelf.lock().expect("the shelf");
        shelf.requests.push(format!("{method} {path}"));
        let found =
            path.strip_prefix("/v2/").and_then(|path| path.split_once("/manifests/")).and_then(|(name, tag)| {
                let by_digest = || shelf.names.values().find(|manifest| digest(manifest) == tag);
                shelf.names.get(&format!("{name}:{tag}")).or_else(by_digest)
            });
        let (status, body) = match (path, found) {
            ("/v2/", _) => ("200 OK", "{}"),
            (_, Some(manifest)) => ("200 OK", manifest.as_str()),
            _ => ("404 Not Found", r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Type: {MANIFEST}\r\n\
             Content-Length: {}\r\nDocker-Content-Digest: {}\r\nConnection: close\r\n\r\n",
            body.len(),
            digest(body),
        );
        let body = if method == "HEAD" { "" } else { body };
        // Whoever asked may be gone.
        let _ = client.write_all(format!("{head}{body}").as_bytes());
    }
}

fn digest(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

fn resolves_digests(scenario: &Scenario) {
    let registry = Registry::open();
    let host = registry.address.to_string();
    let (api, data) = (registry.puts("shop/api:latest", "api"), registry.puts("shop/data:1", "data"));
    let fixed = digest("of another day");
    scenario.compose(&format!(
        "services:
  api: {{ image: {host}/shop/api }}
  twin: {{ image: \"${{HOST}}/shop/api:latest\", command: [\"$$HOME\"] }}
  fixed: {{ image: \"{host}/shop/api:1@{fixed}\" }}
  built: {{ build: . }}
  reader:
    image: {host}/shop/data:1
    volumes: [{{ type: image, source: {host}/shop/data:1, target: /data }}, \"data:/else\"]
volumes: {{ data: }}
"
    ));
    scenario.variable("HOST", &host);
    let lock = scenario.done(&["config", "--lock-image-digests"]).stdout;
    let pinned = format!("{host}/shop/api:latest@{api}");
    assert_eq!(
        lock,
        format!(
            "services:
  api:
    image: {pinned}
  built: {{}}
  fixed:
    image: {host}/shop/api@{fixed}
  reader:
    image: {host}/shop/data:1@{data}
    volumes:
      - type: image
        source: {host}/shop/data:1@{data}
        target: /data
  twin:
    image: {pinned}
"
        )
    );
    let asked = registry.requests().into_iter().filter(|request| request.starts_with("HEAD")).count();
    assert_eq!(asked, 2, "each name is asked for once");
    scenario.file("lock.yaml", &lock);

    let newer = registry.puts("shop/api:latest", "newer api");
    let whole = scenario.done(&["config", "--resolve-image-digests", "twin"]).stdout;
    assert!(whole.contains(&format!("image: {host}/shop/api:latest@{newer}\n")), "{whole}");
    assert!(whole.contains("- $$HOME\n"), "the rest stays: {whole}");
    let locked = scenario.by_file(&["-f", "lock.yaml", "config", "--images"]).exits_with(0).stdout;
    assert!(locked.contains(&pinned) && !locked.contains(&newer), "{locked}");
    let mounts = scenario.by_file(&["-f", "lock.yaml", "config", "reader"]).exits_with(0).stdout;
    assert!(mounts.contains(&format!("source: {host}/shop/data:1@{data}\n")), "{mounts}");

    // What has variables left is no name.
    let outcome = scenario.convoke(&["config", "--lock-image-digests", "--no-interpolate"]).exits_with(1);
    outcome.complains_about(&["no registry can be asked for \"${HOST}/shop/api:latest\"", "compose.yaml:3:"]);
    scenario.compose(&format!("services:\n  api:\n    image: {host}/none\n  far:\n    image: 127.0.0.1:1/far\n"));
    let outcome = scenario.convoke(&["config", "-q", "--resolve-image-digests"]).exits_with(1);
    outcome.complains_about(&[
        &format!("resolve image {host}/none:latest: manifest unknown"),
        "compose.yaml:3:5",
        "check the image's name and tag",
        "resolve image 127.0.0.1:1/far:latest: ",
        "compose.yaml:5:5",
        "the engine cannot reach that registry",
    ]);
}
