//! Variables of services that are named without a value get the one that they have where the file is read.

use std::collections::BTreeMap;

use super::canonical;
use crate::yaml::{Author, Kind, Node};

/// Fills in what an environment knows in every service. A variable that it does not know stays without a value.
pub(super) fn resolve(document: &mut Node, environment: &BTreeMap<String, String>) {
    canonical::each(document, "services", |_, service| {
        if let Some(variables) = service.get_mut("environment") {
            fill(variables, environment);
        }
    });
}

/// Fills in one mapping, or one list of `name=value`.
pub(super) fn fill(variables: &mut Node, environment: &BTreeMap<String, String>) {
    match &mut variables.kind {
        Kind::Map(map) => {
            for (name, _, value) in map.iter_mut() {
                if value.is_null()
                    && let Some(known) = environment.get(&**name)
                {
                    value.kind = Kind::Str(known.as_str().into());
                    value.author = Author::Environment;
                }
            }
        }
        Kind::Seq(items) => {
            for item in items {
                if let Some((name, known)) = item.as_str().and_then(|name| environment.get_key_value(name)) {
                    item.kind = Kind::Str(format!("{name}={known}").into());
                    item.author = Author::Environment;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::yaml::parse;

    #[test]
    fn only_variables_without_a_value_are_filled_in() {
        let text = "services: {a: {environment: {A: , B: own, C: }}, b: {environment: [A, B=own, C]}}";
        let mut document = parse(FileId(0), text).unwrap().remove(0);
        let environment = [("A", "1"), ("B", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        resolve(&mut document, &environment.into());
        let get = |node: &Node, key: &str| node.as_map().unwrap().get(key).unwrap().clone();
        let variables = get(&get(&get(&document, "services"), "a"), "environment");
        assert_eq!(get(&variables, "A").as_str(), Some("1"));
        assert_eq!(get(&variables, "B").as_str(), Some("own"));
        assert!(get(&variables, "C").is_null());
        let list = get(&get(&get(&document, "services"), "b"), "environment");
        let texts: Vec<_> = list.as_seq().unwrap().iter().filter_map(Node::as_str).collect();
        assert_eq!(texts, ["A=1", "B=own", "C"]);
    }
}
