//! Docker's own files: the current context, and where a context's engine is.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::tls::TlsFiles;

/// What a context says of its engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) host: String,
    /// Present when the context has files for it.
    pub(super) tls: Option<TlsFiles>,
}

/// The name that always means "no context".
pub(super) const DEFAULT: &str = "default";

/// The context that `docker context use` chose; `None` when there is none.
///
/// # Errors
/// In words, when the file is there but cannot be read.
pub(super) fn current(docker_files: &Path) -> Result<Option<String>, String> {
    #[derive(Deserialize)]
    struct ConfigFile {
        #[serde(rename = "currentContext", default)]
        current_context: String,
    }
    let path = docker_files.join("config.json");
    let Some(bytes) = read(&path)? else { return Ok(None) };
    let config: ConfigFile = serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Some(config.current_context).filter(|name| !name.is_empty() && name != DEFAULT))
}

/// Looks a context up by its name.
///
/// # Errors
/// In words, when there is none of that name or its files make no sense.
pub(super) fn find(docker_files: &Path, name: &str) -> Result<Context, String> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "Endpoints", default)]
        endpoints: Endpoints,
    }
    #[derive(Default, Deserialize)]
    struct Endpoints {
        docker: Option<Endpoint>,
    }
    #[derive(Deserialize)]
    struct Endpoint {
        #[serde(rename = "Host", default)]
        host: String,
        #[serde(rename = "SkipTLSVerify", default)]
        skip_tls_verify: bool,
    }
    let store = docker_files.join("contexts");
    let digest = hex::encode(Sha256::digest(name.as_bytes()));
    let path = store.join("meta").join(&digest).join("meta.json");
    let bytes = read(&path)?.ok_or_else(|| format!("there is no context `{name}` ({} is missing)", path.display()))?;
    let meta: Meta = serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let endpoint = meta
        .endpoints
        .docker
        .filter(|endpoint| !endpoint.host.is_empty())
        .ok_or_else(|| format!("the context `{name}` names no engine"))?;
    let tls = files_in(&store.join("tls").join(&digest).join("docker"), !endpoint.skip_tls_verify);
    Ok(Context { host: endpoint.host, tls })
}

/// The TLS files of a folder under the names that Docker gives them; `None` when none of them is there.
pub(super) fn files_in(folder: &Path, verify: bool) -> Option<TlsFiles> {
    let file = |name: &str| Some(folder.join(name)).filter(|path: &PathBuf| path.is_file());
    let files = TlsFiles { authority: file("ca.pem"), certificate: file("cert.pem"), key: file("key.pem"), verify };
    (files.authority.is_some() || files.certificate.is_some() || files.key.is_some()).then_some(files)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        // What sha256sum says of `lab`: the folder's name on disk.
        let digest = "a51146d38077ff992eba84cf1d5e9b249073503eb74868699016153b031a38f7";
        let meta = folder.path().join("contexts/meta").join(digest);
        std::fs::create_dir_all(&meta).expect("meta");
        let text = r#"{"Name":"lab","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://10.0.0.1:2376","SkipTLSVerify":false}}}"#;
        std::fs::write(meta.join("meta.json"), text).expect("written");
        let tls = folder.path().join("contexts/tls").join(digest).join("docker");
        std::fs::create_dir_all(&tls).expect("tls");
        std::fs::write(tls.join("ca.pem"), "").expect("written");
        folder
    }

    #[test]
    fn a_context_is_found_with_its_files() {
        let folder = store();
        let context = find(folder.path(), "lab").expect("there");
        assert_eq!(context.host, "tcp://10.0.0.1:2376");
        let tls = context.tls.expect("files");
        assert!(tls.verify && tls.authority.is_some() && tls.key.is_none());
        assert!(find(folder.path(), "nowhere").expect_err("absent").contains("no context `nowhere`"));
    }

    #[test]
    fn the_current_context_is_in_the_config_file() {
        let folder = store();
        assert_eq!(current(folder.path()), Ok(None));
        std::fs::write(folder.path().join("config.json"), r#"{"currentContext":"lab","auths":{}}"#).expect("written");
        assert_eq!(current(folder.path()), Ok(Some("lab".into())));
        std::fs::write(folder.path().join("config.json"), r#"{"currentContext":"default"}"#).expect("written");
        assert_eq!(current(folder.path()), Ok(None));
        std::fs::write(folder.path().join("config.json"), "{").expect("written");
        assert!(current(folder.path()).is_err());
    }
}
