//! The house rules of ARCHITECTURE.md: who may know whom, where the windows are, what no file may hold.

use std::path::{Path, PathBuf};

/// Who may know whom: a room, and the rooms it may import beside itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("diagnostic", &[]),
    ("yaml", &["diagnostic"]),
    ("model", &[]),
    ("graph", &["model"]),
    ("source", &["yaml", "model", "graph", "diagnostic", "load"]),
    ("load", &["yaml", "model", "graph", "diagnostic", "source"]),
    ("engine", &[]),
    ("plan", &["model", "graph", "engine", "diagnostic"]),
    ("explain", &["load", "source", "yaml", "model", "engine", "diagnostic"]),
    ("event", &["model", "plan", "engine"]),
    ("timing", &["plan", "event"]),
    ("build", &["plan", "engine", "event", "model", "graph"]),
    ("develop", &["model", "build"]),
    ("run", &["plan", "engine", "event", "model", "graph", "build", "develop"]),
    ("terminal", &[]),
    ("render", &["yaml", "event", "explain", "diagnostic", "model", "plan", "engine", "timing", "terminal"]),
    ("engine::docker", &["engine"]),
    ("engine::memory", &["engine"]),
];

/// The windows: what begins so may only be used in these files and folders.
const WINDOWS: &[(&str, &[&str])] = &[
    ("bollard", &["engine/docker"]),
    ("granit_parser", &["yaml/parse.rs"]),
    ("clap", &["cli"]),
    ("tokio", &["engine/docker", "engine/memory", "run", "build", "render", "terminal", "cli", "main.rs"]),
    ("tokio::net", &["engine/docker", "run/knock.rs"]),
    ("hyper", &["engine/docker", "run/knock.rs"]),
    ("hyper_util", &["engine/docker", "run/knock.rs"]),
    ("tokio_util", &["engine/docker", "engine/memory", "run", "build", "cli"]),
    ("std::fs", &["source/read.rs", "build", "run/copy", "run/watch", "engine/docker", "cli"]),
    ("tokio::fs", &["build", "run/copy", "engine/docker", "cli"]),
    ("std::env", &["engine/docker", "cli"]),
    ("std::time::SystemTime", &["engine/docker", "cli"]),
    ("std::time::Instant", &["engine/docker", "cli"]),
    ("std::process", &["build", "engine/docker", "cli", "main.rs"]),
];

const PRINTERS: &[&str] = &["render", "cli", "terminal"];
const LONGEST: usize = 500;

struct Source {
    /// Below `src`, with forward slashes.
    path: String,
    /// Without comments and test modules.
    code: Vec<String>,
}

#[test]
fn nobody_knows_whom_they_may_not_know() {
    report(sources().iter().flat_map(foreign_rooms));
}

#[test]
fn the_outside_is_seen_through_windows_only() {
    report(sources().iter().flat_map(broken_walls));
}

#[test]
fn only_the_front_prints() {
    report(sources().iter().filter(|source| !within(&source.path, PRINTERS)).flat_map(|source| {
        let prints = |line: &String| ["print!(", "println!(", "dbg!("].iter().any(|word| line.contains(word));
        let lines = source.code.iter().enumerate().filter(move |(_, line)| prints(line));
        lines.map(|(number, _)| format!("src/{}:{}: prints", source.path, number + 1))
    }));
}

#[test]
fn no_file_is_too_long() {
    report(sources().iter().filter_map(|source| {
        let lines = source.code.len();
        (lines > LONGEST).then(|| format!("src/{}: {lines} lines without its tests; look for the seam", source.path))
    }));
}

#[test]
fn nothing_is_left_for_later() {
    let words =
        ["todo", "unimplemented"].map(|word| format!("{word}!(")).into_iter().chain(["#[ig".to_owned() + "nore"]);
    let words: Vec<_> = words.collect();
    let files =
        ["src", "tests", "benches", "examples/shop/src"].iter().flat_map(|folder| files_below(Path::new(folder)));
    report(files.flat_map(|file| {
        let text = std::fs::read_to_string(&file).expect("a readable source file");
        let found = words.iter().filter(move |word| text.contains(word.as_str()));
        found.map(move |word| format!("{}: has {word}", file.display())).collect::<Vec<_>>()
    }));
}

#[test]
fn a_breach_is_seen() {
    let source = |path: &str, code: &str| Source { path: path.into(), code: code.lines().map(str::to_owned).collect() };
    assert_eq!(foreign_rooms(&source("plan/up.rs", "use crate::{engine::docker::Docker, run};")).len(), 2);
    assert_eq!(foreign_rooms(&source("graph.rs", "fn f() -> super::yaml::Node")).len(), 1);
    assert_eq!(foreign_rooms(&source("plan/spec/ports.rs", "use super::super::step::Step;")).len(), 0);
    assert_eq!(
        broken_walls(&source("load/mod.rs", "use std::{collections::BTreeMap,\n env, fs::{self, File}};")).len(),
        3
    );
    assert_eq!(broken_walls(&source("source/read.rs", "std::fs::read(path)")).len(), 0);
}

/// Paths of ours that lead from this file into a room that its own room may not know.
fn foreign_rooms(source: &Source) -> Vec<String> {
    let module = source.path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    let room = room_of(&module);
    let Some((_, known)) = ROOMS.iter().find(|(name, _)| *name == room) else { return Vec::new() };
    let foreign = |(line, path): (usize, String)| {
        let supers = path.matches("super::").count();
        let inside = module.split("::").count() > supers;
        let target = room_of(path.strip_prefix("crate::").or((!inside).then(|| path.trim_start_matches("super::")))?);
        (target != room && !known.contains(&target)).then(|| format!("src/{}:{line}: {room} knows {path}", source.path))
    };
    paths(&source.code).into_iter().filter_map(foreign).collect()
}

/// `engine::docker::connect` is in the room `engine::docker`, `plan::step` in `plan`.
fn room_of(path: &str) -> &str {
    let longest = ROOMS
        .iter()
        .map(|(room, _)| *room)
        .filter(|room| path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")));
    longest.max_by_key(|room| room.len()).unwrap_or_else(|| path.split("::").next().unwrap_or(path))
}

fn broken_walls(source: &Source) -> Vec<String> {
    let breach = |(line, path): (usize, String)| {
        let starts =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let (_, windows) =
            WINDOWS.iter().filter(|(prefix, _)| starts(prefix)).max_by_key(|(prefix, _)| prefix.len())?;
        (!within(&source.path, windows)).then(|| format!("src/{}:{line}: uses {path}", source.path))
    };
    paths(&source.code).into_iter().filter_map(breach).collect()
}

fn within(path: &str, places: &[&str]) -> bool {
    places
        .iter()
        .any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.'])))
}

/// Every path in the code and its line, groups written out: `std::{env, fs}` gives `std::env` and `std::fs`.
fn paths(code: &[String]) -> Vec<(usize, String)> {
    let (mut found, mut prefixes, mut word) = (Vec::new(), vec![String::new()], String::new());
    for (number, line) in code.iter().enumerate() {
        for letter in line.chars().chain(['\n']) {
            if letter.is_alphanumeric() || letter == '_' || letter == ':' {
                word.push(letter);
                continue;
            }
            let path = format!("{}{word}", prefixes.last().map_or("", String::as_str));
            let group = letter == '{' && word.ends_with("::");
            match letter {
                '{' if group => prefixes.push(path.clone()),
                '{' => prefixes.push(prefixes.last().cloned().unwrap_or_default()),
                '}' if prefixes.len() > 1 => drop(prefixes.pop()),
                _ => {}
            }
            if !word.is_empty() && !group {
                let path = path.replace("::self", "");
                found.push((number + 1, path.trim_matches(':').to_owned()));
            }
            word.clear();
        }
    }
    found
}

/// Every source file below `src` that is part of the program: test modules in files of their own are not.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut test_files = Vec::new();
    let mut sources = Vec::new();
    for file in files_below(&root) {
        let (code, test_modules) = program_code(&std::fs::read_to_string(&file).expect("a readable source file"));
        let own_folder = file.file_name().is_some_and(|name| name == "mod.rs" || name == "lib.rs");
        let folder = if own_folder { file.with_file_name("") } else { file.with_extension("") };
        test_files.extend(test_modules.iter().map(|module| folder.join(module)));
        sources.push((file, code));
    }
    sources.retain(|(file, _)| !test_files.iter().any(|test| file.with_extension("").starts_with(test)));
    let below = |file: PathBuf| file.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
    sources.into_iter().map(|(file, code)| Source { path: below(file), code }).collect()
}

/// The lines of a file without comments and inline test modules, and the test modules that are files of their own.
fn program_code(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut code, mut test_modules) = (Vec::new(), Vec::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let module = lines.peek().and_then(|next| next.trim().strip_prefix("mod "));
        match module.filter(|_| line.trim() == "#[cfg(test)]") {
            Some(module) if module.ends_with('{') => {
                let end = line.replace("#[cfg(test)]", "}");
                lines.find(|line| *line == end);
            }
            Some(module) => test_modules.push(module.trim_end_matches(';').to_owned()),
            None if line.trim_start().starts_with("//") => code.push(String::new()),
            None => code.push(line.split(" // ").next().unwrap_or_default().to_owned()),
        }
    }
    (code, test_modules)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<_> =
        paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}

fn report(findings: impl Iterator<Item = String>) {
    let findings: Vec<_> = findings.collect();
    assert!(findings.is_empty(), "{} breaches:\n{}", findings.len(), findings.join("\n"));
}
