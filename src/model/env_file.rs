//! Files that a service takes variables from.

use serde::Deserialize;
use serde::ser::{Serialize, SerializeStruct, Serializer};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvFile {
    pub path: String,
    /// Whether it is a fault that the file is missing.
    pub required: bool,
    /// Empty, `default` or `raw`.
    pub format: String,
}

impl Serialize for EnvFile {
    /// As docker compose writes it: a file that must be there is its path alone.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.required {
            return serializer.serialize_str(&self.path);
        }
        let mut file = serializer.serialize_struct("EnvFile", 3)?;
        if !self.path.is_empty() {
            file.serialize_field("path", &self.path)?;
        }
        file.serialize_field("required", &self.required)?;
        if !self.format.is_empty() {
            file.serialize_field("format", &self.format)?;
        }
        file.end()
    }
}
