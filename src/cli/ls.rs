//! `convoke ls`

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::Args;
use regex::Regex;

use crate::engine::{Container, Engine, Filters, State};
use crate::model::labels;
use crate::render::listing::Format;
use crate::render::projects::{PROJECTS, project};

use super::context::Context;
use super::outcome::{Failure, Status};

/// List the projects that have containers here
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke ls                       projects of which something runs\n  \
    convoke ls -a --filter name=shop all whose name contains shop")]
pub struct Arguments {
    /// Also projects of which nothing runs
    #[arg(short, long)]
    all: bool,

    /// Only names
    #[arg(short, long)]
    quiet: bool,

    /// How to write it: table, json, or a template
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    format: String,

    /// Only projects with this property: name=REGULAR-EXPRESSION
    #[arg(long, value_parser = filter, value_name = "PROPERTY")]
    filter: Vec<Regex>,
}

fn filter(text: &str) -> Result<Regex, String> {
    match text.split_once('=') {
        Some(("name", expression)) => Regex::new(expression).map_err(|error| error.to_string()),
        Some((property, _)) => Err(format!("invalid filter '{property}'")),
        None => Err("arguments to --filter should be in form KEY=VAL".into()),
    }
}

pub async fn ls(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let format = Format::parse(&arguments.format)?;
    let engine = context.engine().await?;
    let found = engine.containers(&Filters::default().and("label", labels::PROJECT)).await?;
    let projects = arguments.group(&found);
    let mut out = io::stdout().lock();
    if arguments.quiet {
        for name in projects.keys() {
            writeln!(out, "{name}")?;
        }
    } else {
        let entries: Vec<_> = projects.iter().map(|(name, containers)| project(name, containers)).collect();
        out.write_all(PROJECTS.text(&format, &entries)?.as_bytes())?;
    }
    Ok(Status::SUCCESS)
}

impl Arguments {
    /// The containers that count, by the name of their project.
    fn group<'c>(&self, containers: &'c [Container]) -> BTreeMap<&'c str, Vec<&'c Container>> {
        let mut projects: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
        let counted = |container: &&Container| {
            let runs = matches!(container.state, State::Running | State::Paused | State::Restarting);
            container.labels.contains_key(labels::CONFIG_HASH) && (self.all || runs)
        };
        for container in containers.iter().filter(counted) {
            let name = container.labels.get(labels::PROJECT).map_or("", String::as_str);
            if self.filter.iter().all(|expression| expression.is_match(name)) {
                projects.entry(name).or_default().push(container);
            }
        }
        projects
    }
}
