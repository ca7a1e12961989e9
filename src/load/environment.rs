//! Variables of services that are named without a value get the one that they have where the file is read.

use std::collections::BTreeMap;

use crate::yaml::{Kind, Node};

/// Fills in what an environment knows. A variable that it does not know stays without a value.
pub(super) fn resolve(document: &mut Node, environment: &BTreeMap<String, String>) {
    let Some(services) = document.as_map_mut().and_then(|map| map.get_mut("services")?.as_map_mut()) else { return };
    for (_, _, service) in services.iter_mut() {
        let Some(variables) = service.as_map_mut().and_then(|map| map.get_mut("environment")?.as_map_mut()) else {
            continue;
        };
        for (name, _, value) in variables.iter_mut() {
            if value.is_null()
                && let Some(known) = environment.get(&**name)
            {
                value.kind = Kind::Str(known.as_str().into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::yaml::parse;

    #[test]
    fn only_variables_without_a_value_are_filled_in() {
        let text = "services: {a: {environment: {A: , B: own, C: }}}";
        let mut document = parse(FileId(0), text).unwrap().remove(0);
        let environment = [("A", "1"), ("B", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        resolve(&mut document, &environment.into());
        let get = |node: &Node, key: &str| node.as_map().unwrap().get(key).unwrap().clone();
        let variables = get(&get(&get(&document, "services"), "a"), "environment");
        assert_eq!(get(&variables, "A").as_str(), Some("1"));
        assert_eq!(get(&variables, "B").as_str(), Some("own"));
        assert!(get(&variables, "C").is_null());
    }
}
