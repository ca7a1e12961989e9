//! `convoke kill`

use clap::Args;

use crate::plan::{self, KillPolicy};

use super::context::Context;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::settings;
use super::standing::{self, Services, Unknown};

/// Send a signal to the containers of the project
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke kill              end all at once\n  \
    convoke kill -s HUP web   let web read its configuration again")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// The signal, by name or number
    #[arg(short, long, value_name = "SIGNAL", default_value = "SIGKILL")]
    signal: String,

    /// Also to containers of services that the file does not have any more [env: COMPOSE_REMOVE_ORPHANS]
    #[arg(long)]
    remove_orphans: bool,
}

pub async fn kill(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    standing::perform(&arguments.prepare(context).await?, context, "kill").await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let signal = self.signal.clone();
        let remove_orphans = self.remove_orphans || settings::switch(context.environment, "COMPOSE_REMOVE_ORPHANS");
        standing::prepare(context, &self.services, Unknown::Warn, |project, observed, targets| {
            Ok(plan::kill(project, observed, &KillPolicy { targets, signal, remove_orphans }))
        })
        .await
    }
}
