//! What never ends: the output of containers, and the engine's events.

use bollard::errors::Error;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryFutureExt, TryStreamExt};

use super::DockerEngine;
use super::answers::Event;
use super::error::translate;
use super::pieces::{Format, Frames, Lines, cut, pieces};
use super::wire::Query;
use crate::engine::{ContainerId, EngineError, EngineEvent, EventRequest, LogChunk, LogRequest};

impl DockerEngine {
    pub(super) fn follow_logs(
        &self,
        id: &ContainerId,
        request: &LogRequest,
    ) -> BoxStream<'static, Result<LogChunk, EngineError>> {
        let action = format!("read logs of container {}", id.short());
        let path = format!("/containers/{id}/logs");
        let tail = request.tail.map_or("all".into(), |lines| lines.to_string());
        let query = Query::default()
            .flag("stdout", true)
            .flag("stderr", true)
            .flag("follow", request.follow)
            .flag("timestamps", request.timestamps)
            .add("tail", &tail)
            .add_some("since", &request.since)
            .add_some("until", &request.until);
        let wire = self.wire.clone();
        let chunks = async move {
            let pour = wire.pour(&path, &query).await?;
            let frames = Frames::new(Format::of(&pour.content_type));
            Ok::<_, Error>(cut(pour.body(), frames))
        };
        chunks.try_flatten_stream().map_err(move |error| translate(&action, error)).boxed()
    }

    pub(super) fn follow_events(&self, request: &EventRequest) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        let query = Query::default()
            .filters(&request.filters)
            .add_some("since", &request.since)
            .add_some("until", &request.until);
        let wire = self.wire.clone();
        let lines = async move { Ok::<_, Error>(pieces(wire.get("/events", &query).await?, Lines::default())) };
        let events =
            lines.try_flatten_stream().and_then(|line| async move { Ok(serde_json::from_slice::<Event>(&line)?) });
        events.map_ok(event).map_err(|error| translate("follow events", error)).boxed()
    }
}

fn event(answer: Event) -> EngineEvent {
    EngineEvent {
        kind: answer.r#type,
        action: answer.action,
        actor: answer.actor.id,
        attributes: answer.actor.attributes,
        time: answer.time_nano,
    }
}
