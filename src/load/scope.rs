//! The project that a document belongs to: the one that was asked for, or one that it includes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{extends, paths};
use crate::source::{Collected, Origin, Reader, Source, relative};

/// Where the documents of one project lie, and what they see.
pub(super) struct Scope<'s> {
    source: &'s Source,
    /// What interpolation sees.
    pub environment: Rc<BTreeMap<String, String>>,
    /// Where the variables come from that this project has beyond those of the outermost one.
    origins: BTreeMap<String, Origin>,
    /// The project directory, absolute.
    pub directory: PathBuf,
    /// What relative paths are put below: the directory as the including project sees it. Absolute for the outermost.
    prefix: PathBuf,
    /// The files on the way from the outermost project to this one.
    pub chain: Vec<PathBuf>,
    /// The files that services of this project extend.
    pub base_files: extends::BaseFiles,
}

impl<'s> Scope<'s> {
    /// The project that was asked for.
    pub fn of(source: &'s Source, name: &str) -> Self {
        let mut environment = source.environment.clone();
        environment.insert("COMPOSE_PROJECT_NAME".to_owned(), name.to_owned());
        Self {
            source,
            environment: Rc::new(environment),
            origins: BTreeMap::new(),
            directory: source.project_directory.clone(),
            prefix: source.project_directory.clone(),
            chain: Vec::new(),
            base_files: extends::BaseFiles::default(),
        }
    }

    /// A project that a file of this one includes; its relative paths start at `base`.
    pub fn included(&self, file: &Path, directory: &Path, base: &Path, own: Collected) -> Self {
        let mut chain = self.chain.clone();
        chain.push(file.to_owned());
        let (mut environment, mut origins) = (Rc::clone(&self.environment), self.origins.clone());
        for (name, (value, origin)) in own {
            if !environment.contains_key(&name) {
                origins.insert(name.clone(), origin);
                Rc::make_mut(&mut environment).insert(name, value);
            }
        }
        Self {
            source: self.source,
            environment,
            origins,
            directory: directory.to_owned(),
            prefix: relative(&self.directory, base),
            chain,
            base_files: extends::BaseFiles::default(),
        }
    }

    /// Where the value of a variable comes from that the environment has.
    pub fn origin(&self, variable: &str) -> Origin {
        let origin = self.origins.get(variable).or_else(|| self.source.origins.get(variable));
        origin.copied().unwrap_or(Origin::Provided)
    }

    pub fn is_included(&self) -> bool {
        !self.chain.is_empty()
    }

    /// What the project's own relative paths are resolved with.
    pub fn base<'b>(&'b self, read: &'b dyn Reader) -> paths::Base<'b> {
        self.base_at(&self.prefix, read)
    }

    /// What the relative paths of a file that is extended are resolved with; the directory as this project sees it.
    pub fn base_at<'b>(&'b self, directory: &'b Path, read: &'b dyn Reader) -> paths::Base<'b> {
        paths::Base { directory, home: self.source.environment.get("HOME").map(String::as_str), read }
    }
}
