//! What a command is given: what was asked, the environment, and the ways to a project and to an engine.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use clap::error::ErrorKind;

use crate::diagnostic::{Diagnostic, Files};
use crate::engine::Engine;
use crate::engine::docker::{self, DockerEngine};
use crate::load::{self, Loaded, Options};
use crate::model::Project;
use crate::source::{self, DiskReader, Question};

use super::globals::Globals;
use super::outcome::Failure;
use super::report::Manner;
use super::settings::{Environment, ProgressKind, Settings, variable};
use super::turn::Turn;

pub struct Context<'a> {
    pub globals: &'a Globals,
    pub settings: Settings,
    pub environment: &'a Environment,
    pub current_dir: PathBuf,
    /// For commands that change projects.
    pub turn: Option<Turn>,
}

/// How often somebody who waits for an engine is told so.
const HESITATION: Duration = Duration::from_secs(10);

/// Whose containers a command is about that does not need the whole file.
pub enum Whose {
    Loaded(Box<Loaded>),
    /// Only the name is known: the containers tell the rest.
    Named(String),
}

/// By what containers are known to belong to a project that does not load.
pub struct Marks {
    pub directory: String,
    /// The files, as the label has them; where they cannot be found any more, those with a usual name in the folder count.
    files: Option<String>,
}

impl Marks {
    pub fn fit(&self, config_files: &str) -> bool {
        match &self.files {
            Some(files) => files == config_files,
            None => source::is_usual(
                Path::new(config_files.split(',').next().unwrap_or_default()),
                Path::new(&self.directory),
            ),
        }
    }
}

impl Whose {
    pub fn name(&self) -> &str {
        match self {
            Self::Loaded(loaded) => &loaded.project.name,
            Self::Named(name) => name,
        }
    }

    pub fn project(&self) -> Option<&Project> {
        match self {
            Self::Loaded(loaded) => Some(&loaded.project),
            Self::Named(_) => None,
        }
    }
}

impl Context<'_> {
    /// The same, and nothing but errors is told if that is what was asked for.
    pub fn hushed(&self, quiet: bool) -> Self {
        let progress = if quiet { ProgressKind::Quiet } else { self.settings.progress };
        Self {
            globals: self.globals,
            settings: Settings { progress, ..self.settings },
            environment: self.environment,
            current_dir: self.current_dir.clone(),
            turn: self.turn.clone(),
        }
    }

    fn question(&self) -> Question {
        let globals = self.globals;
        Question {
            files: globals.files.clone(),
            project_name: globals.project_name.clone(),
            project_directory: globals.project_directory.clone(),
            env_files: globals.env_files.clone(),
            profiles: globals.profiles.clone(),
            current_dir: self.current_dir.clone(),
            environment: self.environment.clone(),
            compatibility: self.settings.compatibility,
        }
    }

    /// Finds and loads the project; warnings are told on the way.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub fn load(&self, options: &Options) -> Result<Loaded, Failure> {
        let (loaded, warnings) = self.read(options)?;
        tracing::debug!(name = loaded.project.name, services = loaded.project.services.len(), "project loaded");
        self.warn(&warnings, &loaded.files)?;
        Ok(loaded)
    }

    /// The same without a word about warnings.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub fn read(&self, options: &Options) -> Result<(Loaded, Vec<Diagnostic>), Failure> {
        let (source, files, mut warnings) = source::gather(&self.question(), &DiskReader)?;
        let loaded = load::project(&source, files, options, &DiskReader)?;
        warnings.extend(loaded.warnings.iter().cloned());
        Ok((loaded, warnings))
    }

    /// The project of a command that can do without the file: with a name and no file, nothing is read at all.
    ///
    /// # Errors
    /// When the files are wrong and no variable names the project either.
    pub fn whose(&self) -> Result<Whose, Failure> {
        let name = self.name()?;
        if let (Some(name), Some(_), true) = (&name, &self.globals.project_name, self.globals.files.is_empty()) {
            return Ok(Whose::Named(name.clone()));
        }
        match (self.load(&self.reading()), name) {
            (Ok(loaded), _) => Ok(Whose::Loaded(Box::new(loaded))),
            (Err(failure), Some(name)) if self.globals.project_name.is_none() => {
                self.make_do_with(&failure, &name)?;
                Ok(Whose::Named(name))
            }
            (Err(failure), _) => Err(failure),
        }
    }

    /// The name that a flag or, without one, a variable gives the project, before anything is read.
    ///
    /// # Errors
    /// When no project can have that name.
    pub fn name(&self) -> Result<Option<String>, Failure> {
        let variable = || variable(self.environment, "COMPOSE_PROJECT_NAME");
        self.globals.project_name.as_deref().or_else(variable).map(checked).transpose()
    }

    /// The project of a command that only has to know its name: nothing is read where a flag or a variable tells it.
    ///
    /// # Errors
    /// When it has to be read from the files, and they are wrong.
    pub fn named(&self) -> Result<Whose, Failure> {
        match self.name()? {
            Some(name) if self.globals.project_name.is_some() || self.globals.files.is_empty() => {
                Ok(Whose::Named(name))
            }
            _ => self.whose(),
        }
    }

    /// What the labels of a project's containers have to say for the project to be the one that is meant, although it does
    /// not load.
    pub fn marks(&self) -> Marks {
        match source::gather(&self.question(), &DiskReader) {
            Ok((source, ..)) => {
                let files: Vec<String> = source.files.iter().map(|file| file.display().to_string()).collect();
                Marks { directory: source.project_directory.display().to_string(), files: Some(files.join(",")) }
            }
            Err(_) => {
                let directory = self.globals.project_directory.clone().unwrap_or_default();
                let directory = source::clean(&self.current_dir.join(directory));
                Marks { directory: directory.display().to_string(), files: None }
            }
        }
    }

    /// Says that the files are of no use and what is gone by instead.
    pub fn make_do_with(&self, failure: &Failure, name: &str) -> Result<(), Failure> {
        let why = match failure {
            Failure::Findings(_, findings) => findings.iter().find(|finding| finding.is_error()),
            _ => None,
        };
        let why = why.map_or("they cannot be read", |finding| finding.message.as_str());
        let message = format!("the compose files are of no use ({why}): going by what the containers of {name} say");
        Ok(self.warn(&[Diagnostic::warning(message)], &Files::default())?)
    }

    /// What is enough to know which containers belong to the project.
    pub fn reading(&self) -> Options {
        Options {
            resolve_environment: false,
            resolve_labels: false,
            all_resources: self.globals.all_resources,
            ..Options::default()
        }
    }

    pub fn warn(&self, warnings: &[Diagnostic], files: &Files) -> io::Result<()> {
        if warnings.is_empty() {
            return Ok(());
        }
        io::stderr().lock().write_all(self.manner().text(warnings, files).as_bytes())
    }

    pub fn manner(&self) -> Manner {
        let Settings { error_format: format, color_stderr: color, status_by_class: by_class, .. } = self.settings;
        Manner { format, color, by_class }
    }

    /// # Errors
    /// When no engine answers.
    pub async fn engine(&self) -> Result<DockerEngine, Failure> {
        let home = std::env::home_dir();
        let mut connecting = pin!(docker::connect(self.environment, home.as_deref()));
        let engine = loop {
            match tokio::time::timeout(HESITATION, &mut connecting).await {
                Ok(engine) => break engine?,
                Err(_) => self.manner().warn("no engine has answered yet"),
            }
        };
        tracing::debug!(about = ?engine.about(), "engine answers");
        let (manner, address) = (self.manner(), engine.about().address.clone());
        Ok(engine.on_hesitation(Box::new(move |asked, elapsed| {
            let seconds = elapsed.as_secs();
            manner.warn(&format!("the engine at {address} has not answered for {seconds} seconds: {asked}"));
        })))
    }

    /// Waits until no other command of this user changes the project: what is observed from here on stays so. A command
    /// that changes nothing does not wait.
    ///
    /// # Errors
    /// When nobody can be told about the wait any more.
    pub async fn take_turn(&self, engine: &DockerEngine, project: &str) -> Result<(), Failure> {
        let Some(turn) = &self.turn else { return Ok(()) };
        let tell = |text: String| self.warn(&[Diagnostic::warning(text)], &Files::default());
        Ok(turn.take(self.environment, &engine.about().address, project, tell).await?)
    }

    /// Flags that do not go together.
    pub fn misuse(&self, command: &str, message: &str) -> Failure {
        let mut tree = super::tree();
        let error = match tree.find_subcommand_mut(command) {
            Some(command) => command.error(ErrorKind::ArgumentConflict, message),
            None => tree.error(ErrorKind::ArgumentConflict, message),
        };
        Failure::Misuse(Box::new(error))
    }

    /// What to type to do something else with the same project.
    pub fn invocation(&self, project: &str, words: &str) -> String {
        let elsewhere = !self.globals.files.is_empty()
            || self.globals.project_name.is_some()
            || self.globals.project_directory.is_some();
        if elsewhere { format!("convoke -p {project} {words}") } else { format!("convoke {words}") }
    }
}

fn checked(name: &str) -> Result<String, Failure> {
    if source::normal_name(name) == name && !name.is_empty() {
        return Ok(name.to_owned());
    }
    Err(Failure::one(source::invalid_name(name)))
}
