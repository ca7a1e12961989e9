//! `convoke images`

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clap::Args;
use futures_util::future::join_all;
use jiff::Timestamp;

use crate::engine::{Container, Engine, EngineError, ErrorKind, ImageDetails};
use crate::render::images::{IMAGES, image};
use crate::render::listing::Format;

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Unknown};

/// List the images that the containers of the project were made from
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke images          for every container its image\n  \
    convoke images -q web   the id of the image of web")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Only ids, each once
    #[arg(short, long)]
    quiet: bool,

    /// How to write it: table, json, or a template
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    format: String,
}

pub async fn images(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let format = Format::parse(&arguments.format)?;
    let sight = standing::look(context, &arguments.services, Unknown::Warn).await?;
    let containers: Vec<&Container> = sight.containers().collect();
    let mut out = io::stdout().lock();
    if arguments.quiet {
        let ids: BTreeSet<&str> = containers.iter().map(|container| container.image_id.as_str()).collect();
        for id in ids {
            writeln!(out, "{}", id.strip_prefix("sha256:").unwrap_or(id))?;
        }
        return Ok(Status::SUCCESS);
    }
    let details = details(&sight.engine, &containers).await?;
    let now = Timestamp::now();
    let entries: Vec<_> =
        containers.iter().map(|container| image(container, details.get(container.image_id.as_str()), now)).collect();
    out.write_all(IMAGES.text(&format, &entries)?.as_bytes())?;
    Ok(Status::SUCCESS)
}

/// What the engine knows of the images, by id; one that was removed meanwhile is left out.
async fn details<'c>(
    engine: &dyn Engine,
    containers: &[&'c Container],
) -> Result<BTreeMap<&'c str, ImageDetails>, EngineError> {
    let ids: BTreeSet<&str> = containers.iter().map(|container| container.image_id.as_str()).collect();
    let inspected = join_all(ids.iter().map(|id| engine.inspect_image(id))).await;
    let found = ids.into_iter().zip(inspected).filter_map(|(id, inspected)| match inspected {
        Ok(details) => Some(Ok((id, details))),
        Err(error) if error.kind == ErrorKind::NotFound => None,
        Err(error) => Some(Err(error)),
    });
    found.collect()
}
