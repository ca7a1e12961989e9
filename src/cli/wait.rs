//! `convoke wait`

use std::io::{self, Write};

use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::engine::{Container, ContainerId, Engine};
use crate::plan::is_up;

use super::context::Context;
use super::down;
use super::interrupt::until_interrupted;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Unknown};

/// Wait until the containers of services end
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example:\n  convoke wait tests    ends when tests has ended, with its exit status")]
pub struct Arguments {
    /// Services
    #[arg(value_name = "SERVICE", required = true)]
    services: Vec<String>,

    /// Then take the whole project down
    #[arg(long)]
    down_project: bool,
}

pub async fn wait(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let services = Services { services: arguments.services.clone() };
    let sight = standing::look(context, &services, Unknown::Refuse).await?;
    let running: Vec<&Container> = sight.containers().filter(|container| is_up(container)).collect();
    if running.is_empty() {
        return Err(Failure::plain(format!("no containers for project {:?}", sight.project.name)));
    }
    let mut have_ended = false;
    let status = until_interrupted(async {
        let status = until_ends(&sight.engine, &running).await;
        have_ended = true;
        status
    });
    let status = status.await?;
    if arguments.down_project && have_ended {
        down::down(&down::Arguments::with_orphans(), context).await?;
    }
    Ok(status)
}

/// Tells each end; the status is that of the last one.
async fn until_ends(engine: &dyn Engine, running: &[&Container]) -> Result<Status, Failure> {
    let mut ends: FuturesUnordered<_> = running.iter().map(|container| until_end(engine, &container.id)).collect();
    let mut status = Status::SUCCESS;
    while let Some((id, code)) = ends.next().await {
        let code = code?;
        writeln!(io::stdout(), "container {:?} exited with status code {code}", id.as_str())?;
        status = Status::of_container(i32::try_from(code).unwrap_or(i32::MAX));
    }
    Ok(status)
}

async fn until_end<'c>(engine: &dyn Engine, id: &'c ContainerId) -> (&'c ContainerId, Result<i64, Failure>) {
    (id, engine.wait_container(id).await.map_err(Failure::from))
}
