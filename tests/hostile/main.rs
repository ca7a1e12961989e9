//! Files that were made to hurt: each is refused with a clear error, in little memory and few steps, without a panic.
//!
//! The program runs under limits of the operating system: on its address space, and on the time that a processor works
//! for it (not on how long that takes where others work as well). `make bench` measures the same files.

mod cases;

use std::path::Path;
use std::process::{Command, Output};

use snapbox::cmd::cargo_bin;

use cases::Case;

/// Kibibytes of address space, the program itself included, which is large where it is built for tests.
const MEMORY: usize = 800_000;
/// Seconds of a processor. What is not linear takes far longer.
const PROCESSOR: usize = 20;
/// Bytes of an error that a person may be expected to look at.
const TOLD: usize = 200_000;

fn convoke(folder: &Path, line: &str) -> Output {
    let limited = format!("ulimit -v {MEMORY}; ulimit -t {PROCESSOR}; {line}");
    let mut shell = Command::new("bash");
    shell.args(["-c", &limited]).arg(cargo_bin!("convoke")).current_dir(folder).output().expect("a shell")
}

/// The program ends by itself, with an error that has the words, or with none where there are none.
fn breach(case: &Case) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    case.write(folder.path());
    let output = convoke(folder.path(), "exec \"$0\" config --quiet");
    let told = String::from_utf8_lossy(&output.stderr);
    let start: String = told.chars().take(500).collect();
    let kept = match case.words {
        "" => output.status.success() && told.is_empty(),
        words => output.status.code() == Some(1) && told.starts_with("error: ") && told.contains(words),
    };
    let short = told.len() < TOLD;
    (!kept || !short).then(|| format!("{}: {}, {} bytes: {start}", case.name, output.status, told.len()))
}

#[test]
fn hostile_files_are_refused_and_large_ones_are_not() {
    let breaches: Vec<String> = cases::all().iter().filter_map(breach).collect();
    assert!(breaches.is_empty(), "{}", breaches.join("\n\n"));
}

/// A shell hands over what a command prints as a pipe: that is a file like any other.
#[test]
fn what_a_command_prints_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let line = "\"$0\" -f <(echo 'services: {a: {image: x}}') -p p config --services";
    let output = convoke(folder.path(), line);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a\n", "{}", String::from_utf8_lossy(&output.stderr));
}
