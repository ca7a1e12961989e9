//! `convoke pause` and `convoke unpause`

use clap::Args;

use crate::plan;

use super::context::Context;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::standing::{self, Services, Unknown};

/// Freeze the containers of the project where they are
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example:\n  convoke pause web    web does nothing any more until `convoke unpause web`")]
pub struct Pause {
    #[command(flatten)]
    services: Services,
}

/// Let frozen containers of the project go on
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example:\n  convoke unpause    all that `convoke pause` froze")]
pub struct Unpause {
    #[command(flatten)]
    services: Services,
}

pub async fn pause(arguments: &Pause, context: &Context<'_>) -> Result<Status, Failure> {
    standing::perform(&arguments.prepare(context).await?, context, "pause").await
}

pub async fn unpause(arguments: &Unpause, context: &Context<'_>) -> Result<Status, Failure> {
    standing::perform(&arguments.prepare(context).await?, context, "unpause").await
}

impl Pause {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        standing::prepare(context, &self.services, Unknown::Warn, |project, observed, targets| {
            Ok(plan::pause(project, observed, &targets))
        })
        .await
    }
}

impl Unpause {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        standing::prepare(context, &self.services, Unknown::Warn, |project, observed, targets| {
            Ok(plan::unpause(project, observed, &targets))
        })
        .await
    }
}
