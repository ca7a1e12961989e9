//! Env files of the format `raw`: what stands behind `=` is the value as it is.

use super::dotenv::{self, EnvFile, FAULT_LIMIT, VARIABLE_LIMIT, Variable};
use super::template::Lookup;
use crate::diagnostic::{Diagnostic, FileId, Span};

/// Reads an env file without quotes, escapes or variables; only lines that start with `#` are comments.
///
/// # Errors
/// All lines whose name is missing or contains white space.
pub fn parse(file: FileId, text: &str, lookup: Lookup<'_>) -> Result<EnvFile, Vec<Diagnostic>> {
    let mut found = EnvFile::default();
    let mut faults = Vec::new();
    let mut next = 0;
    for line in text.split_inclusive('\n') {
        let mut start = next;
        next += line.len();
        let mut content = line.strip_suffix('\n').unwrap_or(line);
        content = content.strip_suffix('\r').unwrap_or(content);
        if start == 0 && content.starts_with('\u{feff}') {
            start += '\u{feff}'.len_utf8();
            content = &content['\u{feff}'.len_utf8()..];
        }
        start += content.len() - content.trim_start().len();
        content = content.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let (name, value) = match content.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (content, None),
        };
        let span = |from: usize, length: usize| Span {
            file,
            start: (start + from) as u32,
            end: (start + from + length) as u32,
        };
        let name_span = span(0, name.len());
        if found.variables.len() == VARIABLE_LIMIT {
            faults.push(dotenv::too_many(name_span));
        }
        if faults.len() >= FAULT_LIMIT || found.variables.len() == VARIABLE_LIMIT {
            break;
        }
        if name.is_empty() {
            faults.push(Diagnostic::error("a name is missing here").at(span(0, 1)).help("write `NAME=value`"));
        } else if name.contains(char::is_whitespace) {
            let finding = Diagnostic::error("a name cannot contain white space").at(name_span);
            faults.push(finding.help("in a raw env file, `NAME=value` stands without blanks around `=`"));
        } else {
            let span = value.filter(|value| !value.is_empty()).map(|value| span(name.len() + 1, value.len()));
            found.variables.push(Variable {
                name: name.to_owned(),
                value: value.map(str::to_owned).or_else(|| lookup(name)),
                name_span,
                span: span.unwrap_or(name_span),
            });
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FILE: FileId = FileId(0);

    fn lookup(name: &str) -> Option<String> {
        (name == "A").then(|| "va".to_owned())
    }

    #[test]
    fn texts_are_read_as_docker_compose_reads_them() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("fixtures/dotenv.json")).unwrap();
        for row in rows {
            let text = row["text"].as_str().unwrap();
            let found = parse(FILE, text, &lookup);
            let Some(expected) = row["raw"]["values"].as_object() else {
                assert!(found.is_err(), "{text:?}: {found:?}");
                continue;
            };
            let mut values = BTreeMap::new();
            for variable in found.unwrap_or_else(|faults| panic!("{text:?}: {faults:?}")).variables {
                values.extend(variable.value.map(|value| (variable.name, serde_json::Value::from(value))));
            }
            assert_eq!(values, expected.clone().into_iter().collect(), "{text:?}");
        }
    }

    #[test]
    fn names_and_values_know_their_places() {
        let text = "\u{feff}A=b \n  C=\r\nD E=1\n=2\n";
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let faults = parse(FILE, text, &lookup).unwrap_err();
        assert_eq!(faults.iter().map(|fault| slice(fault.span.unwrap())).collect::<Vec<_>>(), ["D E", "="]);
        let found = parse(FILE, &text[..text.find('D').unwrap()], &lookup).unwrap().variables;
        let places: Vec<_> = found.iter().map(|found| (slice(found.name_span), slice(found.span))).collect();
        assert_eq!(places, [("A", "b "), ("C", "C")]);
    }
}
