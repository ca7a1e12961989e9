//! Lengths of time, as the Compose format writes them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in nanoseconds; may be negative, since the format allows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    pub nanoseconds: i64,
}

const UNITS: [(&str, i64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// How long the text of one may be, in bytes: what is longer is no duration that somebody meant.
const TEXT_LIMIT: usize = 1000;

impl Duration {
    /// Reads `1h30m5.5s`, `.5s`, `-1s`, `1d`, `1w2d`; a bare number other than 0 lacks its unit.
    ///
    /// # Errors
    /// A text that is no duration.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > TEXT_LIMIT {
            return Err(format!("invalid duration: it is written with more than {TEXT_LIMIT} characters"));
        }
        let invalid =
            |why: &str| format!("invalid duration {text:?}: {why} (write a number and a unit, like 10s or 1m30s)");
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::default());
        }
        if rest.is_empty() {
            return Err(invalid("it is empty"));
        }
        let mut total = 0_f64;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number: f64 = rest[..end].parse().map_err(|_| invalid("a number is missing"))?;
            rest = &rest[end..];
            let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
            let unit = &rest[..end];
            if unit.is_empty() {
                return Err(invalid("the unit is missing"));
            }
            let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(invalid(&format!("unknown unit {unit:?}")));
            };
            #[expect(clippy::cast_precision_loss, reason = "units are far below 2^53")]
            let scale = *scale as f64;
            total += number * scale;
            rest = &rest[end..];
        }
        if total >= 2_f64.powi(63) {
            return Err(invalid("it is longer than 292 years"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it was compared with the largest")]
        let nanoseconds = total.round() as i64;
        Ok(Self { nanoseconds: if negative { -nanoseconds } else { nanoseconds } })
    }

    /// The length for timers: a negative one counts as none.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(u64::try_from(self.nanoseconds).unwrap_or(0))
    }
}

impl fmt::Display for Duration {
    /// As Go prints it: `1h30m0s`, `1.5s`, `100ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.nanoseconds.unsigned_abs();
        if self.nanoseconds < 0 {
            f.write_str("-")?;
        }
        let with_fraction = |f: &mut fmt::Formatter<'_>, value: u64, unit: u64, name: &str| {
            let fraction = value % unit;
            if fraction == 0 {
                write!(f, "{}{name}", value / unit)
            } else {
                let digits = unit.ilog10() as usize;
                let text = format!("{fraction:0digits$}");
                write!(f, "{}.{}{name}", value / unit, text.trim_end_matches('0'))
            }
        };
        match total {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{total}ns"),
            1_000..1_000_000 => with_fraction(f, total, 1_000, "µs"),
            1_000_000..1_000_000_000 => with_fraction(f, total, 1_000_000, "ms"),
            _ => {
                let (minutes, below) = (total / 60_000_000_000, total % 60_000_000_000);
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                with_fraction(f, below, 1_000_000_000, "s")
            }
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Length;
        impl de::Visitor<'_> for Length {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as 10s")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                Duration::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Length)
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn a_duration_is_printed_as_go_prints_it() {
        for (text, printed) in [
            ("90s", "1m30s"),
            (".5s", "500ms"),
            ("1d", "24h0m0s"),
            ("1w2d", "216h0m0s"),
            ("-1s", "-1s"),
            ("1h", "1h0m0s"),
            ("1500ms", "1.5s"),
            ("10us", "10µs"),
            ("0", "0s"),
            ("1m0.25s", "1m0.25s"),
        ] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "90", "1 m", "1x", "s", "1h 30m", "9999999h"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
        assert!(Duration::parse(&"1s".repeat(500)).is_ok());
        assert!(Duration::parse(&"1s".repeat(501)).is_err_and(|told| told.len() < 100));
    }
}
