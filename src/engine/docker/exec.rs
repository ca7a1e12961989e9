//! Commands inside containers, and files put into them.

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::query_parameters::UploadToContainerOptions;
use bytes::Bytes;
use futures_util::TryStreamExt;

use super::DockerEngine;
use super::error::translate;
use crate::engine::{ContainerId, EngineError, ExecOutcome, ExecSpec};

impl DockerEngine {
    /// Three calls, for the engine has no shorter way: create, start (which streams the output), and the exit code.
    pub(super) async fn run_command(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecOutcome, EngineError> {
        let action = format!("run `{}` in container {}", spec.command.join(" "), id.short());
        let fault = |error| translate(&action, error);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(spec.command.clone()),
            env: (!spec.environment.is_empty()).then(|| spec.environment.clone()),
            user: some(&spec.user),
            working_dir: some(&spec.working_dir),
            privileged: spec.privileged.then_some(true),
            ..Default::default()
        };
        let exec = self.docker.create_exec(id.as_str(), options).await.map_err(fault)?.id;
        let mut outcome = ExecOutcome::default();
        if let StartExecResults::Attached { mut output, input } =
            self.docker.start_exec(&exec, None).await.map_err(fault)?
        {
            drop(input);
            while let Some(chunk) = output.try_next().await.map_err(fault)? {
                match chunk {
                    LogOutput::StdOut { message } => outcome.stdout.extend_from_slice(&message),
                    // Without a frame around it, it is the engine itself that speaks: the command could not be run.
                    LogOutput::StdErr { message } | LogOutput::Console { message } => {
                        outcome.stderr.extend_from_slice(&message);
                    }
                    LogOutput::StdIn { .. } => {}
                }
            }
        }
        let inspected = self.docker.inspect_exec(&exec).await.map_err(fault)?;
        outcome.exit_code = inspected.exit_code.unwrap_or_default();
        Ok(outcome)
    }

    pub(super) async fn unpack(&self, id: &ContainerId, folder: &str, archive: Bytes) -> Result<(), EngineError> {
        let options = UploadToContainerOptions { path: folder.into(), ..Default::default() };
        let done = self.docker.upload_to_container(id.as_str(), Some(options), bollard::body_full(archive)).await;
        done.map_err(|error| translate(&format!("put files into {folder} of container {}", id.short()), error))
    }
}
