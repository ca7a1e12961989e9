//! When a service is ready, as it can be told from outside its containers: the key `x-convoke-ready`.
//!
//! It stands among the extensions of a service: docker compose keeps those out of its hash, and so does this.

use std::time::Duration;

use serde_yaml::Value;

use super::Service;

/// How often it is looked at the most, and for how long each time.
const INTERVAL: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(5);

/// What tells that a container is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    pub sign: Sign,
    /// The longest pause between two looks.
    pub interval: Duration,
    /// How long one look may take.
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Somebody takes connections at this port of the container.
    Tcp { port: u16 },
    /// A request is answered with this status; without one, with any below 400.
    Http { port: u16, path: String, status: Option<u16> },
    /// A line of its output has a match for this regular expression.
    Log { pattern: String },
}

/// What is wrong with the key: at which of its keys, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// `None` is the whole.
    pub key: Option<&'static str>,
    pub message: String,
    pub help: &'static str,
}

impl Ready {
    /// The key's name.
    pub const KEY: &'static str = "x-convoke-ready";

    /// What a service says of itself; `None` when it says nothing.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn of(service: &Service) -> Option<Result<Self, Wrong>> {
        service.extensions.get(Self::KEY).filter(|value| !value.is_null()).map(read)
    }
}

fn read(value: &Value) -> Result<Ready, Wrong> {
    let given: Vec<&'static str> = ["tcp", "http", "log"].into_iter().filter(|key| value.get(key).is_some()).collect();
    let sign = match given[..] {
        ["tcp"] => Sign::Tcp { port: port("tcp", &text(value, "tcp"))? },
        ["http"] => http(value)?,
        ["log"] => Sign::Log { pattern: text(value, "log") },
        [] => return Err(wrong(None, "says of nothing when it is ready", "give it one of `tcp`, `http` and `log`")),
        _ => return Err(wrong(None, format!("has {}", given.join(" and ")), "give it one of them")),
    };
    let not_for = |keys: &[&'static str], why: &'static str| {
        let found = keys.iter().find(|key| value.get(**key).is_some());
        found.map_or(Ok(()), |key| Err(wrong(Some(key), format!("`{key}` means nothing here"), why)))
    };
    match sign {
        Sign::Tcp { .. } => not_for(&["path", "status"], "it goes with `http`")?,
        Sign::Log { .. } => {
            not_for(&["path", "status", "interval", "timeout"], "a log is read as it is written")?;
        }
        Sign::Http { .. } => {}
    }
    let (interval, timeout) = (time(value, "interval", INTERVAL)?, time(value, "timeout", TIMEOUT)?);
    Ok(Ready { sign, interval, timeout })
}

fn wrong(key: Option<&'static str>, message: impl Into<String>, help: &'static str) -> Wrong {
    Wrong { key, message: message.into(), help }
}

/// A string or a number as it is written; empty when it is neither.
fn text(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn port(key: &'static str, text: &str) -> Result<u16, Wrong> {
    let port = text.parse::<u16>().ok().filter(|port| *port > 0);
    port.ok_or_else(|| wrong(Some(key), format!("{text:?} is no port"), "use a number from 1 to 65535"))
}

/// `8080`, `:8080` or `:8080/health`; the path may be given by itself.
fn http(value: &Value) -> Result<Sign, Wrong> {
    let address = text(value, "http");
    let address = address.strip_prefix(':').unwrap_or(&address);
    let (number, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let Ok(port) = port("http", number) else {
        let message = format!("{:?} is no address inside a container", text(value, "http"));
        return Err(wrong(Some("http"), message, "write a port and a path, like `:8080/health`"));
    };
    let own = text(value, "path");
    if !path.is_empty() && !own.is_empty() {
        return Err(wrong(Some("path"), "the path is given twice", "leave it out here, or behind the port"));
    }
    let path = if path.is_empty() { own } else { path.to_owned() };
    let is_path = |path: &str| path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    if !path.is_empty() && !is_path(&path) {
        return Err(wrong(Some("path"), format!("{path:?} is no path of an address"), "write it like `/health`"));
    }
    let status = match text(value, "status") {
        none if none.is_empty() => None,
        text => match text.parse::<u16>() {
            Ok(status @ 100..=599) => Some(status),
            _ => return Err(wrong(Some("status"), format!("{text:?} is no status"), "use a number from 100 to 599")),
        },
    };
    Ok(Sign::Http { port, path: if path.is_empty() { "/".to_owned() } else { path }, status })
}

fn time(value: &Value, key: &'static str, usual: Duration) -> Result<Duration, Wrong> {
    let text = text(value, key);
    if text.is_empty() {
        return Ok(usual);
    }
    let help = "write a number and a unit, like 500ms or 2s";
    let time = super::Duration::parse(&text).map_err(|message| wrong(Some(key), message, help))?;
    match u64::try_from(time.nanoseconds) {
        Ok(nanoseconds @ 1..) => Ok(Duration::from_nanos(nanoseconds)),
        _ => Err(wrong(Some(key), format!("{text:?} is no time to wait"), help)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Ready, String> {
        let value: Value = serde_yaml::from_str(text).expect("yaml");
        let service = Service { extensions: [(Ready::KEY.to_owned(), value)].into(), ..Service::default() };
        let said = Ready::of(&service).expect("said");
        said.map_err(|wrong| format!("{}: {}", wrong.key.unwrap_or("all"), wrong.message))
    }

    #[test]
    fn the_three_signs() {
        let http = |port, path: &str, status| Sign::Http { port, path: path.into(), status };
        let table = [
            ("tcp: 5432", Sign::Tcp { port: 5432 }),
            ("tcp: '5432'", Sign::Tcp { port: 5432 }),
            ("http: 80", http(80, "/", None)),
            ("http: ':8080/health?a=1'", http(8080, "/health?a=1", None)),
            ("{http: 8080, path: /up, status: 204}", http(8080, "/up", Some(204))),
            ("log: ready to accept", Sign::Log { pattern: "ready to accept".into() }),
        ];
        for (text, sign) in table {
            assert_eq!(of(text), Ok(Ready { sign, interval: INTERVAL, timeout: TIMEOUT }), "{text}");
        }
        let times = of("{tcp: 1, interval: 250ms, timeout: 2s}").map(|ready| (ready.interval, ready.timeout));
        assert_eq!(times, Ok((Duration::from_millis(250), Duration::from_secs(2))));
        assert_eq!(Ready::of(&Service::default()), None);
    }

    #[test]
    fn what_makes_no_sense_is_told_at_its_key() {
        let table = [
            ("{}", "all: says of nothing when it is ready"),
            ("{tcp: 1, log: a}", "all: has tcp and log"),
            ("tcp: 0", "tcp: \"0\" is no port"),
            ("tcp: 65536", "tcp: \"65536\" is no port"),
            ("http: 'http://web/'", "http: \"http://web/\" is no address inside a container"),
            ("{http: ':80/a', path: /b}", "path: the path is given twice"),
            ("{http: 80, path: b}", "path: \"b\" is no path of an address"),
            ("{http: 80, status: 99}", "status: \"99\" is no status"),
            ("{tcp: 80, status: 200}", "status: `status` means nothing here"),
            ("{log: a, interval: 1s}", "interval: `interval` means nothing here"),
            ("{tcp: 80, interval: 0s}", "interval: \"0s\" is no time to wait"),
        ];
        for (text, expected) in table {
            assert_eq!(of(text), Err(expected.to_owned()), "{text}");
        }
    }
}
