//! Which variables a text mentions, and what it says about each.

use super::template::{DEPTH_LIMIT, Operator, OperatorKind, closing_length, name};

/// One variable of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mention {
    pub name: String,
    /// It has to be set: `${NAME:?reason}`.
    pub required: bool,
    /// An empty value counts as none: `${NAME:-default}`, and not `${NAME-default}`.
    pub empty_is_unset: bool,
    /// What stands in for it: `${NAME:-default}`, with variables of its own left as they are.
    pub default: String,
    /// What takes its place: `${NAME:+alternative}`.
    pub alternative: String,
}

/// The variables of a text in the order in which they are written, those inside of others before them.
pub fn mentions(template: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    collect(template, 0, &mut found);
    found
}

/// As [`mentions`], but only those that count with these values: not what stands in a default that is not needed.
pub(crate) fn mentions_that_count(template: &str, is_set: &dyn Fn(&Mention) -> bool) -> Vec<Mention> {
    let mut open = mentions(template);
    let mut counting = Vec::new();
    while let Some(mention) = open.pop() {
        let inside = mentions(if mention.default.is_empty() { &mention.alternative } else { &mention.default }).len();
        let takes_inside = is_set(&mention) == mention.default.is_empty();
        if !takes_inside {
            open.truncate(open.len().saturating_sub(inside));
        }
        counting.push(mention);
    }
    counting.reverse();
    counting
}

fn collect(template: &str, depth: usize, found: &mut Vec<Mention>) {
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        rest = &rest[dollar..];
        let behind = &rest[1..];
        let plain = name(behind);
        let length = if behind.starts_with('$') {
            2
        } else if !plain.is_empty() {
            found.push(Mention { name: plain.to_owned(), ..Mention::default() });
            1 + plain.len()
        } else if behind.starts_with('{') {
            braced(rest, depth, found)
        } else {
            1
        };
        rest = &rest[length..];
    }
}

/// Reads the `${…}` at the start of a text and gives its length.
fn braced(text: &str, depth: usize, found: &mut Vec<Mention>) -> usize {
    let Some(length) = closing_length(text) else { return text.find('\n').unwrap_or(text.len()) };
    let line = &text[..length];
    let name = name(&line[2..]);
    let mention = Mention { name: name.to_owned(), ..Mention::default() };
    let behind = &line[2 + name.len()..];
    let operator = Operator::at_start(behind).filter(|_| !name.is_empty());
    let Some((operator, width)) = operator else {
        if !name.is_empty() && behind.starts_with('}') {
            found.push(mention);
        }
        return length;
    };
    let argument = &line[(2 + name.len() + width).min(length - 1)..length - 1];
    let mention = Mention { empty_is_unset: operator.empty_is_unset, ..mention };
    let mention = match operator.kind {
        OperatorKind::Default => Mention { default: argument.to_owned(), ..mention },
        OperatorKind::Alternative => Mention { alternative: argument.to_owned(), ..mention },
        OperatorKind::Required => Mention { required: true, ..mention },
    };
    if !mention.required && depth < DEPTH_LIMIT {
        collect(argument, depth + 1, found);
    }
    found.push(mention);
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_found_with_what_is_said_about_it() {
        let told = |template| -> Vec<String> {
            let text = |mention: Mention| {
                let Mention { name, required, default, alternative, .. } = mention;
                format!("{name}{}-{default}+{alternative}", if required { "!" } else { "" })
            };
            mentions(template).into_iter().map(text).collect()
        };
        assert_eq!(told("$$A b $1 $ ${"), [""; 0]);
        assert_eq!(told("$A and ${B}"), ["A-+", "B-+"]);
        assert_eq!(told("${A:-${B-c}}"), ["B-c+", "A-${B-c}+"]);
        assert_eq!(told("${E:+${F}} ${G:?x ${H}}"), ["F-+", "E-+${F}", "G!-+"]);
        assert_eq!(told("${A!} ${}"), [""; 0]);
    }

    #[test]
    fn what_stands_in_a_default_that_is_not_needed_does_not_count() {
        let counting = |template| -> Vec<String> {
            let is_set = |mention: &Mention| mention.name == "A" || mention.name == "E" && !mention.empty_is_unset;
            mentions_that_count(template, &is_set).into_iter().map(|mention| mention.name).collect()
        };
        assert_eq!(counting("${A:-$B}"), ["A"]);
        assert_eq!(counting("${B:-$A}"), ["A", "B"]);
        assert_eq!(counting("${E:-$A} ${E-$A}"), ["A", "E", "E"]);
        assert_eq!(counting("${A:+$C} ${B:+$C}"), ["C", "A", "B"]);
        assert_eq!(counting("${B:-${A:-$C}} $D"), ["A", "B", "D"]);
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let template = format!("{}{}", "${X:-".repeat(10_000), "}".repeat(10_000));
        assert!(!mentions(&template).is_empty());
    }
}
