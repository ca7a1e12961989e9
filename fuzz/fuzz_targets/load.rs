#![no_main]

#[path = "../../tests/properties/mod.rs"]
#[allow(dead_code, reason = "each target checks one language")]
mod properties;

libfuzzer_sys::fuzz_target!(|text: &str| properties::load::holds(text));
