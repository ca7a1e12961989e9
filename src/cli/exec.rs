//! `convoke exec`

use std::io::{self, Write};

use clap::Args;

use crate::engine::{Engine, ExecSpec};
use crate::run::{self, TalkError};

use super::client::ClientConfiguration;
use super::context::Context;
use super::inside::{Index, Inside};
use super::outcome::{Failure, Status};
use super::person::{self, Wish};
use super::settings::Environment;
use super::words::Words;

/// Run a command in a running container of a service
#[derive(Args, Clone, Debug, Default)]
#[command(
    override_usage = "convoke exec [OPTIONS] SERVICE COMMAND [ARGUMENT]...",
    after_help = "Examples:\n  convoke exec web sh                     a shell; leave it with exit or ctrl-d\n  \
                  convoke exec -u postgres db psql        as another user\n  \
                  convoke exec db pg_dump shop > shop.sql what it prints goes to a file"
)]
pub struct Arguments {
    #[command(flatten)]
    words: Words,

    /// Leave the command running in the background
    #[arg(short, long)]
    detach: bool,

    /// A variable for the command; without a value it has the one that the shell has; may be given several times
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,

    #[command(flatten)]
    index: Index,

    /// Let the command do everything that the host's own root may do
    #[arg(long)]
    privileged: bool,

    /// Who runs it: a name or a number, with a group behind a colon if need be
    #[arg(short, long, value_name = "USER[:GROUP]", default_value = "", hide_default_value = true)]
    user: String,

    /// The folder that it starts in
    #[arg(short, long, value_name = "FOLDER", default_value = "", hide_default_value = true)]
    workdir: String,

    /// No terminal for the command [default: it has one if it is run from one]
    #[arg(short = 'T', long, alias = "no-TTY")]
    no_tty: bool,

    /// What to type to leave the command running [default: ctrl-p,ctrl-q, or detachKeys of Docker's configuration]
    #[arg(long, value_name = "KEYS")]
    detach_keys: Option<String>,

    /// A terminal in any case
    #[arg(short, long, hide = true)]
    tty: bool,

    /// Let the command read standard input: it does anyway
    #[arg(short, long, hide = true)]
    interactive: bool,
}

pub async fn exec(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let (service, command) = arguments.words.split("exec", context)?;
    if command.is_empty() {
        return Err(context.misuse("exec", "what is to be run is missing: convoke exec SERVICE COMMAND"));
    }
    let wish = Wish { tty: arguments.tty, no_tty: arguments.no_tty || arguments.detach, stdin: true };
    let tty = wish.tty(context.settings.terminal)?;
    let keys = person::detach_keys(arguments.detach_keys.as_deref(), &ClientConfiguration::read(context.environment))?;
    let inside = Inside::of(service, context).await?;
    let container = inside.running(&arguments.index, context)?;
    let spec = ExecSpec {
        command: command.to_vec(),
        environment: variables(&arguments.env, context.environment),
        user: arguments.user.clone(),
        working_dir: arguments.workdir.clone(),
        privileged: arguments.privileged,
        tty,
        stdin: !arguments.detach,
        detach_keys: if tty { keys.clone() } else { String::new() },
    };
    if context.globals.dry_run {
        writeln!(io::stdout().lock(), "container {}: run `{}`", container.name, command.join(" "))?;
        return Ok(Status::SUCCESS);
    }
    let refused = |error| inside.refused(error, context);
    if arguments.detach {
        let exec = inside.engine.create_exec(&container.id, &spec).await.map_err(refused)?;
        inside.engine.start_exec(&exec).await.map_err(refused)?;
        return Ok(Status::SUCCESS);
    }
    let (person, raw) = person::present(tty, true, &keys)?;
    let talked = run::exec(&inside.engine, &container.id, &spec, person).await;
    drop(raw);
    match talked {
        Err(TalkError::Engine(error)) => Err(refused(error)),
        talked => person::status(talked),
    }
}

/// Variables as given; a name alone takes the shell's value, and is left out where the shell has none.
pub fn variables(given: &[String], shell: &Environment) -> Vec<String> {
    let value = |variable: &String| match variable.split_once('=') {
        Some(_) => Some(variable.clone()),
        None => shell.get(variable).map(|value| format!("{variable}={value}")),
    };
    given.iter().filter_map(value).collect()
}
