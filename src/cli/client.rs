//! Docker's client configuration: the proxies that every service's environment starts from, and how lists are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::settings::{Environment, variable};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ClientConfiguration {
    /// By the engine's address, or `default`.
    proxies: BTreeMap<String, Proxies>,
    /// How `ps` writes its list when nobody says.
    ps_format: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Proxies {
    http_proxy: String,
    https_proxy: String,
    no_proxy: String,
    ftp_proxy: String,
    all_proxy: String,
}

/// What the configuration says for the engine at an address; nothing where there is no configuration.
pub fn proxies(environment: &Environment, home: Option<&Path>, address: &str) -> BTreeMap<String, String> {
    variables(&text(environment, home), address)
}

/// The format that `ps` has by the configuration; empty where it says nothing.
pub fn ps_format(environment: &Environment, home: Option<&Path>) -> String {
    let configuration = serde_json::from_slice::<ClientConfiguration>(&text(environment, home));
    configuration.map(|configuration| configuration.ps_format).unwrap_or_default()
}

fn text(environment: &Environment, home: Option<&Path>) -> Vec<u8> {
    let folder = variable(environment, "DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| home.map(|home| home.join(".docker")));
    folder.and_then(|folder| std::fs::read(folder.join("config.json")).ok()).unwrap_or_default()
}

/// Each proxy as a variable in capital and in small letters, since programs look for either.
fn variables(configuration: &[u8], address: &str) -> BTreeMap<String, String> {
    let Ok(mut configuration) = serde_json::from_slice::<ClientConfiguration>(configuration) else {
        return BTreeMap::new();
    };
    let Some(proxies) = configuration.proxies.remove(address).or_else(|| configuration.proxies.remove("default"))
    else {
        return BTreeMap::new();
    };
    let named = [
        ("HTTP_PROXY", proxies.http_proxy),
        ("HTTPS_PROXY", proxies.https_proxy),
        ("NO_PROXY", proxies.no_proxy),
        ("FTP_PROXY", proxies.ftp_proxy),
        ("ALL_PROXY", proxies.all_proxy),
    ];
    named
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .flat_map(|(name, value)| [(name.to_owned(), value.clone()), (name.to_lowercase(), value)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_s_own_proxies_come_before_the_default_ones() {
        let configuration = br#"{"auths": {}, "proxies": {
            "default": {"httpProxy": "http://p:1", "noProxy": "localhost"},
            "tcp://engine:2375": {"httpsProxy": "http://q:2"}
        }}"#;
        let told = |address| -> Vec<(String, String)> { variables(configuration, address).into_iter().collect() };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            told("unix:///var/run/docker.sock"),
            [
                pair("HTTP_PROXY", "http://p:1"),
                pair("NO_PROXY", "localhost"),
                pair("http_proxy", "http://p:1"),
                pair("no_proxy", "localhost"),
            ]
        );
        assert_eq!(told("tcp://engine:2375"), [pair("HTTPS_PROXY", "http://q:2"), pair("https_proxy", "http://q:2")]);
    }

    #[test]
    fn what_cannot_be_read_gives_no_proxy() {
        assert!(variables(b"", "x").is_empty());
        assert!(variables(b"not json", "x").is_empty());
        assert!(proxies(&Environment::new(), None, "x").is_empty());
        assert_eq!(ps_format(&Environment::new(), None), "");
    }
}
