//! What stands in front of a container's lines: its name without the project's.

use crate::engine::EngineEvent;

/// `web-1` for `shop-web-1`, and its number. Names of the person's own choice stay whole; such a container is the only one.
pub(super) fn label(project: &str, service: &str, name: &str) -> (String, u32) {
    let separator = ['-', '_'];
    let rest = name.strip_prefix(project).and_then(|rest| rest.strip_prefix(separator));
    let number = |rest: &str| {
        let number = rest.strip_prefix(service)?.strip_prefix(separator)?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
    };
    match rest.and_then(|rest| Some((rest, number(rest)?))) {
        Some((rest, number)) => (rest.to_owned(), number),
        None => (name.to_owned(), 1),
    }
}

/// The label that a replacement has once it bears its final name.
pub(super) fn final_label(project: &str, service: &str, event: &EngineEvent) -> String {
    let attribute = |name: &str| event.attributes.get(name).map_or("", String::as_str);
    let name = attribute("name");
    let name = name.split_once('_').filter(|(id, _)| is_short_id(id)).map_or(name, |(_, name)| name);
    label(project, service, name).0
}

/// Whether a name's beginning is what stands in front of a replacement's name for a while.
fn is_short_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn only_canonical_names_are_shortened() {
        let table = [
            ("shop", "web", "shop-web-1", "web-1", 1),
            ("shop", "web", "shop_web_12", "web_12", 12),
            ("shop", "web", "frontend", "frontend", 1),
            ("shop", "web", "shop-web", "shop-web", 1),
            ("shop", "web", "shop-web-extra-7", "shop-web-extra-7", 1),
            ("shop", "web", "shop-web-", "shop-web-", 1),
        ];
        for (project, service, name, expected, number) in table {
            assert_eq!(label(project, service, name), (expected.to_owned(), number), "{name}");
        }
    }
}
