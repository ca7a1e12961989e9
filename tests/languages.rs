//! What the fuzz targets check, with a fixed number of texts: their seeds, damaged seeds, and soups of their words.
//!
//! What a fuzzer finds becomes a seed: it is checked here from then on.

mod properties;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Panics when something does not hold for a text.
type Holds = fn(&str);

/// The languages, what holds for each of their texts, and how many texts of either kind are made up.
const LANGUAGES: &[(&str, Holds, u32)] = &[
    ("command", properties::command::holds, 512),
    ("duration", properties::duration::holds, 512),
    ("env_file", properties::env_file::holds, 256),
    ("forms", properties::forms::holds, 256),
    ("load", properties::load::holds, 128),
    ("ports", properties::ports::holds, 256),
    ("size", properties::size::holds, 512),
    ("template", properties::template::holds, 512),
    ("volumes", properties::volumes::holds, 512),
    ("yaml", properties::yaml::holds, 256),
];

/// How many words a soup has at most, and at how many places a seed is damaged.
const WORDS: usize = 24;
const WOUNDS: usize = 4;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, holds, cases) in LANGUAGES {
        let words = words(&fuzz().join("dictionaries").join(format!("{name}.dict")));
        let seeds = seeds(&fuzz().join("seeds").join(name));
        assert!(!words.is_empty() && !seeds.is_empty(), "{name} has neither words nor seeds");
        for (seed, text) in &seeds {
            let text = text.clone();
            trials.push(Trial::test(format!("{name}/{seed}"), move || {
                holds(&text);
                Ok(())
            }));
        }
        let (holds, cases) = (*holds, *cases);
        let known = words.clone();
        trials.push(Trial::test(format!("{name}: soups"), move || hold_for_all(&soup(known), holds, cases)));
        let damaged = move || damaged(seeds.into_iter().map(|(_, text)| text).collect(), words);
        trials.push(Trial::test(format!("{name}: damaged seeds"), move || hold_for_all(&damaged(), holds, cases)));
    }
    trials.push(Trial::test("every fuzz target is checked here", every_target_is_checked));
    libtest_mimic::run(&arguments, trials).exit();
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Tries texts until one fails, and then says the smallest that does.
fn hold_for_all(texts: &impl Strategy<Value = String>, holds: Holds, cases: u32) -> Result<(), Failed> {
    // The same texts each time: new ones are for fuzzing to find.
    let rng_seed = RngSeed::Fixed(1);
    let config = Config { cases, failure_persistence: None, rng_seed, ..Config::default() };
    let outcome = TestRunner::new(config).run(texts, |text| {
        holds(&text);
        Ok(())
    });
    outcome.map_err(|error| error.to_string().into())
}

fn soup(words: Vec<String>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(words), 0..WORDS).prop_map(|words| words.concat())
}

/// Seeds with characters put in, taken out or replaced by words.
fn damaged(seeds: Vec<String>, words: Vec<String>) -> impl Strategy<Value = String> {
    let put_in = prop_oneof![Just(String::new()), any::<char>().prop_map(String::from), prop::sample::select(words),];
    let wound = (any::<prop::sample::Index>(), put_in, 0..3_usize);
    let damaged = (prop::sample::select(seeds), prop::collection::vec(wound, 0..WOUNDS));
    damaged.prop_map(|(seed, wounds)| {
        let mut characters: Vec<char> = seed.chars().collect();
        for (place, new, lost) in wounds {
            let at = place.index(characters.len() + 1);
            let end = (at + lost).min(characters.len());
            characters.splice(at..end, new.chars());
        }
        characters.into_iter().collect()
    })
}

fn seeds(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry of the seeds").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect();
    seeds.sort();
    seeds
}

/// The words of a dictionary: one in quotes on each line, with `\"`, `\\` and `\xAB` for what cannot stand there.
fn words(dictionary: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(dictionary).unwrap_or_else(|error| panic!("{}: {error}", dictionary.display()));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| word(line).unwrap_or_else(|| panic!("{}: {line}", dictionary.display()))).collect()
}

fn word(line: &str) -> Option<String> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::new();
    while let Some((before, behind)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        rest = match behind.strip_prefix('x') {
            Some(code) => {
                bytes.push(u8::from_str_radix(code.get(..2)?, 16).ok()?);
                &code[2..]
            }
            None => {
                bytes.extend(behind.bytes().take(1));
                behind.get(1..)?
            }
        };
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).ok()
}

fn every_target_is_checked() -> Result<(), Failed> {
    let targets = std::fs::read_dir(fuzz().join("fuzz_targets"))?;
    for target in targets {
        let path = target?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !LANGUAGES.iter().any(|(language, ..)| *language == name) {
            return Err(format!("{name} is fuzzed, but is not checked here").into());
        }
    }
    Ok(())
}
