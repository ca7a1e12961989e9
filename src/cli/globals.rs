//! The flags that every command understands, as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const GLOBAL: &str = "Global options";

/// Flags that say which project is meant stand before the command; those that say how to tell about it may stand anywhere.
#[derive(Args, Clone, Debug, Default)]
pub struct Globals {
    /// Compose file; may be given several times, later files change earlier ones; `-` is standard input [env: COMPOSE_FILE]
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    pub files: Vec<String>,

    /// Project name [env: COMPOSE_PROJECT_NAME]
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,

    /// Folder that relative paths start from [default: the folder of the first compose file]
    #[arg(long, value_name = "DIRECTORY", alias = "workdir")]
    pub project_directory: Option<PathBuf>,

    /// File with variables for the compose file, instead of .env; may be given several times [env: COMPOSE_ENV_FILES]
    #[arg(long = "env-file", value_name = "PATH")]
    pub env_files: Vec<PathBuf>,

    /// Profile whose services take part; may be given several times; `*` is all [env: COMPOSE_PROFILES]
    #[arg(long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,

    /// Join the parts of container names with `_`, as the first docker-compose did [env: COMPOSE_COMPATIBILITY]
    #[arg(long)]
    pub compatibility: bool,

    /// Keep networks, volumes, configs and secrets that no service uses
    #[arg(long)]
    pub all_resources: bool,

    /// When to colour and redraw [default: auto] [env: COMPOSE_ANSI]
    #[arg(long, value_name = "WHEN", value_enum, global = true, help_heading = GLOBAL)]
    pub ansi: Option<Ansi>,

    #[arg(long, hide = true, global = true, help_heading = GLOBAL)]
    pub no_ansi: bool,

    /// How to show progress [default: auto] [env: COMPOSE_PROGRESS]
    #[arg(long, value_name = "KIND", value_enum, global = true, help_heading = GLOBAL)]
    pub progress: Option<Progress>,

    /// How many steps may be done at the same time, -1 for as many as the engine does well [env: COMPOSE_PARALLEL_LIMIT]
    #[arg(long, value_name = "NUMBER", global = true, help_heading = GLOBAL, allow_negative_numbers = true)]
    pub parallel: Option<i64>,

    /// Show what would be done, and change nothing
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub dry_run: bool,

    /// How errors are written [default: human]
    #[arg(long, value_name = "FORMAT", value_enum, global = true, help_heading = GLOBAL)]
    pub error_format: Option<ErrorFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ansi {
    Auto,
    Never,
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    Auto,
    /// A list that is redrawn in place
    Tty,
    /// One line for each change
    Plain,
    /// One JSON object for each change
    Json,
    #[value(alias = "none")]
    Quiet,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// With the line that is meant
    #[default]
    Human,
    /// One JSON object for each finding
    Json,
    /// Annotations of a GitHub workflow
    Github,
}
