//! `convoke start`

use clap::Args;

use crate::plan::{self, StartPolicy};
use crate::run::Work;

use super::context::Context;
use super::interrupt::Patience;
use super::making;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::session::Session;
use super::standing::{self, Services, Unknown};
use super::telling::Style;

/// Start containers that exist, and what they depend on
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke start             all that was stopped\n  \
    convoke start --wait web  web, and leave when it is ready\n\nNothing is created and nothing replaced: `convoke up` \
    does that.")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Leave when every service is running or healthy, or has ended well
    #[arg(long)]
    wait: bool,

    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0, hide_default_value = true, allow_negative_numbers = true)]
    wait_timeout: i64,
}

pub async fn start(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    if arguments.wait_timeout < 0 {
        return Err(context.misuse("start", "--wait-timeout must be a non-negative integer"));
    }
    let prepared = arguments.prepare(context).await?;
    let Some(session) = Session::begin(context, &prepared, Patience::Command, &Style::titled("start"))? else {
        return Ok(Status::SUCCESS);
    };
    session.execute(&Work { deadline: making::deadline(arguments.wait_timeout), ..session.work() }).await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let wait = self.wait;
        standing::prepare(context, &self.services, Unknown::Refuse, |project, observed, targets| {
            plan::start(project, observed, &StartPolicy { targets, wait })
        })
        .await
    }
}
