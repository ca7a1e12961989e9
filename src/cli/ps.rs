//! `convoke ps`

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::{Container, State};
use crate::plan::Labelled;
use crate::render::containers::{CONTAINERS, Listing};
use crate::render::listing::Format;

use super::client::ClientConfiguration;
use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Sight, Unknown};
use super::words;

/// List the containers of the project
#[derive(Args, Clone, Debug, Default)]
#[command(mut_args = words::truth_flag, after_help = "Examples:\n  convoke ps -a                                    also what has ended\n  \
    convoke ps --format '{{.Name}} {{.State}}'       a line of one's own for each container\n  \
    convoke ps --format 'table {{.Name}}\\t{{.Ports}}'  a table of one's own")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Also containers that do not run, and those of `run`
    #[arg(short, long)]
    all: bool,

    /// Only ids
    #[arg(short, long)]
    quiet: bool,

    /// Only the names of the services
    #[arg(long = "services")]
    names: bool,

    /// How to write it: table, json, or a template [default: what Docker's configuration says, else table]
    #[arg(long, value_name = "FORMAT", default_value = "", hide_default_value = true)]
    format: String,

    /// Only containers in this state; may be given several times
    #[arg(long, value_enum, value_name = "STATE")]
    status: Vec<Standing>,

    /// Only containers with this property: status=STATE
    #[arg(long, value_parser = filter, value_name = "PROPERTY")]
    filter: Vec<Standing>,

    /// Whether containers of services are listed that the file does not have any more
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set, default_value_t = true)]
    orphans: bool,

    /// Show commands and ids in full
    #[arg(long)]
    no_trunc: bool,
}

/// The states that containers can be asked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Standing {
    Paused,
    Restarting,
    Removing,
    Running,
    Dead,
    Created,
    Exited,
}

fn filter(text: &str) -> Result<Standing, String> {
    match text.split_once('=') {
        Some(("status", state)) => Standing::from_str(state, true),
        Some((property, _)) => Err(format!("unknown filter {property}")),
        None => Err("arguments to --filter should be in form KEY=VAL".into()),
    }
}

pub async fn ps(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let format = arguments.format(context)?;
    let sight = standing::look(context, &arguments.services, Unknown::Refuse).await?;
    arguments.write(&arguments.select(&sight), &format, &mut io::stdout().lock())?;
    Ok(Status::SUCCESS)
}

impl Arguments {
    /// What was asked for, else what Docker's own configuration says.
    fn format(&self, context: &Context<'_>) -> Result<Format, Failure> {
        if self.format.is_empty() && !self.quiet && !self.names {
            return Ok(Format::parse(&ClientConfiguration::read(context.environment).ps_format)?);
        }
        Ok(Format::parse(&self.format)?)
    }

    /// The containers that were asked for, by name.
    fn select<'s>(&self, sight: &'s Sight) -> Vec<&'s Container> {
        let states: Vec<State> = self.status.iter().chain(&self.filter).map(|status| State::from(*status)).collect();
        let is_known = |container: &Container| sight.project.services.contains_key(container.service());
        let mut listed: Vec<&Container> = sight
            .containers()
            .filter(|container| self.all || !container.is_one_off())
            .filter(|container| self.orphans || is_known(container))
            .filter(|container| match container.state {
                state if !states.is_empty() => states.contains(&state),
                State::Running | State::Paused | State::Restarting => true,
                _ => self.all,
            })
            .collect();
        listed.sort_by(|left, right| left.name.cmp(&right.name));
        listed
    }

    fn write(&self, containers: &[&Container], format: &Format, out: &mut dyn Write) -> Result<(), Failure> {
        if self.quiet {
            for container in containers {
                writeln!(out, "{}", container.id)?;
            }
            return Ok(());
        }
        if self.names {
            for service in containers.iter().map(|container| container.service()).collect::<BTreeSet<_>>() {
                writeln!(out, "{service}")?;
            }
            return Ok(());
        }
        let listing = Listing { now: Timestamp::now(), zone: TimeZone::system(), in_full: self.no_trunc };
        let entries: Vec<_> = containers.iter().map(|container| listing.entry(container)).collect();
        Ok(out.write_all(CONTAINERS.text(format, &entries)?.as_bytes())?)
    }
}

impl From<Standing> for State {
    fn from(status: Standing) -> Self {
        match status {
            Standing::Paused => Self::Paused,
            Standing::Restarting => Self::Restarting,
            Standing::Removing => Self::Removing,
            Standing::Running => Self::Running,
            Standing::Dead => Self::Dead,
            Standing::Created => Self::Created,
            Standing::Exited => Self::Exited,
        }
    }
}
