//! The name that convoke is called by: its own, as a plugin of Docker's client (`docker convoke up`), or `docker-compose`.
//! Flags of Docker's client, which then stand in front of ours, become the variables that mean the same.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde_json::json;

use super::settings::Environment;
use super::version::VERSION;

/// The word by which Docker's client asks a plugin what it is.
const METADATA: &str = "docker-cli-plugin-metadata";

/// Flags of Docker's client with a value, and the variable that says the same.
const VALUED: &[(&str, &str, &str)] = &[
    ("-c", "--context", "DOCKER_CONTEXT"),
    ("-H", "--host", "DOCKER_HOST"),
    ("", "--config", "DOCKER_CONFIG"),
    ("-l", "--log-level", "CONVOKE_LOG"),
];

/// The same for flags without one, and what the variable becomes.
const BARE: &[(&str, &str, &str, &str)] =
    &[("-D", "--debug", "CONVOKE_LOG", "debug"), ("", "--tlsverify", "DOCKER_TLS_VERIFY", "1")];

/// What is to be done for the words of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invoked {
    /// These words, as if convoke had been called by its own name.
    Words(Vec<OsString>),
    /// Docker's client wants to know what this plugin is.
    Metadata,
    /// Docker's client asks how this line, which begins with the plugin's name, may go on, and perhaps what that means.
    Completion { line: Vec<OsString>, described: bool },
}

/// What Docker's client is told of its plugin.
pub fn metadata() -> String {
    json!({
        "SchemaVersion": "0.1.0",
        "Vendor": "convoke",
        "Version": VERSION,
        "ShortDescription": "Runs multi-container applications from a Compose file",
    })
    .to_string()
}

/// Reads the words of a process; `environment` gets what the flags of Docker's client say.
pub fn settle(words: impl IntoIterator<Item = OsString>, environment: &mut Environment) -> Invoked {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let Some(plugin) = plugin(words.first()) else { return Invoked::Words(words) };
    if words.get(1).is_some_and(|word| word == METADATA) {
        return Invoked::Metadata;
    }
    for (word, described) in [("__complete", true), ("__completeNoDesc", false)] {
        if words.get(1).is_some_and(|known| known == word) {
            return Invoked::Completion { line: words.split_off(2), described };
        }
    }
    let taken = take_flags(&words[1..], environment);
    words.drain(1..=taken);
    // Docker's client says the plugin's name; whoever calls `docker-compose` does not.
    if words.get(1).is_some_and(|word| *word == *plugin) {
        words.remove(1);
        // By this name help and complaints go.
        words[0] = format!("docker {plugin}").into();
    }
    Invoked::Words(words)
}

/// `convoke` for `/usr/libexec/docker/cli-plugins/docker-convoke`.
fn plugin(program: Option<&OsString>) -> Option<String> {
    let name = Path::new(program?).file_name().and_then(OsStr::to_str)?;
    let name = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name);
    name.strip_prefix("docker-").map(str::to_owned)
}

/// How many words at the beginning are flags of Docker's client and their values.
fn take_flags(words: &[OsString], environment: &mut Environment) -> usize {
    let mut taken = 0;
    while let Some(word) = words.get(taken).and_then(|word| word.to_str()) {
        let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
        let is = |short: &str, long: &str| flag == long || !short.is_empty() && flag == short;
        if let Some((_, _, variable, meaning)) = BARE.iter().find(|(short, long, ..)| is(short, long)) {
            if value != Some("false") {
                environment.insert((*variable).to_owned(), (*meaning).to_owned());
            }
            taken += 1;
        } else if let Some((.., variable)) = VALUED.iter().find(|(short, long, _)| is(short, long)) {
            let next = words.get(taken + 1).and_then(|word| word.to_str());
            let Some(given) = value.or(next) else { break };
            environment.insert((*variable).to_owned(), given.to_owned());
            taken += if value.is_some() { 1 } else { 2 };
        } else {
            break;
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(words: &str) -> (Invoked, String) {
        let mut environment = Environment::new();
        let invoked = settle(words.split(' ').map(OsString::from), &mut environment);
        let variables: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (invoked, variables.join(" "))
    }

    #[test]
    fn by_whatever_name_the_words_are_the_same() {
        let table = [
            ("convoke up -d", "convoke up -d", ""),
            ("convoke docker-cli-plugin-metadata", "convoke docker-cli-plugin-metadata", ""),
            ("/p/docker-convoke convoke up", "docker_convoke up", ""),
            ("docker-convoke -c far convoke -p x up", "docker_convoke -p x up", "DOCKER_CONTEXT=far"),
            (
                "docker-convoke --host=unix:///s -D convoke ps",
                "docker_convoke ps",
                "CONVOKE_LOG=debug DOCKER_HOST=unix:///s",
            ),
            ("docker-convoke --config d -l info convoke", "docker_convoke", "CONVOKE_LOG=info DOCKER_CONFIG=d"),
            ("docker-compose up", "docker-compose up", ""),
            ("docker-compose compose up", "docker_compose up", ""),
            (
                "docker-compose -H tcp://h:1 --tlsverify up",
                "docker-compose up",
                "DOCKER_HOST=tcp://h:1 DOCKER_TLS_VERIFY=1",
            ),
            ("docker-compose run -c far", "docker-compose run -c far", ""),
            ("docker-compose -H", "docker-compose -H", ""),
        ];
        for (words, expected, variables) in table {
            let expected = Invoked::Words(expected.split(' ').map(|word| word.replace('_', " ").into()).collect());
            assert_eq!(settled(words), (expected, variables.to_owned()), "{words}");
        }
        assert_eq!(settled("docker-convoke docker-cli-plugin-metadata").0, Invoked::Metadata);
        let line = ["convoke", "up", ""].map(OsString::from).to_vec();
        let asked = settled("docker-convoke __completeNoDesc convoke up ").0;
        assert_eq!(asked, Invoked::Completion { line, described: false });
    }
}
