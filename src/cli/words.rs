//! The command line before clap sees it: `--flag=false` for flags that are either there or not; and the words after it
//! that are another program's.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::{Arg, ArgAction, Args, Command};

use super::context::Context;
use super::outcome::Failure;

/// Turns `--flag=true` into `--flag` and drops `--flag=false`, for every flag that takes no value. Nothing is touched
/// after `--`, nor after the service whose command line follows.
pub fn normalise(words: impl IntoIterator<Item = OsString>, tree: &Command) -> Vec<OsString> {
    let mut walk = Walk { tree, command: Cow::Borrowed(tree), literal: false, value: false };
    // The first word is the program's own name.
    let mut words = words.into_iter().peekable();
    let mut passed: Vec<OsString> = words.next().into_iter().collect();
    while let Some(word) = words.next() {
        if !walk.is_without_number(&word, words.peek()) {
            passed.extend(walk.pass(word));
        }
    }
    passed
}

/// Where the walk along the words has come to.
struct Walk<'t> {
    tree: &'t Command,
    command: Cow<'t, Command>,
    /// From here on everything is as it was typed.
    literal: bool,
    /// The next word is a flag's value.
    value: bool,
}

impl Walk<'_> {
    fn pass(&mut self, word: OsString) -> Option<OsString> {
        if self.literal || std::mem::take(&mut self.value) {
            return Some(word);
        }
        let Some(text) = word.to_str() else { return Some(word) };
        if text == "--" {
            self.literal = true;
        } else if let Some(long) = text.strip_prefix("--") {
            return self.flag(long, &word);
        } else if let Some(long) = self.spelled_out(text) {
            return self.flag(&long, &OsString::from(format!("--{long}")));
        } else if let Some(cluster) = text.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
            let mut letters = cluster.chars();
            let valued =
                letters.any(|letter| self.find(|arg| arg.get_short() == Some(letter)).is_some_and(takes_value));
            self.value = valued && letters.as_str().is_empty();
        } else if let Some(command) = self.command.find_subcommand(text) {
            // It does not know its flags before.
            let mut command = command.clone();
            command.build();
            self.command = Cow::Owned(command);
        } else {
            self.literal = self.command.get_positionals().any(Arg::is_trailing_var_arg_set);
        }
        Some(word)
    }

    /// `--parallel` was a switch once, of these commands, and is one still in scripts. What follows today is a number.
    fn is_without_number(&self, word: &OsString, next: Option<&OsString>) -> bool {
        let is_number = |text: &str| text.parse::<i64>().is_ok();
        !self.literal
            && !self.value
            && matches!(self.command.get_name(), "build" | "pull")
            && match word.to_str().and_then(|word| word.strip_prefix("--parallel")) {
                Some("") => !next.and_then(|next| next.to_str()).is_some_and(is_number),
                Some(value) => value.strip_prefix('=').is_some_and(|value| !is_number(value) && truth(value).is_some()),
                None => false,
            }
    }

    /// `-d=false` as `detach=false`, for a flag whose value stands in the same word or nowhere.
    fn spelled_out(&self, text: &str) -> Option<String> {
        let (letter, value) = text.strip_prefix('-')?.split_once('=')?;
        let argument = self.find(|arg| arg.get_short().is_some_and(|short| letter.chars().eq([short])))?;
        let long = argument.get_long().filter(|_| !takes_value(argument))?;
        Some(format!("{long}={value}"))
    }

    fn flag(&mut self, long: &str, word: &OsString) -> Option<OsString> {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let named = |arg: &Arg| {
            arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        };
        let Some(argument) = self.find(named) else { return Some(word.clone()) };
        let is_switch = matches!(argument.get_action(), ArgAction::SetTrue);
        self.value = value.is_none() && takes_value(argument);
        match value.filter(|_| is_switch).map(truth) {
            Some(Some(true)) => Some(format!("--{name}").into()),
            Some(Some(false)) => None,
            _ => Some(word.clone()),
        }
    }

    /// A flag of the present command, or one that stands anywhere.
    fn find(&self, wanted: impl Fn(&Arg) -> bool) -> Option<&Arg> {
        let own = self.command.get_arguments();
        let anywhere = self.tree.get_arguments().filter(|argument| argument.is_global_set());
        own.chain(anywhere).find(|argument| wanted(argument))
    }
}

/// Whether the word after a flag is its value.
fn takes_value(argument: &Arg) -> bool {
    argument.get_action().takes_values() && !argument.is_require_equals_set()
}

/// What a switch's value means; the words are those that docker compose takes.
pub fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// What a flag with a truth for a value has in common with its like: it may stand alone, and what it is without is no news.
pub fn truth_flag(argument: Arg) -> Arg {
    let names = argument.get_value_names().unwrap_or_default();
    if !names.iter().any(|name| name.as_str() == "BOOL") {
        return argument;
    }
    argument
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(|value: &str| truth(value).ok_or("it is true or false"))
        .hide_default_value(true)
        .hide_possible_values(true)
}

/// A service and the command line that follows it.
#[derive(Args, Clone, Debug, Default)]
pub struct Words {
    /// The service, and what to run for it with all its own flags
    #[arg(
        value_name = "SERVICE COMMAND",
        required = true,
        num_args = 1..,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<String>,
}

impl Words {
    /// # Errors
    /// When what stands in the service's place is a flag that the command does not have.
    pub fn split(&self, command: &str, context: &Context<'_>) -> Result<(&str, &[String]), Failure> {
        match self.words.split_first() {
            Some((service, _)) if service.starts_with('-') => {
                Err(context.misuse(command, &format!("unexpected argument '{service}' found")))
            }
            Some((service, command)) => Ok((service, command)),
            None => Err(context.misuse(command, "the service is missing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Command {
        let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
        Command::new("c")
            .arg(Arg::new("project").long("project").short('p'))
            .arg(switch("dry-run").global(true))
            .arg(Arg::new("parallel").long("parallel").global(true))
            .subcommand(Command::new("up").arg(switch("build")).arg(Arg::new("tail").long("tail")))
            .subcommand(Command::new("pull").arg(Arg::new("policy").long("policy")))
            .subcommand(
                Command::new("exec")
                    .arg(switch("detach").short('d'))
                    .arg(Arg::new("user").long("user").short('u'))
                    .arg(Arg::new("words").num_args(1..).trailing_var_arg(true).allow_hyphen_values(true)),
            )
    }

    #[test]
    fn switches_take_a_truth_and_other_flags_keep_their_value() {
        let table = [
            ("c up --build=true --build=false --build=x --tail=true", "c up --build --build=x --tail=true"),
            ("c --dry-run=true up --dry-run=false", "c --dry-run up"),
            ("c up -- --build=true", "c up -- --build=true"),
            ("c up --tail --build=true", "c up --tail --build=true"),
            ("c --build=true", "c --build=true"),
            ("c pull --parallel web", "c pull web"),
            ("c pull --parallel=false --parallel", "c pull"),
            ("c pull --parallel 4 web", "c pull --parallel 4 web"),
            ("c pull --parallel -1", "c pull --parallel -1"),
            ("c pull --parallel=4", "c pull --parallel=4"),
            ("c pull --policy --parallel web", "c pull --policy --parallel web"),
            ("c pull -- --parallel", "c pull -- --parallel"),
            ("c up --parallel web", "c up --parallel web"),
        ];
        for (given, expected) in table {
            let words = normalise(given.split(' ').map(OsString::from), &tree());
            assert_eq!(words, expected.split(' ').map(OsString::from).collect::<Vec<_>>(), "{given}");
        }
    }

    #[test]
    fn another_program_s_words_are_left_alone() {
        let table = [
            ("c exec --detach=false web x --detach=false", "c exec web x --detach=false"),
            ("c exec -d=false -d=true web -d=false", "c exec --detach web -d=false"),
            ("c exec -u=me web", "c exec -u=me web"),
            ("c exec -du root web x --dry-run=true", "c exec -du root web x --dry-run=true"),
            ("c exec --user root --detach=true web --detach=true", "c exec --user root --detach web --detach=true"),
            ("c -p exec exec --detach=false web", "c -p exec exec web"),
            ("c -pexec up --build=true", "c -pexec up --build"),
        ];
        for (given, expected) in table {
            let words = normalise(given.split(' ').map(OsString::from), &tree());
            assert_eq!(words, expected.split(' ').map(OsString::from).collect::<Vec<_>>(), "{given}");
        }
    }
}
