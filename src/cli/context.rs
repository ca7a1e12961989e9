//! What a command is given: what was asked, the environment, and the ways to a project and to an engine.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Files};
use crate::load::{self, Loaded, Options};
use crate::source::{self, DiskReader, Question};

use super::globals::Globals;
use super::outcome::Failure;
use super::report::Manner;
use super::settings::{Environment, Settings};

pub struct Context<'a> {
    pub globals: &'a Globals,
    pub settings: Settings,
    pub environment: &'a Environment,
    pub current_dir: PathBuf,
}

impl Context<'_> {
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
        let (source, files, mut warnings) = source::gather(&self.question(), &DiskReader)?;
        let loaded = load::project(&source, files, options, &DiskReader)?;
        warnings.extend(loaded.warnings.iter().cloned());
        self.warn(&warnings, &loaded.files)?;
        Ok(loaded)
    }

    pub fn warn(&self, warnings: &[Diagnostic], files: &Files) -> io::Result<()> {
        if warnings.is_empty() {
            return Ok(());
        }
        io::stderr().lock().write_all(self.manner().text(warnings, files).as_bytes())
    }

    pub fn manner(&self) -> Manner {
        Manner { format: self.settings.error_format, color: self.settings.color_stderr }
    }
}
