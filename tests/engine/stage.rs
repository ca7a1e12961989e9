//! An engine to try things on, with an image that can be told what to do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use convoke::engine::memory::{Behaviour, MemoryEngine, MemoryImage};
use convoke::engine::{
    BuildOutput, ContainerId, ContainerSpec, Engine, ErrorKind, ExecOutcome, Filters, ImageBuild, LogRequest,
    NetworkId, PathOrArchive, Removal, Stream, docker,
};
use futures_util::TryStreamExt;

/// The image of these tests, with a name that no other run has.
pub fn image() -> String {
    format!("{}:latest", prefix())
}

fn prefix() -> String {
    format!("convoke-contract-{}", std::process::id())
}

const DOCKERFILE: &[u8] = b"FROM scratch
COPY actor /actor
COPY actor /data/actor
ENV GREETING=hello
VOLUME /data
ENTRYPOINT [\"/actor\"]
";

pub struct Stage {
    pub engine: Box<dyn Engine>,
    /// The same engine, where it is the one in memory and has to be told what its containers do.
    memory: Option<MemoryEngine>,
    names: AtomicU32,
}

impl Stage {
    /// The engine that the environment names; without one there is nothing to compare with, and that is said.
    pub async fn docker() -> Option<Self> {
        let environment: BTreeMap<String, String> = std::env::vars().collect();
        let engine = match docker::connect(&environment, std::env::home_dir().as_deref()).await {
            Ok(engine) => engine,
            Err(error) if error.kind == ErrorKind::Unreachable => {
                println!("skipped: {error}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        build_image(&engine).await;
        Some(Self { engine: Box::new(engine), memory: None, names: AtomicU32::new(0) })
    }

    pub fn memory() -> Self {
        let image = MemoryImage {
            volumes: vec!["/data".into()],
            environment: vec!["GREETING=hello".into()],
            ..MemoryImage::named(&image())
        };
        let engine = MemoryEngine::new().with(image);
        Self { engine: Box::new(engine.clone()), memory: Some(engine), names: AtomicU32::new(0) }
    }

    /// Takes away whatever a broken behaviour left, and the image.
    pub async fn clear(&self) {
        let engine = &self.engine;
        let ours = |name: &str| name.starts_with(&prefix());
        for container in engine.containers(&Filters::default()).await.expect("a list") {
            if ours(&container.name) {
                engine.remove_container(&container.id, Removal { force: true, volumes: true }).await.expect("removed");
            }
        }
        for network in engine.networks(&Filters::default()).await.expect("a list") {
            if ours(&network.name) {
                engine.remove_network(&NetworkId(network.id)).await.expect("removed");
            }
        }
        for volume in engine.volumes(&Filters::default()).await.expect("a list") {
            if ours(&volume.name) {
                engine.remove_volume(&volume.name, true).await.expect("removed");
            }
        }
        engine.remove_image(&image(), false).await.expect("removed");
    }

    /// A name that nothing else has.
    pub fn name(&self) -> String {
        format!("{}-{}", prefix(), self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// A container of the image that does what the words say.
    pub fn spec(&self, words: &[&str]) -> ContainerSpec {
        let name = self.name();
        if let Some(memory) = &self.memory {
            memory.script(&name, played(words));
        }
        ContainerSpec {
            name,
            image: image(),
            command: Some(words.iter().map(|word| (*word).to_owned()).collect()),
            ..Default::default()
        }
    }
}

impl Stage {
    /// An address range of its own.
    pub fn subnet(&self) -> String {
        format!("10.213.{}.0/24", std::process::id() % 250)
    }

    /// Everything that a container has written so far.
    pub async fn output(&self, id: &ContainerId) -> String {
        let chunks: Vec<_> = self.engine.logs(id, &LogRequest::default()).try_collect().await.expect("read");
        let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes.to_vec()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the memory engine has to be told, as it runs nothing: the check never succeeds.
    pub fn never_healthy(&self, spec: &ContainerSpec, output: &str) {
        if let Some(memory) = &self.memory {
            let behaviour = Behaviour { healthy_after: None, complaint: output.into(), ..Behaviour::default() };
            memory.script(&spec.name, behaviour);
        }
    }

    /// How a command that is run inside answers.
    pub fn answers(&self, spec: &ContainerSpec, command: &[String], code: i64, out: &str, err: &str) {
        if let Some(memory) = &self.memory {
            let outcome = ExecOutcome { exit_code: code, stdout: out.into(), stderr: err.into() };
            memory.script(&spec.name, Behaviour { answers: vec![(command.to_vec(), outcome)], ..Behaviour::default() });
        }
    }

    /// What is said to it, or to a command inside, comes back.
    pub fn repeats(&self, spec: &ContainerSpec) {
        if let Some(memory) = &self.memory {
            memory.script(&spec.name, Behaviour { repeats: true, stops: None, ..Behaviour::default() });
        }
    }

    /// What the program finds in the file that it prints.
    pub fn finds(&self, spec: &ContainerSpec, text: &str) {
        if let Some(memory) = &self.memory {
            memory.script(&spec.name, played(&["part", text]));
        }
    }
}

/// The words of the program as a behaviour.
fn played(words: &[&str]) -> Behaviour {
    // It knows no signals, and nobody else takes them up for the first process of a container.
    let mut behaviour = Behaviour { stops: None, exits: Some((Duration::ZERO, 0)), ..Behaviour::default() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if matches!(*word, "forever" | "repeat") {
            (behaviour.exits, behaviour.repeats) = (None, *word == "repeat");
            break;
        }
        let argument = words.next().expect("an argument");
        behaviour = match *word {
            "out" => behaviour.writing(Duration::ZERO, &format!("{argument}\n")),
            "err" => behaviour.writing_to(Stream::Stderr, Duration::ZERO, &format!("{argument}\n")),
            "part" => behaviour.writing(Duration::ZERO, argument),
            "exit" => Behaviour { exits: Some((Duration::ZERO, argument.parse().expect("a number"))), ..behaviour },
            "cat" => behaviour,
            other => panic!("{other} needs real files"),
        };
    }
    behaviour
}

/// Builds the image from nothing but one static program.
async fn build_image(engine: &dyn Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("actor");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine/actor.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let compiled = std::process::Command::new(rustc)
        .args([
            "--edition",
            "2024",
            "-C",
            "target-feature=+crt-static",
            "-C",
            "opt-level=1",
            "-C",
            "strip=symbols",
            "-o",
        ])
        .args([program.as_os_str(), source.as_ref()])
        .status()
        .expect("rustc");
    assert!(compiled.success());
    let program = std::fs::read(&program).expect("compiled");
    let files: &[(&str, &[u8])] = &[("Dockerfile", DOCKERFILE), ("actor", &program)];
    let build =
        ImageBuild { context: PathOrArchive::Archive(archive(files)), tags: vec![image()], ..Default::default() };
    let told: Vec<BuildOutput> = engine.build_image(&build).try_collect().await.expect("built");
    assert!(told.iter().any(|output| matches!(output, BuildOutput::Image(_))), "{told:?}");
}

/// A tar archive of files.
pub fn archive(files: &[(&str, &[u8])]) -> Bytes {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(if path.ends_with("actor") { 0o755 } else { 0o644 });
        header.set_cksum();
        archive.append_data(&mut header, path, *content).expect("packed");
    }
    Bytes::from(archive.into_inner().expect("whole"))
}
