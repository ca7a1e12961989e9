//! `convoke down`

use clap::{Args, ValueEnum};

use crate::model::ServiceName;
use crate::plan::{DownPolicy, ImageRemoval};
use crate::run::{OnFailure, Work};

use super::context::{Context, Whose};
use super::interrupt::Patience;
use super::making;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::session::Session;
use super::settings;
use super::standing;
use super::telling::Style;

/// Stop and remove containers and networks of the project
#[derive(Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Services; all if none is named
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Also remove containers of services that the file does not have any more [env: COMPOSE_REMOVE_ORPHANS]
    #[arg(long)]
    remove_orphans: bool,

    /// Also remove the volumes of the project, and with them their data
    #[arg(short, long)]
    volumes: bool,

    /// Also remove the images of the services
    #[arg(long, value_enum, value_name = "WHICH")]
    rmi: Option<Images>,

    /// How many seconds a container gets to stop [default: what its service says, else 10]
    #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
    timeout: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Images {
    /// Only those that the file gives no name of their own
    Local,
    All,
}

pub async fn down(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let prepared = arguments.prepare(context).await?;
    let Some(session) = Session::begin(context, &prepared, Patience::Command, &Style::titled("down"))? else {
        return Ok(Status::SUCCESS);
    };
    session.execute(&Work { on_failure: OnFailure::Continue, ..session.work() }).await
}

impl Arguments {
    /// The whole project, and what it does not know any more.
    pub fn with_orphans() -> Self {
        Self { remove_orphans: true, ..Self::default() }
    }

    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let (engine, whose) = standing::whose(context).await?;
        let policy = self.policy(context, &whose)?;
        context.take_turn(&engine, whose.name()).await?;
        Prepared::down(engine, whose, &policy).await
    }

    fn policy(&self, context: &Context<'_>, whose: &Whose) -> Result<DownPolicy, Failure> {
        let name = |name: &String| match whose.project() {
            Some(project) => making::known(name, project),
            None => Ok(ServiceName::new(name.as_str())),
        };
        Ok(DownPolicy {
            targets: self.services.iter().map(name).collect::<Result<_, _>>()?,
            remove_orphans: self.remove_orphans || settings::switch(context.environment, "COMPOSE_REMOVE_ORPHANS"),
            volumes: self.volumes,
            images: match self.rmi {
                None => ImageRemoval::None,
                Some(Images::Local) => ImageRemoval::Local,
                Some(Images::All) => ImageRemoval::All,
            },
            stop_timeout: making::grace(self.timeout),
        })
    }
}
