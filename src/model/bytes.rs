//! Sizes in bytes.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes; negative only where the format gives that a meaning (`memswap_limit: -1`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub i64);

/// How long the text of a size may be, in bytes: what is longer is no size that somebody meant.
const TEXT_LIMIT: usize = 1000;

impl Bytes {
    /// Reads `512m`, `1gb`, `1.5GiB`, `100` (bytes), `-1`; units are powers of 1024 and case does not matter.
    ///
    /// # Errors
    /// A text that is no size.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > TEXT_LIMIT {
            return Err(format!("invalid size: it is written with more than {TEXT_LIMIT} characters"));
        }
        let invalid = || format!("invalid size: {text:?} (write a number and a unit: b, k, m, g, t or p)");
        let number_end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+')).unwrap_or(text.len());
        let (number, unit) = text.split_at(number_end);
        let unit = unit.strip_prefix(' ').unwrap_or(unit).to_lowercase();
        let power = match unit.trim_end_matches('b').trim_end_matches('i') {
            "" if matches!(unit.as_str(), "" | "b") => 0,
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            "p" => 5,
            _ => return Err(invalid()),
        };
        let scale = 1_i64 << (10 * power);
        if let Ok(whole) = number.parse::<i64>() {
            return whole.checked_mul(scale).map(Self).ok_or_else(invalid);
        }
        let value: f64 = number.parse().map_err(|_| invalid())?;
        #[expect(clippy::cast_precision_loss, reason = "it is a power of two")]
        let bytes = value * scale as f64;
        if bytes.abs() >= 2_f64.powi(63) {
            return Err(invalid());
        }
        #[expect(clippy::cast_possible_truncation, reason = "it was compared with the largest")]
        Ok(Self(bytes as i64))
    }
}

impl Serialize for Bytes {
    /// As docker compose writes it: the number as a string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Size;
        impl Visitor<'_> for Size {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as 512m")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Bytes, E> {
                Ok(Bytes(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Bytes, E> {
                i64::try_from(value).map(Bytes).map_err(|_| E::custom(format!("{value} bytes is too much")))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Bytes, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                Bytes::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Size)
    }
}
