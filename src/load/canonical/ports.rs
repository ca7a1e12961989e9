//! `ports`: `[HOST_IP:][PUBLISHED:]TARGET[/PROTOCOL]`, where both ports may be ranges.

use std::net::IpAddr;

use crate::diagnostic::Diagnostic;
use crate::yaml::{Author, Kind, Map, Node, word};

/// How many ports a short form stands for.
pub(super) fn count(spec: &str) -> usize {
    let (target, _) = protocol(spec.rsplit(':').next().unwrap_or(spec));
    range(target).map_or(1, |(first, last)| usize::from(last - first) + 1)
}

/// One entry may stand for several ports, so the whole list is rewritten.
pub(super) fn long(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    let Some(items) = node.as_seq_mut() else { return };
    let mut ports = Vec::with_capacity(items.len());
    for item in items.iter() {
        match &item.kind {
            Kind::Str(spec) => match parse(spec) {
                Ok(parsed) => ports.extend(parsed.into_iter().map(|port| port.into_node(item))),
                Err(problem) => findings.push(problem.at(item.span)),
            },
            Kind::Int(_) | Kind::Uint(_) => {
                let kind = super::mapping(item.span, [("target", item.kind.clone())]);
                ports.push(Node { kind, ..item.clone() });
            }
            Kind::Float(value) => findings
                .push(Diagnostic::error(format!("invalid port {value}: it is not a whole number")).at(item.span)),
            _ => ports.push(item.clone()),
        }
    }
    *items = ports;
}

/// A published port is a text, as it may be a range.
pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    let published: super::Form = |port, findings| {
        super::within(port, &[("published", |published, _| super::strings::into_text(published))], findings);
    };
    super::each_item(node, findings, published);
}

#[derive(Debug, PartialEq, Eq)]
struct Published<'s> {
    host_ip: &'s str,
    published: String,
    target: u16,
    protocol: &'static str,
    says_protocol: bool,
}

impl Published<'_> {
    fn into_node(self, item: &Node) -> Node {
        let span = item.span;
        let mut map = Map::with_capacity(5);
        let mut put = |key, kind, author| {
            map.insert(word(key), span, Node::new(kind, span).by(author));
        };
        put("mode", Kind::Str(word("ingress")), Author::Format);
        if !self.host_ip.is_empty() {
            put("host_ip", Kind::Str(self.host_ip.into()), Author::Text);
        }
        put("target", Kind::Int(self.target.into()), Author::Text);
        if !self.published.is_empty() {
            put("published", Kind::Str(self.published.into()), Author::Text);
        }
        let author = if self.says_protocol { Author::Text } else { Author::Format };
        put("protocol", Kind::Str(word(self.protocol)), author);
        item.likewise(Kind::Map(map))
    }
}

fn invalid(spec: &str, why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(format!("invalid port {spec:?}: {why}"))
        .help("write [host ip:][published port:]port in the container[/protocol], for example 127.0.0.1:8080:80/tcp")
}

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// How long a short form may be, in bytes: an address, two ranges and a protocol take far less.
const SPEC_LIMIT: usize = 1000;

/// Reads the short form; ports come out in the order in which docker compose lists them.
fn parse(spec: &str) -> Result<Vec<Published<'_>>, Diagnostic> {
    if spec.len() > SPEC_LIMIT {
        let start = &spec[..spec.floor_char_boundary(20)];
        return Err(invalid(&format!("{start}…"), format!("it has more than {SPEC_LIMIT} characters")));
    }
    let (front, target) = spec.rsplit_once(':').unwrap_or(("", spec));
    let (host_ip, published) = front.rsplit_once(':').unwrap_or(("", front));
    let (target, protocol) = protocol(target);
    let host_ip = address(host_ip).map_err(|why| invalid(spec, why))?;
    if target.is_empty() {
        return Err(invalid(spec, "the port in the container is missing"));
    }
    let inside = range(target).map_err(|why| invalid(spec, format!("the port in the container: {why}")))?;
    let outside = if published.is_empty() {
        None
    } else {
        Some(range(published).map_err(|why| invalid(spec, format!("the published port: {why}")))?)
    };
    if let Some((first, last)) = outside
        && last - first != inside.1 - inside.0
        && inside.0 != inside.1
    {
        return Err(invalid(spec, "the two ranges have different lengths"));
    }
    let protocol = protocol.to_lowercase();
    let Some(protocol) = PROTOCOLS.into_iter().find(|known| *known == protocol) else {
        return Err(invalid(spec, format!("the protocol {protocol:?} is none of {}", PROTOCOLS.join(", "))));
    };
    let mut ports: Vec<_> = (inside.0..=inside.1)
        .map(|target| Published {
            host_ip,
            published: match outside {
                None => String::new(),
                Some((first, last)) if inside.0 == inside.1 && first != last => format!("{first}-{last}"),
                Some((first, _)) => (first + (target - inside.0)).to_string(),
            },
            target,
            protocol,
            says_protocol: spec.contains('/'),
        })
        .collect();
    ports.sort_unstable_by_key(|port| as_text(port.target));
    Ok(ports)
}

/// Sorts numbers as their texts sort: 10 stands before 9.
fn as_text(number: u16) -> (u32, u32) {
    let digits = number.checked_ilog10().unwrap_or_default();
    (u32::from(number) * 10_u32.pow(4 - digits), digits)
}

fn protocol(target: &str) -> (&str, &str) {
    let mut parts = target.split('/');
    match (parts.next(), parts.next()) {
        (Some(""), _) => ("", ""),
        (Some(port), Some(protocol)) if !protocol.is_empty() => (port, protocol),
        (Some(port), _) => (port, "tcp"),
        (None, _) => ("", ""),
    }
}

fn address(written: &str) -> Result<&str, String> {
    if written.is_empty() {
        return Ok(written);
    }
    let bare = match written.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').ok_or_else(|| format!("the address {written} lacks its bracket"))?,
        None if written.contains(':') => return Err(format!("the address {written} needs brackets: [{written}]")),
        None => written,
    };
    if bare.parse::<IpAddr>().is_err() {
        return Err(format!("{bare} is no IP address"));
    }
    Ok(bare)
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let number = |digits: &str| {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{digits:?} is no number"));
        }
        digits.parse::<u16>().map_err(|_| format!("{digits} is above 65535"))
    };
    let mut parts = text.split('-');
    let first = number(parts.next().unwrap_or_default())?;
    let last = parts.next().map_or(Ok(first), number)?;
    if last < first {
        return Err(format!("the range {text} ends before it starts"));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn told(spec: &str) -> String {
        parse(spec).map_or_else(
            |problem| problem.message,
            |ports| {
                let lines = ports
                    .iter()
                    .map(|port| format!("{}>{}>{}/{}", port.host_ip, port.published, port.target, port.protocol));
                lines.collect::<Vec<_>>().join(" ")
            },
        )
    }

    #[test]
    fn every_short_form_is_read() {
        for (spec, read) in [
            ("3000", ">>3000/tcp"),
            ("3000-3002", ">>3000/tcp >>3001/tcp >>3002/tcp"),
            ("8000:8000", ">8000>8000/tcp"),
            ("9090-9091:8080-8081", ">9090>8080/tcp >9091>8081/tcp"),
            ("8000-9000:80", ">8000-9000>80/tcp"),
            ("127.0.0.1:8001:8001", "127.0.0.1>8001>8001/tcp"),
            ("127.0.0.1::5000", "127.0.0.1>>5000/tcp"),
            ("6060:6060/UDP", ">6060>6060/udp"),
            ("[::1]:6000:6000", "::1>6000>6000/tcp"),
            ("80/", ">>80/tcp"),
            ("9-10", ">>10/tcp >>9/tcp"),
            ("99-101", ">>100/tcp >>101/tcp >>99/tcp"),
            ("0-1", ">>0/tcp >>1/tcp"),
            ("0080:80", ">80>80/tcp"),
        ] {
            assert_eq!(told(spec), read, "{spec}");
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for spec in ["", ":", "a", "80:a", "70000", "80-70", "1-3:1-2", "1.2.3:80:80", "::1:6000:6000", "80/tcq", "80-"]
        {
            assert!(parse(spec).is_err(), "{spec}: {}", told(spec));
        }
    }
}
