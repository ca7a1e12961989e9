//! Limits of a process.

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// A limit: one number for both, or a soft and a hard one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ulimit {
    /// 0: the other two count.
    pub single: i64,
    pub soft: i64,
    pub hard: i64,
}

impl Serialize for Ulimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.single != 0 {
            return serializer.serialize_i64(self.single);
        }
        let mut limit = serializer.serialize_struct("Ulimit", 2)?;
        for (name, bound) in [("soft", self.soft), ("hard", self.hard)] {
            if bound != 0 {
                limit.serialize_field(name, &bound)?;
            }
        }
        limit.end()
    }
}

impl<'de> Deserialize<'de> for Ulimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Limit)
    }
}

struct Limit;

impl<'de> Visitor<'de> for Limit {
    type Value = Ulimit;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, or a soft and a hard one")
    }

    fn visit_i64<E: de::Error>(self, single: i64) -> Result<Ulimit, E> {
        Ok(Ulimit { single, ..Ulimit::default() })
    }

    fn visit_u64<E: de::Error>(self, single: u64) -> Result<Ulimit, E> {
        i64::try_from(single).map_err(|_| E::custom("this limit is too high")).and_then(|single| self.visit_i64(single))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ulimit, A::Error> {
        let mut limit = Ulimit::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "soft" => limit.soft = map.next_value()?,
                "hard" => limit.hard = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(limit)
    }
}
