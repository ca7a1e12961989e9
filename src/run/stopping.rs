//! One container being stopped: who takes long is told while it lasts, and why, when it had to be killed in the end.

use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::{ContainerId, Engine, EngineError};
use crate::event::Event;
use crate::plan::{PlannedStep, StepId};

use super::evidence;
use super::execute::Execution;

/// Who stops within this time is worth no word.
const AT_ONCE: Duration = Duration::from_secs(2);
/// An engine that hesitates to tell what runs must not keep anything else waiting.
const LIMIT: Duration = Duration::from_secs(2);
/// The engine's own grace, where nobody says anything else.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// A container that does not stop at once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Resistance {
    signal: String,
    grace: Duration,
    /// The command of its first process: the one that gets the signal.
    first_process: String,
}

impl Execution<'_> {
    /// Stops a container.
    ///
    /// # Errors
    /// When the engine refuses.
    pub(super) async fn stop(
        &self,
        step: StepId,
        planned: &PlannedStep,
        id: &ContainerId,
        grace: Option<Duration>,
    ) -> Result<(), EngineError> {
        let resistance = self.resisted(step, planned, id, grace, self.work.engine.stop_container(id, grace)).await?;
        if let Some(resistance) = resistance
            && self.was_killed(id).await
        {
            self.tell_of(&resistance, planned);
        }
        Ok(())
    }

    /// Stops a container and starts it again.
    ///
    /// # Errors
    /// When the engine refuses.
    pub(super) async fn restart(
        &self,
        step: StepId,
        planned: &PlannedStep,
        id: &ContainerId,
        grace: Option<Duration>,
    ) -> Result<(), EngineError> {
        let mut news = self.feed.subscribe();
        let restarting = self.work.engine.restart_container(id, grace);
        let resistance = self.resisted(step, planned, id, grace, restarting).await?;
        // It runs again by now: only its end can tell.
        if let Some(resistance) = resistance
            && tokio::time::timeout(LIMIT, news.end_of(&id.0)).await == Ok(Some(evidence::KILLED))
        {
            self.tell_of(&resistance, planned);
        }
        Ok(())
    }

    fn tell_of(&self, resistance: &Resistance, planned: &PlannedStep) {
        (self.work.tell)(Event::Warning(resistance.afterwards(&planned.subject().name)));
    }

    /// Waits for the end of a container; gives who it was when that took all of its grace.
    async fn resisted(
        &self,
        step: StepId,
        planned: &PlannedStep,
        id: &ContainerId,
        grace: Option<Duration>,
        doing: impl Future<Output = Result<(), EngineError>>,
    ) -> Result<Option<Resistance>, EngineError> {
        let began = Instant::now();
        let mut doing = pin!(doing);
        if let Ok(done) = tokio::time::timeout(AT_ONCE, &mut doing).await {
            return done.map(|()| None);
        }
        let mut looking = pin!(Resistance::of(self.work.engine, id, grace));
        let mut resistance = None;
        let mut has_looked = false;
        loop {
            tokio::select! {
                biased;
                done = &mut doing => {
                    done?;
                    break;
                }
                found = &mut looking, if !has_looked => {
                    has_looked = true;
                    if let Some(found) = &found {
                        let subject = planned.subject();
                        let what = format!("{subject} to end on {}; {}", found.signal, found.limit());
                        self.notes.keep(step, id, found.limit());
                        (self.work.tell)(Event::StillWaiting { subject, what, elapsed: began.elapsed() });
                    }
                    resistance = found;
                }
            }
        }
        self.notes.forget(step, id);
        Ok(resistance.filter(|resistance| began.elapsed() >= resistance.grace))
    }

    async fn was_killed(&self, id: &ContainerId) -> bool {
        let inspected = tokio::time::timeout(LIMIT, self.work.engine.inspect_container(id)).await;
        matches!(inspected, Ok(Ok(details)) if details.exit_code == evidence::KILLED && !details.oom_killed)
    }
}

impl Resistance {
    /// What the engine tells of a container that still runs; nothing when it has ended meanwhile.
    async fn of(engine: &dyn Engine, id: &ContainerId, grace: Option<Duration>) -> Option<Self> {
        let details = tokio::time::timeout(LIMIT, engine.inspect_container(id)).await.ok()?.ok()?;
        let own = details.stop_timeout.map(|seconds| Duration::from_secs(seconds.try_into().unwrap_or(u64::MAX)));
        let word = |path| details.raw.pointer(path).and_then(serde_json::Value::as_str).filter(|word| !word.is_empty());
        let signal = word("/Config/StopSignal").unwrap_or("SIGTERM").to_owned();
        // Whoever replaced itself (`exec`) is told by what runs; where that cannot be told, by how it was started.
        let first = details.raw.pointer("/State/Pid").and_then(serde_json::Value::as_u64);
        let processes = tokio::time::timeout(LIMIT, engine.processes(id)).await.ok().and_then(Result::ok);
        let running = processes.and_then(|all| all.each().into_iter().find(|process| Some(process.pid) == first));
        let first_process = running.map_or_else(|| started_as(&details.raw), |process| process.command);
        Some(Self { signal, grace: grace.or(own).unwrap_or(DEFAULT_GRACE), first_process })
    }

    fn limit(&self) -> String {
        format!("it is killed after {} s", self.grace.as_secs())
    }

    fn afterwards(&self, name: &str) -> String {
        let Self { signal, grace, first_process } = self;
        let why = match Kind::of(first_process) {
            Kind::Shell => format!(
                "its first process is a shell ({first_process}), which hands no signal on: write the command as a list \
                 (exec form), begin it with `exec`, or set `init: true`"
            ),
            Kind::Init => format!(
                "its init ({first_process}) hands the signal on, and the program does not end: \
                 set `stop_signal` to one that it heeds"
            ),
            Kind::Program => format!(
                "its first process ({first_process}) does not end on {signal}: let it, set `stop_signal` to one that \
                 it heeds, or set `init: true`"
            ),
        };
        format!("{name} ignored {signal} for {} s and was killed: {why}", grace.as_secs())
    }
}

/// The words with which a container was started.
fn started_as(raw: &serde_json::Value) -> String {
    let path = raw.get("Path").and_then(serde_json::Value::as_str);
    let arguments = raw.get("Args").and_then(serde_json::Value::as_array).into_iter().flatten();
    path.into_iter().chain(arguments.filter_map(serde_json::Value::as_str)).collect::<Vec<_>>().join(" ")
}

/// What a first process does with signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shell,
    Init,
    Program,
}

impl Kind {
    fn of(command: &str) -> Self {
        let mut names = command.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
        let first = names.next().unwrap_or_default();
        match if first == "busybox" { names.next().unwrap_or_default() } else { first } {
            "sh" | "ash" | "bash" | "dash" | "ksh" | "zsh" => Self::Shell,
            "docker-init" | "tini" | "dumb-init" | "catatonit" => Self::Init,
            _ => Self::Program,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_the_signal_decides_what_helps() {
        for (command, kind) in [
            ("/bin/sh -c node server.js", Kind::Shell),
            ("bash ./entrypoint.sh", Kind::Shell),
            ("/bin/busybox sh -c x", Kind::Shell),
            ("/sbin/docker-init -- /bin/sh -c x", Kind::Init),
            ("node server.js", Kind::Program),
            ("/usr/local/bin/shepherd", Kind::Program),
            ("", Kind::Program),
        ] {
            assert_eq!(Kind::of(command), kind, "{command}");
        }
    }

    #[test]
    fn what_is_said_of_who_had_to_be_killed() {
        let resistance = |command: &str| Resistance {
            signal: "SIGTERM".into(),
            grace: Duration::from_secs(10),
            first_process: command.into(),
        };
        assert_eq!(
            resistance("sh -c serve").afterwards("shop-web-1"),
            "shop-web-1 ignored SIGTERM for 10 s and was killed: its first process is a shell (sh -c serve), which hands \
             no signal on: write the command as a list (exec form), begin it with `exec`, or set `init: true`"
        );
        assert_eq!(resistance("serve").limit(), "it is killed after 10 s");
    }

    #[test]
    fn how_a_container_was_started() {
        let raw = serde_json::json!({ "Path": "/actor", "Args": ["deaf", "stay"] });
        assert_eq!(started_as(&raw), "/actor deaf stay");
        assert_eq!(started_as(&serde_json::Value::Null), "");
    }
}
