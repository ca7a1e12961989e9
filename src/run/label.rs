//! What stands in front of a container's lines: its name without the project's.

/// `web-1` for `shop-web-1`; names of the person's own choice stay whole.
pub(super) fn label(project: &str, service: &str, name: &str) -> String {
    let rest = name.strip_prefix(project).and_then(|rest| rest.strip_prefix(['-', '_']));
    let canonical = |rest: &&str| {
        let number = rest.strip_prefix(service).and_then(|rest| rest.strip_prefix(['-', '_']));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    rest.filter(canonical).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn only_canonical_names_are_shortened() {
        let table = [
            ("shop", "web", "shop-web-1", "web-1"),
            ("shop", "web", "shop_web_12", "web_12"),
            ("shop", "web", "frontend", "frontend"),
            ("shop", "web", "shop-web", "shop-web"),
            ("shop", "web", "shop-web-extra-1", "shop-web-extra-1"),
            ("shop", "web", "shop-web-", "shop-web-"),
        ];
        for (project, service, name, expected) in table {
            assert_eq!(label(project, service, name), expected, "{name}");
        }
    }
}
