//! Commands inside containers.

use bollard::errors::Error;
use futures_util::TryStreamExt;
use hyper::Method;
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::DockerEngine;
use super::error::translate;
use super::wire::{Query, full};
use crate::engine::{ContainerId, EngineError, ExecId, ExecOutcome, ExecSpec, Stream, Talk};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    running: bool,
    exit_code: Option<i64>,
}

impl DockerEngine {
    /// Three calls, for the engine has no shorter way: create, start (which streams the output), and the exit code.
    pub(super) async fn run_command(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecOutcome, EngineError> {
        let exec = self.make_exec(id, spec).await?;
        let Talk { mut output, input } = self.join_exec(&exec, spec).await?;
        let mut outcome = ExecOutcome::default();
        while let Some(chunk) = output.try_next().await? {
            let into = if chunk.stream == Stream::Stdout { &mut outcome.stdout } else { &mut outcome.stderr };
            into.extend_from_slice(&chunk.bytes);
        }
        drop(input);
        outcome.exit_code = self.end_of_exec(&exec).await?.unwrap_or_default();
        Ok(outcome)
    }

    pub(super) async fn make_exec(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecId, EngineError> {
        #[derive(Deserialize)]
        struct Made {
            #[serde(rename = "Id")]
            id: String,
        }
        let path = format!("/containers/{id}/exec");
        let made = self.wire.post_json::<Made>(&path, &Query::default(), &body(spec)).await;
        made.map(|made| ExecId(made.id))
            .map_err(|error| translate(&format!("run `{}` in container {}", spec.command.join(" "), id.short()), error))
    }

    pub(super) async fn join_exec(&self, exec: &ExecId, spec: &ExecSpec) -> Result<Talk, EngineError> {
        let action = format!("run `{}`", spec.command.join(" "));
        let body = json!({ "Detach": false, "Tty": spec.tty });
        self.talk(&action, &format!("/exec/{exec}/start"), &Query::default(), Some(&body), spec.tty).await
    }

    pub(super) async fn begin_exec(&self, exec: &ExecId) -> Result<(), EngineError> {
        let headers = [(CONTENT_TYPE.as_str(), "application/json")];
        let body = full(json!({ "Detach": true }).to_string());
        let path = format!("/exec/{exec}/start");
        let begun = self.wire.send(Method::POST, &path, &Query::default(), &headers, body).await;
        begun.map(drop).map_err(|error| translate("run a command", error))
    }

    pub(super) async fn end_of_exec(&self, exec: &ExecId) -> Result<Option<i64>, EngineError> {
        let inspected: Result<Inspected, Error> =
            self.wire.get_json(&format!("/exec/{exec}/json"), &Query::default()).await;
        let inspected = inspected.map_err(|error| translate("ask how a command ended", error))?;
        Ok(inspected.exit_code.filter(|_| !inspected.running))
    }
}

/// What is empty is left to the container.
fn body(spec: &ExecSpec) -> Value {
    let mut body = json!({
        "AttachStdin": spec.stdin,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": spec.tty,
        "Cmd": spec.command,
        "Privileged": spec.privileged,
    });
    let texts = [("User", &spec.user), ("WorkingDir", &spec.working_dir), ("DetachKeys", &spec.detach_keys)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        body[name] = json!(text);
    }
    if !spec.environment.is_empty() {
        body["Env"] = json!(spec.environment);
    }
    body
}
