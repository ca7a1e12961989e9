//! What holds for every text: reading ends, places exist, and what has no variables stays as it is.

use proptest::prelude::*;

use super::{EnvFile, expand, parse_env_file, parse_raw_env_file, place_in};
use crate::diagnostic::{Diagnostic, FileId, Span};

const FILE: FileId = FileId(0);

fn lookup(name: &str) -> Option<String> {
    match name {
        "A" => Some("va".into()),
        "E" => Some(String::new()),
        _ => None,
    }
}

/// Texts made of what means something in templates and env files.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("$"),
        Just("$$"),
        Just("${"),
        Just("}"),
        Just("{"),
        Just("A"),
        Just("E"),
        Just("U"),
        Just(":-"),
        Just("-"),
        Just(":?"),
        Just("+"),
        Just("="),
        Just(": "),
        Just("\n"),
        Just("\r\n"),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("\\0101"),
        Just(" #"),
        Just("#"),
        Just("export "),
        Just(" "),
        Just("\t"),
        Just("é"),
        Just("\u{a0}"),
        Just("\u{feff}"),
        Just("\0"),
        Just("K=v\n"),
    ];
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

fn is_place(text: &str, span: Span) -> bool {
    span.file == FILE && text.get(span.start as usize..span.end as usize).is_some()
}

fn places_exist(text: &str, found: &Result<EnvFile, Vec<Diagnostic>>) -> bool {
    match found {
        Ok(EnvFile { variables, unset }) => {
            variables.iter().all(|found| is_place(text, found.span) && is_place(text, found.name_span))
                && unset.iter().all(|(_, span)| is_place(text, *span))
        }
        Err(faults) => {
            !faults.is_empty() && faults.iter().all(|fault| fault.span.is_some_and(|span| is_place(text, span)))
        }
    }
}

proptest! {
    #[test]
    fn every_template_expands_or_has_faults_with_ranges(template in soup()) {
        let expansion = expand(&template, &lookup);
        let whole = Span { file: FILE, start: 0, end: template.len() as u32 };
        let unset = expansion.unset.iter().map(|used| used.range.clone());
        for range in unset.chain(expansion.faults.iter().map(|fault| fault.range.clone())) {
            let part = template.get(range.clone());
            prop_assert!(part.is_some_and(|part| part.starts_with('$')), "{template:?} {range:?}");
            let place = place_in(&template, &template, range.clone(), whole);
            prop_assert_eq!(place.start as usize..place.end as usize, range);
        }
    }

    #[test]
    fn a_text_survives_when_its_dollars_are_doubled(text in soup()) {
        let expansion = expand(&text.replace('$', "$$"), &lookup);
        prop_assert_eq!((expansion.text, expansion.faults), (text, vec![]));
    }

    #[test]
    fn every_env_file_is_read_or_has_faults_with_places(text in soup()) {
        let found = parse_env_file(FILE, &text, &lookup, &|_| None);
        prop_assert!(places_exist(&text, &found), "{text:?}: {found:?}");
        let raw = parse_raw_env_file(FILE, &text, &lookup);
        prop_assert!(places_exist(&text, &raw), "{text:?}: {raw:?}");
    }

    #[test]
    fn what_is_single_quoted_is_kept(value in "[^'\\\\]{0,20}") {
        let found = parse_env_file(FILE, &format!("K='{value}'\nL=1"), &lookup, &|_| None).unwrap().variables;
        prop_assert_eq!((found[0].value.as_deref(), found[1].value.as_deref()), (Some(&*value), Some("1")));
    }
}
