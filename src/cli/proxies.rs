//! The proxies of Docker's client configuration, which every service's environment starts from.

use std::collections::BTreeMap;

use super::client::ClientConfiguration;

/// What the configuration says for the engine at an address, each proxy as a variable in capital and in small letters,
/// since programs look for either.
pub fn variables(mut client: ClientConfiguration, address: &str) -> BTreeMap<String, String> {
    let Some(proxies) = client.proxies.remove(address).or_else(|| client.proxies.remove("default")) else {
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
        let client: ClientConfiguration = serde_json::from_slice(configuration).expect("a configuration");
        let told = |address| -> Vec<(String, String)> { variables(client.clone(), address).into_iter().collect() };
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
}
