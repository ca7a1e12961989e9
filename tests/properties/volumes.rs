//! Volumes: any text is a mount or refused, and a mount is read again as it was.

use convoke::yaml::{Kind, Node};

use super::{long_item, text_of};

pub fn holds(text: &str) {
    let Some(mounts) = long_item("volumes", text) else { return };
    assert_eq!(mounts.len(), 1, "{text:?}");
    let written = written(&mounts[0]);
    // Braces hide colons, and two letters are a target whatever they are.
    if text.contains(['{', '}']) || written.len() <= 2 {
        return;
    }
    let again = long_item("volumes", &written).unwrap_or_else(|| panic!("{text:?}: {written:?} is refused"));
    assert_eq!(self::written(&again[0]), written, "{text:?}");
}

fn written(mount: &Node) -> String {
    let map = mount.as_map().expect("a long form");
    let mut options: Vec<String> = Vec::new();
    if matches!(map.get("read_only").map(|node| &node.kind), Some(Kind::Bool(true))) {
        options.push("ro".into());
    }
    if let Some(bind) = map.get("bind").and_then(Node::as_map) {
        options.extend(["propagation", "selinux"].map(|key| text_of(bind, key).to_owned()));
    }
    if map.get("volume").and_then(Node::as_map).is_some_and(|volume| volume.contains_key("nocopy")) {
        options.push("nocopy".into());
    }
    options.retain(|option| !option.is_empty());
    let (source, target) = (text_of(map, "source"), text_of(map, "target"));
    match (source, options.is_empty()) {
        ("", true) => target.to_owned(),
        (_, true) => format!("{source}:{target}"),
        (_, false) => format!("{source}:{target}:{}", options.join(",")),
    }
}
