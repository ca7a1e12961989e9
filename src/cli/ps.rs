//! `convoke ps`

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::{Container, Engine, Filters, State};
use crate::model::{ServiceName, labels};
use crate::plan::Labelled;
use crate::render::containers::Listing;

use super::context::{Context, Whose};
use super::making::no_such_service;
use super::outcome::{Failure, Status};

/// List the containers of the project
#[derive(Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Services; all if none is named
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Also containers that do not run, and those of `run`
    #[arg(short, long)]
    all: bool,

    /// Only ids
    #[arg(short, long)]
    quiet: bool,

    /// Only the names of the services
    #[arg(long = "services")]
    names: bool,

    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Only containers in this state; may be given several times
    #[arg(long, value_enum, value_name = "STATE")]
    status: Vec<Standing>,

    /// Only containers with this property: status=STATE
    #[arg(long, value_parser = filter, value_name = "PROPERTY")]
    filter: Vec<Standing>,

    /// Whether containers of services are listed that the file does not have any more
    #[arg(
        long,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    orphans: bool,

    /// Show commands and ids in full
    #[arg(long)]
    no_trunc: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Table,
    /// One object for each container
    Json,
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
    let whose = context.whose()?;
    let engine = context.engine().await?;
    let found = engine.containers(&Filters::label(labels::PROJECT, whose.name())).await?;
    let listed = arguments.select(found, &whose)?;
    arguments.write(&listed, &mut io::stdout().lock())?;
    Ok(Status::SUCCESS)
}

impl Arguments {
    /// The containers that were asked for, by name.
    fn select(&self, containers: Vec<Container>, whose: &Whose) -> Result<Vec<Container>, Failure> {
        let known: BTreeSet<ServiceName> = match whose.project() {
            Some(project) => project.services.keys().cloned().collect(),
            None => containers.iter().filter_map(service).collect(),
        };
        if let Some(unknown) = self.services.iter().find(|name| !known.contains(name.as_str())) {
            return Err(no_such_service(unknown, known.iter()));
        }
        let states: Vec<State> = self.status.iter().chain(&self.filter).map(|status| State::from(*status)).collect();
        let mut listed: Vec<Container> = containers
            .into_iter()
            .filter(|container| container.labels.contains_key(labels::CONFIG_HASH))
            .filter(|container| self.all || !container.is_one_off())
            .filter(|container| match service(container) {
                _ if self.services.is_empty() && self.orphans => true,
                Some(service) if self.services.is_empty() => known.contains(&service),
                Some(service) => self.services.iter().any(|name| name == service.as_str()),
                None => false,
            })
            .filter(|container| match container.state {
                state if !states.is_empty() => states.contains(&state),
                State::Running | State::Paused | State::Restarting => true,
                _ => self.all,
            })
            .collect();
        listed.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(listed)
    }

    fn write(&self, containers: &[Container], out: &mut dyn Write) -> Result<(), Failure> {
        if self.quiet {
            for container in containers {
                writeln!(out, "{}", container.id)?;
            }
            return Ok(());
        }
        if self.names {
            for service in containers.iter().filter_map(service).collect::<BTreeSet<_>>() {
                writeln!(out, "{service}")?;
            }
            return Ok(());
        }
        let listing = Listing { now: Timestamp::now(), zone: TimeZone::system(), in_full: self.no_trunc };
        match self.format {
            Format::Table => out.write_all(listing.table(containers).as_bytes())?,
            Format::Json => {
                for container in containers {
                    writeln!(out, "{}", listing.object(container))?;
                }
            }
        }
        Ok(())
    }
}

pub fn service(container: &Container) -> Option<ServiceName> {
    container.labels.get(labels::SERVICE).map(|name| ServiceName::new(name.as_str()))
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
