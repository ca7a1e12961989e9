//! An engine to try things on, with an image that can be told what to do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use convoke::engine::{BuildOutput, ContainerSpec, Engine, ErrorKind, ImageBuild, PathOrArchive, docker};
use futures_util::TryStreamExt;

pub const IMAGE: &str = "convoke-contract:latest";

pub struct Stage {
    pub engine: Box<dyn Engine>,
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
        Some(Self { engine: Box::new(engine), names: AtomicU32::new(0) })
    }

    /// A name that nothing else has.
    pub fn name(&self) -> String {
        format!("convoke-contract-{}-{}", std::process::id(), self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// A container of the image that does what the words say.
    pub fn spec(&self, words: &[&str]) -> ContainerSpec {
        ContainerSpec {
            name: self.name(),
            image: IMAGE.into(),
            command: Some(words.iter().map(|word| (*word).to_owned()).collect()),
            ..Default::default()
        }
    }
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
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_path_with_name(&program, "actor").expect("packed");
    let dockerfile = b"FROM scratch\nCOPY actor /actor\nCOPY actor /data/actor\nENV GREETING=hello\nVOLUME /data\nENTRYPOINT [\"/actor\"]\n";
    let mut header = tar::Header::new_gnu();
    header.set_size(dockerfile.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    archive.append_data(&mut header, "Dockerfile", &dockerfile[..]).expect("packed");
    let build = ImageBuild {
        context: PathOrArchive::Archive(Bytes::from(archive.into_inner().expect("whole"))),
        tags: vec![IMAGE.into()],
        ..Default::default()
    };
    let told: Vec<BuildOutput> = engine.build_image(&build).try_collect().await.expect("built");
    assert!(told.iter().any(|output| matches!(output, BuildOutput::Image(_))), "{told:?}");
}
