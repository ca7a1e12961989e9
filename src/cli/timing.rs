//! `convoke timing`, and the flags of `up` that tell the same at once.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::render::paint::Paint;
use crate::render::{timeline, timing};
use crate::timing::Run;

use super::context::Context;
use super::outcome::{Failure, Status};
use super::runs;

/// Show where the time of the last `up` went: per service, and what everything waited for
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke timing                      the last `up` of this project\n  \
    convoke timing --timeline up.html   the same as bars over time, to be looked at in a browser")]
pub struct Arguments {
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    files: Files,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
}

/// Files that a run is written to.
#[derive(Args, Clone, Debug, Default)]
pub struct Files {
    /// Write the steps as bars over time into a page, which needs nothing else to be looked at
    #[arg(long, value_name = "FILE.html")]
    timeline: Option<PathBuf>,

    /// Write the steps as a trace, for the profiler of a browser
    #[arg(long, value_name = "FILE.json")]
    trace: Option<PathBuf>,
}

/// What `up` tells about its time.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Show at the end where the time went: per service, and what everything waited for
    #[arg(long)]
    timing: bool,

    #[command(flatten)]
    files: Files,
}

pub fn timing(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let whose = context.whose()?;
    let runs = runs::load(whose.name(), context.environment);
    let Some(run) = runs.last else {
        return Err(Failure::with_help(
            format!("no run of {} is known", whose.name()),
            "it is kept by `convoke up`, on this machine and for this user",
        ));
    };
    arguments.files.write(&run, context)?;
    let text = match arguments.format {
        Format::Table => timing::report(&run, runs.before.as_ref(), Paint::new(context.settings.color_stdout)),
        Format::Json => format!("{}\n", timing::object(&run, runs.before.as_ref())),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush().map(|()| Status::SUCCESS)?)
}

impl Flags {
    /// Keeps a run for later, and tells of it what was asked for. One in which nothing was done does not push out the
    /// one that people want to hear about.
    ///
    /// # Errors
    /// When a file that was asked for cannot be written.
    pub fn settle(&self, run: Run, context: &Context<'_>) -> Result<(), Failure> {
        self.files.write(&run, context)?;
        if self.timing {
            let last = runs::load(&run.project, context.environment).last;
            let text = timing::report(&run, last.as_ref(), Paint::new(context.settings.color_stderr));
            io::stderr().lock().write_all(text.as_bytes())?;
        }
        if !run.laps.is_empty()
            && let Err(error) = runs::keep(run, context.environment)
        {
            tracing::debug!(%error, "this run is not kept");
        }
        Ok(())
    }
}

impl Files {
    fn write(&self, run: &Run, context: &Context<'_>) -> Result<(), Failure> {
        if let Some(path) = &self.timeline {
            write(&context.current_dir.join(path), &timeline::page(run))?;
        }
        if let Some(path) = &self.trace {
            write(&context.current_dir.join(path), &timing::trace(run).to_string())?;
        }
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::plain(format!("{} cannot be written: {error}", path.display())))
}
