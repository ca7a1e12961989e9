//! `convoke volumes`

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::Args;

use crate::engine::{Engine, Filters};
use crate::model::labels;
use crate::render::listing::Format;
use crate::render::volumes::{VOLUMES, volume};

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Unknown};

/// List the volumes of the project
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke volumes        the volumes of the project\n  \
    convoke volumes -q db  the names of those that db uses")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Only names
    #[arg(short, long)]
    quiet: bool,

    /// How to write it: table, json, or a template
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    format: String,
}

pub async fn volumes(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let format = Format::parse(&arguments.format)?;
    let sight = standing::look(context, &arguments.services, Unknown::Refuse).await?;
    let mut found = sight.engine.volumes(&Filters::label(labels::PROJECT, &sight.project.name)).await?;
    if !arguments.services.services.is_empty() {
        let used: BTreeSet<&str> =
            sight.containers().flat_map(|container| &container.mounts).map(|mount| mount.name.as_str()).collect();
        found.retain(|volume| used.contains(volume.name.as_str()));
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    let mut out = io::stdout().lock();
    if arguments.quiet {
        for volume in &found {
            writeln!(out, "{}", volume.name)?;
        }
    } else {
        let entries: Vec<_> = found.iter().map(volume).collect();
        out.write_all(VOLUMES.text(&format, &entries)?.as_bytes())?;
    }
    Ok(Status::SUCCESS)
}
