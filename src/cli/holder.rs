//! Who has a port that was wanted: a container of the engine, or a process of this machine.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::engine::{Engine, Filters, State};
use crate::model::labels;
use crate::plan::Labelled;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Container {
        name: String,
        /// Empty for a container of no project.
        project: String,
        service: String,
        state: State,
    },
    Process {
        pid: u32,
        command: String,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container { name, project, .. } if project.is_empty() => write!(f, "container {name}"),
            Self::Container { name, project, .. } => write!(f, "container {name} of project {project}"),
            Self::Process { pid, command } => write!(f, "process {pid}: {command}"),
        }
    }
}

/// Who has the port that the engine's refusal names; `None` where nobody is seen.
pub async fn of_port(engine: &dyn Engine, refusal: &str) -> Option<Holder> {
    let port = port_in(refusal)?;
    // Who cannot be asked is not known.
    let containers = engine.containers(&Filters::default()).await.unwrap_or_default();
    let holder = containers.iter().find(|container| {
        container.state == State::Running && container.ports.iter().any(|held| held.published == Some(port))
    });
    match holder {
        Some(container) => Some(Holder::Container {
            name: container.name.clone(),
            project: container.labels.get(labels::PROJECT).cloned().unwrap_or_default(),
            service: container.service().to_owned(),
            state: container.state,
        }),
        None if engine.about().address.starts_with("unix://") => process(port, Path::new("/proc")),
        None => None,
    }
}

/// What stands in front of an address in what engines say.
const MARKS: &[&str] = &[
    "Bind for ",
    "bind host port for ",
    "bind host port ",
    "exposing port TCP ",
    "exposing port UDP ",
    "listen tcp4 ",
    "listen tcp6 ",
    "listen tcp ",
    "listen udp4 ",
    "listen udp6 ",
    "listen udp ",
];

/// The host's port in what the engine says of a port that is taken.
fn port_in(refusal: &str) -> Option<u16> {
    let address = MARKS.iter().find_map(|mark| refusal.split_once(mark)).map(|(_, rest)| rest)?;
    let address = address.split([' ', '/']).next()?;
    // `[::]:80`, `:::80`, `0.0.0.0:80`, and with what is behind it `0.0.0.0:80:172.18.0.2:80`.
    let after = address.split_once("]:").or_else(|| address.split_once(":::")).or_else(|| address.split_once(':'))?.1;
    let digits = after.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// A process that listens on a port, as far as this user may see it.
fn process(port: u16, proc: &Path) -> Option<Holder> {
    let sockets: Vec<String> = ["tcp", "tcp6", "udp", "udp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(proc.join("net").join(table)).ok())
        .flat_map(|table| table.lines().filter_map(|line| socket_on(port, line)).collect::<Vec<_>>())
        .collect();
    let pids = fs::read_dir(proc).ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let pid = pids.into_iter().find(|pid| {
        let Ok(files) = fs::read_dir(proc.join(pid.to_string()).join("fd")) else { return false };
        let mut targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        targets.any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
    })?;
    let words = fs::read(proc.join(pid.to_string()).join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&words).replace('\0', " ").trim_end().to_owned();
    Some(Holder::Process { pid, command })
}

/// `socket:[12345]` for a line of the kernel's table that listens on a port.
fn socket_on(port: u16, line: &str) -> Option<String> {
    let mut fields = line.split_whitespace();
    let (local, remote_state) = (fields.nth(1)?, fields.nth(1)?);
    let (_, number) = local.rsplit_once(':')?;
    // A TCP socket listens in state 0A; a UDP socket that nobody is connected to is in state 07.
    let listens = matches!(remote_state, "0A" | "07") && u16::from_str_radix(number, 16).ok()? == port;
    listens.then(|| fields.nth(5).map(|inode| format!("socket:[{inode}]")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_found_in_what_engines_say() {
        for (refusal, port) in [
            ("Bind for 0.0.0.0:18124 failed: port is already allocated", Some(18124)),
            ("Bind for :::80 failed: port is already allocated", Some(80)),
            ("Error starting userland proxy: listen tcp4 0.0.0.0:18123: bind: address already in use", Some(18123)),
            ("listen tcp6 [::1]:443: bind: address already in use", Some(443)),
            ("failed to bind host port 127.0.0.1:8080/tcp: address already in use", Some(8080)),
            ("failed to bind host port for 0.0.0.0:8080:172.18.0.2:80/tcp: address already in use", Some(8080)),
            ("ports are not available: exposing port TCP 0.0.0.0:80 -> 127.0.0.1:0: listen tcp", Some(80)),
            ("no ports here", None),
        ] {
            assert_eq!(port_in(refusal), port, "{refusal}");
        }
    }

    #[test]
    fn a_listening_socket_is_found_in_the_kernels_table() {
        let line =
            "   0: 00000000:46CB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 10";
        assert_eq!(socket_on(18123, line).as_deref(), Some("socket:[4242]"));
        assert_eq!(socket_on(80, line), None);
        assert_eq!(socket_on(18123, &line.replace(" 0A ", " 01 ")), None, "connected, not listening");
        assert_eq!(socket_on(18123, "  sl  local_address rem_address   st"), None);
    }

    #[test]
    fn a_process_of_ours_is_found_by_its_port() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let found = process(port, Path::new("/proc"));
        assert!(matches!(found, Some(Holder::Process { pid, .. }) if pid == std::process::id()), "{found:?}");
    }
}
