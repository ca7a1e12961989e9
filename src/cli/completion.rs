//! `convoke completion`, and what a shell is told when it asks: commands, flags, and the services and profiles of the project.

use std::ffi::OsString;
use std::io;
use std::sync::{Arc, OnceLock};

use clap::{Arg, Args, Command, CommandFactory, FromArgMatches, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate, complete};
use clap_complete::env::{CompleteEnv, Shells};

use crate::model::{Project, Service, ServiceName};
use crate::terminal::Terminal;

use super::context::Context;
use super::globals::Globals;
use super::outcome::{Failure, Status};
use super::settings::{Environment, Settings};
use super::{Invocation, standing};

/// By this variable a shell's script says that it asks, and which shell it is.
const ASKING: &str = "CONVOKE_COMPLETE";

/// Write the script by which a shell completes convoke's words
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Examples:\n  convoke completion bash > ~/.local/share/bash-completion/completions/convoke\n  \
    convoke completion zsh > ~/.zfunc/_convoke\n  \
    convoke completion fish > ~/.config/fish/completions/convoke.fish")]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

pub fn completion(arguments: Arguments) -> Result<Status, Failure> {
    let name = arguments.shell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&name) else { return Err(Failure::plain(format!("no script for {name}"))) };
    shell.write_registration(ASKING, "convoke", "convoke", "convoke", &mut io::stdout().lock())?;
    Ok(Status::SUCCESS)
}

/// Answers a shell that asks; tells whether one did. `words` are those of the process: the program, `--`, and the line so
/// far, which begins with a program, too.
///
/// # Errors
/// When the script that asks is not of a shell that is known.
pub fn answer(words: &[OsString], environment: &Environment) -> Result<bool, clap::Error> {
    if !environment.contains_key(ASKING) {
        return Ok(false);
    }
    let line: Vec<OsString> = words.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    let known = Known::of(line, environment);
    let tree = || with_names(super::tree(), &known);
    let folder = standing(environment).ok();
    CompleteEnv::with_factory(tree).var(ASKING).bin("convoke").try_complete(words, folder.as_deref())
}

/// Answers Docker's client in its own way: a line for each word that may come, and at the end a number that says whether
/// names of files would do as well, or a space follows.
///
/// # Errors
/// When the words cannot be understood at all.
pub fn answer_docker(line: Vec<OsString>, described: bool, environment: &Environment) -> io::Result<String> {
    const NO_SPACE: u8 = 2;
    const NO_FILES: u8 = 4;
    let known = Known::of(line.clone(), environment);
    let mut tree = with_names(super::tree(), &known);
    let last = line.len().saturating_sub(1);
    let found = complete(&mut tree, line, last, standing(environment).ok().as_deref())?;
    let mut text = String::new();
    let mut manner = if found.is_empty() { 0 } else { NO_FILES };
    for candidate in found.iter().filter(|candidate| !candidate.is_hide_set()) {
        let value = candidate.get_value().to_string_lossy();
        if value.ends_with('=') {
            manner = NO_FILES | NO_SPACE;
        }
        let help = candidate.get_help().filter(|_| described).map(ToString::to_string).unwrap_or_default();
        let first = help.lines().next().unwrap_or_default();
        text.push_str(&if first.is_empty() { format!("{value}\n") } else { format!("{value}\t{first}\n") });
    }
    text.push_str(&format!(":{manner}\n"));
    Ok(text)
}

/// The flags that say which project is meant, as far as they are typed.
fn asked(line: Vec<OsString>) -> Globals {
    let matches = Invocation::command().ignore_errors(true).try_get_matches_from(line);
    matches.ok().and_then(|matches| Globals::from_arg_matches(&matches).ok()).unwrap_or_default()
}

/// The project that is meant, read when somebody asks for a name in it.
struct Known {
    globals: Globals,
    environment: Environment,
    project: OnceLock<Option<Project>>,
}

impl Known {
    fn of(line: Vec<OsString>, environment: &Environment) -> Arc<Self> {
        Arc::new(Self { globals: asked(line), environment: environment.clone(), project: OnceLock::new() })
    }

    /// `None` where the files are wrong: who is typing is not told so by a shell.
    fn project(&self) -> Option<&Project> {
        let read = || {
            let settings = Settings::settle(&self.globals, &self.environment, Terminal::look()).ok()?;
            let current_dir = standing(&self.environment).ok()?;
            let (globals, environment) = (&self.globals, &self.environment);
            let context = Context { globals, settings, environment, current_dir, turn: None };
            context.read(&context.reading()).ok().map(|(loaded, _)| loaded.project)
        };
        self.project.get_or_init(read).as_ref()
    }

    /// Every service, also those whose profile is off: naming one switches it on.
    fn services(&self) -> impl Iterator<Item = (&ServiceName, &Box<Service>)> {
        self.project().into_iter().flat_map(|project| project.services.iter().chain(&project.disabled_services))
    }

    fn names(&self, end: &str) -> Vec<CompletionCandidate> {
        self.services().map(|(name, _)| CompletionCandidate::new(format!("{name}{end}"))).collect()
    }

    fn profiles(&self) -> Vec<CompletionCandidate> {
        let mut profiles: Vec<&String> = self.services().flat_map(|(_, service)| &service.profiles).collect();
        profiles.sort_unstable();
        profiles.dedup();
        profiles.into_iter().map(CompletionCandidate::new).collect()
    }
}

/// The tree of commands, with the project's names wherever one is to be typed.
fn with_names(tree: Command, known: &Arc<Known>) -> Command {
    let named = tree.mut_args(|arg| with_name(arg, known));
    named.mut_subcommands(|command| with_names(command, known))
}

fn with_name(arg: Arg, known: &Arc<Known>) -> Arg {
    let takes = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
    let known = Arc::clone(known);
    match takes.as_str() {
        "SERVICE" | "SERVICE COMMAND" => arg.add(ArgValueCandidates::new(move || known.names(""))),
        "SERVICE=NUMBER" => arg.add(ArgValueCandidates::new(move || known.names("="))),
        _ if arg.get_id() == "profiles" => arg.add(ArgValueCandidates::new(move || known.profiles())),
        _ => arg,
    }
}
