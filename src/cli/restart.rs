//! `convoke restart`

use clap::Args;

use crate::plan::{self, RestartPolicy};

use super::context::Context;
use super::making;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::standing::{self, Services, Unknown};

/// Restart the containers of the project, as they are
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Examples:\n  convoke restart db            db, and whoever declares `restart: true` for it\n  \
    convoke restart --no-deps db  only db\n\nWhat changed in the file has no effect on restarted containers: \
    `convoke up` replaces those."
)]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// How many seconds a container gets to stop [default: what its service says, else 10]
    #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
    timeout: Option<i64>,

    /// Leave out services that are to be restarted with what they depend on
    #[arg(long)]
    no_deps: bool,
}

pub async fn restart(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    standing::perform(&arguments.prepare(context).await?, context, "restart").await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let (stop_timeout, no_deps) = (making::grace(self.timeout), self.no_deps);
        standing::prepare(context, &self.services, Unknown::Refuse, |project, observed, targets| {
            Ok(plan::restart(project, observed, &RestartPolicy { targets, stop_timeout, no_deps }))
        })
        .await
    }
}
