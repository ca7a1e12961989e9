//! `convoke version`

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::outcome::{Failure, Status};

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Show the version of convoke
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Arguments {
    /// How to write it
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,

    /// Only the number
    #[arg(long)]
    short: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Pretty,
    Json,
}

pub fn version(arguments: Arguments) -> Result<Status, Failure> {
    let mut out = io::stdout().lock();
    match arguments {
        Arguments { short: true, .. } => writeln!(out, "{VERSION}")?,
        Arguments { format: Format::Json, .. } => writeln!(out, "{}", json!({ "version": VERSION }))?,
        Arguments { format: Format::Pretty, .. } => writeln!(out, "convoke version {VERSION}")?,
    }
    Ok(Status::SUCCESS)
}
