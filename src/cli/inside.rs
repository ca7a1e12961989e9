//! The container of a service that a command goes into.

use bytes::Bytes;
use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::diagnostic::Diagnostic;
use crate::engine::docker::DockerEngine;
use crate::engine::{Container, Engine, EngineError, ErrorKind, Filters, State};
use crate::model::labels;
use crate::plan::Labelled;

use super::context::{Context, Whose};
use super::making::no_such_service;
use super::outcome::{Failure, Status};

/// One container of a service.
#[derive(Args, Clone, Debug, Default)]
pub struct Index {
    /// The container with this number, where a service has several [default: the lowest]
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    pub index: u32,
}

/// The engine, and what a service has on it.
pub struct Inside {
    pub engine: DockerEngine,
    pub whose: Whose,
    pub service: String,
    /// Of this service: replicas by number, then one-offs.
    pub containers: Vec<Container>,
}

impl Inside {
    /// Asks the engine for the containers of a service. The files are only read where nothing else names the project.
    ///
    /// # Errors
    /// When nothing names the project, when it is known to have no such service, and when no engine answers.
    pub async fn of(service: &str, context: &Context<'_>) -> Result<Self, Failure> {
        let whose = context.named()?;
        if let Some(project) = whose.project() {
            let known = project.services.keys().chain(project.disabled_services.keys());
            if !known.clone().any(|name| name.as_str() == service) {
                return Err(no_such_service(service, known));
            }
        }
        let engine = context.engine().await?;
        let filters = Filters::label(labels::PROJECT, whose.name());
        let filters = filters.and("label", format!("{}={service}", labels::SERVICE));
        let mut containers = engine.containers(&filters).await?;
        containers.retain(|container| container.is_replica() || container.is_one_off());
        containers.sort_by_key(|container| (container.is_one_off(), container.number(), container.name.clone()));
        Ok(Self { engine, whose, service: service.to_owned(), containers })
    }

    /// The container that is meant, if it runs: the replica with the number, or the lowest, or else a one-off.
    ///
    /// # Errors
    /// When none runs.
    pub fn running(&self, index: &Index, context: &Context<'_>) -> Result<&Container, Failure> {
        let runs = |container: &&Container| matches!(container.state, State::Running | State::Paused);
        self.chosen(index, runs).ok_or_else(|| self.not_running(index, context))
    }

    /// The container that is meant, in whatever state.
    ///
    /// # Errors
    /// When there is none.
    pub fn any(&self, index: &Index, context: &Context<'_>) -> Result<&Container, Failure> {
        self.chosen(index, |_| true).ok_or_else(|| match index.index {
            0 => Failure::with_help(
                format!("service {:?} has no container", self.service),
                format!("make one: {}", self.up(context)),
            ),
            number => self.no_such_number(number),
        })
    }

    fn chosen(&self, index: &Index, will_do: impl Fn(&&Container) -> bool) -> Option<&Container> {
        let wanted = |container: &&Container| match index.index {
            0 => true,
            number => container.is_replica() && container.number() == Some(number),
        };
        self.containers.iter().filter(wanted).find(will_do)
    }

    fn not_running(&self, index: &Index, context: &Context<'_>) -> Failure {
        let service = &self.service;
        let message = match index.index {
            0 => format!("service {service:?} is not running"),
            number => format!("service {service:?} is not running container #{number}"),
        };
        let error = Diagnostic::error(message);
        let invocation = |words: &str| context.invocation(self.whose.name(), words);
        Failure::one(match self.chosen(index, |_| true) {
            Some(container) if container.exit_code.is_some_and(|code| code != 0) => error
                .help(format!("{} ended with status {}", container.name, container.exit_code.unwrap_or_default()))
                .help(format!("see why: {}", invocation(&format!("logs {service}"))))
                .help(format!("start it again: {}", self.up(context))),
            None if index.index > 0 && !self.containers.is_empty() => return self.no_such_number(index.index),
            _ => error.help(format!("start it: {}", self.up(context))),
        })
    }

    fn no_such_number(&self, number: u32) -> Failure {
        let numbers = self.containers.iter().filter(|container| container.is_replica());
        let numbers: Vec<_> = numbers.filter_map(Labelled::number).map(|number| number.to_string()).collect();
        let error = Diagnostic::error(format!("service {:?} is not running container #{number}", self.service));
        Failure::one(match numbers.len() {
            0 => error,
            1 => error.help(format!("its only container is #{}", numbers[0])),
            _ => error.help(format!("its containers are #{}", numbers.join(", #"))),
        })
    }

    fn up(&self, context: &Context<'_>) -> String {
        context.invocation(self.whose.name(), &format!("up -d {}", self.service))
    }

    /// An engine's refusal, with what can be done about it.
    pub fn refused(&self, error: EngineError, context: &Context<'_>) -> Failure {
        let paused = error.kind == ErrorKind::Conflict && error.message.contains("is paused");
        if paused {
            let unpause = context.invocation(self.whose.name(), &format!("unpause {}", self.service));
            return error.help(format!("let it go on first: {unpause}")).into();
        }
        error.into()
    }
}

/// Writes what an engine sends to its end.
///
/// # Errors
/// When the engine stops in the middle, or nobody takes any more.
pub async fn pour(
    mut from: BoxStream<'static, Result<Bytes, EngineError>>,
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<Status, Failure> {
    while let Some(bytes) = from.next().await {
        to.write_all(&bytes?).await?;
    }
    to.flush().await?;
    Ok(Status::SUCCESS)
}
