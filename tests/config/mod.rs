//! `config`, question by question: in a table stand what is typed in a folder, and what comes of it.
//!
//! A question begins with `$ `, with variables in front of the words; below it stand what is printed, with `$CASE` for the
//! folder, and the exit status where it is not 0. Names that are listed stand sorted. What is written with `-o out.yaml`
//! counts as printed. Lines with `#` in front of a question tell about it. Run with `UPDATE_CASES=1` to write a table anew.
//!
//! `attributes.txt` has a line for each form of an attribute of a service, with what a later file says behind a ` + `, or of
//! something else at the top, behind `@ `; below it, what comes of it.
//!
//! `attributes.txt` and `same.txt` hold what docker compose 2.40.3 prints, `apart.txt` where we part from it on purpose.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What is said about a question, the words, and all that comes of it.
struct Question {
    comment: String,
    words: String,
    answer: String,
}

#[test]
fn as_docker_compose() {
    let questions = check("shop", "same.txt");
    assert!(questions.iter().all(|question| question.comment.is_empty()), "the same needs no reason");
}

/// Each with its reason. `tests/scenario/registry.rs` has one more: the digests of images that are mounted are pinned too.
#[test]
fn apart_from_docker_compose() {
    let questions = check("apart", "apart.txt");
    let first = questions.first().expect("a question");
    assert!(!first.comment.is_empty(), "a difference has its reason");
}

#[test]
fn attributes_as_docker_compose() {
    let (table, text) = table("attributes.txt");
    let rows = text.lines().filter_map(|line| line.strip_prefix("= "));
    let found: String = rows.map(|row| format!("= {row}\n{}", attribute(row))).collect();
    compare(&table, &text, found);
}

/// The files around an attribute of a service, and around what a later file says of it.
const AROUND: [&str; 2] = [
    "name: rows\nservices:\n  s: { image: s, ROW }\n  b: { image: b }\n  d: { image: d, profiles: [off] }\n\
     networks: { n: { } }\nvolumes: { v: { } }\nconfigs: { c: { content: c } }\nsecrets: { k: { environment: K } }\n\
     models: { m: { model: m } }\n",
    "services:\n  s: { ROW }\n",
];

/// What comes of an attribute, without what is there anyway.
fn attribute(row: &str) -> String {
    let top = row.strip_prefix("@ ");
    let files = match top {
        Some(top) => vec![format!("name: rows\nservices: {{ s: {{ image: s }} }}\n{top}\n")],
        None => row.split(" + ").zip(AROUND).map(|(part, around)| around.replace("ROW", part)).collect(),
    };
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("a.env"), "A=1\n").expect("a file");
    let mut words = vec!["--profile", "*"];
    words.extend(top.map(|_| "--all-resources"));
    for (name, text) in ["a.yaml", "b.yaml"].into_iter().zip(files) {
        std::fs::write(folder.path().join(name), text).expect("a file");
        words.extend(["-f", name]);
    }
    words.push("config");
    let text = printed(folder.path(), &words);
    if text.starts_with("exit status") {
        return text;
    }
    let is_below = |line: &&str| line.starts_with(' ');
    let mut lines = text.lines();
    if top.is_some() {
        let before: Vec<&str> = lines.by_ref().take_while(|line| *line != "services:").collect();
        let shown = before.into_iter().chain(lines.skip_while(is_below));
        return shown.filter(|line| *line != "name: rows").map(|line| format!("{line}\n")).collect();
    }
    let service = lines.skip_while(|line| *line != "  s:").skip(1).map_while(|line| line.strip_prefix("    "));
    service.filter(|line| *line != "image: s").map(|line| format!("{line}\n")).collect()
}

fn check(folder: &str, name: &str) -> Vec<Question> {
    let (path, text) = table(name);
    let questions = read(&text);
    assert!(!questions.is_empty(), "{name} asks nothing");
    let folder = path.with_file_name(folder);
    let mut found = String::new();
    for Question { comment, words, .. } in &questions {
        let _ = write!(found, "{comment}$ {words}\n{}", answer(&folder, words));
    }
    compare(&path, &text, found);
    questions
}

fn table(name: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(name);
    let text = std::fs::read_to_string(&path).expect("a table");
    (path, text)
}

fn compare(table: &Path, text: &str, found: String) {
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(table, found).expect("a table");
    } else {
        snapbox::assert_data_eq!(found, snapbox::Data::text(text).raw());
    }
}

fn read(text: &str) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    let mut comment = String::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), questions.last_mut()) {
            (Some(words), _) => {
                let (comment, words) = (std::mem::take(&mut comment), words.to_owned());
                questions.push(Question { comment, words, answer: String::new() });
            }
            (None, Some(question)) if !line.starts_with("# ") => question.answer += &format!("{line}\n"),
            (None, _) => comment += &format!("{line}\n"),
        }
    }
    questions
}

fn answer(folder: &Path, words: &str) -> String {
    let copy = TempDir::new().expect("a folder");
    copy_into(folder, copy.path());
    let words: Vec<&str> = words.split(' ').collect();
    printed(copy.path(), &words)
}

/// What words print in a folder, and the exit status where it is not 0.
fn printed(folder: &Path, words: &[&str]) -> String {
    let mut command = super::convoke(folder).env_remove("DOCKER_HOST").env("HOME", "/home/me");
    let mut words = words.to_vec();
    while let Some((name, value)) = words[0].split_once('=') {
        command = command.env(name, value);
        words.remove(0);
    }
    let outcome = command.args(&words).output().expect("convoke runs");
    let mut text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    text += &std::fs::read_to_string(folder.join("out.yaml")).unwrap_or_default();
    let text = text.replace(&*folder.to_string_lossy(), "$CASE");
    let mut lines: Vec<&str> = text.lines().filter(|line| HIDDEN.iter().all(|name| !line.starts_with(name))).collect();
    if words.iter().any(|word| LISTS.contains(word)) && !IS_OBJECT.iter().all(|word| words.contains(word)) {
        lines.sort_unstable();
    }
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if let Some(code) = outcome.status.code().filter(|code| *code != 0) {
        let _ = writeln!(text, "exit status {code}");
    }
    text
}

/// docker compose lists them in another order each time.
const LISTS: &[&str] =
    &["--services", "--images", "--volumes", "--networks", "--models", "--profiles", "--environment", "--variables"];

/// What makes a list something else.
const IS_OBJECT: [&str; 2] = ["--variables", "--format"];

/// What is of the machine's own, among variables.
const HIDDEN: [&str; 3] = ["PWD=", "HOME=", "COLUMNS="];

fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).expect("a folder");
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}
