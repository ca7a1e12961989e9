//! YAML: any text is read or refused with places in it; what was read is printed and read again as it was.

use std::collections::BTreeMap;

use convoke::yaml::{decode, decode_all, parse, print, to_value};
use serde_yaml::Value;

use super::{FILE, is_told_well, places_exist};

pub fn holds(text: &str) {
    let documents = match parse(FILE, text) {
        Ok(documents) => documents,
        Err(findings) => {
            assert!(!findings.is_empty(), "{text:?}");
            assert!(findings.iter().all(|finding| is_told_well(text, finding)), "{text:?}: {findings:?}");
            return;
        }
    };
    for node in &documents {
        assert!(places_exist(text, node), "{text:?}: {node:?}");
        assert!(decode::<Value>(node).is_ok(), "{text:?}");
        let (_, findings) = decode_all::<BTreeMap<String, Vec<u8>>>(node);
        assert!(findings.iter().all(|finding| is_told_well(text, finding)), "{text:?}: {findings:?}");
        let printed = print(&to_value(node));
        let again = parse(FILE, &printed).unwrap_or_else(|why| panic!("{text:?}: {printed:?} is refused: {why:?}"));
        let mut value = to_value(node);
        read_zeros_again(&mut value);
        assert_eq!(again.iter().map(|node| print(&to_value(node))).collect::<Vec<_>>(), [print(&value)], "{text:?}");
    }
}

/// As with docker compose, `-0.0` is printed as `-0`, which is a whole number to whoever reads it, and those have one zero.
fn read_zeros_again(value: &mut Value) {
    match value {
        Value::Number(number) if number.as_f64() == Some(0.0) => *number = 0.into(),
        Value::Sequence(items) => items.iter_mut().for_each(read_zeros_again),
        Value::Mapping(map) => {
            let entries = std::mem::take(map).into_iter().map(|(mut key, mut value)| {
                read_zeros_again(&mut key);
                read_zeros_again(&mut value);
                (key, value)
            });
            *map = entries.collect();
        }
        Value::Tagged(tagged) => read_zeros_again(&mut tagged.value),
        _ => {}
    }
}
