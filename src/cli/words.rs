//! The command line before clap sees it: `--flag=false` for flags that are either there or not.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::{ArgAction, Command};

/// Turns `--flag=true` into `--flag` and drops `--flag=false`, for every flag of the tree that takes no value.
/// Nothing after `--` is touched.
pub fn normalise(words: impl IntoIterator<Item = OsString>, tree: &Command) -> Vec<OsString> {
    let mut switches = BTreeSet::new();
    collect(tree, &mut switches);
    let mut literal = false;
    words
        .into_iter()
        .filter_map(|word| {
            literal |= word == "--";
            match word.to_str().and_then(|text| text.strip_prefix("--")?.split_once('=')) {
                Some((name, value)) if !literal && switches.contains(name) => match truth(value) {
                    Some(true) => Some(format!("--{name}").into()),
                    Some(false) => None,
                    None => Some(word),
                },
                _ => Some(word),
            }
        })
        .collect()
}

fn collect(command: &Command, switches: &mut BTreeSet<String>) {
    for argument in command.get_arguments().filter(|argument| matches!(argument.get_action(), ArgAction::SetTrue)) {
        switches.extend(argument.get_long().map(str::to_owned));
    }
    for command in command.get_subcommands() {
        collect(command, switches);
    }
}

/// What a switch's value means; the words are those that docker compose takes.
pub fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    #[test]
    fn switches_take_a_truth_and_other_flags_keep_their_value() {
        let tree = Command::new("c").subcommand(
            Command::new("up")
                .arg(Arg::new("build").long("build").action(ArgAction::SetTrue))
                .arg(Arg::new("tail").long("tail")),
        );
        let given = ["up", "--build=true", "--build=false", "--build=x", "--tail=true", "--", "--build=true"];
        let expected = ["up", "--build", "--build=x", "--tail=true", "--", "--build=true"];
        assert_eq!(normalise(given.map(OsString::from), &tree), expected.map(OsString::from));
    }
}
