//! `config`, question by question: in a table stand what is typed in a folder, and what comes of it.
//!
//! A question begins with `$ `, with variables in front of the words; below it stand what is printed, with `$CASE` for the
//! folder, and the exit status where it is not 0. Names that are listed stand sorted. What is written with `-o out.yaml`
//! counts as printed. Lines with `#` in front of a question tell about it. Run with `UPDATE_CASES=1` to write a table anew.
//!
//! `same.txt` holds what docker compose 2.40.3 prints, `apart.txt` where we part from it on purpose.

use std::fmt::Write as _;
use std::path::Path;

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

fn check(folder: &str, table: &str) -> Vec<Question> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let text = std::fs::read_to_string(root.join(table)).expect("a table");
    let questions = read(&text);
    assert!(!questions.is_empty(), "{table} asks nothing");
    let mut found = String::new();
    for Question { comment, words, .. } in &questions {
        let _ = write!(found, "{comment}$ {words}\n{}", answer(&root.join(folder), words));
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(root.join(table), &found).expect("a table");
    } else {
        snapbox::assert_data_eq!(found, snapbox::Data::text(text).raw());
    }
    questions
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
    let mut command = super::convoke(copy.path()).env("HOME", "/home/me");
    let mut words: Vec<&str> = words.split(' ').collect();
    while let Some((name, value)) = words[0].split_once('=') {
        command = command.env(name, value);
        words.remove(0);
    }
    let outcome = command.args(&words).output().expect("convoke runs");
    let mut text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    text += &std::fs::read_to_string(copy.path().join("out.yaml")).unwrap_or_default();
    let text = text.replace(&*copy.path().to_string_lossy(), "$CASE");
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
