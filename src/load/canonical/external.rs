//! `external`: a boolean, or (an old form) the name that the resource has outside.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Map};

/// `external: {name: x}` is `name: x` and `external: true`.
pub(super) fn long(section: &str, key: &str, resource: &mut Map, findings: &mut Vec<Diagnostic>) {
    let Some(external) = resource.get_mut("external") else { return };
    let Some(inner) = external.as_map_mut() else { return };
    let Some(name) = inner.remove("name") else {
        external.kind = Kind::Bool(true);
        return;
    };
    external.kind = Kind::Bool(true);
    findings.push(
        Diagnostic::warning(format!("{section}.{key}: `external.name` is deprecated"))
            .at(name.span)
            .help("write `name` beside `external: true`"),
    );
    match resource.get("name") {
        Some(outer) if outer.as_str() != name.as_str() => findings.push(
            Diagnostic::error(format!("{section}.{key}: `name` and `external.name` differ"))
                .at(name.span)
                .label(outer.span, "the other name is given here")
                .help("keep `name` only"),
        ),
        Some(_) => {}
        None => {
            let span = name.span;
            resource.insert("name", span, name);
        }
    }
}
