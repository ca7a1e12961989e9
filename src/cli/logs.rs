//! `convoke logs`

use std::rc::Rc;

use clap::Args;
use jiff::Timestamp;

use crate::engine::{Container, Engine, Filters};
use crate::model::{ServiceName, labels};
use crate::plan::Labelled;
use crate::render::screen::{Choice, Groups};
use crate::run::{self, LogOptions};

use super::context::{Context, Whose};
use super::instant;
use super::interrupt::{self, Patience};
use super::log_choice::LogChoice;
use super::making::no_such_service;
use super::outcome::{Failure, Status};
use super::settings::variable;
use super::telling::{Style, Telling};

/// Show what the containers of the project have written
#[derive(Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Services; all if none is named
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Go on with what they write from now on
    #[arg(short, long)]
    follow: bool,

    /// Only the container with this number, of one service
    #[arg(long, value_name = "NUMBER")]
    index: Option<u32>,

    /// Only what was written since then: a date, seconds since 1970, or how long ago (42m)
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    since: String,

    /// Only what was written until then
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    until: String,

    /// Only the last so many lines of each container
    #[arg(short = 'n', long, value_name = "NUMBER", value_parser = tail, default_value = "all", allow_hyphen_values = true)]
    tail: Tail,

    /// Show when each line was written
    #[arg(short, long)]
    timestamps: bool,

    /// Do not colour the names in front
    #[arg(long)]
    no_color: bool,

    /// Show lines without names in front
    #[arg(long)]
    no_log_prefix: bool,

    /// Show one container after the other, each under its name, instead of all in the order of time
    #[arg(long, conflicts_with = "follow")]
    group: bool,

    #[command(flatten)]
    choice: LogChoice,
}

/// How many lines from the end; `None` is all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tail(Option<u64>);

fn tail(text: &str) -> Result<Tail, String> {
    match text {
        "all" | "-1" => Ok(Tail(None)),
        number => number.parse().map(|lines| Tail(Some(lines))).map_err(|_| "it is a number of lines, or all".into()),
    }
}

pub async fn logs(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    arguments.choice.check().map_err(|message| context.misuse("logs", message))?;
    let options = arguments.options()?;
    let whose = context.whose()?;
    let engine = context.engine().await?;
    let found = engine.containers(&Filters::label(labels::PROJECT, whose.name())).await?;
    let wanted = arguments.select(found, &whose)?;
    let telling = Rc::new(Telling::new(&context.settings, &arguments.style(context), whose.name())?);
    let interrupts = interrupt::listen(Patience::Command)?;
    let teller = Rc::clone(&telling);
    let tell = move |event| teller.tell(&event);
    let reading = run::logs(&engine, whose.name(), &wanted, &options, &tell, &interrupts.cancel);
    let result = telling.while_heard(reading, || interrupts.cancel.cancel()).await;
    telling.finish()?;
    result?;
    Ok(if interrupts.cancel.is_cancelled() { Status::INTERRUPTED } else { Status::SUCCESS })
}

impl Arguments {
    fn style(&self, context: &Context<'_>) -> Style<'static> {
        let folds = variable(context.environment, "GITHUB_ACTIONS") == Some("true");
        Style {
            color: !self.no_color,
            prefix: !self.no_log_prefix && !self.group,
            errors_on_stdout: true,
            json_logs: self.choice.json,
            times: self.timestamps,
            groups: if folds { Groups::Github } else { Groups::Headings },
            choice: Choice { wanted: self.choice.wanted(), ..Choice::default() },
            log_dir: self.choice.log_dir.clone(),
            ..Style::titled("logs")
        }
    }

    fn options(&self) -> Result<LogOptions, Failure> {
        let now = Timestamp::now();
        Ok(LogOptions {
            follow: self.follow,
            tail: self.tail.0,
            since: instant::flag("since", &self.since, now)?,
            until: instant::flag("until", &self.until, now)?,
            grouped: self.group,
            services: self.services.iter().map(|name| ServiceName::new(name.as_str())).collect(),
        })
    }

    /// The containers whose output was asked for. A service that is not to be listened to has to be named.
    fn select(&self, containers: Vec<Container>, whose: &Whose) -> Result<Vec<Container>, Failure> {
        if self.index.is_some() && self.services.len() != 1 {
            return Err(Failure::plain("--index requires one service to be selected"));
        }
        if let Some(project) = whose.project()
            && let Some(unknown) = self.services.iter().find(|name| !project.services.contains_key(name.as_str()))
        {
            return Err(no_such_service(unknown, project.services.keys()));
        }
        let is_silent = |name: &ServiceName| {
            let service = whose.project().and_then(|project| project.services.get(name));
            service.is_some_and(|service| service.attach == Some(false))
        };
        let number = self.index.map(|index| index.to_string());
        let mut wanted: Vec<Container> = containers
            .into_iter()
            .filter(|container| container.is_replica())
            .filter(|container| match service(container) {
                Some(service) if self.services.is_empty() => !is_silent(&service),
                Some(service) => self.services.iter().any(|name| name == service.as_str()),
                None => false,
            })
            .filter(|container| {
                number.as_ref().is_none_or(|number| container.labels.get(labels::CONTAINER_NUMBER) == Some(number))
            })
            .collect();
        wanted.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(wanted)
    }
}

fn service(container: &Container) -> Option<ServiceName> {
    container.labels.get(labels::SERVICE).map(|name| ServiceName::new(name.as_str()))
}
