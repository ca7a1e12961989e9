//! An engine that is reached over TLS, and only by who proves to be let in.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::builds;
use crate::scenario::Scenario;

pub const STORIES: &[crate::Story] = &[("builds_on_an_engine_behind_tls", builds_on_an_engine_behind_tls)];

/// Whether certificates can be made.
pub fn is_possible() -> bool {
    let mut asking = Command::new("openssl");
    asking.arg("version").stdout(Stdio::null()).stderr(Stdio::null());
    asking.status().is_ok_and(|status| status.success())
}

/// A door to the engine, with the files that are needed to come in.
struct Door {
    address: SocketAddr,
    folder: PathBuf,
}

impl Door {
    /// As long as the process lives.
    fn open(scenario: &Scenario) -> Self {
        let folder = scenario.path("tls");
        fs::create_dir(&folder).expect("a folder for certificates");
        certify(&folder);
        let (acceptor, engine) = (TlsAcceptor::from(Arc::new(settings(&folder))), scenario.engine.socket.clone());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port for the door");
        listener.set_nonblocking(true).expect("a port for the door");
        let address = listener.local_addr().expect("its address");
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a port for the door");
                loop {
                    let Ok((client, _)) = listener.accept().await else { continue };
                    let (acceptor, engine) = (acceptor.clone(), engine.clone());
                    // Who is not let in learns so by the handshake; how a conversation ends is between the two.
                    tokio::spawn(async move {
                        let Ok(mut client) = acceptor.accept(client).await else { return };
                        let Ok(mut engine) = UnixStream::connect(engine).await else { return };
                        let _ = copy_bidirectional(&mut client, &mut engine).await;
                    });
                }
            });
        });
        Self { address, folder }
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// An authority, what the door shows, and what whoever comes has to show, under the names that docker has for them.
fn certify(folder: &Path) {
    let run = |line: &str| {
        let made = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().expect("openssl");
        assert!(made.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&made.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    run(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca-key.pem -out ca.pem"));
    let kinds = [
        ("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n", "server-key.pem", "server.pem"),
        ("client", "extendedKeyUsage=clientAuth\n", "key.pem", "cert.pem"),
    ];
    for (name, extensions, secret, certificate) in kinds {
        fs::write(folder.join("extensions"), extensions).expect("a file for openssl");
        run(&format!("req {key} -subj /CN={name} -keyout {secret} -out request"));
        run(&format!(
            "x509 -req -in request -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile extensions -out {certificate}"
        ));
    }
}

fn settings(folder: &Path) -> ServerConfig {
    let certificate = |name: &str| CertificateDer::from_pem_file(folder.join(name)).expect("a certificate");
    let provider = Arc::new(ring::default_provider());
    let mut authorities = RootCertStore::empty();
    authorities.add(certificate("ca.pem")).expect("an authority");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&provider)).build();
    let secret = PrivateKeyDer::from_pem_file(folder.join("server-key.pem")).expect("a key");
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("versions of TLS").with_client_cert_verifier(verifier.expect("a verifier"));
    builder.with_single_cert(vec![certificate("server.pem")], secret).expect("a certificate with its key")
}

fn builds_on_an_engine_behind_tls(scenario: &Scenario) {
    let door = Door::open(scenario);
    let address = format!("tcp://{}", door.address);
    let image = format!("{}-web", scenario.project);
    let dockerfile = format!("FROM scratch\nLABEL scenario={}\nCOPY note /note\n", scenario.project);
    scenario.file("Dockerfile", &dockerfile);
    scenario.file("note", &scenario.project);
    scenario.compose("services: { web: { build: . } }\n");
    builds::with_buildkit(scenario);
    let built = |builder: &str| {
        scenario.variable("DOCKER_BUILDKIT", builder);
        scenario.done(&["build"]).complains_about(&[&format!("Image {image}  Built")]);
        let there = scenario.engine.call("GET", &format!("/images/{image}/json"), "", b"").status == 200;
        assert!(there, "it is on the engine behind the door");
        scenario.engine.remove_image(&image);
    };
    let refused = |why: &str| {
        let told = scenario.convoke(&["build"]).exits_with(1);
        told.complains_about(&[&address, why]);
    };
    scenario.variable("DOCKER_HOST", &address);
    refused("if it is an engine that wants TLS, set DOCKER_TLS_VERIFY=1");
    scenario.variable("DOCKER_TLS_VERIFY", "1");
    // Who knows whom to believe, and cannot say who they are.
    fs::create_dir(scenario.path("half")).expect("a folder");
    fs::copy(door.folder.join("ca.pem"), scenario.path("half/ca.pem")).expect("a certificate");
    scenario.variable("DOCKER_CERT_PATH", &scenario.path("half").display().to_string());
    refused("an engine that asks who you are: cert.pem and key.pem");
    scenario.variable("DOCKER_CERT_PATH", &door.folder.display().to_string());
    built("0");
    built("1");
    scenario.variable("DOCKER_TLS_VERIFY", "");
    scenario.variable("DOCKER_CERT_PATH", "");
    // The same by a context, which docker itself has written.
    let parts = [("ca", "ca.pem"), ("cert", "cert.pem"), ("key", "key.pem")];
    let parts: String = parts.iter().map(|(key, name)| format!(",{key}={}", door.file(name))).collect();
    scenario.variable("DOCKER_HOST", "");
    scenario
        .run("docker", &["context", "create", "sealed", "--docker", &format!("host={address}{parts}")])
        .exits_with(0);
    scenario.variable("DOCKER_CONTEXT", "sealed");
    built("0");
    built("1");
    scenario.variable("DOCKER_CONTEXT", "");
    scenario.direct();
}
