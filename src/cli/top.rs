//! `convoke top`

use std::io::{self, Write};

use clap::Args;
use futures_util::future::try_join_all;

use crate::engine::{Container, Engine, Processes};
use crate::plan::{Labelled, is_up};
use crate::render::processes;

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Unknown};

/// Show the processes of the containers of the project
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example:\n  convoke top web    what runs in the containers of web")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,
}

pub async fn top(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let sight = standing::look(context, &arguments.services, Unknown::Warn).await?;
    let mut containers: Vec<&Container> = sight.containers().filter(|container| is_up(container)).collect();
    containers.sort_by_key(|container| (container.service(), container.number(), container.name.as_str()));
    let asked = containers.iter().map(|container| sight.engine.processes(&container.id));
    let answers: Vec<Processes> = try_join_all(asked).await?;
    let told: Vec<_> = containers.into_iter().zip(answers).collect();
    io::stdout().lock().write_all(processes::table(&told).as_bytes())?;
    Ok(Status::SUCCESS)
}
