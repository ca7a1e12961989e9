//! What the engine's refusals mean: status and words to the kinds that callers tell apart.

use bollard::errors::Error;

use crate::engine::{EngineError, ErrorKind};

/// Words in a message that say more than its status does; the first that is found counts.
const WORDS: &[(&str, ErrorKind)] = &[
    ("no space left on device", ErrorKind::DiskFull),
    ("non-overlapping ipv4 address pool", ErrorKind::NoAddresses),
    ("address pools have been fully subnetted", ErrorKind::NoAddresses),
    ("port is already allocated", ErrorKind::PortTaken),
    ("bind: address already in use", ErrorKind::PortTaken),
    ("failed to bind host port", ErrorKind::PortTaken),
    ("ports are not available", ErrorKind::PortTaken),
    ("all ports are allocated", ErrorKind::PortTaken),
    ("client version", ErrorKind::Unsupported),
    ("is already in use by container", ErrorKind::Conflict),
    ("is in use", ErrorKind::InUse),
    ("has active endpoints", ErrorKind::InUse),
    ("conflict: unable to remove repository reference", ErrorKind::InUse),
    ("conflict: unable to delete", ErrorKind::InUse),
    ("image is being used by", ErrorKind::InUse),
    ("pull access denied", ErrorKind::Denied),
    ("no basic auth credentials", ErrorKind::Denied),
    ("unauthorized", ErrorKind::Denied),
    ("denied: ", ErrorKind::Denied),
    ("authentication required", ErrorKind::Denied),
    ("manifest unknown", ErrorKind::NotFound),
    ("no such image", ErrorKind::NotFound),
    ("an image does not exist locally", ErrorKind::NotFound),
    ("tag does not exist", ErrorKind::NotFound),
    ("is not connected to the network", ErrorKind::NotFound),
    ("does not support reading", ErrorKind::Unsupported),
    ("already exists", ErrorKind::Conflict),
    ("overlaps with other one on this address space", ErrorKind::InUse),
    ("unexpected http status: 5", ErrorKind::Passing),
    ("500 internal server error", ErrorKind::Passing),
    ("502 bad gateway", ErrorKind::Passing),
    ("503 service unavailable", ErrorKind::Passing),
    ("504 gateway timeout", ErrorKind::Passing),
    ("connection reset by peer", ErrorKind::Passing),
    ("broken pipe", ErrorKind::Passing),
    ("tls handshake timeout", ErrorKind::Passing),
    ("unexpected eof", ErrorKind::Passing),
    (": eof", ErrorKind::Passing),
];

/// What an answer with an error status means.
pub(super) fn kind_of(status: u16, message: &str) -> ErrorKind {
    let message = message.to_lowercase();
    if let Some((_, kind)) = WORDS.iter().find(|(words, _)| message.contains(words)) {
        return *kind;
    }
    match status {
        400 => ErrorKind::Invalid,
        401 | 403 => ErrorKind::Denied,
        404 if message.is_empty() || message.contains("page not found") => ErrorKind::Unsupported,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        501 => ErrorKind::Unsupported,
        _ => ErrorKind::Internal,
    }
}

/// What a message inside a stream means, where no status comes with it.
pub(super) fn kind_in_stream(message: &str) -> ErrorKind {
    match kind_of(500, message) {
        ErrorKind::Internal if message.to_lowercase().contains("not found") => ErrorKind::NotFound,
        kind => kind,
    }
}

/// Turns the client library's error into ours.
pub(super) fn translate(action: &str, error: Error) -> EngineError {
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            let message = message.trim();
            let words = if message.is_empty() { format!("status {status_code}") } else { message.to_owned() };
            advise(EngineError::new(kind_of(status_code, message), action, words))
        }
        Error::DockerStreamError { error } => advise(EngineError::new(kind_in_stream(&error), action, error.trim())),
        Error::RequestTimeoutError => EngineError::new(ErrorKind::Unreachable, action, "the engine does not answer"),
        Error::IOError { err } => interrupted(action, &err),
        Error::HyperResponseError { err } => interrupted(action, &err),
        other => EngineError::new(ErrorKind::Internal, action, format!("unexpected answer: {other}")),
    }
}

/// The connection broke, or was never there.
pub(super) fn interrupted(action: &str, error: &(dyn std::error::Error + 'static)) -> EngineError {
    EngineError::new(ErrorKind::Unreachable, action, innermost(error))
        .help("is the engine still running? when it is back, the same command puts everything right")
}

/// The deepest cause in words: the outer ones only say "client error".
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = next_cause(cause) {
        cause = deeper;
    }
    let words = cause.to_string();
    if words.contains("connection closed before message completed") || words.contains("end of file before message") {
        "the engine closed the connection in the middle of its answer".into()
    } else {
        words
    }
}

/// `io::Error` hides what it wraps from `source()`.
fn next_cause<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e (dyn std::error::Error + 'static)> {
    if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        return Some(inner);
    }
    error.source()
}

/// What to do about it, by what was being done (its first word, or any) and words in the message; the first counts.
const ADVICE: &[(&str, &[&str], &str)] = &[
    ("", &["bind source path does not exist"], "make it on the engine's host, or leave `create_host_path: false` out"),
    ("start", &["executable file not found"], "the image has no such program: see `entrypoint` and `command`"),
    ("start", &["exec", "no such file or directory"], "the image has no such program: see `entrypoint` and `command`"),
    (
        "start",
        &["exec", "permission denied"],
        "that file of the image may not be executed: does it have the mode for it?",
    ),
    ("create network", &["overlaps with other one"], "another network has these addresses: choose another `subnet`"),
];

/// The same for what registries are asked, by words in the message.
const REGISTRY_ADVICE: &[(&str, &str)] = &[
    ("connection refused", UNREACHED),
    ("no such host", UNREACHED),
    ("i/o timeout", UNREACHED),
    ("request canceled", UNREACHED),
    ("http response to https client", "the registry speaks plain HTTP: see the engine's `insecure-registries`"),
    ("x509", "the engine does not trust that registry's certificate"),
    ("toomanyrequests", "the registry lets nobody ask so often without a login: docker login"),
];

const UNREACHED: &str = "the engine cannot reach that registry: is its name right, and is there a network?";

/// Whether what was being done takes an answer of a registry.
fn asks_a_registry(action: &str) -> bool {
    ["pull ", "push ", "resolve "].iter().any(|verb| action.starts_with(verb))
}

fn advise(error: EngineError) -> EngineError {
    match error.kind {
        ErrorKind::PortTaken => error.help("stop who has it, or publish another port in the compose file"),
        ErrorKind::DiskFull => error.help("make room on the engine's disk: `docker system df` tells what takes it"),
        ErrorKind::NoAddresses => {
            error.help("remove networks that nobody uses (docker network prune), or give the network a `subnet`")
        }
        ErrorKind::Denied if asks_a_registry(&error.action) => {
            error.help("does the image exist? if it is private, log in first: docker login REGISTRY")
        }
        ErrorKind::NotFound if error.action.starts_with("push ") => error.help("it has to be here to be pushed"),
        ErrorKind::NotFound if asks_a_registry(&error.action) => error.help("check the image's name and tag"),
        ErrorKind::Passing if asks_a_registry(&error.action) => {
            error.help("the fault is the registry's, or lies on the way to it: try again later")
        }
        _ => {
            let message = error.message.to_lowercase();
            let fits = |verb: &str, words: &[&str]| {
                error.action.starts_with(verb) && words.iter().all(|word| message.contains(word))
            };
            let general = ADVICE.iter().find(|(verb, words, _)| fits(verb, words)).map(|(_, _, help)| *help);
            let of_registry = REGISTRY_ADVICE.iter().find(|(words, _)| message.contains(words)).map(|(_, help)| *help);
            match general.or(of_registry.filter(|_| asks_a_registry(&error.action))) {
                Some(help) => error.help(help),
                None => error,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_more_than_the_status() {
        let cases = [
            (404, "No such container: x", ErrorKind::NotFound),
            (404, "page not found", ErrorKind::Unsupported),
            (409, "Conflict. The container name \"/a\" is already in use by container \"b\".", ErrorKind::Conflict),
            (409, "remove v: volume is in use - [b]", ErrorKind::InUse),
            (403, "error while removing network: network n has active endpoints", ErrorKind::InUse),
            (409, "conflict: unable to remove repository reference \"a\" (must force)", ErrorKind::InUse),
            (409, "network with name n already exists", ErrorKind::Conflict),
            (
                500,
                "driver failed programming external connectivity on endpoint e: Bind for 0.0.0.0:80 failed: port is already allocated",
                ErrorKind::PortTaken,
            ),
            (500, "listen tcp4 0.0.0.0:80: bind: address already in use", ErrorKind::PortTaken),
            (500, "failed to bind host port 0.0.0.0:80/tcp: address already in use", ErrorKind::PortTaken),
            (403, "Address already in use", ErrorKind::Denied),
            (400, "client version 1.53 is too new. Maximum supported API version is 1.41", ErrorKind::Unsupported),
            (400, "invalid reference format", ErrorKind::Invalid),
            (401, "nope", ErrorKind::Denied),
            (404, "pull access denied for x, repository does not exist", ErrorKind::Denied),
            (500, "write /var/lib/docker/x: no space left on device", ErrorKind::DiskFull),
            (
                404,
                "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
                ErrorKind::NoAddresses,
            ),
            (400, "all predefined address pools have been fully subnetted", ErrorKind::NoAddresses),
            (403, "Pool overlaps with other one on this address space", ErrorKind::InUse),
            (500, "received unexpected HTTP status: 503 Service Unavailable", ErrorKind::Passing),
            (500, "unexpected status from HEAD request to http://r/v2/a: 502 Bad Gateway", ErrorKind::Passing),
            (
                500,
                "Get \"http://r/v2/\": read tcp 10.0.0.1:1->10.0.0.2:5000: read: connection reset by peer",
                ErrorKind::Passing,
            ),
            (500, "Get \"http://r/v2/a/manifests/1\": EOF", ErrorKind::Passing),
            (404, "manifest for r/a:1 not found: manifest unknown: manifest unknown", ErrorKind::NotFound),
            (500, "Get \"http://r/v2/a/manifests/1\": no basic auth credentials", ErrorKind::Denied),
            (500, "toomanyrequests: You have reached your pull rate limit", ErrorKind::Internal),
            (500, "Get \"http://r/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", ErrorKind::Internal),
            (404, "An image does not exist locally with the tag: r/a", ErrorKind::NotFound),
            (500, "boom", ErrorKind::Internal),
            (501, "not here", ErrorKind::Unsupported),
        ];
        for (status, message, kind) in cases {
            assert_eq!(kind_of(status, message), kind, "{status} {message}");
        }
    }

    #[test]
    fn known_refusals_come_with_advice() {
        let help = |action: &str, message: &str| advise(EngineError::new(kind_of(500, message), action, message)).help;
        for (action, message, words) in [
            ("start container a", "exec: \"x\": executable file not found in $PATH: unknown", "no such program"),
            ("start container a", "exec: \"/x\": stat /x: no such file or directory: unknown", "no such program"),
            ("create container a", "invalid mount config: bind source path does not exist: /x", "create_host_path"),
            ("pull image a", "dial tcp 127.0.0.1:1: connect: connection refused", "registry"),
            ("resolve image a", "lookup nowhere: no such host", "registry"),
            ("resolve image a", "manifest unknown", "name and tag"),
            ("resolve image a", "unauthorized", "docker login"),
            ("create network a", "Pool overlaps with other one on this address space", "another `subnet`"),
            ("create network a", "all predefined address pools have been fully subnetted", "subnet"),
        ] {
            assert!(help(action, message).is_some_and(|help| help.contains(words)), "{message}");
        }
        assert_eq!(help("create container a", "boom"), None);
    }

    #[test]
    fn the_deepest_cause_is_told() {
        let inner = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "Connection refused (os error 111)");
        let outer = std::io::Error::other(inner);
        assert_eq!(innermost(&outer), "Connection refused (os error 111)");
    }
}
