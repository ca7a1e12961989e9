//! `convoke explain`

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::engine::{Engine, ErrorKind};
use crate::explain::{self, Explanation};
use crate::load::{Loaded, Options};
use crate::render::explain::{Window, text};
use crate::render::paint::Paint;
use crate::terminal;

use super::config::image_of;
use super::context::Context;
use super::outcome::{Failure, Status};

/// Show where each value comes from, and what it took the place of
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke explain                            all values of all services\n  \
    convoke explain web.environment.LOG_LEVEL  who says so, and who would if it did not\n  \
    convoke explain networks.default           something that services use")]
pub struct Arguments {
    /// Service, or something below it: web, web.ports, web.environment.LOG_LEVEL; or a path from the top:
    /// networks.default
    #[arg(value_name = "PATH")]
    paths: Vec<String>,

    #[command(flatten)]
    showing: Showing,
}

#[derive(Args, Clone, Copy, Debug, Default)]
struct Showing {
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Show values that look secret, too
    #[arg(long)]
    show_secrets: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

pub async fn explain(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let options = Options { provenance: true, all_resources: context.globals.all_resources, ..Options::default() };
    let loaded = context.load(&options)?;
    let mut explanation = explain::explain(&loaded, &arguments.paths);
    add_images(&mut explanation, &loaded, &arguments.paths, context).await;
    let mut explanation = explain::narrow(explanation, &arguments.paths)
        .map_err(|findings| Failure::Findings(crate::diagnostic::Files::default(), findings))?;
    if !arguments.showing.show_secrets {
        explain::mask(&mut explanation);
    }
    write(&explanation, arguments.showing.format, context)
}

/// What `config --provenance` prints: the same, of the files alone.
pub fn of_files(loaded: &Loaded) -> Explanation {
    let mut explanation = explain::explain(loaded, &[]);
    explain::mask(&mut explanation);
    explanation
}

/// Asks the engine for what images say; it may be that none answers, or that it does not have them.
async fn add_images(explanation: &mut Explanation, loaded: &Loaded, paths: &[String], context: &Context<'_>) {
    let project = &loaded.project;
    let services = project.services.iter().chain(&project.disabled_services);
    let asked: Vec<_> = services
        .filter(|(name, service)| service.provider.is_none() && explain::concerns(paths, name.as_str()))
        .filter(|(name, _)| !paths.is_empty() || project.services.contains_key(*name))
        .collect();
    if asked.is_empty() {
        return;
    }
    let engine = match context.engine().await {
        Ok(engine) => engine,
        Err(_) => return explanation.notes.push("no engine answers: what images say is left out".to_owned()),
    };
    for (name, service) in asked {
        let image = image_of(project, name, service);
        match engine.inspect_image(&image).await {
            Ok(details) => explain::add_image(explanation, name.as_str(), &image, &details),
            Err(error) if error.kind == ErrorKind::NotFound => {
                explanation.notes.push(format!("{name}: the image {image} is not here yet: what it says is left out"))
            }
            Err(error) => explanation.notes.push(format!("{name}: what {image} says is left out: {error}")),
        }
    }
}

/// The text for a reader; what is too wide for a person who watches is cut.
pub fn rendered(explanation: &Explanation, format: Format, watched: bool, paint: Paint) -> String {
    match format {
        Format::Json => format!("{:#}\n", json!(explanation)),
        Format::Text => {
            let columns = if watched { terminal::size().columns } else { terminal::USUAL.columns };
            text(explanation, Window { columns, cut: watched }, paint)
        }
    }
}

fn write(explanation: &Explanation, format: Format, context: &Context<'_>) -> Result<Status, Failure> {
    let paint = Paint::new(context.settings.color_stdout);
    let text = rendered(explanation, format, context.settings.terminal.stdout, paint);
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    if format == Format::Text {
        let notes = explanation.notes.iter().map(|note| format!("note: {note}\n"));
        io::stderr().lock().write_all(notes.collect::<String>().as_bytes())?;
    }
    Ok(Status::SUCCESS)
}
