//! Where an engine is: the forms of `DOCKER_HOST`.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::engine::Place;

/// An address as written in `DOCKER_HOST` or in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Unix(PathBuf),
    Tcp {
        /// Without brackets around an IPv6 address.
        host: String,
        port: u16,
    },
    Ssh {
        user: Option<String>,
        host: String,
        port: Option<u16>,
        /// The engine's socket on the other side; `None` is whatever `docker` takes there.
        socket: Option<String>,
    },
}

/// The port that an engine without TLS listens on by custom, and the one with TLS.
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

impl Address {
    /// Reads an address; `tls` chooses the port that is meant when none is written.
    ///
    /// # Errors
    /// In words, when the scheme is unknown or a part of it is malformed.
    pub fn parse(text: &str, tls: bool) -> Result<Self, String> {
        let (scheme, rest) = text.trim().split_once("://").unwrap_or(("tcp", text.trim()));
        match scheme {
            "unix" if rest.is_empty() => Err(format!("`{text}` names no socket")),
            "unix" => Ok(Self::Unix(PathBuf::from(rest))),
            "tcp" | "http" => Self::tcp(text, rest, tls),
            "https" => Self::tcp(text, rest, true),
            "ssh" => Self::ssh(text, rest),
            "npipe" => Err(format!("`{text}`: named pipes are only on Windows")),
            "fd" => Err(format!("`{text}`: that is an address for the engine to listen on, not one to call")),
            _ => Err(format!("`{text}`: unknown scheme `{scheme}`; known are unix, tcp, http, https and ssh")),
        }
    }

    fn tcp(text: &str, rest: &str, tls: bool) -> Result<Self, String> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !path.is_empty() {
            return Err(format!("`{text}`: a path behind the port is not supported"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| format!("`{text}`: the port is not a number"))?;
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        Ok(Self::Tcp { host: host.into(), port: port.unwrap_or(if tls { TLS_PORT } else { PLAIN_PORT }) })
    }

    fn ssh(text: &str, rest: &str) -> Result<Self, String> {
        let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        if user.is_some_and(|user| user.contains(':')) {
            return Err(format!("`{text}`: a password cannot be given in the address; use a key"));
        }
        let (host, port) = split_port(host).ok_or_else(|| format!("`{text}`: the port is not a number"))?;
        // A leading dash would be taken for an option by ssh.
        if host.is_empty() || host.starts_with('-') || user.is_some_and(|user| user.is_empty() || user.starts_with('-'))
        {
            return Err(format!("`{text}` names no host"));
        }
        let socket = path.filter(|path| !path.is_empty()).map(|path| format!("/{path}"));
        Ok(Self::Ssh { user: user.map(Into::into), host: host.into(), port, socket })
    }

    /// Where an engine with this address is.
    pub fn place(&self) -> Place {
        match self {
            Self::Unix(path) if cfg!(target_os = "linux") && !is_apart(path) => Place::Here,
            Self::Unix(_) => Place::Apart,
            // A tunnel may end here that begins anywhere.
            Self::Tcp { host, .. } if matches!(host.as_str(), "127.0.0.1" | "::1" | "localhost") => Place::Apart,
            Self::Tcp { host, .. } | Self::Ssh { host, .. } => Place::Elsewhere { host: host.clone() },
        }
    }

    /// The socket's path, where it is a file on this machine.
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            _ => None,
        }
    }
}

/// Whether a socket belongs to an engine in a virtual machine, or to one that runs as a common user with a network of its
/// own.
fn is_apart(socket: &Path) -> bool {
    const FOLDERS: [&str; 6] = [".docker", ".colima", ".lima", ".rd", ".orbstack", "colima"];
    let folders = socket.components().filter_map(|folder| folder.as_os_str().to_str());
    socket.starts_with("/run/user") || folders.into_iter().any(|folder| FOLDERS.contains(&folder))
}

/// Splits `host:port`, `[::1]:port` and `host`; `None` when the port is no port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((authority, None)),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Ssh { user, host, port, socket } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                f.write_str(host)?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                f.write_str(socket.as_deref().unwrap_or(""))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_an_address() {
        let cases = [
            ("unix:///run/docker.sock", false, "unix:///run/docker.sock"),
            ("tcp://10.0.0.1:99", false, "tcp://10.0.0.1:99"),
            ("tcp://10.0.0.1", false, "tcp://10.0.0.1:2375"),
            ("tcp://10.0.0.1", true, "tcp://10.0.0.1:2376"),
            ("tcp://", false, "tcp://127.0.0.1:2375"),
            ("tcp://[::1]:99", false, "tcp://[::1]:99"),
            ("https://build.example", false, "tcp://build.example:2376"),
            ("10.0.0.1:99", false, "tcp://10.0.0.1:99"),
            ("ssh://me@there:2222/run/user/1/docker.sock", false, "ssh://me@there:2222/run/user/1/docker.sock"),
            ("ssh://there", false, "ssh://there"),
            ("ssh://there/", false, "ssh://there"),
        ];
        for (text, tls, expected) in cases {
            assert_eq!(Address::parse(text, tls).map(|address| address.to_string()), Ok(expected.into()), "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_an_engine_is() {
        let elsewhere = |host: &str| Place::Elsewhere { host: host.into() };
        let table = [
            ("unix:///var/run/docker.sock", Place::Here),
            ("unix:///run/user/1000/podman/podman.sock", Place::Apart),
            ("unix:///home/me/.docker/desktop/docker.sock", Place::Apart),
            ("unix:///home/me/.colima/default/docker.sock", Place::Apart),
            ("tcp://localhost:2375", Place::Apart),
            ("tcp://10.0.0.1", elsewhere("10.0.0.1")),
            ("ssh://me@there", elsewhere("there")),
        ];
        for (text, expected) in table {
            assert_eq!(Address::parse(text, false).map(|address| address.place()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "unix://",
            "ftp://x",
            "tcp://x:y",
            "tcp://x:1/path",
            "ssh://",
            "ssh://-oProxyCommand=x",
            "ssh://a:b@c",
            "fd://",
        ] {
            assert!(Address::parse(text, false).is_err(), "{text}");
        }
    }
}
