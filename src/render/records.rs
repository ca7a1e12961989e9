//! Lines of logs, and what happens to containers, as JSON objects: one a line.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::engine::Stream;
use crate::event::{Life, LogLine, News};

use super::parsed;

/// Writes objects about one project.
#[derive(Clone, Debug, Default)]
pub struct Records {
    pub project: String,
}

impl Records {
    /// A line. `fields` holds what it consists of where it is JSON or logfmt; `bytes`, in base64, what it was where that
    /// is no text.
    pub fn line(&self, line: &LogLine) -> String {
        let mut object = Map::new();
        if let Some(time) = &line.time {
            object.insert("time".into(), json!(time));
        }
        self.whose(&mut object, line.service.as_str(), line.replica, &line.label);
        let stream = match line.stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        object.insert("stream".into(), json!(stream));
        object.insert("line".into(), json!(String::from_utf8_lossy(&line.text)));
        if std::str::from_utf8(&line.text).is_err() {
            object.insert("bytes".into(), json!(BASE64_STANDARD.encode(&line.text)));
        }
        if let Some(fields) = parsed::fields(&line.text) {
            object.insert("fields".into(), Value::Object(fields));
        }
        Value::Object(object).to_string()
    }

    /// What happened to a container.
    pub fn life(&self, life: &Life) -> String {
        let mut object = Map::new();
        self.whose(&mut object, life.service.as_str(), life.replica, &life.label);
        let event = match &life.news {
            News::Exited { .. } => "exited",
            News::Restarted => "restarted",
            News::Recreated => "recreated",
            News::Removed => "removed",
        };
        object.insert("event".into(), json!(event));
        if let News::Exited { code, out_of_memory, restarting } = &life.news {
            object.insert("exit_code".into(), json!(code));
            object.insert("out_of_memory".into(), json!(out_of_memory));
            object.insert("restarting".into(), json!(restarting));
        }
        Value::Object(object).to_string()
    }

    fn whose(&self, object: &mut Map<String, Value>, service: &str, replica: u32, label: &str) {
        object.insert("project".into(), json!(self.project));
        object.insert("service".into(), json!(service));
        object.insert("replica".into(), json!(replica));
        object.insert("container".into(), json!(label));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Records {
        Records { project: "shop".into() }
    }

    #[test]
    fn a_line_is_an_object_with_what_it_consists_of() {
        let line =
            LogLine { time: Some("2026-01-02T03:04:05Z".into()), ..LogLine::of("web-2", Stream::Stderr, "a=1 b=x") };
        assert_eq!(
            records().line(&line),
            r#"{"time":"2026-01-02T03:04:05Z","project":"shop","service":"web","replica":2,"container":"web-2","stream":"stderr","line":"a=1 b=x","fields":{"a":"1","b":"x"}}"#
        );
    }

    #[test]
    fn nothing_is_lost_of_a_line_that_is_no_text() {
        let line = LogLine { text: vec![0xff, b'a'].into(), ..LogLine::of("web-1", Stream::Stdout, "") };
        let object: Value = serde_json::from_str(&records().line(&line)).expect("an object");
        assert_eq!((&object["line"], &object["bytes"]), (&json!("\u{fffd}a"), &json!("/2E=")));
    }
}
