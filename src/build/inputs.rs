//! What both builders read from a request: arguments, labels, platforms, where the context and the Dockerfile are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{Ulimit, labels};

use super::{BuildError, BuildRequest};

/// Where the files of a build come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    Folder(PathBuf),
    /// An address that the builder fetches by itself: git or an archive.
    Remote(String),
}

/// What stands at the beginning of an address. Anything else is a folder.
const SCHEMES: &[&str] = &["http://", "https://", "git://", "ssh://", "git@", "github.com/", "oci-layout://"];

impl Context {
    /// # Errors
    /// When the context is standard input, or an empty text.
    pub fn of(request: &BuildRequest<'_>) -> Result<Self, BuildError> {
        let context = request.build.context.as_str();
        if context.is_empty() {
            let help = "write `.` for the folder of the file; if it comes of a variable, that is not set";
            return Err(request.error("the build context is an empty text").help(help));
        }
        if context == "-" {
            return Err(request.error("building from STDIN is not supported"));
        }
        if SCHEMES.iter().any(|scheme| context.starts_with(scheme)) {
            return Ok(Self::Remote(context.to_owned()));
        }
        Ok(Self::Folder(request.project.working_dir.join(context)))
    }
}

/// The folder of a local context, once it is known to be there.
///
/// # Errors
/// When it is missing or no folder.
pub fn existing(request: &BuildRequest<'_>, folder: PathBuf) -> Result<PathBuf, BuildError> {
    if folder.is_dir() {
        return Ok(folder);
    }
    let problem = if folder.exists() { "is not a folder" } else { "does not exist" };
    let help = format!("`build.context` of {} is relative to the folder of its file", request.service);
    Err(request.error(format!("build context {} {problem}", folder.display())).help(help))
}

/// `build.dockerfile`, or what it is when nothing is said.
pub fn dockerfile<'r>(request: &BuildRequest<'r>) -> &'r str {
    if request.build.dockerfile.is_empty() { "Dockerfile" } else { &request.build.dockerfile }
}

/// Build arguments: those without a value have the project environment's, or are none.
pub fn arguments(request: &BuildRequest<'_>, proxies: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut arguments = proxies.clone();
    for (name, value) in &request.build.args {
        if let Some(value) = value.as_ref().or_else(|| request.project.environment.get(name)) {
            arguments.insert(name.clone(), value.clone());
        }
    }
    arguments
}

/// The image's labels: the file's, and those by which it is found again.
pub fn image_labels(request: &BuildRequest<'_>) -> BTreeMap<String, String> {
    let mut all = request.build.labels.clone();
    let own = [
        (labels::PROJECT, request.project.name.as_str()),
        (labels::SERVICE, request.service.as_str()),
        (labels::VERSION, env!("CARGO_PKG_VERSION")),
    ];
    all.extend(own.map(|(label, value)| (label.to_owned(), value.to_owned())));
    all
}

/// The platforms to build for; none leaves it to the builder.
///
/// # Errors
/// When the service is to run on a platform that its image is not built for.
pub fn platforms(request: &BuildRequest<'_>) -> Result<Vec<String>, BuildError> {
    let (wanted, listed) = (request.platform, &request.build.platforms);
    if wanted.is_empty() {
        return Ok(listed.clone());
    }
    if listed.is_empty() || listed.iter().any(|platform| platform == wanted) {
        return Ok(vec![wanted.to_owned()]);
    }
    let message = format!("service \"{}\" build configuration does not support platform: {wanted}", request.service);
    Err(request.error(message).help(format!("add {wanted} to `build.platforms`, which has {}", listed.join(", "))))
}

/// `name` and the tags beside it, each once.
pub fn tags(request: &BuildRequest<'_>) -> Vec<String> {
    let mut tags = vec![request.image.to_owned()];
    for tag in &request.build.tags {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// The soft and the hard limit.
pub fn bounds(limit: &Ulimit) -> (i64, i64) {
    if limit.single == 0 { (limit.soft, limit.hard) } else { (limit.single, limit.single) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;
    use super::*;

    #[test]
    fn arguments_without_a_value_come_from_the_project() {
        let mut sample = Sample::default();
        sample.project.environment.insert("FROM_SHELL".into(), "shell".into());
        for (name, value) in [("FIXED", Some("1")), ("FROM_SHELL", None), ("UNSET", None), ("HTTP_PROXY", Some(""))] {
            sample.build.args.insert(name.into(), value.map(str::to_owned));
        }
        let proxies = BTreeMap::from([("HTTP_PROXY".into(), "http://p".into()), ("NO_PROXY".into(), "x".into())]);
        let arguments = arguments(&sample.request(), &proxies);
        let pairs: Vec<_> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(pairs, ["FIXED=1", "FROM_SHELL=shell", "HTTP_PROXY=", "NO_PROXY=x"]);
    }

    #[test]
    fn contexts_are_folders_or_addresses() {
        let table = [
            ("/abs/app", Context::Folder("/abs/app".into())),
            ("app", Context::Folder("/project/app".into())),
            ("https://example.com/x.git#main:sub", Context::Remote("https://example.com/x.git#main:sub".into())),
            ("git@example.com:x/y.git", Context::Remote("git@example.com:x/y.git".into())),
        ];
        for (context, expected) in table {
            let mut sample = Sample::default();
            sample.build.context = context.into();
            assert_eq!(Context::of(&sample.request()).expect("a context"), expected);
        }
        for context in ["-", ""] {
            let mut sample = Sample::default();
            sample.build.context = context.into();
            assert!(Context::of(&sample.request()).is_err());
        }
    }

    #[test]
    fn platforms_that_fit_together() {
        type Row = (&'static str, &'static [&'static str], Option<&'static [&'static str]>);
        let table: &[Row] = &[
            ("", &[], Some(&[])),
            ("", &["linux/amd64", "linux/arm64"], Some(&["linux/amd64", "linux/arm64"])),
            ("linux/arm64", &["linux/amd64", "linux/arm64"], Some(&["linux/arm64"])),
            ("linux/arm64", &[], Some(&["linux/arm64"])),
            ("linux/arm64", &["linux/amd64"], None),
        ];
        for (wanted, listed, expected) in table {
            let mut sample = Sample { platform: (*wanted).to_owned(), ..Sample::default() };
            sample.build.platforms = listed.iter().map(|platform| (*platform).to_owned()).collect();
            let found = platforms(&sample.request()).ok();
            assert_eq!(found, expected.map(|expected| expected.iter().map(|one| (*one).to_owned()).collect()));
        }
    }
}
