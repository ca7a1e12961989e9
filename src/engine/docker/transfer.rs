//! Images on their way: pulled from a registry, or built by the engine.

use bollard::errors::Error;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryFutureExt, TryStreamExt, future};
use hyper::Method;
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

use super::DockerEngine;
use super::answers::{Distribution, Progress};
use super::error::translate;
use super::images::split_reference;
use super::pieces::{Lines, pieces};
use super::wire::{Body, Query, escape, full, read_json, streamed};
use crate::engine::{BuildOutput, EngineError, ImageBuild, ImageId, ImagePull, PathOrArchive, PullProgress};

impl DockerEngine {
    pub(super) fn pull(&self, pull: &ImagePull) -> BoxStream<'static, Result<PullProgress, EngineError>> {
        let action = format!("pull image {}", pull.image);
        let (name, tag) = name_and_tag(&pull.image);
        let query = Query::default().add("fromImage", name).add("tag", tag).add_some("platform", &pull.platform);
        let (wire, logins, image) = (self.wire.clone(), self.logins.clone(), pull.image.clone());
        let lines = async move {
            let login = logins.for_image(&image).await;
            let headers: Vec<_> = login.iter().map(|login| ("x-registry-auth", login.as_str())).collect();
            let response = wire.send(Method::POST, "/images/create", &query, &headers, full(Bytes::new())).await?;
            Ok::<_, Error>(pieces(response, Lines::default()))
        };
        travel(action, lines.try_flatten_stream().boxed())
    }

    pub(super) fn push(&self, image: &str) -> BoxStream<'static, Result<PullProgress, EngineError>> {
        let action = format!("push image {image}");
        let (name, tag) = name_and_tag(image);
        let (path, query) = (format!("/images/{name}/push"), Query::default().add("tag", tag));
        let (wire, logins, image) = (self.wire.clone(), self.logins.clone(), image.to_owned());
        let lines = async move {
            let login = logins.for_push(&image).await;
            let headers = [("x-registry-auth", login.as_str())];
            let response = wire.send(Method::POST, &path, &query, &headers, full(Bytes::new())).await?;
            Ok::<_, Error>(pieces(response, Lines::default()))
        };
        travel(action, lines.try_flatten_stream().boxed())
    }

    pub(super) async fn registry_digest(&self, name: &str) -> Result<String, EngineError> {
        let login = self.logins.for_image(name).await;
        let headers: Vec<_> = login.iter().map(|login| ("x-registry-auth", login.as_str())).collect();
        let mut path = String::from("/distribution/");
        escape(&mut path, name);
        path.push_str("/json");
        let query = Query::default();
        let asked = self.wire.send(Method::GET, &path, &query, &headers, full(Bytes::new()));
        let known: Result<Distribution, Error> = asked.and_then(read_json).await;
        known.map(|known| known.descriptor.digest).map_err(|error| translate(&format!("resolve image {name}"), error))
    }

    pub(super) fn build(&self, build: &ImageBuild) -> BoxStream<'static, Result<BuildOutput, EngineError>> {
        let action = format!("build image {}", build.tags.first().map_or("", String::as_str));
        let (wire, logins, query, context) =
            (self.wire.clone(), self.logins.clone(), build_query(build), build.context.clone());
        let lines = async move {
            let login = logins.for_build().await;
            let login = login.iter().map(|login| ("x-registry-config", login.as_str()));
            let headers: Vec<_> = [("content-type", "application/x-tar")].into_iter().chain(login).collect();
            let response = wire.send(Method::POST, "/build", &query, &headers, context_body(context).await?).await?;
            Ok::<_, Error>(pieces(response, Lines::default()))
        };
        let progress = lines.try_flatten_stream().and_then(|line| future::ready(told(&line)));
        let output = progress.try_filter_map(|line| future::ready(Ok(build_output(line))));
        until_error(output.map_err(move |error| translate(&action, error)).boxed())
    }
}

/// What is told of an image on its way, up to a failure.
fn travel(
    action: String,
    lines: BoxStream<'static, Result<Bytes, Error>>,
) -> BoxStream<'static, Result<PullProgress, EngineError>> {
    let progress = lines.and_then(|line| future::ready(told(&line)));
    until_error(progress.map_ok(pull_progress).map_err(move |error| translate(&action, error)).boxed())
}

/// Nothing is told after a failure.
fn until_error<T: Send + 'static>(
    stream: BoxStream<'static, Result<T, EngineError>>,
) -> BoxStream<'static, Result<T, EngineError>> {
    stream
        .scan(false, |failed, item| {
            let over = std::mem::replace(failed, item.is_err());
            future::ready((!over).then_some(item))
        })
        .boxed()
}

/// A name and what chooses one image of it. Without a tag the engine would pull all there are.
fn name_and_tag(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (split_reference(name).0, digest);
    }
    let (name, tag) = split_reference(image);
    (name, tag.unwrap_or("latest"))
}

/// A line of progress; a line that tells of a failure is one.
fn told(line: &[u8]) -> Result<Progress, Error> {
    let progress: Progress = serde_json::from_slice(line)?;
    match progress.failure() {
        Some(failure) => Err(Error::DockerStreamError { error: failure.to_owned() }),
        None => Ok(progress),
    }
}

fn pull_progress(line: Progress) -> PullProgress {
    let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let detail = line.detail.unwrap_or_default();
    PullProgress {
        layer: line.id.unwrap_or_default(),
        status: line.status.unwrap_or_default(),
        current: count(detail.current),
        total: count(detail.total).filter(|total| *total > 0),
    }
}

fn build_output(line: Progress) -> Option<BuildOutput> {
    if let Some(id) = line.aux.as_ref().and_then(|aux| aux.get("ID")).and_then(Value::as_str) {
        return Some(BuildOutput::Image(ImageId::new(id)));
    }
    if let Some(text) = line.stream {
        return Some(BuildOutput::Text(text));
    }
    // What is told of each layer of an image that is pulled on the way comes many times a second; its end is enough.
    let status = line.status.filter(|status| line.id.is_none() || status.ends_with("complete"))?;
    Some(BuildOutput::Text(match line.id {
        Some(id) => format!("{id}: {status}\n"),
        None => format!("{status}\n"),
    }))
}

fn build_query(build: &ImageBuild) -> Query {
    let ulimits: Vec<Value> = build
        .ulimits
        .iter()
        .map(|limit| json!({ "Name": limit.name, "Soft": limit.soft, "Hard": limit.hard }))
        .collect();
    let mut query = Query::default()
        .add("version", "1")
        .flag("rm", true)
        .flag("forcerm", true)
        .flag("nocache", build.no_cache)
        .flag("pull", build.pull)
        .add_some("dockerfile", &build.dockerfile)
        .add_some("target", &build.target)
        .add_some("networkmode", &build.network)
        .add_some("platform", &build.platform)
        .add_some("isolation", &build.isolation)
        .json("buildargs", &build.arguments)
        .json("labels", &build.labels)
        .json("cachefrom", &build.cache_from);
    if !ulimits.is_empty() {
        query = query.json("ulimits", &ulimits);
    }
    for (name, number) in [("shmsize", build.shm_size), ("memory", build.memory)] {
        if number != 0 {
            query = query.add(name, &number.to_string());
        }
    }
    let repeated = [("t", &build.tags), ("extrahosts", &build.extra_hosts)];
    query = repeated
        .into_iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
        .fold(query, |query, (name, value)| query.add(name, value));
    match &build.context {
        PathOrArchive::Remote(address) => query.add("remote", address),
        PathOrArchive::File(_) | PathOrArchive::Archive(_) => query,
    }
}

async fn context_body(context: PathOrArchive) -> Result<Body, Error> {
    Ok(match context {
        PathOrArchive::File(path) => {
            streamed(ReaderStream::with_capacity(tokio::fs::File::open(path).await?, 64 * 1024))
        }
        PathOrArchive::Archive(bytes) => full(bytes),
        PathOrArchive::Remote(_) => full(Bytes::new()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_is_asked_for_and_never_all_of_a_name() {
        let cases = [
            ("nginx", ("nginx", "latest")),
            ("host:5000/nginx:1", ("host:5000/nginx", "1")),
            ("nginx@sha256:ab", ("nginx", "sha256:ab")),
            ("nginx:1@sha256:ab", ("nginx", "sha256:ab")),
        ];
        for (image, expected) in cases {
            assert_eq!(name_and_tag(image), expected);
        }
    }

    #[test]
    fn a_failure_inside_the_stream_is_one() {
        let line = br#"{"errorDetail":{"message":"no such host"},"error":"no such host"}"#;
        assert!(matches!(told(line), Err(Error::DockerStreamError { error }) if error == "no such host"));
        assert!(matches!(told(br#"{"error":"bare"}"#), Err(Error::DockerStreamError { error }) if error == "bare"));
        assert!(told(br#"{"status":"Pulling","progressDetail":{}}"#).is_ok());
    }
}
