//! From flags as typed to what they mean: environment, terminal and defaults are settled here, once.

use std::collections::BTreeMap;

use crate::terminal::Terminal;

use super::globals::{Ansi, ErrorFormat, Globals, Progress};
use super::outcome::Failure;
use super::words;

/// How everything is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub terminal: Terminal,
    pub progress: ProgressKind,
    /// Progress goes to standard output.
    pub progress_on_stdout: bool,
    /// Colour on standard output.
    pub color_stdout: bool,
    /// Colour on standard error.
    pub color_stderr: bool,
    pub error_format: ErrorFormat,
    /// Failures end with the status of their class.
    pub status_by_class: bool,
    /// How many steps at the same time; `None` is as many as the engine does well.
    pub parallel: Option<usize>,
    pub compatibility: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressKind {
    Tty,
    Plain,
    Json,
    Quiet,
}

pub type Environment = BTreeMap<String, String>;

impl Settings {
    /// Flags win over variables, variables over what the terminal suggests.
    ///
    /// # Errors
    /// When a variable makes no sense, or flags contradict each other.
    pub fn settle(globals: &Globals, environment: &Environment, terminal: Terminal) -> Result<Self, Failure> {
        let ansi = ansi(globals, environment);
        let wanted = progress(globals, environment)?;
        match (wanted, ansi) {
            (Progress::Tty, Ansi::Never) => {
                return Err(Failure::plain("can't use --progress tty while ANSI support is disabled"));
            }
            (Progress::Plain, Ansi::Always) => {
                return Err(Failure::plain("can't use --progress plain while ANSI support is forced"));
            }
            _ => {}
        }
        let dumb = environment.get("TERM").is_some_and(|term| term == "dumb");
        let colored = |is_terminal: bool| match ansi {
            Ansi::Always => true,
            Ansi::Never => false,
            Ansi::Auto => is_terminal && !dumb,
        };
        let progress_on_stdout = switch(environment, "COMPOSE_STATUS_STDOUT");
        let watched = if progress_on_stdout { terminal.stdout } else { terminal.stderr };
        Ok(Self {
            terminal,
            progress: match wanted {
                Progress::Auto if colored(watched) => ProgressKind::Tty,
                Progress::Auto | Progress::Plain => ProgressKind::Plain,
                Progress::Tty => ProgressKind::Tty,
                Progress::Json => ProgressKind::Json,
                Progress::Quiet => ProgressKind::Quiet,
            },
            progress_on_stdout,
            color_stdout: colored(terminal.stdout),
            color_stderr: colored(terminal.stderr),
            error_format: error_format(globals, wanted),
            status_by_class: status_by_class(environment)?,
            parallel: parallel(globals, environment)?,
            compatibility: globals.compatibility || switch(environment, "COMPOSE_COMPATIBILITY"),
        })
    }
}

fn ansi(globals: &Globals, environment: &Environment) -> Ansi {
    if globals.no_ansi {
        return Ansi::Never;
    }
    globals.ansi.unwrap_or_else(|| match variable(environment, "COMPOSE_ANSI") {
        Some("always") => Ansi::Always,
        Some("auto") | None if variable(environment, "NO_COLOR").is_none() => Ansi::Auto,
        _ => Ansi::Never,
    })
}

fn progress(globals: &Globals, environment: &Environment) -> Result<Progress, Failure> {
    if let Some(progress) = globals.progress {
        return Ok(progress);
    }
    match variable(environment, "COMPOSE_PROGRESS") {
        None | Some("auto") => Ok(Progress::Auto),
        Some("tty") => Ok(Progress::Tty),
        Some("plain") => Ok(Progress::Plain),
        Some("json") => Ok(Progress::Json),
        Some("quiet" | "none") => Ok(Progress::Quiet),
        Some(other) => Err(Failure::with_help(
            format!("unsupported value {other:?} of COMPOSE_PROGRESS"),
            "the values are auto, tty, plain, json and quiet",
        )),
    }
}

/// Who reads progress as JSON reads errors as JSON.
fn error_format(globals: &Globals, progress: Progress) -> ErrorFormat {
    match globals.error_format {
        Some(format) => format,
        None if progress == Progress::Json => ErrorFormat::Json,
        None => ErrorFormat::Human,
    }
}

/// # Errors
/// When the variable says neither of its two words.
pub fn status_by_class(environment: &Environment) -> Result<bool, Failure> {
    match variable(environment, "CONVOKE_EXIT_STATUS") {
        None | Some("one") => Ok(false),
        Some("class") => Ok(true),
        Some(other) => Err(Failure::with_help(
            format!("unsupported value {other:?} of CONVOKE_EXIT_STATUS"),
            "the values are one (every failure ends with 1) and class",
        )),
    }
}

fn parallel(globals: &Globals, environment: &Environment) -> Result<Option<usize>, Failure> {
    let number = match (globals.parallel, variable(environment, "COMPOSE_PARALLEL_LIMIT")) {
        (Some(number), _) => number,
        (None, Some(text)) => text
            .parse()
            .map_err(|_| Failure::plain(format!("COMPOSE_PARALLEL_LIMIT must be an integer (found: {text:?})")))?,
        (None, None) => return Ok(None),
    };
    Ok(usize::try_from(number).ok().filter(|limit| *limit > 0))
}

/// A variable that is set to something.
pub fn variable<'e>(environment: &'e Environment, name: &str) -> Option<&'e str> {
    environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// A variable that is on or off; what cannot be understood is off.
pub fn switch(environment: &Environment, name: &str) -> bool {
    variable(environment, name).is_some_and(|value| matches!(value, "y" | "Y") || words::truth(value) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCHED: Terminal = Terminal { stdin: true, stdout: true, stderr: true };
    const PIPED: Terminal = Terminal { stdin: false, stdout: false, stderr: false };

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn settle(globals: &Globals, pairs: &[(&str, &str)], terminal: Terminal) -> Settings {
        Settings::settle(globals, &environment(pairs), terminal).expect("these go together")
    }

    #[test]
    fn a_terminal_gets_colour_and_a_live_list_and_a_pipe_gets_neither() {
        let none = Globals::default();
        let watched = settle(&none, &[], WATCHED);
        assert_eq!((watched.progress, watched.color_stdout), (ProgressKind::Tty, true));
        let piped = settle(&none, &[], PIPED);
        assert_eq!((piped.progress, piped.color_stdout, piped.color_stderr), (ProgressKind::Plain, false, false));
        let dumb = settle(&none, &[("TERM", "dumb")], WATCHED);
        assert_eq!((dumb.progress, dumb.color_stdout), (ProgressKind::Plain, false));
    }

    #[test]
    fn no_color_is_heard_and_flags_win_over_variables() {
        let none = Globals::default();
        assert!(!settle(&none, &[("NO_COLOR", "1")], WATCHED).color_stdout);
        assert!(settle(&none, &[("NO_COLOR", "")], WATCHED).color_stdout);
        assert!(!settle(&none, &[("COMPOSE_ANSI", "whatever")], WATCHED).color_stdout);
        let always = Globals { ansi: Some(Ansi::Always), ..Globals::default() };
        assert!(settle(&always, &[("NO_COLOR", "1"), ("COMPOSE_ANSI", "never")], PIPED).color_stdout);
        let quiet = Globals { progress: Some(Progress::Quiet), ..Globals::default() };
        assert_eq!(settle(&quiet, &[("COMPOSE_PROGRESS", "json")], WATCHED).progress, ProgressKind::Quiet);
    }

    #[test]
    fn json_progress_makes_json_errors_unless_asked_otherwise() {
        let json = Globals { progress: Some(Progress::Json), ..Globals::default() };
        assert_eq!(settle(&json, &[], PIPED).error_format, ErrorFormat::Json);
        let human = Globals { error_format: Some(ErrorFormat::Human), ..json };
        assert_eq!(settle(&human, &[], PIPED).error_format, ErrorFormat::Human);
    }

    #[test]
    fn a_limit_of_minus_one_is_none() {
        assert_eq!(settle(&Globals::default(), &[("COMPOSE_PARALLEL_LIMIT", "4")], PIPED).parallel, Some(4));
        let unlimited = Globals { parallel: Some(-1), ..Globals::default() };
        assert_eq!(settle(&unlimited, &[("COMPOSE_PARALLEL_LIMIT", "4")], PIPED).parallel, None);
    }

    #[test]
    fn contradictions_are_refused() {
        let never = Globals { ansi: Some(Ansi::Never), progress: Some(Progress::Tty), ..Globals::default() };
        assert!(Settings::settle(&never, &environment(&[]), WATCHED).is_err());
        let always = Globals { ansi: Some(Ansi::Always), progress: Some(Progress::Plain), ..Globals::default() };
        assert!(Settings::settle(&always, &environment(&[]), WATCHED).is_err());
        for (name, value) in [("COMPOSE_PROGRESS", "loud"), ("COMPOSE_PARALLEL_LIMIT", "many")] {
            assert!(Settings::settle(&Globals::default(), &environment(&[(name, value)]), PIPED).is_err(), "{name}");
        }
    }
}
