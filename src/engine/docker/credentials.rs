//! Who we are to registries: Docker's own file, and the programs that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use docker_credential::DockerCredential;
use serde::Deserialize;
use serde_json::{Value, json};

/// The name under which Docker's own registry is kept in the file.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The file in which logins are kept; `None` without a home.
#[derive(Clone, Debug, Default)]
pub(super) struct Logins(pub(super) Option<PathBuf>);

impl Logins {
    /// The value of `X-Registry-Auth` for an image; `None` goes in without a name.
    pub(super) async fn for_image(&self, image: &str) -> Option<String> {
        let (path, registry) = (self.0.clone()?, registry_of(image).to_owned());
        // The programs that keep passwords are waited for: not on the thread that does everything else.
        let found = tokio::task::spawn_blocking(move || look_up(&path, &registry)).await.ok()??;
        Some(URL_SAFE.encode(found.to_string()))
    }

    /// The same where the engine insists on a value: that of nobody, if there is no login.
    pub(super) async fn for_push(&self, image: &str) -> String {
        self.for_image(image).await.unwrap_or_else(|| URL_SAFE.encode("{}"))
    }

    /// The value of `X-Registry-Config`: every login, for a build may pull from anywhere.
    pub(super) async fn for_build(&self) -> Option<String> {
        let found = self.all().await;
        (!found.is_empty()).then(|| URL_SAFE.encode(json!(found).to_string()))
    }

    /// Every login, as Docker's own file has it where no program keeps the passwords.
    pub(super) async fn as_file(&self) -> String {
        let entry = |(registry, login): (String, Value)| {
            let text = |key: &str| login[key].as_str().unwrap_or_default();
            let entry = match login.get("identitytoken") {
                Some(token) => json!({ "identitytoken": token }),
                None => json!({ "auth": STANDARD.encode(format!("{}:{}", text("username"), text("password"))) }),
            };
            (registry, entry)
        };
        let auths: serde_json::Map<String, Value> = self.all().await.into_iter().map(entry).collect();
        json!({ "auths": auths }).to_string()
    }

    async fn all(&self) -> BTreeMap<String, Value> {
        let Some(path) = self.0.clone() else { return BTreeMap::new() };
        let found = tokio::task::spawn_blocking(move || {
            registries(&path).into_iter().filter_map(|name| look_up(&path, &name).map(|it| (name, it))).collect()
        });
        found.await.unwrap_or_default()
    }
}

/// What cannot be found or read counts as no login, as in Docker's own client: the registry says what it wants.
fn look_up(path: &Path, registry: &str) -> Option<Value> {
    let file = std::fs::File::open(path).ok()?;
    match docker_credential::get_credential_from_reader(std::io::BufReader::new(file), registry) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Some(json!({ "username": user, "password": password, "serveraddress": registry }))
        }
        Ok(DockerCredential::IdentityToken(token)) => {
            Some(json!({ "identitytoken": token, "serveraddress": registry }))
        }
        Err(error) => {
            tracing::debug!(registry, %error, "no login");
            None
        }
    }
}

/// Every registry that the file knows.
fn registries(path: &Path) -> BTreeSet<String> {
    #[derive(Default, Deserialize)]
    struct ConfigFile {
        #[serde(default)]
        auths: BTreeMap<String, serde::de::IgnoredAny>,
        #[serde(default, rename = "credHelpers")]
        helpers: BTreeMap<String, String>,
    }
    let config: ConfigFile =
        std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    config.auths.into_keys().chain(config.helpers.into_keys()).collect()
}

/// The registry that an image comes from, as logins are filed.
fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => match host {
            "docker.io" | "index.docker.io" => DOCKER_HUB,
            _ => host,
        },
        _ => DOCKER_HUB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_an_image() {
        let cases = [
            ("nginx", DOCKER_HUB),
            ("library/nginx:1", DOCKER_HUB),
            ("docker.io/library/nginx", DOCKER_HUB),
            ("ghcr.io/a/b", "ghcr.io"),
            ("localhost/a", "localhost"),
            ("host:5000/a", "host:5000"),
        ];
        for (image, registry) in cases {
            assert_eq!(registry_of(image), registry, "{image}");
        }
    }

    #[tokio::test]
    async fn a_login_is_found_and_sent_in_the_form_that_engines_decode() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.json");
        // u:p>>?
        std::fs::write(&path, r#"{"auths":{"ghcr.io":{"auth":"dTpwPj4/"}}}"#).expect("written");
        let logins = Logins(Some(path));
        let sent = logins.for_image("ghcr.io/a/b").await.expect("a login");
        let decoded: Value = serde_json::from_slice(&URL_SAFE.decode(sent).expect("base64")).expect("json");
        assert_eq!(decoded["password"], "p>>?");
        assert_eq!(logins.for_image("nginx").await, None);
        assert!(logins.for_build().await.is_some());
        assert_eq!(logins.as_file().await, r#"{"auths":{"ghcr.io":{"auth":"dTpwPj4/"}}}"#);
    }
}
