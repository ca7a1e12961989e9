//! `convoke plan`

use std::io::{self, Write};

use clap::{Args, Subcommand, ValueEnum};

use crate::diagnostic::{Diagnostic, Files};
use crate::plan::{Plan, UpPolicy};
use crate::render;

use super::build;
use super::context::Context;
use super::create;
use super::down;
use super::kill;
use super::making::{Making, Renewing};
use super::outcome::{Failure, Status};
use super::pause;
use super::prepared::Prepared;
use super::settings::ProgressKind;
use super::{pull, push, restart, rm, scale, start, stop};

/// Show what `up` or another verb would do, and why; nothing is changed
#[derive(Args, Clone, Debug, Default)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    up: Up,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// What `up` would do; this is also what `plan` alone shows
    Up(Up),
    /// What `create` would do
    Create(Shown<create::Arguments>),
    /// What `build` would do
    Build(Shown<build::Arguments>),
    /// What `pull` would do
    Pull(Shown<pull::Arguments>),
    /// What `push` would do
    Push(Shown<push::Arguments>),
    /// What `down` would do
    Down(Shown<down::Arguments>),
    /// What `start` would do
    Start(Shown<start::Arguments>),
    /// What `stop` would do
    Stop(Shown<stop::Arguments>),
    /// What `restart` would do
    Restart(Shown<restart::Arguments>),
    /// What `pause` would do
    Pause(Shown<pause::Pause>),
    /// What `unpause` would do
    Unpause(Shown<pause::Unpause>),
    /// What `kill` would do
    Kill(Shown<kill::Arguments>),
    /// What `rm` would do
    Rm(Shown<rm::Arguments>),
    /// What `scale` would do
    Scale(Shown<scale::Arguments>),
}

#[derive(Args, Clone, Debug, Default)]
struct Up {
    #[command(flatten)]
    making: Making,

    #[command(flatten)]
    renewing: Renewing,

    /// Create the containers and do not start them
    #[arg(long)]
    no_start: bool,

    /// Leave when every service is running or healthy, or has ended well
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    showing: Showing,
}

#[derive(Args, Clone, Debug, Default)]
struct Shown<Verb: Args> {
    #[command(flatten)]
    verb: Verb,

    #[command(flatten)]
    showing: Showing,
}

#[derive(Args, Clone, Copy, Debug, Default)]
struct Showing {
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Exit with 0 when there is nothing to do, and with 2 when there is
    #[arg(long)]
    detailed_exitcode: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

pub async fn plan(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let (plan, showing) = match &arguments.verb {
        None => (arguments.up.plan(context).await?, arguments.up.showing),
        Some(Verb::Up(up)) => (up.plan(context).await?, up.showing),
        Some(Verb::Create(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Build(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Pull(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Push(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Down(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Start(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Stop(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Restart(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Pause(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Unpause(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Kill(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Rm(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
        Some(Verb::Scale(shown)) => (shown.verb.prepare(context).await?.plan, shown.showing),
    };
    write(&plan, showing.format, context)?;
    Ok(if showing.detailed_exitcode && !plan.is_empty() { Status::CHANGES } else { Status::SUCCESS })
}

/// What `--dry-run` shows instead of doing it.
pub fn show(plan: &Plan, context: &Context<'_>) -> Result<(), Failure> {
    let format = if context.settings.progress == ProgressKind::Json { Format::Json } else { Format::Text };
    write(plan, format, context)
}

fn write(plan: &Plan, format: Format, context: &Context<'_>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", render::plan::object(plan))?,
        Format::Text => {
            let warnings: Vec<Diagnostic> = plan.warnings.iter().map(Diagnostic::warning).collect();
            context.warn(&warnings, &Files::default())?;
            if plan.is_empty() { writeln!(out, "nothing to do")? } else { write!(out, "{plan}")? }
        }
    }
    Ok(out.flush()?)
}

impl Up {
    async fn plan(&self, context: &Context<'_>) -> Result<Plan, Failure> {
        self.making.check(&self.renewing).map_err(|message| context.misuse("plan", message))?;
        let loaded = self.making.load_some(&self.renewing, context)?;
        let policy = self.making.policy(&self.renewing, &loaded.project)?;
        let policy = UpPolicy { no_start: self.no_start, wait: self.wait, ..policy };
        Ok(Prepared::up(loaded, policy, context).await?.plan)
    }
}
