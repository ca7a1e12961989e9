//! Finds the engine that is meant, and agrees with it on a version.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::{ClientVersion, Docker};
use hyper::HeaderMap;

use super::address::Address;
use super::credentials::Logins;
use super::dial::Dialer;
use super::patience::Patience;
use super::tls::{Tls, TlsFiles};
use super::wire::{Query, Wire};
use super::{DockerEngine, context, error};
use crate::engine::{About, ApiVersion, EngineError, ErrorKind};

/// What this client was written for.
const OLDEST: ApiVersion = ApiVersion::new(1, 41);
const NEWEST: ApiVersion = ApiVersion::new(1, 51);

/// An engine answers its first, trivial question within this time, or it is taken for dead.
const FIRST_ANSWER: Duration = Duration::from_secs(20);
/// Logging in over ssh comes before it.
const FIRST_ANSWER_OVER_SSH: Duration = Duration::from_secs(60);

/// The library's limit on each request. A stop waits out its grace, a create may fill a volume: no limit is right.
const NO_LIMIT: u64 = 10 * 365 * 24 * 3600;

/// Connects to the engine that the environment, Docker's current context or the usual places name. One request.
///
/// # Errors
/// `Invalid` when what is named makes no sense, `Unreachable` or `Denied` when it does not answer (with every place that
/// was tried), `Unsupported` when it is too old or too new.
pub async fn connect(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Result<DockerEngine, EngineError> {
    let pinned = pinned_version(environment)?;
    let mut engine = match named(environment, home)? {
        Some(named) => {
            let tls = named.tls.as_ref().map(Tls::load).transpose().map_err(|message| {
                EngineError::new(ErrorKind::Invalid, format!("connect to the engine at {}", named.address), message)
                    .help(format!("{} names this engine", named.by))
            })?;
            greet(&named.address, tls, pinned).await.map_err(|error| explain(&named, error))
        }
        None => first_that_answers(environment, home, pinned).await,
    }?;
    engine.logins = Logins(docker_files(environment, home).map(|folder| folder.join("config.json")));
    Ok(engine)
}

/// An engine that somebody named.
struct Named {
    address: Address,
    tls: Option<TlsFiles>,
    /// Who named it: `DOCKER_HOST`.
    by: String,
}

fn variable<'e>(environment: &'e BTreeMap<String, String>, name: &str) -> Option<&'e str> {
    environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// Docker's folder of settings.
fn docker_files(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Option<PathBuf> {
    variable(environment, "DOCKER_CONFIG").map(PathBuf::from).or_else(|| home.map(|home| home.join(".docker")))
}

fn pinned_version(environment: &BTreeMap<String, String>) -> Result<Option<ApiVersion>, EngineError> {
    let Some(text) = variable(environment, "DOCKER_API_VERSION") else { return Ok(None) };
    match parse_version(text) {
        Some(version) => Ok(Some(version)),
        None => Err(EngineError::new(
            ErrorKind::Invalid,
            "connect to the engine",
            format!("DOCKER_API_VERSION is `{text}`, which is no version such as 1.41"),
        )),
    }
}

fn parse_version(text: &str) -> Option<ApiVersion> {
    let (major, minor) = text.trim().trim_start_matches('v').split_once('.')?;
    Some(ApiVersion::new(major.parse().ok()?, minor.parse().ok()?))
}

/// `DOCKER_HOST`, then `DOCKER_CONTEXT`, then the context in use.
fn named(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Result<Option<Named>, EngineError> {
    let invalid = |message: String| EngineError::new(ErrorKind::Invalid, "find the engine", message);
    let folder = docker_files(environment, home);
    if let Some(host) = variable(environment, "DOCKER_HOST") {
        let tls = tls_of_environment(environment, folder.as_deref(), host.starts_with("https://"));
        let address = Address::parse(host, tls.is_some()).map_err(|message| {
            invalid(message).help("DOCKER_HOST looks like unix:///var/run/docker.sock or ssh://user@host")
        })?;
        return Ok(Some(Named { address, tls, by: "DOCKER_HOST".into() }));
    }
    let (name, by) = match variable(environment, "DOCKER_CONTEXT") {
        Some(context::DEFAULT) => return Ok(None),
        Some(name) => (name.to_owned(), format!("DOCKER_CONTEXT={name}")),
        None => match folder.as_deref().map(context::current).transpose().map_err(invalid)?.flatten() {
            Some(name) => (name.clone(), format!("the current context `{name}`")),
            None => return Ok(None),
        },
    };
    let Some(folder) = folder else {
        return Err(invalid(format!("{by}, but there is no home folder to look it up in")));
    };
    let found = context::find(&folder, &name)
        .map_err(|message| invalid(message).help(format!("{by}; see `docker context ls`")))?;
    let address = Address::parse(&found.host, found.tls.is_some()).map_err(invalid)?;
    Ok(Some(Named { address, tls: found.tls, by }))
}

/// `DOCKER_TLS_VERIFY` and `DOCKER_TLS` count when they are not empty, whatever they say.
fn tls_of_environment(
    environment: &BTreeMap<String, String>,
    docker_files: Option<&Path>,
    https: bool,
) -> Option<TlsFiles> {
    let verify = variable(environment, "DOCKER_TLS_VERIFY").is_some();
    if !(verify || https || variable(environment, "DOCKER_TLS").is_some()) {
        return None;
    }
    let folder = variable(environment, "DOCKER_CERT_PATH").map(PathBuf::from).or(docker_files.map(Into::into));
    let verify = verify || variable(environment, "DOCKER_TLS").is_none();
    let files = folder.and_then(|folder| context::files_in(&folder, verify));
    Some(files.unwrap_or(TlsFiles { verify, ..TlsFiles::default() }))
}

/// Asks one engine who it is and what it speaks.
async fn greet(address: &Address, tls: Option<Tls>, pinned: Option<ApiVersion>) -> Result<DockerEngine, EngineError> {
    let action = format!("connect to the engine at {address}");
    let wire = Wire::new(Dialer::new(address, tls));
    let limit = if matches!(address, Address::Ssh { .. }) { FIRST_ANSWER_OVER_SSH } else { FIRST_ANSWER };
    let answer = match tokio::time::timeout(limit, wire.get("/_ping", &Query::default())).await {
        Ok(answer) => answer.map_err(|error| error::translate(&action, error))?,
        Err(_) => {
            let message = format!("no answer within {} seconds", limit.as_secs());
            return Err(EngineError::new(ErrorKind::Unreachable, action, message));
        }
    };
    let about = introduce(answer.headers(), address, pinned)
        .map_err(|message| EngineError::new(ErrorKind::Unsupported, action.clone(), message))?;
    let version = ClientVersion { major_version: about.api.major.into(), minor_version: about.api.minor.into() };
    let wire = wire.speaking(about.api);
    let carrier = wire.clone();
    let docker = Docker::connect_with_custom_transport(
        move |request| carrier.forward(request),
        Some("http://docker"),
        NO_LIMIT,
        &version,
    )
    .map_err(|error| error::translate(&action, error))?;
    Ok(DockerEngine { about, docker, wire, logins: Logins::default(), patience: Patience::default() })
}

/// Reads the answer's headers: they say all there is to know, and cost the engine nothing.
fn introduce(headers: &HeaderMap, address: &Address, pinned: Option<ApiVersion>) -> Result<About, String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let server = header("server").split_whitespace().next().unwrap_or_default();
    let (product, version) = server.split_once('/').unwrap_or(("", ""));
    let spoken = parse_version(header("api-version"))
        .ok_or("what answers there is no container engine: it does not tell its API version")?;
    if spoken < OLDEST {
        return Err(format!(
            "the engine is too old: version {version} speaks API {spoken}, and {OLDEST} (Docker 20.10) is needed"
        ));
    }
    if let Some(pinned) = pinned.filter(|pinned| *pinned > spoken || *pinned < OLDEST) {
        return Err(format!("DOCKER_API_VERSION asks for {pinned}; possible are {OLDEST} to {spoken}"));
    }
    Ok(About {
        product: if product == "Libpod" { "Podman".into() } else { product.into() },
        version: version.into(),
        api: pinned.unwrap_or_else(|| spoken.min(NEWEST)),
        os: header("ostype").into(),
        address: address.to_string(),
        place: address.place(),
    })
}

/// Where engines listen when nobody says otherwise, in the order of looking.
fn usual_sockets(environment: &BTreeMap<String, String>, home: Option<&Path>) -> Vec<PathBuf> {
    let mut sockets = vec![PathBuf::from("/var/run/docker.sock")];
    let runtime = variable(environment, "XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.unwrap_or_else(|| format!("/run/user/{}", rustix::process::getuid().as_raw()).into());
    sockets.push(runtime.join("docker.sock"));
    sockets.push(runtime.join("podman/podman.sock"));
    sockets.push("/run/podman/podman.sock".into());
    let below_home = [
        ".colima/default/docker.sock",
        ".config/colima/default/docker.sock",
        ".docker/run/docker.sock",
        ".docker/desktop/docker.sock",
        ".rd/docker.sock",
        ".orbstack/run/docker.sock",
        ".lima/docker/sock/docker.sock",
        ".lima/default/sock/docker.sock",
    ];
    sockets.extend(home.into_iter().flat_map(|home| below_home.iter().map(|path| home.join(path))));
    sockets
}

async fn first_that_answers(
    environment: &BTreeMap<String, String>,
    home: Option<&Path>,
    pinned: Option<ApiVersion>,
) -> Result<DockerEngine, EngineError> {
    let mut tried = Vec::new();
    for socket in usual_sockets(environment, home) {
        let outcome: Result<(), String> = match std::fs::metadata(&socket) {
            Err(error) => Err(describe(&error)),
            Ok(_) => match greet(&Address::Unix(socket.clone()), None, pinned).await {
                Ok(engine) => return Ok(engine),
                Err(error) if error.kind == ErrorKind::Unsupported => return Err(error),
                Err(error) => Err(plain(&error.message)),
            },
        };
        tried.extend(outcome.err().map(|why| (socket, why)));
    }
    Err(none_answers(&tried))
}

const DENIED: &str = "permission denied";

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "no such file".into(),
        io::ErrorKind::PermissionDenied => DENIED.into(),
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        _ => error.to_string(),
    }
}

/// The system's words without its number: "Permission denied (os error 13)".
fn plain(message: &str) -> String {
    message.split(" (os error").next().unwrap_or(message).to_lowercase()
}

fn none_answers(tried: &[(PathBuf, String)]) -> EngineError {
    let width = tried.iter().map(|(path, _)| path.display().to_string().chars().count()).max().unwrap_or(0);
    let lines: Vec<String> =
        tried.iter().map(|(path, why)| format!("  {:<width$}  {why}", path.display().to_string())).collect();
    let message = format!("no engine answers; tried, in this order:\n{}", lines.join("\n"));
    let denied = tried.iter().find(|(_, why)| why == DENIED);
    let there = tried.iter().find(|(_, why)| why != "no such file");
    let help = match (denied, there) {
        (Some((path, _)), _) => format!("{} is there, but not for you: {JOIN_GROUP}", path.display()),
        (None, Some(_)) => "start the engine: sudo systemctl start docker".to_owned(),
        (None, None) => "install and start an engine (on Debian: sudo apt install docker.io), or say where one is: \
                         export DOCKER_HOST=unix:///path/to/docker.sock"
            .to_owned(),
    };
    EngineError::new(ErrorKind::Unreachable, "find the engine", message).help(help)
}

const JOIN_GROUP: &str =
    "add yourself to the docker group (sudo usermod -aG docker $USER, then log in again) or run as root";

const SET_TLS: &str = "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH";

/// Adds who named the engine, and what can be done.
fn explain(named: &Named, error: EngineError) -> EngineError {
    let message = plain(&error.message);
    let by = &named.by;
    let help = if named.address.socket().is_some() && message == DENIED {
        format!("{by} names it, but it is not for you: {JOIN_GROUP}")
    } else if message.contains("http request to an https server") {
        format!("{by} names an engine that wants TLS: {SET_TLS}")
    } else if named.tls.is_none() && message.contains("invalid http version parsed") {
        format!("what answers there speaks no HTTP; if it is an engine that wants TLS, {SET_TLS}")
    } else if named.tls.is_some() && message.contains("invalid peer certificate") {
        format!("{by} names an engine whose certificate the authority in DOCKER_CERT_PATH/ca.pem did not sign")
    } else if named.tls.is_some() && message.contains("received fatal alert") {
        format!(
            "{by} names an engine that asks who you are: cert.pem and key.pem in DOCKER_CERT_PATH have to be there, \
             signed by an authority that it believes"
        )
    } else if matches!(named.address, Address::Ssh { .. }) {
        format!(
            "{by} names it; try `ssh` by hand: it must log in without questions and find `docker` on the other side"
        )
    } else {
        format!("{by} names this engine; is it running there?")
    };
    match error.kind {
        ErrorKind::Unsupported => error,
        _ => error.help(help),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn sockets_are_looked_for_in_order() {
        let sockets = usual_sockets(&variables(&[("XDG_RUNTIME_DIR", "/run/user/7")]), Some(Path::new("/home/me")));
        let sockets: Vec<_> = sockets.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            sockets[..4],
            [
                "/var/run/docker.sock",
                "/run/user/7/docker.sock",
                "/run/user/7/podman/podman.sock",
                "/run/podman/podman.sock"
            ]
        );
        assert_eq!(sockets[4], "/home/me/.colima/default/docker.sock");
    }

    #[test]
    fn when_none_answers_it_is_said_what_was_tried_and_what_to_type() {
        let tried = |why: [&str; 2]| {
            let paths = ["/var/run/docker.sock", "/run/podman/podman.sock"];
            none_answers(&paths.into_iter().map(PathBuf::from).zip(why.map(str::to_owned)).collect::<Vec<_>>())
        };
        let error = tried(["permission denied", "no such file"]);
        assert_eq!(
            error.message,
            "no engine answers; tried, in this order:\n  /var/run/docker.sock     permission denied\n  \
             /run/podman/podman.sock  no such file"
        );
        assert_eq!(error.kind, ErrorKind::Unreachable);
        let cases = [
            (["permission denied", "no such file"], "docker group"),
            (["connection refused", "no such file"], "sudo systemctl start docker"),
            (["no such file", "no such file"], "DOCKER_HOST"),
        ];
        for (why, words) in cases {
            let help = tried(why).help.expect("help");
            assert!(help.contains(words), "{help}");
        }
    }

    #[test]
    fn tls_is_asked_for_in_several_ways() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), "").expect("written");
        let tls = |pairs: &[(&str, &str)]| tls_of_environment(&variables(pairs), Some(folder.path()), false);
        assert_eq!(tls(&[]), None);
        assert_eq!(tls(&[("DOCKER_TLS_VERIFY", "")]), None);
        let verified = tls(&[("DOCKER_TLS_VERIFY", "1")]).expect("asked for");
        assert!(verified.verify && verified.authority.is_some());
        let trusting = tls(&[("DOCKER_TLS", "1")]).expect("asked for");
        assert!(!trusting.verify);
        let elsewhere = tls(&[("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/nowhere")]).expect("asked for");
        assert_eq!(elsewhere.authority, None);
    }

    #[test]
    fn docker_host_comes_before_the_context() {
        let named = |pairs: &[(&str, &str)]| {
            let named = named(&variables(pairs), None).expect("sense")?;
            Some((named.address.to_string(), named.by))
        };
        assert_eq!(named(&[]), None);
        assert_eq!(named(&[("DOCKER_CONTEXT", "default")]), None);
        assert_eq!(
            named(&[("DOCKER_HOST", "tcp://a"), ("DOCKER_CONTEXT", "b"), ("DOCKER_TLS_VERIFY", "1")]),
            Some(("tcp://a:2376".into(), "DOCKER_HOST".into()))
        );
    }
}
