//! Env files: any text is one or has faults with places, and a value in single quotes is kept as it is.

use convoke::source::{EnvFile, parse_env_file, parse_raw_env_file};

use super::{FILE, is_place, is_told_well};

pub fn holds(text: &str) {
    let known = |name: &str| match name {
        "A" => Some("va".to_owned()),
        "E" => Some(String::new()),
        _ => None,
    };
    let found = [parse_env_file(FILE, text, &known, &|_| None), parse_raw_env_file(FILE, text, &known)];
    for found in &found {
        match found {
            Ok(EnvFile { variables, unset }) => {
                let mut places = variables.iter().flat_map(|found| [found.span, found.name_span]);
                assert!(places.all(|span| is_place(text, span)), "{text:?}: {variables:?}");
                assert!(unset.iter().all(|(_, span)| is_place(text, *span)), "{text:?}: {unset:?}");
            }
            Err(faults) => {
                assert!(!faults.is_empty(), "{text:?}");
                assert!(faults.iter().all(|fault| is_told_well(text, fault)), "{text:?}: {faults:?}");
            }
        }
    }
    if let [Ok(read), _] = found {
        for variable in read.variables {
            if let Some(value) = variable.value.filter(|value| !value.contains(['\'', '\\'])) {
                comes_back(&variable.name, &value);
            }
        }
    }
}

fn comes_back(name: &str, value: &str) {
    let line = format!("{name}='{value}'\n");
    let again = parse_env_file(FILE, &line, &|_| None, &|_| None).unwrap_or_else(|_| panic!("{line:?} is refused"));
    assert_eq!((again.variables.len(), again.variables[0].value.as_deref()), (1, Some(value)), "{line:?}");
    assert_eq!(again.variables[0].name, name, "{line:?}");
}
