//! The image of the tests: one static program which does what its words say.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::{self, Engine};

/// An image that goes away with this value.
pub struct Actor<'e> {
    pub image: String,
    engine: &'e Engine,
}

impl<'e> Actor<'e> {
    /// Makes the image under a tag for this run alone: another run that ends earlier takes only its own away.
    pub fn import(engine: &'e Engine) -> Self {
        let (name, tag) = ("convoke-test/actor", engine::unique());
        engine.import(&build(), name, &tag);
        Self { image: format!("{name}:{tag}"), engine }
    }
}

impl Drop for Actor<'_> {
    fn drop(&mut self) {
        self.engine.remove_image(&self.image);
    }
}

/// The program itself, once it is built.
pub fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/actor/release/actor")
}

/// Builds the program; static, because there is nothing else in its image.
fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target/actor");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--release", "--quiet", "--offline", "--target-dir"]).arg(&target);
    cargo.current_dir(root.join("tests/actor")).env("RUSTFLAGS", "-C target-feature=+crt-static");
    let status = cargo.status().expect("cargo to build the actor");
    assert!(status.success(), "the actor does not build");
    program()
}
