//! `convoke diff`

use std::io::{self, Write};

use clap::Args;
use futures_util::future::try_join_all;

use crate::engine::{Container, Engine};
use crate::plan::Labelled;
use crate::render::changes::{CHANGES, change};
use crate::render::listing::Format;

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Unknown};

/// Show which files changed in the containers of a service since their image
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Example:\n  convoke diff web    what web wrote outside of volumes: A is added, C changed, D deleted"
)]
pub struct Arguments {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,

    /// Only the container with this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    index: u32,

    /// How to write it: table, json, or a template
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    format: String,
}

pub async fn diff(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let format = Format::parse(&arguments.format)?;
    let sight = standing::look(context, &standing::one(&arguments.service), Unknown::Warn).await?;
    let first = sight.replica(&arguments.service, arguments.index, |_| true)?;
    let meant = |container: &&Container| container.is_replica() && (arguments.index == 0 || container.id == first.id);
    let containers: Vec<&Container> = sight.containers().filter(meant).collect();
    let changes = try_join_all(containers.iter().map(|container| sight.engine.changes(&container.id))).await?;
    let all = containers.iter().zip(&changes);
    let entries: Vec<_> =
        all.flat_map(|(container, changes)| changes.iter().map(|changed| change(container, changed))).collect();
    io::stdout().lock().write_all(CHANGES.text(&format, &entries)?.as_bytes())?;
    Ok(Status::SUCCESS)
}
