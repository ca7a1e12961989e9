//! Attributes: whatever YAML stands under one has a long form or is refused, and a long form stays as it is.

use convoke::load::long_form;
use convoke::yaml::{Kind, parse, print, to_value};

use super::{FILE, long};

pub fn holds(text: &str) {
    let Ok(documents) = parse(FILE, text) else { return };
    for document in documents {
        let Kind::Map(attributes) = document.kind else { continue };
        for (attribute, _, mut value) in attributes {
            let Some(()) = long(&attribute, &mut value, text) else { continue };
            let once = print(&to_value(&value));
            long_form(&attribute, &mut value, &mut Vec::new());
            assert_eq!(print(&to_value(&value)), once, "{text:?}");
        }
    }
}
