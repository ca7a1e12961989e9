//! Any text expands, and every use and fault has a range in it.
#![no_main]

use convoke::source::expand;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|template: &str| {
    let expansion = expand(template, &|name| (name.len() == 1).then(|| "value".to_owned()));
    let unset = expansion.unset.into_iter().map(|used| used.range);
    for range in unset.chain(expansion.faults.into_iter().map(|fault| fault.range)) {
        assert!(template.get(range).is_some_and(|part| part.starts_with('$')));
    }
});
