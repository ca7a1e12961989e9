//! Any text is an env file or has faults with places in it.
#![no_main]

use convoke::diagnostic::{FileId, Span};
use convoke::source::{parse_env_file, parse_raw_env_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let known = |name: &str| (name.len() == 1).then(|| "value".to_owned());
    let is_place = |span: Span| text.get(span.start as usize..span.end as usize).is_some();
    for found in [parse_env_file(FileId(0), text, &known, &|_| None), parse_raw_env_file(FileId(0), text, &known)] {
        match found {
            Ok(file) => assert!(file.variables.iter().all(|found| is_place(found.span) && is_place(found.name_span))),
            Err(faults) => assert!(faults.iter().all(|fault| fault.span.is_some_and(is_place))),
        }
    }
});
