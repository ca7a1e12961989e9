//! `convoke schema`

use std::io::{self, Write};

use clap::{Args, ValueEnum};

use super::outcome::{Failure, Status};

/// Print the JSON schema of the compose file, for editors, or of what commands print
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(after_help = "Example:\n  convoke schema > compose.schema.json    for an editor: with \
    yaml-language-server, a compose file then begins with\n                                          \
    # yaml-language-server: $schema=compose.schema.json")]
pub struct Arguments {
    /// What it is about
    #[arg(value_enum, default_value_t)]
    subject: Subject,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// The compose file
    #[default]
    Compose,
    /// What `explain --format json` prints
    Explain,
    /// What `plan --format json` prints
    Plan,
    /// A line of `--progress json`
    Progress,
    /// A line of `logs --json` and `up --json`
    Logs,
}

// Tests keep these files true to the code.
const COMPOSE: &str = include_str!("../../schemas/compose.schema.json");
const EXPLAIN: &str = include_str!("../../schemas/explain.schema.json");
const PLAN: &str = include_str!("../../schemas/plan.json");
const PROGRESS: &str = include_str!("../../schemas/progress.json");
const LOGS: &str = include_str!("../../schemas/logs.json");

pub fn schema(arguments: Arguments) -> Result<Status, Failure> {
    let text = match arguments.subject {
        Subject::Compose => COMPOSE,
        Subject::Explain => EXPLAIN,
        Subject::Plan => PLAN,
        Subject::Progress => PROGRESS,
        Subject::Logs => LOGS,
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Status::SUCCESS)
}
