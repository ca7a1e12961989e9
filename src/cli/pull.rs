//! `convoke pull`

use clap::{Args, ValueEnum};

use crate::load::Loaded;
use crate::plan::{self, PullOrder, PullPolicy};

use super::context::Context;
use super::making;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::settings::Settings;
use super::standing::{self, Services};

/// Pull the images of services
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke pull                    every image, also where there is one already\n  \
    convoke pull --policy missing   only what the engine does not have\n  \
    convoke pull --include-deps web web, and what it depends on")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Pull also for what the named services depend on
    #[arg(long)]
    include_deps: bool,

    /// Leave out what can be built
    #[arg(long)]
    ignore_buildable: bool,

    /// An image that cannot be pulled is only worth a warning
    #[arg(long)]
    ignore_pull_failures: bool,

    /// When to pull, whatever the services say
    #[arg(long, value_enum, value_name = "WHEN")]
    policy: Option<Policy>,

    /// Tell nothing but errors
    #[arg(short, long)]
    quiet: bool,

    /// `--parallel 1` is what it means today
    #[arg(long, hide = true)]
    no_parallel: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Policy {
    Always,
    /// Only what the engine does not have, and what has the tag latest
    #[value(alias = "if_not_present")]
    Missing,
}

pub async fn pull(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let hushed = context.hushed(arguments.quiet);
    let parallel = if arguments.no_parallel { Some(1) } else { hushed.settings.parallel };
    let context = &Context { settings: Settings { parallel, ..hushed.settings }, ..hushed };
    standing::perform(&arguments.prepare(context).await?, context, "pull").await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let loaded = self.services.load(self.include_deps, context)?;
        let order = self.order(&loaded);
        Prepared::images(loaded, context, |project, observed| plan::pull(project, observed, &order)).await
    }

    fn order(&self, loaded: &Loaded) -> PullOrder {
        PullOrder {
            targets: making::targets(&self.services.services, &loaded.project),
            policy: self.policy.map(|policy| match policy {
                Policy::Always => PullPolicy::Always,
                Policy::Missing => PullPolicy::Missing,
            }),
            ignore_buildable: self.ignore_buildable,
            ignore_failures: self.ignore_pull_failures,
        }
    }
}
