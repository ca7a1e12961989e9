//! `convoke stats`

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use futures_util::future::{join_all, ready};
use futures_util::stream::{SelectAll, once};
use futures_util::{Stream, StreamExt};
use tokio::time::MissedTickBehavior;

use crate::engine::{Container, Engine, EngineError, ErrorKind, Usage};
use crate::plan::is_up;
use crate::render::listing::Format;
use crate::render::usage::{USAGES, usage};
use crate::terminal::{self, Terminal};

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Unknown};

/// How often the list is drawn anew.
const FRAME: Duration = Duration::from_millis(500);

/// Show what the containers of the project use, again and again
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke stats                      a live table, until Ctrl-C\n  \
    convoke stats --no-stream --format '{{.Name}} {{.MemUsage}}' web")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// Also containers that do not run
    #[arg(short, long)]
    all: bool,

    /// How to write it: table, json, or a template
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    format: String,

    /// Look once and leave
    #[arg(long)]
    no_stream: bool,

    /// Show ids in full
    #[arg(long)]
    no_trunc: bool,
}

pub async fn stats(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let format = Format::parse(&arguments.format)?;
    let sight = standing::look(context, &arguments.services, Unknown::Warn).await?;
    let containers: Vec<&Container> =
        sight.containers().filter(|container| arguments.all || is_up(container)).collect();
    let board = Board { containers: &containers, format: &format, in_full: arguments.no_trunc };
    if arguments.no_stream || containers.is_empty() {
        let looks = join_all(containers.iter().map(|container| once_only(&sight.engine, container))).await;
        let usages: Vec<Option<Usage>> = looks.into_iter().collect::<Result<_, _>>()?;
        io::stdout().lock().write_all(board.text(&usages)?.as_bytes())?;
        return Ok(Status::SUCCESS);
    }
    board.keep_showing(follow(&sight.engine, &containers)).await
}

async fn once_only(engine: &dyn Engine, container: &Container) -> Result<Option<Usage>, EngineError> {
    match engine.usage(&container.id, false).next().await {
        Some(Err(error)) if error.kind == ErrorKind::NotFound => Ok(None),
        look => look.transpose(),
    }
}

/// A look at one of the containers, by its place in the list; `None` when there is nothing more to see of it.
type Look = (usize, Result<Option<Usage>, EngineError>);

fn follow(engine: &dyn Engine, containers: &[&Container]) -> impl Stream<Item = Look> + Unpin + use<> {
    let mut looks = SelectAll::new();
    for (place, container) in containers.iter().enumerate() {
        let own = engine.usage(&container.id, true).map(move |look| (place, look.map(Some)));
        looks.push(own.chain(once(ready((place, Ok(None))))).boxed());
    }
    looks
}

/// The list of containers, in the form that was asked for.
struct Board<'b> {
    containers: &'b [&'b Container],
    format: &'b Format,
    in_full: bool,
}

impl Board<'_> {
    fn text(&self, usages: &[Option<Usage>]) -> Result<String, Failure> {
        let pairs = self.containers.iter().zip(usages);
        let entries: Vec<_> = pairs.map(|(container, known)| usage(container, known.as_ref(), self.in_full)).collect();
        Ok(USAGES.text(self.format, &entries)?)
    }

    /// Draws it again and again, until nothing runs any more or nobody looks.
    async fn keep_showing(&self, mut looks: impl Stream<Item = Look> + Unpin) -> Result<Status, Failure> {
        let mut usages: Vec<Option<Usage>> = vec![None; self.containers.len()];
        let mut frames = tokio::time::interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let in_place = Terminal::look().stdout;
        let mut is_new = true;
        loop {
            tokio::select! {
                look = looks.next() => match look {
                    None => return self.draw(&usages, in_place).map(|()| Status::SUCCESS),
                    Some((_, Err(error))) if error.kind != ErrorKind::NotFound => return Err(error.into()),
                    Some((place, look)) => {
                        usages[place] = look.ok().flatten();
                        is_new = true;
                    }
                },
                _ = frames.tick() => {
                    if !terminal::is_heard() {
                        return Ok(Status::SUCCESS);
                    }
                    if std::mem::take(&mut is_new) {
                        self.draw(&usages, in_place)?;
                    }
                }
            }
        }
    }

    /// On a terminal over what was drawn before.
    fn draw(&self, usages: &[Option<Usage>], in_place: bool) -> Result<(), Failure> {
        let text = self.text(usages)?;
        let text = if in_place { terminal::over(&text) } else { text };
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }
}
