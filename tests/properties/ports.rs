//! Ports: any text is a list of ports or refused, and each of them is read again as it was.

use convoke::yaml::{Kind, Node};

use super::{long_item, text_of};

/// More than a text of one line can mean.
const MOST: usize = 65_536;

pub fn holds(text: &str) {
    let Some(ports) = long_item("ports", text) else { return };
    assert!((1..=MOST).contains(&ports.len()), "{text:?}: {} ports", ports.len());
    // The ends of a range stand for what is between them.
    for port in ports.iter().take(3).chain(ports.last()) {
        let written = written(port);
        let again = long_item("ports", &written).unwrap_or_else(|| panic!("{text:?}: {written:?} is refused"));
        assert_eq!(again.iter().map(self::written).collect::<Vec<_>>(), [written], "{text:?}");
    }
}

fn written(port: &Node) -> String {
    let map = port.as_map().expect("a long form");
    let Some(Kind::Int(target)) = map.get("target").map(|target| &target.kind) else { panic!("no target: {port:?}") };
    let host = match text_of(map, "host_ip") {
        ip if ip.contains(':') => format!("[{ip}]"),
        ip => ip.to_owned(),
    };
    format!("{host}:{}:{target}/{}", text_of(map, "published"), text_of(map, "protocol"))
}
