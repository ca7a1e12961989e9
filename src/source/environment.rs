//! The environment that interpolation sees: the shell, and below it the env files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::dotenv::{self, EnvFile, Variable};
use super::location::{absolute, expand_home, shown};
use super::{Looked, Origin, Question, ReadError, Reader, Unset};
use crate::diagnostic::{Diagnostic, Files, Span};

/// The environment while it is being gathered.
pub(super) struct Surroundings<'q> {
    question: &'q Question,
    read: &'q dyn Reader,
    pub variables: BTreeMap<String, String>,
    pub origins: BTreeMap<String, Origin>,
    pub looked_for: Vec<Looked>,
    /// The env files that were named.
    pub env_files: Vec<PathBuf>,
    pub files: Files,
    pub findings: Vec<Diagnostic>,
    /// What is wrong with the env files: variables may be missing because of it.
    pub faults: Vec<Diagnostic>,
}

impl<'q> Surroundings<'q> {
    /// The shell alone, with `PWD` where it lacks it.
    pub fn of(question: &'q Question, read: &'q dyn Reader) -> Self {
        let mut variables = question.environment.clone();
        let mut origins: BTreeMap<_, _> = variables.keys().map(|key| (key.clone(), Origin::Shell)).collect();
        if !variables.contains_key("PWD") {
            variables.insert("PWD".to_owned(), question.current_dir.to_string_lossy().into_owned());
            origins.insert("PWD".to_owned(), Origin::Provided);
        }
        let env_files = named_env_files(question);
        let (looked_for, files, findings, faults) = (vec![Looked::Shell], Files::default(), Vec::new(), Vec::new());
        Self { question, read, variables, origins, looked_for, env_files, files, findings, faults }
    }

    /// Reads the env files that were named; when none was, the default one of a directory.
    pub fn read_env_files(&mut self, directory: &Path) {
        if self.env_files.is_empty() {
            self.read_default_env_file(directory);
            return;
        }
        // Among env files the later one wins, and each sees what the earlier ones said.
        let mut collected = Collected::default();
        for path in self.env_files.clone() {
            self.read_env_file(&path, &mut collected);
            self.looked_for.push(Looked::EnvFile { path, found: true });
        }
        self.keep(collected);
    }

    /// Reads the `.env` of a directory, unless env files were named, it is switched off, or it was read already.
    pub fn read_default_env_file(&mut self, directory: &Path) {
        if !self.env_files.is_empty() || self.looked_for.contains(&Looked::Disabled) {
            return;
        }
        if self.disabled() {
            self.looked_for.push(Looked::Disabled);
            return;
        }
        let path = directory.join(".env");
        let seen = |looked: &Looked| matches!(looked, Looked::EnvFile { path: seen, .. } if *seen == path);
        if self.looked_for.iter().any(seen) {
            return;
        }
        let found = self.read.is_file(&path);
        if found {
            let mut collected = Collected::default();
            self.read_env_file(&path, &mut collected);
            self.keep(collected);
        }
        self.looked_for.push(Looked::EnvFile { path, found });
    }

    /// Whether the default env file is switched off. Only the shell can do that: an env file would come too late.
    fn disabled(&mut self) -> bool {
        let Some(word) = self.question.environment.get("COMPOSE_DISABLE_ENV_FILE") else { return false };
        match word.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => {
                self.findings.push(
                    Diagnostic::error(format!("COMPOSE_DISABLE_ENV_FILE is {word:?}, which is neither true nor false"))
                        .help("set it to true or false, or unset it"),
                );
                true
            }
        }
    }

    fn read_env_file(&mut self, path: &Path, collected: &mut Collected) {
        let shown = shown(path, &self.question.current_dir);
        let mut found = Vec::new();
        read_env_file(path, &shown, &self.variables, collected, self.read, &mut self.files, &mut found);
        let (faults, findings): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
        self.faults.extend(faults);
        self.findings.extend(findings);
    }

    /// Takes over what the env files said where the environment does not say otherwise already.
    fn keep(&mut self, collected: Collected) {
        for (key, (value, origin)) in collected {
            if !self.variables.contains_key(&key) {
                self.origins.insert(key.clone(), origin);
                self.variables.insert(key, value);
            }
        }
    }
}

/// What env files said: later ones over earlier ones.
pub(crate) type Collected = BTreeMap<String, (String, Origin)>;

/// Reads one env file onto what earlier ones said. It sees the environment first, and then these.
pub(crate) fn read_env_file(
    path: &Path,
    shown: &Path,
    environment: &BTreeMap<String, String>,
    collected: &mut Collected,
    read: &dyn Reader,
    files: &mut Files,
    findings: &mut Vec<Diagnostic>,
) {
    let fault = |why: String| Diagnostic::error(format!("env file {}: {why}", path.display()));
    let bytes = match read.read(path) {
        Ok(bytes) => bytes,
        Err(ReadError::NotFound) => {
            return findings.push(Diagnostic::error(format!("couldn't find env file: {}", path.display())));
        }
        Err(error) => return findings.push(fault(error.to_string())),
    };
    let Ok(text) = String::from_utf8(bytes) else { return findings.push(fault("the text is not UTF-8".to_owned())) };
    let file = files.add(shown, text);
    let text = files.get(file).map_or("", |file| file.text.as_str());
    let lookup = |name: &str| environment.get(name).cloned();
    let earlier = |name: &str| collected.get(name).map(|(value, _)| value.clone());
    let (EnvFile { variables, unset }, faults) = dotenv::parse_what_can_be(file, text, &lookup, &earlier);
    if faults.is_empty() {
        let looked = "looked for it in the environment, on the lines above and in earlier files";
        findings.extend(unset_findings(unset, environment.keys().map(String::as_str), looked));
    }
    findings.extend(faults);
    for Variable { name, value, span, .. } in variables {
        collected.extend(value.map(|value| (name, (value, Origin::File(span)))));
    }
}

/// Warns of what a file uses and nobody sets; the sentence says where it was looked for.
pub(crate) fn unset_findings<'n>(
    uses: Vec<(String, Span)>,
    known: impl IntoIterator<Item = &'n str> + Clone,
    looked: &str,
) -> Vec<Diagnostic> {
    let mut unset = Unset::default();
    for (name, place) in uses {
        unset.add(name, place, known.clone());
    }
    unset.findings(looked)
}

/// `--env-file`, else what the shell's `COMPOSE_ENV_FILES` lists; absolute.
fn named_env_files(question: &Question) -> Vec<PathBuf> {
    let home = question.environment.get("HOME");
    let listed = question.environment.get("COMPOSE_ENV_FILES").map_or("", String::as_str);
    let named: Vec<PathBuf> = match question.env_files.as_slice() {
        [] => listed.split(',').filter(|path| !path.is_empty()).map(PathBuf::from).collect(),
        named => named.to_vec(),
    };
    named.iter().map(|path| absolute(&question.current_dir, expand_home(path, home))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MapReader;

    fn surroundings(named: &[&str], disk: &[(&str, &str)]) -> Surroundings<'static> {
        let question = Question {
            env_files: named.iter().map(PathBuf::from).collect(),
            current_dir: "/p".into(),
            environment: [("SHELL_ONLY", "s"), ("BOTH", "shell")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Question::default()
        };
        let reader = disk.iter().fold(MapReader::default(), |disk, (path, text)| disk.with(*path, *text));
        // The question and the disk outlive the test, which is all that they serve.
        let mut surroundings = Surroundings::of(Box::leak(Box::new(question)), Box::leak(Box::new(reader)));
        surroundings.read_env_files(Path::new("/p"));
        surroundings
    }

    #[test]
    fn the_shell_wins_over_env_files_and_later_ones_over_earlier_ones() {
        let found = surroundings(
            &["one.env", "two.env"],
            &[
                ("/p/one.env", "A=1\nBOTH=file\nB=${A}${SHELL_ONLY}\n"),
                ("/p/two.env", "A=2\nC=${B}$A\nD=$BOTH\n"),
                ("/p/.env", "E=unread\n"),
            ],
        );
        let values = ["A", "BOTH", "B", "C", "D", "E"].map(|name| found.variables.get(name).map(String::as_str));
        assert_eq!(values, [Some("2"), Some("shell"), Some("1s"), Some("1s2"), Some("shell"), None]);
        let Some(Origin::File(span)) = found.origins.get("A") else { panic!("{:?}", found.origins) };
        assert_eq!((found.files.path(span.file), found.files.slice(*span)), (Path::new("two.env"), "2"));
        assert_eq!(found.origins.get("BOTH"), Some(&Origin::Shell));
        assert!(found.findings.is_empty());
    }

    #[test]
    fn faults_of_an_env_file_are_told() {
        let found = surroundings(&[], &[("/p/.env", "A B=1\nC=${D:?x}\nE=$BOHT\n")]);
        let told: Vec<_> = found.faults.iter().map(|finding| found.files.slice(finding.span.unwrap())).collect();
        assert_eq!(told, ["A B", "${D:?x}"]);
        assert!(found.findings.is_empty() && found.variables.contains_key("E"));
        let found = surroundings(&[], &[("/p/.env", "E=$BOHT\n")]);
        assert_eq!(found.findings[0].help[0], "did you mean `BOTH`?");
        assert_eq!(found.variables["E"], "");
    }
}
