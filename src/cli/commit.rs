//! `convoke commit`

use std::io::{self, Write};

use clap::{ArgAction, Args};

use crate::engine::{CommitSpec, Engine};

use super::context::Context;
use super::inside::{Index, Inside};
use super::outcome::{Failure, Status};
use super::words;

/// Make an image of a service's container as it is now
#[derive(Args, Clone, Debug, Default)]
#[command(mut_args = words::truth_flag, after_help = "Examples:\n  convoke commit web web:patched          with a name\n  \
                        convoke commit -c 'CMD [\"serve\"]' web   with another command")]
pub struct Arguments {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,

    /// The image's name
    #[arg(value_name = "REPOSITORY[:TAG]", default_value = "", hide_default_value = true)]
    image: String,

    #[command(flatten)]
    index: Index,

    /// What changed
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    message: String,

    /// Who changed it
    #[arg(short, long, value_name = "NAME", default_value = "", hide_default_value = true)]
    author: String,

    /// An instruction of a Dockerfile to apply to it; may be given several times
    #[arg(short, long, value_name = "INSTRUCTION")]
    change: Vec<String>,

    /// Whether the container is paused meanwhile
    #[arg(short, long, value_name = "BOOL", action = ArgAction::Set, default_value_t = true)]
    pause: bool,
}

pub async fn commit(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let inside = Inside::of(&arguments.service, context).await?;
    let container = inside.any(&arguments.index, context)?;
    if context.globals.dry_run {
        let image = if arguments.image.is_empty() { "an image without a name" } else { &arguments.image };
        writeln!(io::stdout().lock(), "container {}: commit to {image}", container.name)?;
        return Ok(Status::SUCCESS);
    }
    let spec = CommitSpec {
        image: arguments.image.clone(),
        message: arguments.message.clone(),
        author: arguments.author.clone(),
        pause: arguments.pause,
        changes: arguments.change.clone(),
    };
    let image = inside.engine.commit(&container.id, &spec).await?;
    writeln!(io::stdout().lock(), "{image}")?;
    Ok(Status::SUCCESS)
}
