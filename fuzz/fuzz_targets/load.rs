//! Any text is a project or has findings that can be shown.
#![no_main]

use convoke::load::{Options, project};
use convoke::render::caret;
use convoke::source::{MapReader, Question, gather};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let disk = MapReader::default().with("/project/compose.yaml", text);
    let question = Question { current_dir: "/project".into(), ..Question::default() };
    let Ok((source, files, _)) = gather(&question, &disk) else { return };
    let (files, findings) = match project(&source, files, &Options::default(), &disk) {
        Ok(loaded) => (loaded.files, loaded.warnings),
        Err(rejected) => (rejected.files, rejected.diagnostics),
    };
    let _ = caret::report(&findings, &files, true);
    let _ = caret::json(&findings, &files);
});
