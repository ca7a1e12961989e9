//! `convoke events`

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use futures_util::StreamExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::MissedTickBehavior;

use crate::engine::{Engine, EngineEvent, EventRequest, Filters};
use crate::model::labels;
use crate::render::happenings;
use crate::terminal;

use super::context::Context;
use super::instant;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Unknown};

/// How often it is looked whether anybody still reads.
const LOOK: Duration = Duration::from_millis(200);

/// Show what happens to the containers of the project
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke events --json web                 what happens to web from now on\n  \
    convoke events --since 10m --until 0s     what happened in the last ten minutes")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// One JSON object for each event
    #[arg(long)]
    json: bool,

    /// Also what happened since then, as far as the engine remembers (its last 256 events): a date, seconds since 1970,
    /// or how long ago (42m)
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    since: String,

    /// End with what happens until then
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    until: String,
}

pub async fn events(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let since = instant::flag("since", &arguments.since, now)?;
    let until = instant::flag("until", &arguments.until, now)?;
    let sight = standing::look(context, &arguments.services, Unknown::Refuse).await?;
    let targets = sight.targets;
    let filters = Filters::label(labels::PROJECT, &sight.project.name).and("type", "container");
    let mut happening = sight.engine.events(&EventRequest { filters, since, until });
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = happening.next() => {
                let Some(event) = event else { return Ok(Status::SUCCESS) };
                let event = event?;
                if is_wanted(&event, &targets) {
                    let line = if arguments.json { happenings::object(&event, &zone) } else { happenings::line(&event, &zone) };
                    let mut out = io::stdout().lock();
                    writeln!(out, "{line}")?;
                    out.flush()?;
                }
            }
            _ = looks.tick() => {
                if !terminal::is_heard() {
                    return Ok(Status::SUCCESS);
                }
            }
        }
    }
}

/// Whether it happened to a service's own container, and to one of the services that were named.
fn is_wanted(event: &EngineEvent, targets: &[crate::model::ServiceName]) -> bool {
    let label = |name: &str| event.attributes.get(name).map_or("", String::as_str);
    let service = label(labels::SERVICE);
    label(labels::ONE_OFF) != "True" && (targets.is_empty() || targets.iter().any(|target| target.as_str() == service))
}
