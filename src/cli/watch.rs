//! `convoke watch`

use clap::{ArgAction, Args};

use crate::load::Loaded;
use crate::plan::{Plan, Recreation, UpPolicy};

use super::context::Context;
use super::interrupt::Patience;
use super::making::{self, Orphans};
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::session::Session;
use super::standing::Services;
use super::switch::Switch;
use super::telling::Style;
use super::watching::{Manners, Watching, build_always};
use super::words;

/// Keep the containers of services in step with the files that they are made from
#[derive(Args, Clone, Debug, Default)]
#[command(
    mut_args = words::truth_flag,
    after_help = "Examples:\n  convoke watch              build, start and watch every service with a develop section\n  \
    convoke watch --no-up web  only watch what runs already\n\nWhat is done when files change stands in `develop.watch` of \
    each service: sync, rebuild, restart, sync+restart or sync+exec. Ctrl-C ends the watch and leaves the containers running."
)]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Build and start nothing first
    #[arg(long)]
    no_up: bool,

    /// Remove images that a build leaves without a name
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, default_value_t = true)]
    prune: bool,

    /// Do not show the output of builds
    #[arg(long)]
    quiet: bool,
}

pub async fn watch(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let loaded = arguments.load(context)?;
    let watching = Watching::begin(&loaded.project, context).await?;
    let prepared = arguments.prepare(loaded, context).await?;
    let style = Style { quiet_build: arguments.quiet, quiet_pull: arguments.quiet, ..Style::titled("watch") };
    let Some(session) = Session::begin(context, &prepared, Patience::Command, &style)? else {
        return Ok(Status::SUCCESS);
    };
    let switch = Switch::default();
    switch.turn_on(&prepared, context)?;
    session.execute(&session.work()).await?;
    session.give_up_turn();
    let manners = Manners { load: &|| arguments.load(context), prune: arguments.prune };
    let work = session.work();
    session.watching(watching.watch(&session, &manners, context, work.cancel, &switch)).await
}

impl Arguments {
    fn load(&self, context: &Context<'_>) -> Result<Loaded, Failure> {
        let loaded = self.services.load(true, context)?;
        if loaded.project.services.is_empty() { Err(Failure::plain("no service selected")) } else { Ok(loaded) }
    }

    /// What is watched and built is built first: what the images hold is known then.
    async fn prepare(&self, mut loaded: Loaded, context: &Context<'_>) -> Result<Prepared, Failure> {
        if self.no_up {
            return Prepared::images(loaded, context, |_, _| Plan::default()).await;
        }
        let targets = making::targets(&self.services.services, &loaded.project);
        let orphans = Orphans::settle(false, &loaded.project.environment)?;
        let watched: Vec<_> = loaded.project.services.iter().filter(|(_, service)| service.develop.is_some()).collect();
        let watched: Vec<_> = watched.into_iter().map(|(name, _)| name.clone()).collect();
        build_always(&mut loaded.project, |name| watched.contains(name));
        let policy = UpPolicy {
            targets,
            recreate_dependencies: Recreation::Never,
            remove_orphans: orphans.remove,
            ignore_orphans: orphans.ignore,
            ..UpPolicy::default()
        };
        Prepared::up_asking(loaded, policy, context).await
    }
}
