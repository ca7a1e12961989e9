//! Every value is printed so that it is read as it was. What holds for every text is in `tests/properties`.

use proptest::prelude::*;
use serde_yaml::{Mapping, Value};

use super::{parse, print, to_value};
use crate::diagnostic::FileId;

const FILE: FileId = FileId(0);

fn text() -> impl Strategy<Value = String> {
    let any_text = prop::collection::vec(any::<char>(), 0..12).prop_map(|characters| characters.into_iter().collect());
    let telling = "[-#:?!&*|>'\"%@`{}\\[\\], \n\t\ra0é.~=_$\\\\\u{85}\u{2028}\u{feff}\u{1}]{0,12}";
    let word =
        prop::sample::select(vec!["yes", "null", "~", "<<", "1_000", "0o7", "12:30", "2001-12-14", ".inf", "---"]);
    prop_oneof![telling, any_text, word.prop_map(str::to_owned), "[a-z ]{120,140}"]
}

fn value() -> impl Strategy<Value = Value> {
    let fraction = (any::<i32>(), 1_u8..64).prop_map(|(whole, part)| f64::from(whole) + f64::from(part) / 64.0);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        fraction.prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let entry = (text().prop_map(Value::from), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Sequence),
            prop::collection::vec(entry, 0..4)
                .prop_map(|entries| Value::Mapping(entries.into_iter().collect::<Mapping>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_printed_is_read_as_it_was(value in value()) {
        let printed = print(&value);
        let documents = parse(FILE, &printed);
        let read: Option<Vec<Value>> = documents.as_ref().ok().map(|nodes| nodes.iter().map(to_value).collect());
        prop_assert_eq!(read, Some(vec![value]), "{:?}: {:?}", printed, documents);
    }
}
