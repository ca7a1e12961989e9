//! Docker's client configuration, as far as it is ours to follow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::settings::{Environment, variable};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClientConfiguration {
    /// By the engine's address, or `default`.
    pub proxies: BTreeMap<String, Proxies>,
    /// What is typed to leave a container.
    pub detach_keys: String,
    /// How `ps` writes its list when nobody says.
    pub ps_format: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Proxies {
    pub http_proxy: String,
    pub https_proxy: String,
    pub no_proxy: String,
    pub ftp_proxy: String,
    pub all_proxy: String,
}

impl ClientConfiguration {
    /// What the file in DOCKER_CONFIG or below the home folder says; nothing where there is none, or none that is one.
    pub fn read(environment: &Environment) -> Self {
        Self::read_below(environment, std::env::home_dir().as_deref())
    }

    fn read_below(environment: &Environment, home: Option<&Path>) -> Self {
        let folder = variable(environment, "DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| home.map(|home| home.join(".docker")));
        let text = folder.and_then(|folder| std::fs::read(folder.join("config.json")).ok());
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_says_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |home| ClientConfiguration::read_below(&Environment::new(), home);
        assert!(read(None).proxies.is_empty());
        assert!(read(Some(folder.path())).detach_keys.is_empty());
        assert_eq!(read(None).ps_format, "");
        let below = folder.path().join(".docker");
        std::fs::create_dir(&below).expect("a folder");
        std::fs::write(below.join("config.json"), "not json").expect("written");
        assert!(read(Some(folder.path())).detach_keys.is_empty());
        std::fs::write(below.join("config.json"), r#"{"detachKeys": "ctrl-x", "auths": {}}"#).expect("written");
        assert_eq!(read(Some(folder.path())).detach_keys, "ctrl-x");
    }
}
