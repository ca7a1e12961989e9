//! Commands that a project runs inside its containers: how they are asked for, and how their output is told.

use std::sync::Arc;

use crate::engine::{ExecOutcome, ExecSpec, Stream};
use crate::event::{Event, LogLine};
use crate::model::Hook;

use super::evidence;
use super::label::label;

/// How much of a failed hook's output its message repeats.
const LINES: usize = 10;
const BYTES: usize = 2048;

/// What the engine is asked to run.
pub(super) fn command(hook: &Hook) -> ExecSpec {
    let variable = |(key, value): (&String, &Option<String>)| {
        value.as_ref().map_or_else(|| key.clone(), |value| format!("{key}={value}"))
    };
    ExecSpec {
        command: hook.command.clone().unwrap_or_default(),
        environment: hook.environment.iter().map(variable).collect(),
        user: hook.user.clone(),
        working_dir: hook.working_dir.clone(),
        privileged: hook.privileged,
        ..ExecSpec::default()
    }
}

/// Why it failed, if it did: its status, and the end of what it said.
pub(super) fn failure(service: &str, outcome: &ExecOutcome) -> Option<String> {
    if outcome.exit_code == 0 {
        return None;
    }
    let output = if outcome.stderr.is_empty() { &outcome.stdout } else { &outcome.stderr };
    let output = tail(&String::from_utf8_lossy(output));
    let message = format!("{service} hook exited with status {}", outcome.exit_code);
    Some(if output.is_empty() { message } else { format!("{message}: {output}") })
}

/// Tells all that it wrote.
pub(super) fn tell_outcome(tell: &dyn Fn(Event), project: &str, service: &str, container: &str, outcome: &ExecOutcome) {
    tell_output(tell, project, service, container, Stream::Stdout, &outcome.stdout);
    tell_output(tell, project, service, container, Stream::Stderr, &outcome.stderr);
}

pub(super) fn tell_output(
    tell: &dyn Fn(Event),
    project: &str,
    service: &str,
    container: &str,
    stream: Stream,
    output: &[u8],
) {
    let (label, replica) = label(project, service, container);
    let label: Arc<str> = format!("{label} ->").into();
    let output = output.strip_suffix(b"\n").unwrap_or(output);
    if output.is_empty() {
        return;
    }
    for line in output.split(|byte| *byte == b'\n') {
        tell(Event::Log(LogLine {
            service: service.into(),
            replica,
            label: Arc::clone(&label),
            stream,
            text: bytes::Bytes::copy_from_slice(line),
            time: None,
        }));
    }
}

/// The end of a text: so many lines, and no more than so many bytes.
fn tail(text: &str) -> String {
    let text = evidence::last(text, LINES).join("\n");
    let mut start = text.len().saturating_sub(BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].to_owned()
}
