//! Connections that stop being HTTP: after the engine's answer, the streams of a process run over them both ways.

use bollard::errors::Error;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use hyper::Method;
use hyper::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_util::codec::{BytesCodec, FramedWrite};
use tokio_util::io::ReaderStream;

use super::DockerEngine;
use super::error::translate;
use super::pieces::{Format, Frames, cut};
use super::wire::{Query, full};
use crate::engine::{AttachRequest, ContainerId, EngineError, Talk, Window};

impl DockerEngine {
    pub(super) async fn join_container(&self, id: &ContainerId, request: &AttachRequest) -> Result<Talk, EngineError> {
        let query = Query::default()
            .flag("stream", true)
            .flag("stdin", request.stdin)
            .flag("stdout", true)
            .flag("stderr", true)
            .add_some("detachKeys", &request.detach_keys);
        let action = format!("attach to container {}", id.short());
        self.talk(&action, &format!("/containers/{id}/attach"), &query, None, request.tty).await
    }

    /// Sends a request whose answer is a connection to a process.
    pub(super) async fn talk(
        &self,
        action: &str,
        path: &str,
        query: &Query,
        body: Option<&Value>,
        tty: bool,
    ) -> Result<Talk, EngineError> {
        let fault = |error| translate(action, error);
        let headers =
            [(CONNECTION.as_str(), "Upgrade"), (UPGRADE.as_str(), "tcp"), (CONTENT_TYPE.as_str(), "application/json")];
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let response = self.wire.send(Method::POST, path, query, &headers, full(body)).await.map_err(fault)?;
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| fault(Error::from(error)))?;
        let (reader, writer) = tokio::io::split(TokioIo::new(upgraded));
        let frames = Frames::new(if tty { Format::Live } else { Format::Framed });
        let (told, typed) = (action.to_owned(), action.to_owned());
        let output = cut(ReaderStream::new(reader), frames).map_err(move |error| translate(&told, error));
        let input = FramedWrite::new(writer, BytesCodec::new());
        let input = SinkExt::<Bytes>::sink_map_err(input, move |error: std::io::Error| translate(&typed, error.into()));
        Ok(Talk { output: output.boxed(), input: Box::pin(input) })
    }

    /// `path` leads to a container or to a command inside one.
    pub(super) async fn resize(&self, path: &str, window: Window) -> Result<(), EngineError> {
        let query = Query::default().add("h", &window.rows.to_string()).add("w", &window.columns.to_string());
        let resized = self.wire.send(Method::POST, &format!("{path}/resize"), &query, &[], full(Bytes::new())).await;
        resized.map(drop).map_err(|error| translate("resize the terminal", error))
    }
}
