//! The street door: the command tree, and the way from arguments to an exit status.

mod advice;
mod asking;
mod attach;
mod build;
mod client;
mod commit;
mod completion;
mod config;
mod context;
mod cp;
mod create;
mod diff;
mod digests;
mod down;
mod events;
mod exec;
mod explain;
mod export;
mod globals;
mod graph;
mod history;
mod holder;
mod images;
mod inside;
mod inspect;
mod instant;
mod interrupt;
mod invoked;
mod kill;
mod log_choice;
mod log_folder;
mod logs;
mod ls;
mod making;
mod man;
mod menu;
mod once;
mod outcome;
mod pause;
mod person;
mod plan;
mod port;
mod prepared;
mod proxies;
mod ps;
mod pull;
mod push;
mod report;
mod restart;
mod rm;
mod run;
mod runs;
mod scale;
mod schema;
mod session;
mod settings;
mod shown;
mod standing;
mod start;
mod stats;
mod stop;
mod switch;
mod telling;
mod timing;
mod top;
mod turn;
mod up;
mod variables;
mod version;
mod volumes;
mod wait;
mod watch;
mod watching;
mod words;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::terminal::Terminal;

use context::Context;
use globals::Globals;
use interrupt::until_interrupted;
use invoked::Invoked;
use outcome::{Class, Failure, Status};
use report::Manner;
use settings::{Environment, Settings, variable};
use turn::Turn;

/// Runs multi-container applications from a Compose file
#[derive(Debug, Parser)]
#[command(name = "convoke", disable_version_flag = true, disable_help_flag = true, after_help = outcome::statuses())]
struct Invocation {
    #[command(flatten)]
    globals: Globals,

    /// Show the version
    #[arg(short = 'v', long)]
    version: bool,

    /// Show help
    #[arg(short, long, action = ArgAction::HelpShort, global = true, help_heading = "Global options")]
    help: Option<bool>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    Up(up::Arguments),
    Down(down::Arguments),
    Start(start::Arguments),
    Stop(stop::Arguments),
    Restart(restart::Arguments),
    Pause(pause::Pause),
    Unpause(pause::Unpause),
    Kill(kill::Arguments),
    Rm(rm::Arguments),
    Scale(scale::Arguments),
    Wait(wait::Arguments),
    Watch(watch::Arguments),
    Ps(ps::Arguments),
    Ls(ls::Arguments),
    Logs(logs::Arguments),
    Events(events::Arguments),
    Top(top::Arguments),
    Stats(stats::Arguments),
    Port(port::Arguments),
    Images(images::Arguments),
    Volumes(volumes::Arguments),
    Diff(diff::Arguments),
    History(history::Arguments),
    Inspect(inspect::Arguments),
    Run(run::Arguments),
    Exec(exec::Arguments),
    Attach(attach::Arguments),
    Cp(cp::Arguments),
    Export(export::Arguments),
    Commit(commit::Arguments),
    Plan(plan::Arguments),
    Create(create::Arguments),
    Build(build::Arguments),
    Pull(pull::Arguments),
    Push(push::Arguments),
    #[command(alias = "convert")]
    Config(config::Arguments),
    Explain(explain::Arguments),
    Graph(graph::Arguments),
    Schema(schema::Arguments),
    Timing(timing::Arguments),
    Completion(completion::Arguments),
    Man(man::Arguments),
    Version(version::Arguments),
}

/// Does what the process was asked to do.
pub fn main() -> ExitCode {
    let mut environment = variables();
    let words = match invoked::settle(std::env::args_os(), &mut environment) {
        Invoked::Words(words) => words,
        Invoked::Metadata => return tell_docker(Ok(invoked::metadata() + "\n")),
        Invoked::Completion { line, described } => {
            return tell_docker(completion::answer_docker(line, described, &environment));
        }
    };
    keep_a_diary(&environment);
    match completion::answer(&words, &environment) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => return ExitCode::from(refuse(&error, &environment).0),
    }
    match parse(words) {
        Ok(invocation) => {
            let status = begin(&invocation, &environment);
            ExitCode::from(status.0)
        }
        Err(error) => ExitCode::from(refuse(&error, &environment).0),
    }
}

/// Answers Docker's client, which asks its plugin something.
fn tell_docker(answer: std::io::Result<String>) -> ExitCode {
    match answer.and_then(|text| std::io::stdout().lock().write_all(text.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// For whoever debugs convoke: what it does in detail, on standard error, as far as CONVOKE_LOG asks for it.
fn keep_a_diary(environment: &Environment) {
    let Some(wanted) = variable(environment, "CONVOKE_LOG") else { return };
    let filter = tracing_subscriber::EnvFilter::new(wanted);
    let ansi = Terminal::look().stderr;
    // Somebody else who listens already is no reason to fail.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).try_init();
}

/// The variables of the process that are text.
fn variables() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The tree of commands, each with its flags and what it says about itself.
fn tree() -> clap::Command {
    let mut tree = Invocation::command();
    tree.build();
    tree
}

/// Each run means one command, so the others are told about only when what was typed is wrong, or asks for help.
fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let mut names = Invocation::command();
    let words = words::normalise(words, &names);
    let matches = names.try_get_matches_from_mut(&words);
    let matches = matches.or_else(|_| tree().try_get_matches_from_mut(&words)).map_err(misplaced)?;
    Invocation::from_arg_matches(&matches).map_err(|error| error.format(&mut tree()))
}

/// Flags that say which project is meant stand before the command; whoever writes them after it is told so. So is whoever
/// looks for a command that docker compose has, and we have not.
fn misplaced(mut error: clap::Error) -> clap::Error {
    const MISSING: [&str; 3] = ["alpha", "bridge", "publish"];
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && let Some(missing) = MISSING.iter().find(|missing| *missing == word)
    {
        let tip = format!("docker compose has {missing}, and convoke does not support it yet");
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        return error;
    }
    const PLACED: [&str; 8] =
        ["-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory", "--compatibility"];
    let word = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) => word.clone(),
        _ => return error,
    };
    if let Some(flag) = PLACED.iter().find(|flag| word == **flag || word.starts_with(&format!("{flag} "))) {
        let tip = format!("{flag} stands before the command: convoke {flag} … COMMAND");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// Shows help, which was asked for, or a mistake on the command line. A reader who has left is no mistake.
fn refuse(error: &clap::Error, environment: &Environment) -> Status {
    match error.print() {
        // What the variable says wrong is told by a command that can be understood.
        Ok(()) if error.use_stderr() && settings::status_by_class(environment).unwrap_or(false) => {
            Class::Usage.status()
        }
        Ok(()) if error.use_stderr() => Status::FAILURE,
        _ => Status::SUCCESS,
    }
}

fn begin(invocation: &Invocation, environment: &Environment) -> Status {
    let terminal = Terminal::look();
    let globals = &invocation.globals;
    let (manner, result) = match Settings::settle(globals, environment, terminal) {
        Ok(settings) => {
            let manner = Manner {
                format: settings.error_format,
                color: settings.color_stderr,
                by_class: settings.status_by_class,
            };
            (manner, perform(invocation, settings, environment))
        }
        Err(failure) => {
            (Manner { format: globals.error_format.unwrap_or_default(), ..Manner::default() }, Err(failure))
        }
    };
    result.unwrap_or_else(|failure| report::report(&failure, manner))
}

fn perform(invocation: &Invocation, settings: Settings, environment: &Environment) -> Result<Status, Failure> {
    let Some(command) = &invocation.command else {
        if invocation.version {
            return version::version(version::Arguments::default());
        }
        tree().print_help()?;
        return Ok(Status::SUCCESS);
    };
    let current_dir = standing(environment)
        .map_err(|error| Failure::plain(format!("the working directory cannot be used: {error}")))?;
    // Whoever stops or kills does not wait for those at work: that may be the very thing to be stopped.
    let never_waits = matches!(command, Command::Plan(_) | Command::Stop(_) | Command::Kill(_));
    let changes = !invocation.globals.dry_run && !never_waits;
    let turn = changes.then(Turn::default);
    let context = Context { globals: &invocation.globals, settings, environment, current_dir, turn };
    match command {
        Command::Up(arguments) => wait_for(up::up(arguments, &context)),
        Command::Down(arguments) => wait_for(down::down(arguments, &context)),
        Command::Start(arguments) => wait_for(start::start(arguments, &context)),
        Command::Stop(arguments) => wait_for(stop::stop(arguments, &context)),
        Command::Restart(arguments) => wait_for(restart::restart(arguments, &context)),
        Command::Pause(arguments) => wait_for(pause::pause(arguments, &context)),
        Command::Unpause(arguments) => wait_for(pause::unpause(arguments, &context)),
        Command::Kill(arguments) => wait_for(kill::kill(arguments, &context)),
        Command::Rm(arguments) => wait_for(rm::rm(arguments, &context)),
        Command::Scale(arguments) => wait_for(scale::scale(arguments, &context)),
        Command::Wait(arguments) => wait_for(wait::wait(arguments, &context)),
        Command::Watch(arguments) => wait_for(watch::watch(arguments, &context)),
        Command::Ls(arguments) => wait_for(ls::ls(arguments, &context)),
        Command::Events(arguments) => wait_for(until_interrupted(events::events(arguments, &context))),
        Command::Top(arguments) => wait_for(top::top(arguments, &context)),
        Command::Stats(arguments) => wait_for(until_interrupted(stats::stats(arguments, &context))),
        Command::Port(arguments) => wait_for(port::port(arguments, &context)),
        Command::Images(arguments) => wait_for(images::images(arguments, &context)),
        Command::Volumes(arguments) => wait_for(volumes::volumes(arguments, &context)),
        Command::Diff(arguments) => wait_for(diff::diff(arguments, &context)),
        Command::History(arguments) => wait_for(history::history(arguments, &context)),
        Command::Inspect(arguments) => wait_for(inspect::inspect(arguments, &context)),
        Command::Ps(arguments) => wait_for(ps::ps(arguments, &context)),
        Command::Logs(arguments) => wait_for(logs::logs(arguments, &context)),
        Command::Run(arguments) => wait_for(run::run(arguments, &context)),
        Command::Exec(arguments) => wait_for(exec::exec(arguments, &context)),
        Command::Attach(arguments) => wait_for(attach::attach(arguments, &context)),
        Command::Cp(arguments) => wait_for(cp::cp(arguments, &context)),
        Command::Export(arguments) => wait_for(export::export(arguments, &context)),
        Command::Commit(arguments) => wait_for(commit::commit(arguments, &context)),
        Command::Plan(arguments) => wait_for(plan::plan(arguments, &context)),
        Command::Create(arguments) => wait_for(create::create(arguments, &context)),
        Command::Build(arguments) => wait_for(build::build(arguments, &context)),
        Command::Pull(arguments) => wait_for(pull::pull(arguments, &context)),
        Command::Push(arguments) => wait_for(push::push(arguments, &context)),
        Command::Explain(arguments) => wait_for(explain::explain(arguments, &context)),
        Command::Config(arguments) if arguments.asks_registries() => {
            wait_for(config::config_with_digests(arguments, &context))
        }
        Command::Config(arguments) => config::config(arguments, &context),
        Command::Graph(arguments) => graph::graph(arguments, &context),
        Command::Completion(arguments) => completion::completion(*arguments),
        Command::Man(arguments) => man::man(arguments),
        Command::Schema(arguments) => schema::schema(*arguments),
        Command::Timing(arguments) => timing::timing(arguments, &context),
        Command::Version(arguments) => version::version(*arguments),
    }
}

/// The working directory under the name that the shell has for it: behind a symbolic link, that of the link.
fn standing(environment: &Environment) -> std::io::Result<PathBuf> {
    let current_dir = std::env::current_dir()?;
    let named = environment.get("PWD").map(PathBuf::from).filter(|path| path.is_absolute());
    let same = |path: &PathBuf| path.canonicalize().is_ok_and(|real| real == current_dir);
    Ok(named.filter(same).unwrap_or(current_dir))
}

/// Only what talks to an engine needs a runtime.
fn wait_for(command: impl Future<Output = Result<Status, Failure>>) -> Result<Status, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(crate::engine::docker::rest_where_it_pours)
        .build()?;
    let result = runtime.block_on(command);
    // A read of standard input or a lookup may still be under way: nobody waits for it.
    runtime.shutdown_background();
    result
}
