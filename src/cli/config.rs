//! `convoke config`

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::diagnostic::Diagnostic;
use crate::load::{Loaded, Options};
use crate::model::json::{self, NoJson};
use crate::model::{Project, Service, ServiceName, service_hash};
use crate::render::paint::Paint;
use crate::yaml::{Map, Node};

use super::context::Context;
use super::digests;
use super::explain;
use super::outcome::{Failure, Status, place};
use super::shown::Shown;
use super::variables;

/// Check the compose files and show what they come to
#[derive(Args, Clone, Debug, Default)]
pub struct Arguments {
    /// Services, with what they depend on; all if none is named
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Only check, and print nothing
    #[arg(short, long)]
    quiet: bool,

    /// How to write it [default: yaml]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Write to a file instead
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Leave variables as they are written
    #[arg(long)]
    no_interpolate: bool,

    /// Leave out what follows from other parts of the files
    #[arg(long)]
    no_normalize: bool,

    /// Leave relative paths as they are written
    #[arg(long)]
    no_path_resolution: bool,

    /// Do not check that the parts fit together
    #[arg(long)]
    no_consistency: bool,

    /// Do not read the env files of services
    #[arg(long)]
    no_env_resolution: bool,

    /// Ask the registries for the digests of images, and write these behind their names
    #[arg(long, conflicts_with = "provenance")]
    resolve_image_digests: bool,

    /// The same, and show only the images: to be named behind the other files with -f
    #[arg(long, conflicts_with = "provenance")]
    lock_image_digests: bool,

    #[command(flatten)]
    selection: Selection,
}

/// One kind of thing instead of the whole; the first in this order counts.
#[derive(Args, Clone, Debug, Default)]
struct Selection {
    /// Print the names of the services, one a line
    #[arg(long = "services")]
    service_names: bool,

    /// Print the names of the volumes, one a line
    #[arg(long)]
    volumes: bool,

    /// Print the names of the networks, one a line
    #[arg(long)]
    networks: bool,

    /// Print the models that are used, one a line
    #[arg(long)]
    models: bool,

    /// Print the configuration hashes of these services, comma-separated, or of all of them: "*"
    #[arg(long, value_name = "SERVICES")]
    hash: Option<String>,

    /// Print the names of the profiles, one a line
    #[arg(long)]
    profiles: bool,

    /// Print the images of the services, one a line
    #[arg(long)]
    images: bool,

    /// Print the variables that the compose files mention, and what they say about them
    #[arg(long)]
    variables: bool,

    /// Print the variables that the compose files can use, and their values
    #[arg(long)]
    environment: bool,

    /// Show where each value comes from, as `explain` does, but for what images say
    #[arg(long)]
    provenance: bool,
}

impl Selection {
    fn is_any(&self) -> bool {
        self.is_of_all() || self.profiles || self.images || self.variables || self.environment
    }

    fn is_of_all(&self) -> bool {
        self.service_names || self.volumes || self.networks || self.models || self.hash.is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

pub fn config(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let mut loaded = context.load(&arguments.options(context))?;
    if arguments.quiet && !arguments.selection.is_any() {
        // The end of the process takes a large project apart far faster than we could.
        std::mem::forget(loaded);
        return Ok(Status::SUCCESS);
    }
    let text = if arguments.selection.is_any() || arguments.selection.provenance {
        arguments.selected(&loaded, context)?
    } else {
        arguments.whole(&arguments.shown(&mut loaded, context), &loaded)?
    };
    arguments.hand_out(&text)
}

/// The same where registries are asked, which takes an engine.
pub async fn config_with_digests(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let mut loaded = context.load(&arguments.options(context))?;
    let mut shown = arguments.shown(&mut loaded, context);
    digests::pin(&mut shown, &loaded, context).await?;
    if arguments.lock_image_digests {
        shown.keep_images();
    }
    if arguments.quiet { Ok(Status::SUCCESS) } else { arguments.hand_out(&arguments.whole(&shown, &loaded)?) }
}

impl Arguments {
    /// Whether somebody outside has to be asked. Selections are of what the files say.
    pub fn asks_registries(&self) -> bool {
        (self.resolve_image_digests || self.lock_image_digests) && !self.selection.is_any()
    }

    fn shown(&self, loaded: &mut Loaded, context: &Context<'_>) -> Shown {
        Shown::taken_from(loaded, &self.options(context))
    }

    fn whole(&self, shown: &Shown, loaded: &Loaded) -> Result<String, Failure> {
        shown.text(self.format == Some(Format::Json)).map_err(|found| no_json(&found, loaded))
    }

    fn hand_out(&self, text: &str) -> Result<Status, Failure> {
        match &self.output {
            Some(path) => std::fs::write(path, text)
                .map_err(|error| Failure::plain(format!("write {}: {error}", path.display())))?,
            None => io::stdout().lock().write_all(text.as_bytes())?,
        }
        Ok(Status::SUCCESS)
    }

    fn options(&self, context: &Context<'_>) -> Options {
        if self.selection.variables {
            // What is asked for is what is written, not what it comes to.
            return Options {
                interpolate: false,
                normalize: false,
                resolve_paths: false,
                check: false,
                resolve_environment: false,
                resolve_labels: false,
                all_resources: true,
                ..Options::default()
            };
        }
        Options {
            // As for docker compose, names that nothing is asked about are not even looked at.
            services: if self.is_of_all() { Vec::new() } else { self.services.clone() },
            with_dependencies: true,
            interpolate: !self.no_interpolate,
            normalize: !self.no_normalize && !context.settings.compatibility,
            resolve_paths: !self.no_path_resolution,
            check: !self.no_consistency,
            // What docker compose prints about services does not count their env files in, and hashes do not either.
            resolve_environment: !self.no_env_resolution && (self.selection.environment || !self.selection.is_any()),
            resolve_labels: !self.no_interpolate || self.selection.is_any(),
            all_resources: context.globals.all_resources,
            provenance: self.selection.provenance,
        }
    }

    fn is_of_all(&self) -> bool {
        self.selection.is_of_all() || self.no_interpolate
    }

    fn selected(&self, loaded: &Loaded, context: &Context<'_>) -> Result<String, Failure> {
        let project = &loaded.project;
        let needs_no_project = self.selection.service_names || self.selection.variables || self.selection.provenance;
        if !loaded.unclear.is_empty() && !needs_no_project {
            let findings = loaded.unclear.iter().cloned();
            let findings =
                findings.map(|finding| finding.help("what is asked for takes values: leave --no-interpolate out"));
            return Err(Failure::Findings(loaded.files.clone(), findings.collect()));
        }
        let lines = match &self.selection {
            Selection { service_names: true, .. } if self.no_interpolate => names(&loaded.document, "services"),
            Selection { service_names: true, .. } => project.services.keys().map(ToString::to_string).collect(),
            Selection { volumes: true, .. } => project.volumes.keys().cloned().collect(),
            Selection { networks: true, .. } => project.networks.keys().cloned().collect(),
            Selection { models: true, .. } => project.models.values().map(|model| model.model.clone()).collect(),
            Selection { hash: Some(wanted), .. } => hashes(loaded, wanted)?,
            Selection { profiles: true, .. } => profiles(project),
            Selection { images: true, .. } => images(project),
            Selection { variables: true, .. } => return Ok(self.variables(loaded)),
            Selection { environment: true, .. } => {
                project.environment.iter().map(|(name, value)| format!("{name}={value}")).collect()
            }
            _ => return Ok(self.provenance(loaded, context)),
        };
        Ok(lines.iter().map(|line: &String| format!("{line}\n")).collect())
    }

    fn variables(&self, loaded: &Loaded) -> String {
        let variables = variables::of(&loaded.document);
        match self.format {
            Some(Format::Json) => variables::json(&variables),
            Some(Format::Yaml) => variables::yaml(&variables),
            None => variables::text(&variables),
        }
    }

    fn provenance(&self, loaded: &Loaded, context: &Context<'_>) -> String {
        let format = if self.format == Some(Format::Json) { explain::Format::Json } else { explain::Format::Text };
        let seen = self.output.is_none() && context.settings.terminal.stdout;
        let paint = Paint::new(self.output.is_none() && context.settings.color_stdout);
        explain::rendered(&explain::of_files(loaded), format, seen, paint)
    }
}

fn no_json(found: &NoJson, loaded: &Loaded) -> Failure {
    let number = crate::yaml::print(&found.number.into());
    let message =
        format!("{} is {}, and JSON has no such number", found.keys.join(".").replace(".[", "["), number.trim());
    let finding = Diagnostic::error(message).help("YAML has it: leave --format json or --hash out");
    let finding = match place(&loaded.document, &found.keys) {
        Some(span) => finding.at(span),
        None => finding,
    };
    Failure::Findings(loaded.files.clone(), vec![finding])
}

/// The keys of a section of a document, sorted.
fn names(document: &Node, section: &str) -> Vec<String> {
    let entries = document.as_map().and_then(|document| document.get(section)?.as_map());
    let names: BTreeSet<&str> = entries.into_iter().flat_map(Map::keys).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Every profile that a service mentions, switched on or not.
fn profiles(project: &Project) -> Vec<String> {
    let services = project.services.values().chain(project.disabled_services.values());
    let names: BTreeSet<&String> = services.flat_map(|service| &service.profiles).collect();
    names.into_iter().cloned().collect()
}

/// The hash of each wanted service behind its name. Without the names of its label files, which docker compose leaves out
/// here, though not on containers.
fn hashes(loaded: &Loaded, wanted: &str) -> Result<Vec<String>, Failure> {
    let services = &loaded.project.services;
    let wanted: BTreeSet<&str> = match wanted {
        "*" => services.keys().map(ServiceName::as_str).collect(),
        names => names.split(',').collect(),
    };
    let line = |name: &str| {
        let service = services.get(name).ok_or_else(|| Failure::plain(format!("no such service: {name}")))?;
        json::check(service).map_err(|found| no_json(&found.below(name).below("services"), loaded))?;
        let service = Service { label_file: Vec::new(), ..(**service).clone() };
        Ok(format!("{name} {}", service_hash(&service)))
    };
    wanted.into_iter().map(line).collect()
}

/// The image of a service: its own, or the name that its build gets.
pub fn image_of(project: &Project, name: &ServiceName, service: &Service) -> String {
    match service.image.as_str() {
        "" => format!("{}-{name}", project.name),
        image => image.to_owned(),
    }
}

/// The image of each service, and of what runs before it.
fn images(project: &Project) -> Vec<String> {
    let made = project.services.iter().filter(|(_, service)| service.provider.is_none());
    let made = made.map(|(name, service)| image_of(project, name, service));
    let hooks = project.services.values().flat_map(|service| &service.pre_start).map(|hook| hook.image.clone());
    made.chain(hooks.filter(|image| !image.is_empty())).collect()
}
