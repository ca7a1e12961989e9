//! `convoke push`

use clap::Args;

use crate::plan::{self, PushOrder};

use super::context::Context;
use super::making;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::standing::{self, Services};

/// Push the images that services are built into
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke push        every image that is built and has a name in the file\n  \
    convoke push web    only web's, under its image and its build.tags")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Push also for what the named services depend on
    #[arg(long)]
    include_deps: bool,

    /// An image that cannot be pushed is only worth a warning
    #[arg(long)]
    ignore_push_failures: bool,

    /// Tell nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

pub async fn push(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let context = &context.hushed(arguments.quiet);
    standing::perform(&arguments.prepare(context).await?, context, "push").await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let loaded = self.services.load(self.include_deps, context)?;
        let order = PushOrder {
            targets: making::targets(&self.services.services, &loaded.project),
            ignore_failures: self.ignore_push_failures,
        };
        Prepared::images(loaded, context, |project, _| plan::push(project, &order)).await
    }
}
