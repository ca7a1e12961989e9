//! Sizes, ages, ports and long words, as people are used to seeing them.

use std::time::Duration;

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::engine::PublishedPort;

/// `2 minutes`, `About an hour`: a length of time in the words that container tools use.
pub fn age(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let minutes = seconds / 60;
    // Hours and beyond are rounded, smaller units are cut.
    let hours = (seconds + 1800) / 3600;
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".into(),
        (1, ..) => "1 second".into(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".into(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (_, _, 1) => "About an hour".into(),
        (_, _, ..48) => format!("{hours} hours"),
        (_, _, ..336) => format!("{} days", hours / 24),
        (_, _, ..1440) => format!("{} weeks", hours / 24 / 7),
        (_, _, ..17520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

/// `2026-01-02T03:04:05.000000006Z`: a moment to the nanosecond, of which so many have passed since 1970.
pub fn instant(nanoseconds: i64) -> String {
    format!("{:.9}", Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default())
}

/// `0.3s`, `12.0s`, `2m05s`: how long something took.
pub fn elapsed(time: Duration) -> String {
    if time < Duration::from_secs(100) {
        format!("{:.1}s", time.as_secs_f64())
    } else {
        let seconds = time.as_secs();
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    }
}

/// `12.3MB`: three digits, powers of a thousand.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = match value {
        _ if unit == 0 => 0,
        ..9.995 => 2,
        9.995..99.95 => 1,
        _ => 0,
    };
    let digits = format!("{value:.decimals$}");
    let short = if decimals > 0 { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{short}{}", UNITS[unit])
}

/// `12.3MiB`: four digits, powers of 1024.
pub fn binary_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = match value {
        ..9.9995 => 3,
        9.9995..99.995 => 2,
        99.995..999.95 => 1,
        _ => 0,
    };
    let digits = format!("{value:.decimals$}");
    let short = if decimals > 0 { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{short}{}", UNITS[unit])
}

/// One word for one, another for more: `1 service`, `2 services`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The text, or its beginning and `…`, in at most so many columns of a terminal.
pub fn shorten(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > columns.saturating_sub(1) {
            break;
        }
        kept.push(letter);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// A name whose beginning says what it is and whose end tells it from others: `Container …-database-1`.
pub fn shorten_name(name: &str, columns: usize) -> String {
    /// Less of an end tells nothing.
    const LEAST: usize = 6;
    if name.width() <= columns {
        return name.to_owned();
    }
    let kind = name.split_once(' ').map_or("", |(kind, _)| &name[..=kind.len()]);
    let kind = if kind.width() + 1 + LEAST <= columns { kind } else { "" };
    let mut left = columns.saturating_sub(kind.width() + 1);
    let end = name.char_indices().rev().take_while(|(_, letter)| {
        let fits = letter.width().unwrap_or(0) <= left;
        left = left.saturating_sub(letter.width().unwrap_or(0));
        fits
    });
    let end = end.last().map_or("", |(at, _)| &name[at..]);
    if columns == 0 { String::new() } else { format!("{kind}…{end}") }
}

/// `0.0.0.0:8080->80/tcp, 99/tcp`: ports as container tools list them, neighbours joined to a range.
pub fn ports(ports: &[PublishedPort]) -> String {
    let mut sorted: Vec<&PublishedPort> = ports.iter().collect();
    sorted.sort_by_key(|port| (port.target, &port.address, port.published, &port.protocol));
    // A range is one address, one protocol, and the same number on both sides.
    let mut ranges: Vec<(&str, &str, u16, u16)> = Vec::new();
    let mut closed: Vec<String> = Vec::new();
    let mut moved: Vec<String> = Vec::new();
    for port in sorted {
        if !port.address.is_empty() && port.published != Some(port.target) {
            let host = host_and_port(&port.address, &port.published.unwrap_or(0).to_string());
            moved.push(format!("{host}->{}/{}", port.target, port.protocol));
            continue;
        }
        match ranges.iter_mut().find(|range| (range.0, range.1) == (port.address.as_str(), port.protocol.as_str())) {
            Some(range) if range.3 != u16::MAX && range.3 + 1 == port.target => range.3 = port.target,
            Some(range) => {
                closed.push(range_text(range));
                (range.2, range.3) = (port.target, port.target);
            }
            None => ranges.push((&port.address, &port.protocol, port.target, port.target)),
        }
    }
    closed.extend(ranges.iter().map(range_text));
    closed.extend(moved);
    closed.join(", ")
}

fn range_text((address, protocol, first, last): &(&str, &str, u16, u16)) -> String {
    let numbers = if first == last { first.to_string() } else { format!("{first}-{last}") };
    if address.is_empty() {
        format!("{numbers}/{protocol}")
    } else {
        format!("{}->{numbers}/{protocol}", host_and_port(address, &numbers))
    }
}

/// `host:port`, with brackets around an address that has colons itself.
pub fn host_and_port(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_as_docker_tells_them() {
        let cases = [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (3599, "59 minutes"),
            (3600, "About an hour"),
            (5400, "2 hours"),
            (47 * 3600, "47 hours"),
            (48 * 3600, "2 days"),
            (13 * 86400, "13 days"),
            (14 * 86400, "2 weeks"),
            (60 * 86400, "2 months"),
            (730 * 86400, "2 years"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(age(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn sizes_have_three_digits() {
        let cases = [
            (0, "0B"),
            (999, "999B"),
            (1000, "1kB"),
            (1_980_000, "1.98MB"),
            (220_400_000, "220MB"),
            (12_300, "12.3kB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn sizes_of_memory_have_four_digits() {
        let cases = [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1KiB"),
            (524_288, "512KiB"),
            (1_234_567, "1.177MiB"),
            (25_276_000_000, "23.54GiB"),
            (134_217_728_000, "125GiB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(binary_size(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn times_become_coarser_as_they_grow() {
        assert_eq!(elapsed(Duration::from_millis(340)), "0.3s");
        assert_eq!(elapsed(Duration::from_secs(65)), "65.0s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2m05s");
    }

    #[test]
    fn a_shortened_text_fits_however_wide_its_letters_are() {
        assert_eq!(shorten("sh -c 'echo hello; echo'", 20), "sh -c 'echo hello; …");
        assert_eq!(shorten("short", 20), "short");
        assert_eq!(shorten("日本語日本語", 5), "日本…");
        for (columns, expected) in [
            (30, "Container shop-database-1"),
            (25, "Container shop-database-1"),
            (24, "Container …op-database-1"),
            (17, "Container …base-1"),
            (16, "…shop-database-1"),
            (8, "…abase-1"),
            (1, "…"),
            (0, ""),
        ] {
            assert_eq!(shorten_name("Container shop-database-1", columns), expected);
        }
        assert_eq!(shorten_name("日本語日本語", 6), "…本語");
        assert_eq!(shorten("abc", 0), "");
    }

    fn port(address: &str, published: Option<u16>, target: u16, protocol: &str) -> PublishedPort {
        PublishedPort { address: address.into(), published, target, protocol: protocol.into() }
    }

    #[test]
    fn ports_are_listed_as_docker_lists_them() {
        let cases = [
            (vec![port("", None, 99, "tcp")], "99/tcp"),
            (
                vec![port("0.0.0.0", Some(8080), 80, "tcp"), port("::", Some(8080), 80, "tcp")],
                "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp",
            ),
            (
                vec![port("0.0.0.0", Some(81), 81, "tcp"), port("0.0.0.0", Some(80), 80, "tcp")],
                "0.0.0.0:80-81->80-81/tcp",
            ),
            (vec![port("", None, 1, "tcp"), port("", None, 3, "tcp"), port("", None, 4, "tcp")], "1/tcp, 3-4/tcp"),
            (
                vec![port("127.0.0.1", Some(8472), 82, "tcp"), port("", None, 53, "udp")],
                "53/udp, 127.0.0.1:8472->82/tcp",
            ),
            (vec![], ""),
        ];
        for (given, expected) in cases {
            assert_eq!(ports(&given), expected);
        }
    }
}
