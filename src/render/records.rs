//! Lines of logs, and what happens to containers, as JSON objects: one a line.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::engine::Stream;
use crate::event::{Life, LogLine, News, WatchNews};
use crate::model::ServiceName;

use super::{human, parsed};

/// Writes objects about one project.
#[derive(Clone, Debug, Default)]
pub struct Records {
    pub project: String,
}

/// One object of the logs: a line, or what happened to a container.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "A line of logs --json"))]
#[serde(untagged)]
enum Record<'l> {
    Line(Line<'l>),
    Event(Happening<'l>),
    Watch(Watching<'l>),
}

/// A line that a container wrote.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Line<'l> {
    /// When the engine got it, to the nanosecond, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(flatten)]
    whose: Whose<'l>,
    /// `stdout` or `stderr`.
    stream: &'static str,
    /// What it says, without its end. Where it is no UTF-8, every wrong byte is U+FFFD.
    line: String,
    /// All of its bytes in base64, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// What it consists of, where it is a JSON object or logfmt.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Map<String, Value>>,
}

/// What happened to a container. The last three say how it ended, and are given with `exited` alone.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Happening<'l> {
    #[serde(flatten)]
    whose: Whose<'l>,
    /// `exited`, `restarted`, `recreated` or `removed`.
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_of_memory: Option<bool>,
    /// The engine starts it again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    restarting: Option<bool>,
}

/// What is done because files changed.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Watching<'l> {
    project: &'l str,
    /// `enabled`, `syncing`, `synced`, `rebuilding`, `rebuilt` or `restarted`.
    watch: &'static str,
    /// The services that it is about; absent with `enabled`, which is about all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<&'l str>,
    /// The container that was synced, as it is called in front of its lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'l str>,
    /// With `syncing`: how many paths of the disk changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<usize>,
    /// With `synced`: how many paths were written to the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<usize>,
    /// With `synced`: how many paths were removed from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Whose<'l> {
    project: &'l str,
    service: &'l str,
    /// The container's number within its service, from 1.
    replica: u32,
    /// The container, as it is called in front of its lines.
    container: &'l str,
}

impl Records {
    /// A line. `fields` holds what it consists of where it is JSON or logfmt; `bytes`, in base64, what it was where that
    /// is no text.
    pub fn line(&self, line: &LogLine) -> String {
        text(&Record::Line(Line {
            time: line.time.map(human::instant),
            whose: self.whose(line.service.as_str(), line.replica, &line.label),
            stream: match line.stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            },
            line: String::from_utf8_lossy(&line.text).into_owned(),
            bytes: std::str::from_utf8(&line.text).err().map(|_| BASE64_STANDARD.encode(&line.text)),
            fields: parsed::fields(&line.text),
        }))
    }

    /// What happened to a container.
    pub fn life(&self, life: &Life) -> String {
        let event = match &life.news {
            News::Exited { .. } => "exited",
            News::Restarted => "restarted",
            News::Recreated => "recreated",
            News::Removed => "removed",
        };
        let (exit_code, out_of_memory, restarting) = match &life.news {
            News::Exited { code, out_of_memory, restarting } => (Some(*code), Some(*out_of_memory), Some(*restarting)),
            News::Restarted | News::Recreated | News::Removed => (None, None, None),
        };
        let whose = self.whose(life.service.as_str(), life.replica, &life.label);
        text(&Record::Event(Happening { whose, event, exit_code, out_of_memory, restarting }))
    }

    /// What is done because files changed.
    pub fn watch(&self, news: &WatchNews) -> String {
        let (watch, services) = match news {
            WatchNews::Enabled => ("enabled", &[][..]),
            WatchNews::Disabled => ("disabled", &[][..]),
            WatchNews::Syncing { service, .. } => ("syncing", std::slice::from_ref(service)),
            WatchNews::Synced { service, .. } => ("synced", std::slice::from_ref(service)),
            WatchNews::Rebuilding { services } => ("rebuilding", &services[..]),
            WatchNews::Rebuilt { services } => ("rebuilt", &services[..]),
            WatchNews::Restarted { services } => ("restarted", &services[..]),
        };
        let services = services.iter().map(ServiceName::as_str).collect();
        let mut object = Watching { project: &self.project, watch, services, ..Watching::default() };
        match news {
            WatchNews::Syncing { changes, .. } => object.changes = Some(*changes),
            WatchNews::Synced { label, written, removed, .. } => {
                object.container = Some(label);
                object.written = Some(*written);
                object.removed = Some(*removed);
            }
            _ => {}
        }
        text(&Record::Watch(object))
    }

    fn whose<'l>(&'l self, service: &'l str, replica: u32, container: &'l str) -> Whose<'l> {
        Whose { project: &self.project, service, replica, container }
    }
}

fn text(record: &Record<'_>) -> String {
    serde_json::to_string(record).expect("a record has no keys but names")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn records() -> Records {
        Records { project: "shop".into() }
    }

    #[test]
    fn a_line_is_an_object_with_what_it_consists_of() {
        let line = LogLine { time: Some(1_767_323_045_000_000_000), ..LogLine::of("web-2", Stream::Stderr, "a=1 b=x") };
        assert_eq!(
            records().line(&line),
            r#"{"time":"2026-01-02T03:04:05.000000000Z","project":"shop","service":"web","replica":2,"container":"web-2","stream":"stderr","line":"a=1 b=x","fields":{"a":"1","b":"x"}}"#
        );
    }

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_types() {
        let schema = crate::schemas::of::<Record<'static>>();
        crate::schemas::keep_true("logs.json", &schema);
        let life = |news| Life { service: "web".into(), replica: 1, label: "web-1".into(), news };
        for text in [
            records().line(&LogLine::of("web-1", Stream::Stderr, "a=1 b=x")),
            records().line(&LogLine { text: vec![0xff].into(), ..LogLine::of("web-1", Stream::Stdout, "") }),
            records().life(&life(News::Removed)),
            records().life(&life(News::Exited { code: 1, out_of_memory: false, restarting: true })),
            records().watch(&WatchNews::Enabled),
            records().watch(&WatchNews::Syncing { service: "web".into(), changes: 1 }),
            records().watch(&WatchNews::Rebuilt { services: vec!["web".into()] }),
        ] {
            crate::schemas::assert_valid(&schema, &text);
        }
    }

    #[test]
    fn nothing_is_lost_of_a_line_that_is_no_text() {
        let line = LogLine { text: vec![0xff, b'a'].into(), ..LogLine::of("web-1", Stream::Stdout, "") };
        let object: Value = serde_json::from_str(&records().line(&line)).expect("an object");
        assert_eq!((&object["line"], &object["bytes"]), (&json!("\u{fffd}a"), &json!("/2E=")));
    }
}
