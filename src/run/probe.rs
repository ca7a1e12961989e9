//! A container's own health test, run by us right after start so that nobody waits for the first interval.

use std::time::Duration;

use crate::engine::{ContainerDetails, ContainerId, Engine, ErrorKind, ExecSpec, HealthSpec};

/// The pause after the first attempt.
const FIRST: Duration = Duration::from_millis(100);
/// What the engine does when nothing is said.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A test that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub command: Vec<String>,
    pub interval: Duration,
    pub timeout: Duration,
}

impl Test {
    /// The test of a health check; `shell` is what runs `CMD-SHELL`.
    pub fn of(check: &HealthSpec, shell: &[String]) -> Option<Self> {
        let given = |value: Option<Duration>, default| value.filter(|value| !value.is_zero()).unwrap_or(default);
        let command = match check.test.split_first()? {
            (kind, words) if kind == "CMD" && !words.is_empty() => words.to_vec(),
            (kind, [line]) if kind == "CMD-SHELL" => shell.iter().cloned().chain([line.clone()]).collect(),
            _ => return None,
        };
        Some(Self {
            command,
            interval: given(check.interval, DEFAULT_INTERVAL),
            timeout: given(check.timeout, DEFAULT_TIMEOUT),
        })
    }

    /// The test that the engine itself runs for a container, or the one that was asked for where the engine tells none.
    pub fn of_container(details: &ContainerDetails, asked: Option<&HealthSpec>) -> Option<Self> {
        let own = details.raw.pointer("/Config/Shell").and_then(serde_json::Value::as_array);
        let shell: Vec<String> = match own {
            Some(words) if !words.is_empty() => {
                words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect()
            }
            _ => vec!["/bin/sh".into(), "-c".into()],
        };
        Self::of(details.health_check.as_ref().or(asked)?, &shell)
    }

    /// The pauses between attempts: from a tenth of a second, half as much again each time, to the interval.
    pub fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        let interval = self.interval;
        std::iter::successors(Some(FIRST.min(interval)), move |pause| Some((*pause * 3 / 2).min(interval)))
    }
}

/// Ends with the test's first success. Where the engine lets nobody run commands, it never ends.
pub(super) async fn succeed(engine: &dyn Engine, container: &ContainerId, test: Test) {
    let spec = ExecSpec { command: test.command.clone(), ..ExecSpec::default() };
    for pause in test.pauses() {
        match tokio::time::timeout(test.timeout, engine.exec(container, &spec)).await {
            Ok(Ok(outcome)) if outcome.exit_code == 0 => return,
            Ok(Err(error))
                if matches!(error.kind, ErrorKind::Denied | ErrorKind::Unsupported | ErrorKind::NotFound) =>
            {
                break;
            }
            // Not yet: it says no, takes too long, or does not run at this moment.
            Ok(_) | Err(_) => {}
        }
        tokio::time::sleep(pause).await;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn commands_of_tests() {
        let shell = words("/bin/bash|-c");
        let table = [
            ("CMD|redis-cli|ping", Some("redis-cli|ping")),
            ("CMD-SHELL|test -f /ready", Some("/bin/bash|-c|test -f /ready")),
            ("NONE", None),
            ("CMD", None),
            ("CMD-SHELL", None),
        ];
        for (test, expected) in table {
            let check = HealthSpec { test: words(test), ..HealthSpec::default() };
            assert_eq!(Test::of(&check, &shell).map(|test| test.command), expected.map(words), "{test}");
        }
        assert_eq!(Test::of(&HealthSpec::default(), &shell), None);
    }

    #[test]
    fn pauses_grow_to_the_interval_and_stay_there() {
        let test = |interval| Test { command: Vec::new(), interval, timeout: DEFAULT_TIMEOUT };
        let pauses: Vec<u128> =
            test(Duration::from_millis(400)).pauses().take(6).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [100, 150, 225, 337, 400, 400]);
        let pauses: Vec<u128> =
            test(Duration::from_millis(50)).pauses().take(3).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [50, 50, 50]);
    }

    #[test]
    fn what_is_not_said_is_as_the_engine_has_it() {
        let check = HealthSpec {
            test: words("CMD|true"),
            interval: Some(Duration::ZERO),
            timeout: Some(Duration::from_secs(2)),
            ..HealthSpec::default()
        };
        let test = Test::of(&check, &[]).expect("a test");
        assert_eq!((test.interval, test.timeout), (DEFAULT_INTERVAL, Duration::from_secs(2)));
    }
}
