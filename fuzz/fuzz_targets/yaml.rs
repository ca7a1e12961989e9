//! Any text is read or refused; what was read is printed and read again as it was.
#![no_main]

use convoke::diagnostic::FileId;
use convoke::yaml::{parse, print, to_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(documents) = parse(FileId(0), text) else { return };
    for value in documents.iter().map(to_value) {
        let printed = print(&value);
        let again = parse(FileId(0), &printed).expect("what was printed can be read");
        assert_eq!(again.iter().map(|node| print(&to_value(node))).collect::<Vec<_>>(), [printed]);
    }
});
