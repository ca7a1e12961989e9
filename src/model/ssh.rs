//! Keys that a build may use: kept as `id=path`, printed as docker compose prints them, `id: path`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[expect(clippy::ptr_arg, reason = "serde hands over the field as it is")]
pub(super) fn serialize<S: Serializer>(keys: &Vec<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let keys: Vec<String> = keys.iter().map(|key| key.replacen('=', ": ", 1)).collect();
    keys.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let keys = BTreeMap::<String, Option<String>>::deserialize(deserializer)?;
    Ok(keys
        .into_iter()
        .map(|(id, path)| match path.filter(|path| !path.is_empty()) {
            Some(path) => format!("{id}={path}"),
            None => id,
        })
        .collect())
}
