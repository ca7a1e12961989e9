//! `convoke create`

use clap::Args;

use crate::load::Loaded;
use crate::plan::UpPolicy;

use super::context::Context;
use super::interrupt::Patience;
use super::making::{Making, Renewing};
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
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
    let (loaded, policy) = arguments.load(context)?;
    let prepared = arguments.making.prepare(loaded, policy, context).await?;
    let style = Style { quiet_pull: arguments.quiet_pull, ..Style::titled("create") };
    let Some(session) = Session::begin(context, &prepared, Patience::Command, &style)? else {
        return Ok(Status::SUCCESS);
    };
    session.execute(&session.work()).await
}

impl Arguments {
    fn load(&self, context: &Context<'_>) -> Result<(Loaded, UpPolicy), Failure> {
        let (making, renewing) = (&self.making, &Renewing::default());
        making.check(renewing).map_err(|message| context.misuse("create", message))?;
        let loaded = making.load(renewing, context)?;
        let policy = UpPolicy { no_start: true, ..making.policy(renewing, &loaded.project)? };
        Ok((loaded, policy))
    }

    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let (loaded, policy) = self.load(context)?;
        Prepared::up(loaded, policy, context).await
    }
}
