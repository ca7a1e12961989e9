//! `convoke rm`

use std::io::{self, Write};

use clap::Args;

use crate::plan::{self, Action, RemovePolicy};

use super::asking;
use super::context::Context;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::standing::{self, Services, Unknown};

/// Remove containers of the project that do not run
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke rm           what has ended, after a question\n  \
    convoke rm -sf web   stop web and remove it, without a question\n\nNetworks and named volumes stay: `convoke down` \
    takes them away.")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Do not ask
    #[arg(short, long)]
    force: bool,

    /// Also those that run: they are stopped first
    #[arg(short, long)]
    stop: bool,

    /// Also remove the anonymous volumes of the containers
    #[arg(short, long)]
    volumes: bool,

    /// What is done anyway
    #[arg(short, long, hide = true)]
    all: bool,
}

pub async fn rm(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let prepared = arguments.prepare(context).await?;
    let removals = prepared.plan.steps().filter(|(_, step)| step.action() == Action::Remove);
    let names: Vec<String> = removals.map(|(_, step)| step.subject().name).collect();
    if !names.is_empty() && !context.globals.dry_run {
        let message = format!("Going to remove {}", names.join(", "));
        if arguments.force {
            writeln!(io::stdout(), "{message}")?;
        } else if !asking::confirm(&message)? {
            return Ok(Status::SUCCESS);
        }
    }
    standing::perform(&prepared, context, "rm").await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let Self { force, stop, volumes, .. } = *self;
        standing::prepare(context, &self.services, Unknown::Warn, |project, observed, targets| {
            Ok(plan::remove(project, observed, &RemovePolicy { targets, stop, force, volumes }))
        })
        .await
    }
}
