//! What a request does to a container in more than one step: it begins, it ends when it heeds a signal, a command runs in it.

use std::time::Duration;

use tokio::time::sleep;

use super::world::{Outcome, refusal};
use super::{MemoryEngine, life};
use crate::engine::{ContainerId, ErrorKind, ExecOutcome, ExecSpec, State};

/// What a container has when it says nothing.
const GRACE: Duration = Duration::from_secs(10);

impl MemoryEngine {
    /// Waits until the container heeds a request to end, at most its grace, and ends it.
    pub(super) async fn see_off(&self, id: &ContainerId, grace: Option<Duration>) -> Outcome<()> {
        let Some((life, patience, code)) = self.shared.change(|world| {
            let occupant = world.container_mut(id.as_str())?;
            occupant.stopped_by_hand = true;
            if occupant.state == State::Restarting {
                occupant.state = State::Exited;
            }
            if !occupant.is_up() {
                return Ok(None);
            }
            let own =
                occupant.spec.stop_timeout.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
            let grace = grace.or(own).unwrap_or(GRACE);
            let (patience, code) = match occupant.behaviour.stops {
                Some((after, code)) if after < grace || after.is_zero() => (after, code),
                _ => (grace, 137),
            };
            let life = occupant.lives;
            let signal =
                if occupant.spec.stop_signal.is_empty() { "15" } else { &occupant.spec.stop_signal }.to_owned();
            let id = occupant.id.clone();
            world.tell_of(&id, "kill", &[("signal", signal)]);
            Outcome::Ok(Some((life, patience, code)))
        })?
        else {
            return Ok(());
        };
        if !patience.is_zero() {
            sleep(patience).await;
        }
        self.shared.change(|world| {
            let occupant = world.container(id.as_str())?;
            let (id, same) = (occupant.id.clone(), occupant.is_up() && occupant.lives == life);
            if same {
                world.end_container(&id, code, false);
            }
            world.tell_of(&id, "stop", &[]);
            Ok(())
        })
    }

    pub(super) fn begin(&self, id: &ContainerId) -> Outcome<()> {
        let begun = self.shared.change(|world| {
            let life = world.start_container(id.as_str())?;
            Outcome::Ok(life.map(|life| (world.container(id.as_str()).map(|it| it.id.clone()), life)))
        })?;
        if let Some((Ok(id), life)) = begun {
            life::begin(&self.shared, &id, life);
        }
        Ok(())
    }

    /// Runs a command inside: what was scripted, the health check, or silence.
    pub(super) fn answer(&self, id: &ContainerId, spec: &ExecSpec) -> Outcome<ExecOutcome> {
        self.shared.change(|world| {
            let exec = world.create_exec(id.as_str(), spec)?;
            world.start_exec(&exec)?;
            world.end_exec_input(&exec);
            world.outcome_of(&exec)
        })
    }

    pub(super) fn take_signal(&self, id: &ContainerId, signal: &str) -> Outcome<()> {
        let name = signal.trim_start_matches("SIG");
        self.shared.change(|world| {
            let occupant = world.container_mut(id.as_str())?;
            if !occupant.is_up() {
                let message = format!("Cannot kill container: {id}: Container {} is not running", occupant.id);
                return Err(refusal(ErrorKind::Conflict, message));
            }
            let ends = match name {
                "KILL" | "9" => Some(137),
                "TERM" | "INT" | "QUIT" | "15" | "2" | "3" => occupant.behaviour.stops.map(|(_, code)| code),
                _ => None,
            };
            occupant.stopped_by_hand |= ends.is_some();
            let id = occupant.id.clone();
            world.tell_of(&id, "kill", &[("signal", name.to_owned())]);
            if let Some(code) = ends {
                world.end_container(&id, code, false);
            }
            Ok(())
        })
    }
}
