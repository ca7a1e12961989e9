//! `convoke create`

use clap::Args;

use crate::plan::UpPolicy;

use super::context::Context;
use super::interrupt::Patience;
use super::making::{Making, Renewing};
use super::outcome::{Failure, Status};
use super::plan;
use super::session::Session;
use super::telling::Style;

/// Create the containers of the project, without starting them
#[derive(Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Do not show the layers of pulls
    #[arg(long)]
    quiet_pull: bool,

    #[command(flatten)]
    making: Making,
}

pub async fn create(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let (making, renewing) = (&arguments.making, &Renewing::default());
    making.check(renewing).map_err(|message| context.misuse("create", message))?;
    let loaded = making.load(renewing, context)?;
    let policy = UpPolicy { no_start: true, ..making.policy(renewing, &loaded.project)? };
    let prepared = making.prepare(loaded, policy, context).await?;
    if context.globals.dry_run {
        return plan::show(&prepared.plan, context);
    }
    let style = Style { quiet_pull: arguments.quiet_pull, ..Style::titled("create") };
    let session = Session::begin(context, &prepared, Patience::Command, &style)?;
    session.execute(&session.work()).await
}
