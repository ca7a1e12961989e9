//! `BuildKit`'s raw progress, one JSON object a line → lines for people. Pure.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// What has been told of a build so far.
#[derive(Debug, Default)]
pub struct Trace {
    begun: BTreeSet<String>,
    ended: BTreeSet<String>,
    /// Output without a line end, by vertex.
    carry: BTreeMap<String, Vec<u8>>,
    errors: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Report {
    vertexes: Vec<Vertex>,
    logs: Vec<Log>,
    warnings: Vec<Warning>,
}

/// One step of a build.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Vertex {
    digest: String,
    name: String,
    started: Option<String>,
    completed: Option<String>,
    cached: bool,
    error: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Log {
    vertex: String,
    /// Base64.
    data: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Warning {
    /// Base64.
    short: String,
}

impl Trace {
    /// The lines for one line of progress; a line that is none is given back as it is.
    pub fn read(&mut self, line: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let Ok(report) = serde_json::from_str::<Report>(line) else {
            if !line.trim().is_empty() {
                lines.push(line.to_owned());
            }
            return lines;
        };
        for vertex in &report.vertexes {
            self.vertex(vertex, &mut lines);
        }
        for log in report.logs {
            self.log(log, &mut lines);
        }
        for warning in report.warnings {
            lines.push(format!("WARNING: {}", String::from_utf8_lossy(&decoded(&warning.short))));
        }
        lines
    }

    fn vertex(&mut self, vertex: &Vertex, lines: &mut Vec<String>) {
        let is_quiet = vertex.name.starts_with("[internal]");
        if vertex.started.is_some() && self.begun.insert(vertex.digest.clone()) && !is_quiet {
            lines.push(if vertex.cached { format!("CACHED {}", vertex.name) } else { vertex.name.clone() });
        }
        if vertex.completed.is_none() || !self.ended.insert(vertex.digest.clone()) {
            return;
        }
        if let Some(rest) = self.carry.remove(&vertex.digest) {
            lines.push(String::from_utf8_lossy(&rest).into_owned());
        }
        if !vertex.error.is_empty() {
            let error = format!("{}: {}", vertex.name, vertex.error);
            lines.push(format!("ERROR {error}"));
            self.errors.push(error);
        }
    }

    fn log(&mut self, log: Log, lines: &mut Vec<String>) {
        let carry = self.carry.entry(log.vertex).or_default();
        carry.extend_from_slice(&decoded(&log.data));
        if let Some(end) = carry.iter().rposition(|byte| *byte == b'\n') {
            let rest = carry.split_off(end + 1);
            let whole = std::mem::replace(carry, rest);
            lines.extend(String::from_utf8_lossy(&whole[..end]).split('\n').map(str::to_owned));
        }
        if carry.is_empty() {
            self.carry.retain(|_, carry| !carry.is_empty());
        }
    }

    /// What went wrong, if a step said so; steps that were only given up because of it do not count.
    pub fn error(&self) -> Option<&str> {
        let is_cause = |error: &&String| !error.ends_with("context canceled");
        self.errors.iter().find(is_cause).or(self.errors.first()).map(String::as_str)
    }
}

fn decoded(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_becomes_lines() {
        let data = |text: &str| BASE64_STANDARD.encode(text);
        let table: &[(String, &[&str])] = &[
            (r#"{"vertexes":[{"digest":"a","name":"[internal] load .dockerignore","started":"t"}]}"#.into(), &[]),
            (r#"{"vertexes":[{"digest":"b","name":"[1/2] FROM x"}]}"#.into(), &[]),
            (r#"{"vertexes":[{"digest":"b","name":"[1/2] FROM x","started":"t"}]}"#.into(), &["[1/2] FROM x"]),
            (r#"{"vertexes":[{"digest":"b","name":"[1/2] FROM x","started":"t","completed":"t"}]}"#.into(), &[]),
            (
                r#"{"vertexes":[{"digest":"c","name":"[2/2] RUN y","started":"t","completed":"t","cached":true}]}"#
                    .into(),
                &["CACHED [2/2] RUN y"],
            ),
            (r#"{"statuses":[{"id":"transferring","vertex":"a","current":3}]}"#.into(), &[]),
            (format!(r#"{{"logs":[{{"vertex":"b","stream":1,"data":"{}"}}]}}"#, data("one\ntw")), &["one"]),
            (format!(r#"{{"logs":[{{"vertex":"b","stream":1,"data":"{}"}}]}}"#, data("o\n\n")), &["two", ""]),
            (format!(r#"{{"warnings":[{{"level":1,"short":"{}"}}]}}"#, data("old syntax")), &["WARNING: old syntax"]),
            ("ERROR: target web: failed to solve".into(), &["ERROR: target web: failed to solve"]),
            (String::new(), &[]),
        ];
        let mut trace = Trace::default();
        for (line, expected) in table {
            assert_eq!(trace.read(line), *expected, "{line}");
        }
        assert_eq!(trace.error(), None);
    }

    #[test]
    fn the_cause_is_told_and_what_was_only_given_up_is_not() {
        let mut trace = Trace::default();
        trace.read(r#"{"vertexes":[{"digest":"a","name":"[1/2] RUN slow","started":"t","completed":"t","error":"x: context canceled"}]}"#);
        let lines = trace.read(
            r#"{"vertexes":[{"digest":"b","name":"[2/2] COPY gone /","started":"t","completed":"t","error":"not found"}]}"#,
        );
        assert_eq!(lines, ["[2/2] COPY gone /", "ERROR [2/2] COPY gone /: not found"]);
        assert_eq!(trace.error(), Some("[2/2] COPY gone /: not found"));
    }

    #[test]
    fn a_last_line_without_end_is_told_when_its_step_ends() {
        let mut trace = Trace::default();
        let data = BASE64_STANDARD.encode("no end");
        assert!(trace.read(&format!(r#"{{"logs":[{{"vertex":"b","data":"{data}"}}]}}"#)).is_empty());
        assert_eq!(trace.read(r#"{"vertexes":[{"digest":"b","name":"RUN","completed":"t"}]}"#), ["no end"]);
    }
}
