//! `convoke history`

use std::io::{self, Write};

use clap::Args;
use jiff::Timestamp;

use crate::engine::{Container, Engine};
use crate::plan::spec;
use crate::render::layers::{LAYERS, layer};
use crate::render::listing::Format;

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Unknown};

/// Show how the image of a service was made, the last step first
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Example:\n  convoke history --no-trunc web    the commands that made the image of web, in full"
)]
pub struct Arguments {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,

    /// Only ids
    #[arg(short, long)]
    quiet: bool,

    /// Show commands and ids in full
    #[arg(long)]
    no_trunc: bool,

    /// How to write it: table, json, or a template
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    format: String,
}

pub async fn history(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let format = Format::parse(&arguments.format)?;
    let sight = standing::look(context, &standing::one(&arguments.service), Unknown::Warn).await?;
    let container: Option<&Container> = sight.containers().next();
    // What a container was made from counts; before there is one, what it would be made from.
    let image = match (container, sight.project.services.get_key_value(arguments.service.as_str())) {
        (Some(container), _) => container.image_id.as_str().to_owned(),
        (None, Some((name, service))) => spec::image_name(&sight.project, name, service),
        (None, None) => return Err(Failure::plain(format!("service {:?} has no container", arguments.service))),
    };
    let layers = sight.engine.image_history(&image).await?;
    let mut out = io::stdout().lock();
    if arguments.quiet {
        for layer in &layers {
            writeln!(out, "{}", crate::render::layers::id(layer, arguments.no_trunc))?;
        }
        return Ok(Status::SUCCESS);
    }
    let now = Timestamp::now();
    let entries: Vec<_> = layers.iter().map(|it| layer(it, now, arguments.no_trunc)).collect();
    out.write_all(LAYERS.text(&format, &entries)?.as_bytes())?;
    Ok(Status::SUCCESS)
}
