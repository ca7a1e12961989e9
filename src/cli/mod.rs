//! The street door: the command tree, and the way from arguments to an exit status.

mod globals;
mod outcome;
mod settings;
mod version;
mod words;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::terminal::Terminal;

use globals::{ErrorFormat, Globals};
use outcome::{Failure, Status};
use settings::{Environment, Settings};

/// Runs multi-container applications from a Compose file
#[derive(Debug, Parser)]
#[command(name = "convoke", disable_version_flag = true)]
struct Invocation {
    #[command(flatten)]
    globals: Globals,

    /// Show the version
    #[arg(short = 'v', long)]
    version: bool,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Version(version::Arguments),
}

/// Does what the process was asked to do.
pub fn main() -> ExitCode {
    let environment = variables();
    match parse(std::env::args_os()) {
        Ok(invocation) => {
            let status = begin(&invocation, &environment);
            ExitCode::from(status.0)
        }
        Err(error) => ExitCode::from(refuse(&error).0),
    }
}

/// The variables of the process that are text.
fn variables() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let mut tree = Invocation::command();
    let words = words::normalise(words, &tree);
    let matches = tree.try_get_matches_from_mut(words)?;
    Invocation::from_arg_matches(&matches).map_err(|error| error.format(&mut tree))
}

/// Shows help, which was asked for, or a mistake on the command line. A reader who has left is no mistake.
fn refuse(error: &clap::Error) -> Status {
    match error.print() {
        Ok(()) if error.use_stderr() => Status::FAILURE,
        _ => Status::SUCCESS,
    }
}

fn begin(invocation: &Invocation, environment: &Environment) -> Status {
    let terminal = Terminal::look();
    let (format, result) = match Settings::settle(&invocation.globals, environment, terminal) {
        Ok(settings) => (settings.error_format, perform(invocation, &settings)),
        Err(failure) => (invocation.globals.error_format.unwrap_or_default(), Err(failure)),
    };
    match result {
        Ok(status) => status,
        Err(failure) => report(&failure, format),
    }
}

fn perform(invocation: &Invocation, _settings: &Settings) -> Result<Status, Failure> {
    let mut out = io::stdout().lock();
    match &invocation.command {
        _ if invocation.version => version::version(version::Arguments::default(), &mut out),
        None => {
            Invocation::command().print_help()?;
            Ok(Status::SUCCESS)
        }
        Some(Command::Version(arguments)) => version::version(*arguments, &mut out),
    }
}

/// Tells what went wrong, and with which status to leave.
fn report(failure: &Failure, _format: ErrorFormat) -> Status {
    match failure {
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Status::SUCCESS,
        Failure::Output(error) => {
            // Nobody may be left to read this.
            let _ = writeln!(io::stderr(), "error: write output: {error}");
            Status::FAILURE
        }
        Failure::Plain(diagnostics) => {
            for diagnostic in diagnostics {
                let _ = writeln!(io::stderr(), "error: {diagnostic}");
                for help in &diagnostic.help {
                    let _ = writeln!(io::stderr(), "  help: {help}");
                }
            }
            Status::FAILURE
        }
    }
}
