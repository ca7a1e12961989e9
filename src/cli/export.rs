//! `convoke export`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::engine::Engine;

use super::context::Context;
use super::inside::{Index, Inside, pour};
use super::outcome::{Failure, Status};

/// Write the whole file system of a service's container as a tar archive
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke export -o web.tar web           into a file\n  \
                        convoke export web | tar t              to another program")]
pub struct Arguments {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,

    #[command(flatten)]
    index: Index,

    /// Write to a file, and not to standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

pub async fn export(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    if arguments.output.is_none() && context.settings.terminal.stdout {
        return Err(Failure::with_help(
            "an archive is nothing to look at",
            format!("write it to a file: convoke export -o {0}.tar {0}", arguments.service),
        ));
    }
    let inside = Inside::of(&arguments.service, context).await?;
    let container = inside.any(&arguments.index, context)?;
    let to = arguments.output.as_ref().map_or_else(|| "standard output".into(), |path| path.display().to_string());
    if context.globals.dry_run {
        writeln!(io::stdout().lock(), "container {}: export to {to}", container.name)?;
        return Ok(Status::SUCCESS);
    }
    let archive = inside.engine.export(&container.id);
    let Some(path) = &arguments.output else { return pour(archive, &mut tokio::io::stdout()).await };
    let file = tokio::fs::File::create(path).await;
    let mut file = file.map_err(|error| Failure::plain(format!("{to} cannot be written: {error}")))?;
    let poured = pour(archive, &mut file).await;
    if poured.is_err() {
        // Half an archive is of no use; what went wrong before is what is to be told.
        let _ = tokio::fs::remove_file(path).await;
    }
    poured
}
