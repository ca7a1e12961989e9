//! The engine's own builder: where there is no `BuildKit`.

use std::collections::BTreeMap;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::StreamExt;

use crate::engine::{BuildOutput, Engine, ImageBuild, ImageId, PathOrArchive, UlimitSpec};
use crate::model::labels;

use super::context::{Parcel, Scratch};
use super::ignore::Ignore;
use super::inputs::{self, Context};
use super::output::Output;
use super::{BuildError, BuildRequest, Builder};

/// Under these names the engine finds what does not lie in the context.
const OUTER_DOCKERFILE: &str = ".convoke.Dockerfile";
const IGNORE_FILE: &str = ".dockerignore";

/// Builds with the engine's own builder.
pub struct Classic<'e> {
    pub engine: &'e dyn Engine,
    pub proxies: BTreeMap<String, String>,
    /// A folder for temporary files.
    pub scratch: PathBuf,
    /// Why it is not `BuildKit` that builds, for whoever misses it.
    pub because: &'static str,
    /// What the steps of a build get, in bytes; 0 is no limit.
    pub memory: i64,
}

/// What is only there with `BuildKit`: its name, and whether a request asks for it.
type Beyond = (&'static str, fn(&BuildRequest<'_>) -> bool);

/// What changes the image, so that going without it would give another one than was asked for.
const BEYOND: &[Beyond] = &[
    ("multi-arch build", |request| request.is_for_several()),
    ("privileged mode", |request| request.build.privileged),
    ("entitlements", |request| !request.build.entitlements.is_empty()),
    ("additional contexts", |request| !request.build.additional_contexts.is_empty()),
    ("SSH keys", |request| !request.build.ssh.is_empty()),
    ("secrets", |request| !request.build.secrets.is_empty()),
];

/// What only adds something beside the image.
const BESIDE: &[Beyond] = &[
    ("cache_to", |request| !request.build.cache_to.is_empty()),
    ("provenance", |request| !matches!(request.build.provenance.as_str(), "" | "false")),
    ("sbom", |request| !matches!(request.build.sbom.as_str(), "" | "false")),
];

#[async_trait(?Send)]
impl Builder for Classic<'_> {
    async fn build(&self, request: &BuildRequest<'_>, tell: &dyn Fn(String)) -> Result<Option<ImageId>, BuildError> {
        self.check(request, tell)?;
        let mut build = self.settings(request)?;
        // Lives until the engine has read it.
        let _scratch = match Context::of(request)? {
            Context::Remote(address) => {
                if !request.build.dockerfile_inline.is_empty() {
                    return Err(request.error("`dockerfile_inline` needs a context on this machine"));
                }
                build.dockerfile = inputs::dockerfile(request).to_owned();
                build.context = PathOrArchive::Remote(address);
                None
            }
            Context::Folder(folder) => Some(self.pack(request, folder, &mut build).await?),
        };
        self.run(request, &build, tell).await.map(Some)
    }
}

impl Classic<'_> {
    fn check(&self, request: &BuildRequest<'_>, tell: &dyn Fn(String)) -> Result<(), BuildError> {
        if let Some((what, _)) = BEYOND.iter().find(|(_, is_asked_for)| is_asked_for(request)) {
            let message = format!("the classic builder doesn't support {what}, set DOCKER_BUILDKIT=1 to use BuildKit");
            return Err(request.error(message).help(self.because));
        }
        for (what, _) in BESIDE.iter().filter(|(_, is_asked_for)| is_asked_for(request)) {
            tell(format!("`build.{what}` is left out: only BuildKit has it"));
        }
        Ok(())
    }

    fn settings(&self, request: &BuildRequest<'_>) -> Result<ImageBuild, BuildError> {
        let build = request.build;
        let mut all = inputs::image_labels(request);
        all.insert(labels::IMAGE_BUILDER.to_owned(), "classic".to_owned());
        let arguments = inputs::arguments(request, &self.proxies);
        let ulimits = build.ulimits.iter().map(|(name, limit)| {
            let (soft, hard) = inputs::bounds(limit);
            UlimitSpec { name: name.clone(), soft, hard }
        });
        let hosts = build.extra_hosts.iter();
        Ok(ImageBuild {
            tags: inputs::tags(request),
            arguments: arguments.into_iter().map(|(name, value)| (name, Some(value))).collect(),
            labels: all,
            target: build.target.clone(),
            cache_from: build.cache_from.clone(),
            no_cache: request.no_cache || build.no_cache,
            pull: request.pull || build.pull,
            network: build.network.clone(),
            platform: inputs::platforms(request)?.into_iter().next().unwrap_or_default(),
            extra_hosts: hosts.flat_map(|(host, ips)| ips.iter().map(move |ip| format!("{host}:{ip}"))).collect(),
            shm_size: build.shm_size.0,
            isolation: build.isolation.clone(),
            ulimits: ulimits.collect(),
            memory: self.memory,
            ..ImageBuild::default()
        })
    }

    /// Packs a folder into a temporary file.
    async fn pack(
        &self,
        request: &BuildRequest<'_>,
        folder: PathBuf,
        build: &mut ImageBuild,
    ) -> Result<Scratch, BuildError> {
        let folder = inputs::existing(request, folder)?;
        let (parcel, dockerfile) = parcel(request, folder)?;
        build.dockerfile = dockerfile;
        let (scratch, file) = Scratch::create(&self.scratch).map_err(|error| {
            request.error(format!("no temporary file can be made in {}: {error}", self.scratch.display()))
        })?;
        build.context = PathOrArchive::File(scratch.path().to_owned());
        let stop = Stop::default();
        let flag = Arc::clone(&stop.0);
        let packed = tokio::task::spawn_blocking(move || parcel.pack(BufWriter::new(file), &flag)).await;
        match packed {
            Ok(Ok(())) => Ok(scratch),
            Ok(Err(error)) => Err(request.error(format!("the build context cannot be read: {error}"))),
            Err(error) => Err(request.error(format!("the build context cannot be packed: {error}"))),
        }
    }

    async fn run(
        &self,
        request: &BuildRequest<'_>,
        build: &ImageBuild,
        tell: &dyn Fn(String),
    ) -> Result<ImageId, BuildError> {
        let output = Output::new(tell);
        let mut said = self.engine.build_image(build);
        let mut image = None;
        while let Some(said) = said.next().await {
            match said {
                Ok(BuildOutput::Text(text)) => output.text(text.as_bytes()),
                Ok(BuildOutput::Image(id)) => image = Some(id),
                Err(error) => {
                    output.finish();
                    let mut failure = request.error(output.explain(&error.message));
                    failure.help = error.help;
                    return Err(failure);
                }
            }
        }
        output.finish();
        match image {
            Some(image) => Ok(image),
            None => request.image_of(self.engine).await,
        }
    }
}

/// Stops the packing when nobody waits for it any more.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is packed, and the name of the Dockerfile in it.
fn parcel(request: &BuildRequest<'_>, folder: PathBuf) -> Result<(Parcel, String), BuildError> {
    let mut extra = Vec::new();
    let path = folder.join(inputs::dockerfile(request));
    let dockerfile = if request.build.dockerfile_inline.is_empty() {
        let inside = inside(&folder, &path);
        let text = read(request, &path)?.ok_or_else(|| {
            let help = format!("`build.dockerfile` of {} is relative to its context", request.service);
            request.error(format!("Dockerfile {} does not exist", path.display())).help(help)
        })?;
        inside.unwrap_or_else(|| {
            extra.push((OUTER_DOCKERFILE.to_owned(), text));
            OUTER_DOCKERFILE.to_owned()
        })
    } else {
        extra.push((OUTER_DOCKERFILE.to_owned(), request.build.dockerfile_inline.clone().into_bytes()));
        OUTER_DOCKERFILE.to_owned()
    };
    let ignore = ignore(request, &folder, &path, &dockerfile, &mut extra)?;
    Ok((Parcel { folder, ignore, extra }, dockerfile))
}

/// What is left out of the context. The engine reads the folder's own ignore file again by itself: so that of the Dockerfile
/// is sent in its place.
fn ignore(
    request: &BuildRequest<'_>,
    folder: &Path,
    path: &Path,
    dockerfile: &str,
    extra: &mut Vec<(String, Vec<u8>)>,
) -> Result<Ignore, BuildError> {
    let found = ignore_file(request, folder, path)?;
    if found.path != folder.join(IGNORE_FILE) {
        extra.push((IGNORE_FILE.to_owned(), found.text.clone()));
    }
    let mut ignore = found.patterns(request)?;
    for kept in [IGNORE_FILE, dockerfile] {
        ignore.keep(kept).map_err(|problem| found.refuse(request, &problem))?;
    }
    Ok(ignore)
}

/// The folder of a service's context on this machine, without links, and what a build leaves out of it; nothing where the
/// context is elsewhere or missing.
///
/// # Errors
/// When the patterns cannot be read.
pub fn left_out(request: &BuildRequest<'_>) -> Result<Option<(PathBuf, Ignore)>, BuildError> {
    let Context::Folder(folder) = Context::of(request)? else { return Ok(None) };
    let Ok(folder) = folder.canonicalize() else { return Ok(None) };
    let found = ignore_file(request, &folder, &folder.join(inputs::dockerfile(request)))?;
    let ignore = found.patterns(request)?;
    Ok(Some((folder, ignore)))
}

/// A file of patterns.
struct IgnoreFile {
    path: PathBuf,
    text: Vec<u8>,
}

/// The Dockerfile's own ignore file, else the folder's, which may be missing.
fn ignore_file(request: &BuildRequest<'_>, folder: &Path, dockerfile: &Path) -> Result<IgnoreFile, BuildError> {
    let mut own = dockerfile.as_os_str().to_owned();
    own.push(IGNORE_FILE);
    let own = PathBuf::from(own);
    let has_file = request.build.dockerfile_inline.is_empty();
    if let Some(text) = if has_file { read(request, &own)? } else { None } {
        return Ok(IgnoreFile { path: own, text });
    }
    let path = folder.join(IGNORE_FILE);
    let text = read(request, &path)?.unwrap_or_default();
    Ok(IgnoreFile { path, text })
}

impl IgnoreFile {
    fn patterns(&self, request: &BuildRequest<'_>) -> Result<Ignore, BuildError> {
        Ignore::parse(&String::from_utf8_lossy(&self.text)).map_err(|problem| self.refuse(request, &problem))
    }

    fn refuse(&self, request: &BuildRequest<'_>, problem: &str) -> BuildError {
        request.error(format!("{}: {problem}", self.path.display()))
    }
}

/// A file's content; `None` when there is no such file.
fn read(request: &BuildRequest<'_>, path: &Path) -> Result<Option<Vec<u8>>, BuildError> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(request.error(format!("{} cannot be read: {error}", path.display()))),
    }
}

/// A path relative to a folder, with slashes; `None` when it lies outside.
fn inside(folder: &Path, path: &Path) -> Option<String> {
    let (folder, path) = (folder.canonicalize().ok()?, path.canonicalize().ok()?);
    let inner = path.strip_prefix(folder).ok()?;
    Some(inner.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::testing::Sample;
    use super::*;
    use crate::model::Grant;

    fn sample(files: &[(&str, &str)]) -> (tempfile::TempDir, Sample) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        let mut sample = Sample::default();
        sample.build.context = folder.path().join("app").to_string_lossy().into_owned();
        (folder, sample)
    }

    fn packed(sample: &Sample) -> (Vec<String>, String) {
        let (parcel, dockerfile) = parcel(&sample.request(), PathBuf::from(&sample.build.context)).expect("a parcel");
        let mut archive = Vec::new();
        parcel.pack(&mut archive, &AtomicBool::new(false)).expect("packs");
        let mut archive = tar::Archive::new(&archive[..]);
        let names = archive.entries().expect("entries").map(|entry| {
            let entry = entry.expect("an entry");
            entry.path().expect("a path").display().to_string()
        });
        (names.collect(), dockerfile)
    }

    #[test]
    fn the_dockerfile_is_sent_even_when_it_is_ignored() {
        let (_folder, sample) = sample(&[("app/Dockerfile", ""), ("app/.dockerignore", "*"), ("app/x", "")]);
        assert_eq!(packed(&sample), (vec![".dockerignore".into(), "Dockerfile".into()], "Dockerfile".into()));
    }

    #[test]
    fn a_dockerfile_from_elsewhere_is_sent_beside_the_context() {
        let (_folder, mut sample) = sample(&[("other/Dockerfile", ""), ("app/x", "")]);
        sample.build.dockerfile = "../other/Dockerfile".into();
        assert_eq!(packed(&sample), (vec!["x".into(), OUTER_DOCKERFILE.into()], OUTER_DOCKERFILE.into()));
        sample.build.dockerfile = String::new();
        sample.build.dockerfile_inline = "FROM scratch".into();
        assert_eq!(packed(&sample), (vec!["x".into(), OUTER_DOCKERFILE.into()], OUTER_DOCKERFILE.into()));
    }

    #[test]
    fn an_ignore_file_of_its_own_wins() {
        let files = [
            ("app/dev.Dockerfile", ""),
            ("app/dev.Dockerfile.dockerignore", "b"),
            ("app/.dockerignore", "a"),
            ("app/a", ""),
            ("app/b", ""),
        ];
        let (_folder, mut sample) = sample(&files);
        sample.build.dockerfile = "dev.Dockerfile".into();
        let (names, _) = packed(&sample);
        assert_eq!(names, ["a", "dev.Dockerfile", "dev.Dockerfile.dockerignore", ".dockerignore"]);
    }

    #[test]
    fn a_missing_dockerfile_is_named() {
        let (folder, sample) = sample(&[("app/x", "")]);
        let error = parcel(&sample.request(), folder.path().join("app")).expect_err("no Dockerfile");
        assert!(error.message.ends_with("app/Dockerfile does not exist"), "{}", error.message);
    }

    #[test]
    fn what_it_cannot_do_is_an_error_that_names_it() {
        type Row = (&'static str, fn(&mut Sample));
        let table: &[Row] = &[
            ("secrets", |sample| sample.build.secrets.push(Grant::default())),
            ("SSH keys", |sample| sample.build.ssh.push("default".into())),
            ("additional contexts", |sample| {
                sample.build.additional_contexts.insert("x".into(), "/x".into());
            }),
            ("privileged mode", |sample| sample.build.privileged = true),
            ("multi-arch build", |sample| sample.build.platforms = vec!["a".into(), "b".into()]),
        ];
        let engine = crate::engine::memory::MemoryEngine::new();
        let classic =
            Classic { engine: &engine, proxies: BTreeMap::new(), scratch: "/tmp".into(), because: "why", memory: 0 };
        for (what, ask) in table {
            let mut sample = Sample::default();
            ask(&mut sample);
            let error = classic.check(&sample.request(), &|_| {}).expect_err("refused");
            let expected = format!("the classic builder doesn't support {what}, set DOCKER_BUILDKIT=1 to use BuildKit");
            assert_eq!((error.message, error.help.as_deref()), (expected, Some("why")));
        }
    }
}
