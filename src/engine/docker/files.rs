//! Files of containers, in and out, and images made of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::errors::Error;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryFutureExt, TryStreamExt};
use http_body_util::BodyExt;
use hyper::Method;
use serde::Deserialize;

use super::DockerEngine;
use super::error::translate;
use super::images::split_reference;
use super::wire::{Query, full, read_json, streamed};
use crate::engine::{CommitSpec, ContainerId, EngineError, ErrorKind, ImageId, PathStat, Upload};

/// Where the engine tells what there is at a path.
const STAT: &str = "x-docker-container-path-stat";

/// The bits of a mode by which the engine's own language knows folders and links.
const FOLDER: u32 = 1 << 31;
const LINK: u32 = 1 << 27;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stat {
    name: String,
    size: i64,
    mode: u32,
    link_target: String,
}

impl DockerEngine {
    pub(super) async fn unpack(&self, id: &ContainerId, upload: Upload) -> Result<(), EngineError> {
        let query = Query::default()
            .add("path", &upload.folder)
            .add("noOverwriteDirNonDir", "true")
            .flag("copyUIDGID", upload.for_its_user);
        let action = format!("put files into {} of container {}", upload.folder, id.short());
        let headers = [("content-type", "application/x-tar")];
        let path = format!("/containers/{id}/archive");
        let put = self.wire.send(Method::PUT, &path, &query, &headers, streamed(upload.archive)).await;
        put.map(drop).map_err(|error| translate(&action, error))
    }

    pub(super) fn pack(&self, id: &ContainerId, path: &str) -> BoxStream<'static, Result<Bytes, EngineError>> {
        let action = format!("read {path} of container {}", id.short());
        self.bytes(action, format!("/containers/{id}/archive"), Query::default().add("path", path))
    }

    pub(super) fn pack_everything(&self, id: &ContainerId) -> BoxStream<'static, Result<Bytes, EngineError>> {
        self.bytes(format!("export container {}", id.short()), format!("/containers/{id}/export"), Query::default())
    }

    /// An answer's body as it comes.
    fn bytes(&self, action: String, path: String, query: Query) -> BoxStream<'static, Result<Bytes, EngineError>> {
        let wire = self.wire.clone();
        let body = async move {
            let response = wire.get(&path, &query).await?;
            Ok::<_, Error>(response.into_body().into_data_stream().map_err(Error::from))
        };
        body.try_flatten_stream().map_err(move |error| translate(&action, error)).boxed()
    }

    pub(super) async fn stat(&self, id: &ContainerId, path: &str) -> Result<PathStat, EngineError> {
        let action = format!("look at {path} of container {}", id.short());
        let query = Query::default().add("path", path);
        let asked = format!("/containers/{id}/archive");
        let answer = self.wire.send(Method::HEAD, &asked, &query, &[], full(Bytes::new())).await;
        let answer = answer.map_err(|error| match error {
            // An answer to HEAD has no words.
            Error::DockerResponseServerError { status_code: 404, .. } => {
                let message = format!("no such file or folder: {path}");
                EngineError::new(ErrorKind::NotFound, &action, message)
            }
            error => translate(&action, error),
        })?;
        let told = answer.headers().get(STAT).and_then(|told| STANDARD.decode(told).ok());
        let stat: Option<Stat> = told.and_then(|told| serde_json::from_slice(&told).ok());
        let Some(stat) = stat else {
            return Err(EngineError::new(ErrorKind::Internal, action, "the engine does not tell what there is"));
        };
        Ok(PathStat {
            name: stat.name,
            size: stat.size,
            is_folder: stat.mode & FOLDER != 0,
            link: (stat.mode & LINK != 0).then_some(stat.link_target),
        })
    }

    pub(super) async fn make_image(&self, id: &ContainerId, spec: &CommitSpec) -> Result<ImageId, EngineError> {
        #[derive(Deserialize)]
        struct Made {
            #[serde(rename = "Id")]
            id: String,
        }
        let (repository, tag) = split_reference(&spec.image);
        let query = Query::default()
            .add("container", id.as_str())
            .add_some("repo", repository)
            .add_some("tag", tag.unwrap_or_default())
            .add_some("comment", &spec.message)
            .add_some("author", &spec.author)
            .add("pause", if spec.pause { "1" } else { "0" });
        let query = spec.changes.iter().fold(query, |query, change| query.add("changes", change));
        let made = async {
            let answer = self.wire.send(Method::POST, "/commit", &query, &[], full(Bytes::new())).await?;
            read_json::<Made>(answer).await
        };
        let made = made.await.map(|made| ImageId(made.id));
        made.map_err(|error| translate(&format!("make an image of container {}", id.short()), error))
    }
}
