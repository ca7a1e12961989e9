//! `convoke man`

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use super::outcome::{Failure, Status};

/// Write the manual page, or those of all commands
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke man | man -l -                     read it\n  \
    convoke man ~/.local/share/man/man1  install the pages of all commands")]
pub struct Arguments {
    /// A folder for the pages of all commands; convoke's own goes to standard output if none is named
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub fn man(arguments: &Arguments) -> Result<Status, Failure> {
    let tree = super::tree();
    match &arguments.folder {
        None => Man::new(tree).render(&mut io::stdout().lock())?,
        Some(folder) => {
            let told = |error: io::Error| Failure::plain(format!("{} cannot be written: {error}", folder.display()));
            std::fs::create_dir_all(folder).map_err(told)?;
            pages(&tree, folder).map_err(told)?;
        }
    }
    Ok(Status::SUCCESS)
}

/// Writes the pages of a command and of all below it.
fn pages(command: &Command, folder: &std::path::Path) -> io::Result<()> {
    Man::new(command.clone()).generate_to(folder)?;
    let shown = |below: &&Command| !below.is_hide_set() && below.get_name() != "help";
    command.get_subcommands().filter(shown).try_for_each(|below| pages(below, folder))
}
