//! `convoke stop`

use clap::Args;

use crate::plan::{self, StopPolicy};

use super::context::Context;
use super::making;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::standing::{self, Services, Unknown};

/// Stop the containers of the project, and keep them
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke stop           all of the project, what depends on others first\n  \
    convoke stop -t 2 web  only web, which gets two seconds to end by itself")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// How many seconds a container gets to stop [default: what its service says, else 10]
    #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
    timeout: Option<i64>,
}

pub async fn stop(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    standing::perform(&arguments.prepare(context).await?, context, "stop").await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let stop_timeout = making::grace(self.timeout);
        standing::prepare(context, &self.services, Unknown::Warn, |project, observed, targets| {
            Ok(plan::stop(project, observed, &StopPolicy { targets, stop_timeout }))
        })
        .await
    }
}
