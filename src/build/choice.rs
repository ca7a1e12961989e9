//! Which builder builds: `BuildKit` where it is there, else the engine's own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use crate::engine::{Engine, ImageId};

use super::bake::{self, Bake};
use super::classic::Classic;
use super::{BuildError, BuildRequest, Builder};

/// What a builder has to know of its surroundings.
pub struct Surroundings<'e> {
    pub engine: &'e dyn Engine,
    /// The shell's: `DOCKER_BUILDKIT`, `BUILDX_BUILDER`, `TMPDIR`, and what leads the Docker client to the engine.
    pub environment: BTreeMap<String, String>,
    /// `HTTP_PROXY` and the like from Docker's client configuration: build arguments below the file's own.
    pub proxies: BTreeMap<String, String>,
    /// What the steps of a build get, in bytes; 0 is no limit. Only the engine's own builder has such a thing.
    pub memory: i64,
}

impl Surroundings<'_> {
    /// The variables by which the Docker client finds the engine that answered us.
    pub fn leading_to_the_engine(&self) -> BTreeMap<String, String> {
        let own = self.environment.iter();
        let own = own.filter(|(name, _)| name.starts_with("DOCKER_") || name.starts_with("BUILDX_"));
        let mut variables: BTreeMap<_, _> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        let is_named = |name: &str| variables.get(name).is_some_and(|value| !value.is_empty());
        let address = &self.engine.about().address;
        if !is_named("DOCKER_HOST") && !is_named("DOCKER_CONTEXT") && address.starts_with("unix://") {
            variables.insert("DOCKER_HOST".to_owned(), address.clone());
        }
        variables
    }
}

/// A builder that makes its choice when the first image is to be built.
pub fn choose(surroundings: Surroundings<'_>) -> Box<dyn Builder + '_> {
    Box::new(Choice { surroundings, chosen: OnceCell::new() })
}

struct Choice<'e> {
    surroundings: Surroundings<'e>,
    chosen: OnceCell<Chosen<'e>>,
}

enum Chosen<'e> {
    Bake(Bake<'e>),
    Classic(Classic<'e>),
    /// `BuildKit` was asked for and is not to be had.
    Neither(String),
}

/// What was asked for and what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Bake,
    Classic(&'static str),
    Neither,
}

const NOT_WANTED: &str = "DOCKER_BUILDKIT=0 keeps BuildKit out";
const NO_BUILDX: &str = "`docker buildx` 0.17 or later is not installed";
const NO_BUILDKIT: &str = "this engine has no BuildKit";

/// `wanted`: the value of `DOCKER_BUILDKIT`.
fn decide(wanted: &str, engine_has_it: bool, buildx: Option<(u32, u32)>) -> Verdict {
    let is_there = buildx.is_some_and(|version| version >= bake::OLDEST);
    match wanted {
        "0" | "false" | "no" => Verdict::Classic(NOT_WANTED),
        "" if !engine_has_it => Verdict::Classic(NO_BUILDKIT),
        "" if !is_there => Verdict::Classic(NO_BUILDX),
        _ if !is_there => Verdict::Neither,
        _ => Verdict::Bake,
    }
}

impl<'e> Choice<'e> {
    async fn make(&self) -> Chosen<'e> {
        let engine = self.surroundings.engine;
        let wanted = self.variable("DOCKER_BUILDKIT").to_lowercase();
        let about = engine.about();
        let engine_has_it = about.product == "Docker" && about.os != "windows";
        // Asking costs a process: only where the answer matters.
        let first = decide(&wanted, engine_has_it, Some(bake::OLDEST));
        let verdict =
            if first == Verdict::Bake { decide(&wanted, engine_has_it, bake::version().await) } else { first };
        let proxies = self.surroundings.proxies.clone();
        match verdict {
            Verdict::Bake => Chosen::Bake(Bake {
                engine,
                proxies,
                environment: self.surroundings.leading_to_the_engine(),
                memory: self.surroundings.memory,
            }),
            Verdict::Classic(because) => {
                let scratch = Some(self.variable("TMPDIR")).filter(|folder| !folder.is_empty()).unwrap_or("/tmp");
                Chosen::Classic(Classic {
                    engine,
                    proxies,
                    scratch: PathBuf::from(scratch),
                    because,
                    memory: self.surroundings.memory,
                })
            }
            Verdict::Neither => Chosen::Neither(format!("DOCKER_BUILDKIT={wanted} asks for BuildKit, but {NO_BUILDX}")),
        }
    }

    fn variable(&self, name: &str) -> &str {
        self.surroundings.environment.get(name).map_or("", String::as_str)
    }
}

#[async_trait(?Send)]
impl Builder for Choice<'_> {
    async fn build(&self, request: &BuildRequest<'_>, tell: &dyn Fn(String)) -> Result<Option<ImageId>, BuildError> {
        match self.chosen.get_or_init(|| self.make()).await {
            Chosen::Bake(bake) => bake.build(request, tell).await,
            Chosen::Classic(classic) => classic.build(request, tell).await,
            Chosen::Neither(message) => Err(request.error(message.clone()).help("unset DOCKER_BUILDKIT to go without")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_builds() {
        let table = [
            ("", true, Some((0, 17)), Verdict::Bake),
            ("", true, Some((0, 16)), Verdict::Classic(NO_BUILDX)),
            ("", true, None, Verdict::Classic(NO_BUILDX)),
            ("", false, Some((0, 29)), Verdict::Classic(NO_BUILDKIT)),
            ("0", true, Some((0, 29)), Verdict::Classic(NOT_WANTED)),
            ("false", true, Some((0, 29)), Verdict::Classic(NOT_WANTED)),
            ("1", true, None, Verdict::Neither),
            ("1", false, Some((0, 29)), Verdict::Bake),
        ];
        for (wanted, engine, buildx, expected) in table {
            assert_eq!(decide(wanted, engine, buildx), expected, "{wanted} {engine} {buildx:?}");
        }
    }
}
