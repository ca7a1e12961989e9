//! Strings, lists of strings, and the text that a scalar of another kind stands for.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Node};

/// A string is a list of one; numbers in the list become strings.
pub(super) fn list(node: &mut Node, _: &mut Vec<Diagnostic>) {
    if let Kind::Str(_) = node.kind {
        let only = node.likewise(node.kind.clone());
        node.kind = Kind::Seq(vec![only]);
    }
    for item in node.as_seq_mut().into_iter().flatten() {
        into_text(item);
    }
}

/// Ports to expose: whole numbers, or texts.
pub(super) fn expose(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    for item in node.as_seq().unwrap_or_default() {
        if let Kind::Float(number) = item.kind {
            findings.push(Diagnostic::error(format!("invalid port {number}: it has a point")).at(item.span));
        }
    }
    list(node, findings);
}

/// As [`list`], without the empty strings that an unset variable leaves behind.
pub(super) fn dns(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    list(node, findings);
    if let Some(servers) = node.as_seq_mut() {
        servers.retain(|server| server.as_str() != Some(""));
    }
}

/// Turns a scalar into the string that it stands for; lists, mappings and null stay.
pub(super) fn into_text(node: &mut Node) {
    if let Some(text) = text(node) {
        node.kind = Kind::Str(text.into());
    }
}

/// The text of a scalar as docker compose spells it; none for null, lists and mappings, and for what is text already.
pub(in crate::load) fn text(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Bool(value) => Some(value.to_string()),
        Kind::Int(value) => Some(value.to_string()),
        Kind::Uint(value) => Some(value.to_string()),
        Kind::Float(value) => Some(float(*value)),
        Kind::Null | Kind::Time(_) | Kind::Str(_) | Kind::Seq(_) | Kind::Map(_) => None,
    }
}

/// Go's `%v`: the shortest digits, with an exponent below -4 and from seven digits before the point on.
fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn floats_are_spelled_as_go_spells_them() {
        for (value, text) in [
            (1.0, "1"),
            (0.1, "0.1"),
            (100_000.5, "100000.5"),
            (1_234_567.5, "1.2345675e+06"),
            (1e21, "1e+21"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-2.5, "-2.5"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(float(value), text);
        }
    }
}
