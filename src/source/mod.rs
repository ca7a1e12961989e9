//! What was asked: which files, which environment, which name.

mod discover;
mod dotenv;
mod environment;
mod location;
mod mention;
mod name;
mod raw_env;
mod read;
mod template;
mod unset;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Files, Span, shorten};

pub use discover::is_usual;
pub(crate) use discover::usual_name_near;
pub use dotenv::{EnvFile, Variable, parse as parse_env_file};
pub(crate) use environment::{Collected, read_env_file, unset_findings};
pub use location::{absolute, clean, is_remote, relative, shown};
pub(crate) use mention::mentions_that_count;
pub use mention::{Mention, mentions};
pub(crate) use name::of_directory as name_of_directory;
pub use name::{invalid_name, normal_name, project_name};
pub use raw_env::parse as parse_raw_env_file;
pub use read::{DiskReader, MapReader, ReadError, Reader};
pub use template::{Expansion, Fault, FaultKind, Lookup, Places, Use, expand};
pub(crate) use unset::Unset;

/// What a person asked for: the flags, the shell, and the place where it was typed.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// `-f`, in order; `-` is standard input.
    pub files: Vec<String>,
    /// `-p`.
    pub project_name: Option<String>,
    /// `--project-directory`.
    pub project_directory: Option<PathBuf>,
    /// `--env-file`, in order.
    pub env_files: Vec<PathBuf>,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// The working directory, absolute.
    pub current_dir: PathBuf,
    /// The process's own environment.
    pub environment: BTreeMap<String, String>,
    /// `--compatibility`.
    pub compatibility: bool,
}

/// Where the value of a variable comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The process's own environment.
    Shell,
    /// A line of an env file.
    File(Span),
    /// Provided by convoke itself: `PWD`, `COMPOSE_PROJECT_NAME`.
    Provided,
}

/// A place where variables were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    Shell,
    EnvFile {
        path: PathBuf,
        found: bool,
    },
    /// No env file was named, and the default one is switched off.
    Disabled,
}

/// What the question comes to: everything that loading starts from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Absolute, in the order in which they are merged; `-` is standard input. Never empty.
    pub files: Vec<PathBuf>,
    /// Absolute; relative paths of the files are resolved against it.
    pub project_directory: PathBuf,
    /// The working directory, absolute: messages show paths relative to it.
    pub current_dir: PathBuf,
    /// What interpolation sees.
    pub environment: BTreeMap<String, String>,
    /// Where each variable of the environment comes from.
    pub origins: BTreeMap<String, Origin>,
    /// Given by flag or variable only; else the files or the directory name the project.
    pub project_name: Option<String>,
    /// The profiles that are switched on; `*` is all of them.
    pub profiles: Vec<String>,
    /// The `--env-file`s that were given, absolute; empty when none was.
    pub env_files: Vec<PathBuf>,
    /// Where variables were looked for, in order of precedence, for messages.
    pub looked_for: Vec<Looked>,
    pub compatibility: bool,
    /// What is wrong with the env files, so that variables may be missing. Loading fails because of it, and tells what
    /// else is wrong.
    pub faults: Vec<Diagnostic>,
}

/// Why loading came to nothing, and the texts that the findings point into.
#[derive(Clone, Debug, Default)]
pub struct Rejected {
    pub files: Files,
    pub diagnostics: Vec<Diagnostic>,
}

impl Rejected {
    pub fn new(files: Files, mut diagnostics: Vec<Diagnostic>) -> Self {
        shorten(&mut diagnostics);
        Self { files, diagnostics }
    }
}

/// Finds the files, the environment and the profiles that a question means.
///
/// Variables of the shell always win. The default env file is looked for where the person stands (or where the first
/// `-f` lies), and once more beside the compose file that this leads to, where it only fills gaps.
///
/// # Errors
/// When no compose file is found, or when the project name is not allowed.
pub fn gather(question: &Question, read: &dyn Reader) -> Result<(Source, Files, Vec<Diagnostic>), Rejected> {
    let mut surroundings = environment::Surroundings::of(question, read);
    surroundings.read_env_files(&discover::directory(question, &question.files));
    let found = discover::files(question, &surroundings.variables, read, &mut surroundings.findings);
    let directory = discover::directory(question, &found);
    surroundings.read_default_env_file(&directory);
    let project_name = name::given(question, &surroundings.variables, &mut surroundings.findings);
    let has_errors = surroundings.findings.iter().chain(&surroundings.faults).any(Diagnostic::is_error);
    if found.is_empty() && !has_errors {
        surroundings.findings.push(discover::nothing_found(question));
    }
    let environment::Surroundings { variables, origins, looked_for, env_files, files, findings, faults, .. } =
        surroundings;
    if found.is_empty() || findings.iter().any(Diagnostic::is_error) {
        return Err(Rejected::new(files, [faults, findings].concat()));
    }
    let source = Source {
        files: found.iter().map(|file| location::absolute_file(&question.current_dir, file)).collect(),
        project_directory: directory,
        current_dir: question.current_dir.clone(),
        project_name,
        profiles: profiles(question, &variables),
        environment: variables,
        origins,
        env_files,
        looked_for,
        compatibility: question.compatibility,
        faults,
    };
    Ok((source, files, findings))
}

fn profiles(question: &Question, variables: &BTreeMap<String, String>) -> Vec<String> {
    if !question.profiles.is_empty() {
        return question.profiles.clone();
    }
    let listed = variables.get("COMPOSE_PROFILES").map_or("", String::as_str);
    listed.split(',').map(str::trim).filter(|profile| !profile.is_empty()).map(str::to_owned).collect()
}
