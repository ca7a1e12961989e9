//! `convoke attach`

use std::io::{self, Write};

use clap::{ArgAction, Args};

use crate::engine::{AttachRequest, Engine, State};
use crate::run::{self, Joined, TalkError};

use super::client::ClientConfiguration;
use super::context::Context;
use super::inside::{Index, Inside};
use super::outcome::{Failure, Status};
use super::person;
use super::words;

/// See and talk with the process of a service's container
#[derive(Args, Clone, Debug, Default)]
#[command(
    mut_args = words::truth_flag,
    after_help = "Examples:\n  convoke attach web                      ctrl-c ends it, ctrl-p ctrl-q leaves it running\n  \
                  convoke attach --no-stdin web           only look"
)]
pub struct Arguments {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,

    #[command(flatten)]
    index: Index,

    /// What to type to leave the container running [default: ctrl-p,ctrl-q, or detachKeys of Docker's configuration]
    #[arg(long, value_name = "KEYS")]
    detach_keys: Option<String>,

    /// Only look: nothing that is typed reaches the process
    #[arg(long)]
    no_stdin: bool,

    /// Whether signals that convoke gets are for the process
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, default_value_t = true)]
    sig_proxy: bool,
}

pub async fn attach(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let client = ClientConfiguration::read(context.environment);
    let keys = person::detach_keys(arguments.detach_keys.as_deref(), &client)?;
    let inside = Inside::of(&arguments.service, context).await?;
    let container = inside.running(&arguments.index, context)?;
    let details = inside.engine.inspect_container(&container.id).await?;
    if details.state == State::Paused {
        let unpause = context.invocation(inside.whose.name(), &format!("unpause {}", inside.service));
        return Err(Failure::with_help(
            format!("container {} is paused", container.name),
            format!("let it go on first: {unpause}"),
        ));
    }
    let stdin = !arguments.no_stdin && details.stdin_open;
    if stdin && details.tty && !context.settings.terminal.stdin {
        return Err(Failure::with_help(
            "cannot attach stdin to a TTY-enabled container because stdin is not a terminal",
            "only look, with --no-stdin",
        ));
    }
    if context.globals.dry_run {
        writeln!(io::stdout().lock(), "container {}: attach", container.name)?;
        return Ok(Status::SUCCESS);
    }
    let joined = Joined {
        id: &container.id,
        request: AttachRequest { stdin, tty: details.tty, detach_keys: keys.clone() },
        forwards: arguments.sig_proxy,
        is_new: false,
    };
    let (person, raw) = person::present(details.tty, stdin, &keys)?;
    let talked = run::attach(&inside.engine, &joined, async { Ok(()) }, person).await;
    drop(raw);
    match talked {
        Err(TalkError::Engine(error)) => Err(inside.refused(error, context)),
        talked => person::status(talked),
    }
}
