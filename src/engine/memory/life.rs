//! What happens to a running container in time: it writes, is checked, ends, and may come back.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::Shared;
use super::containers::{Occupant, Written};
use super::world::World;
use crate::engine::{ApiVersion, Health, HealthSpec, Probe, State, Stream};

const INTERVAL: Duration = Duration::from_secs(30);
const START_INTERVAL: Duration = Duration::from_secs(5);
const RETRIES: i64 = 3;
/// The first pause before a policy starts a container again; each one after is twice as long, up to a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Sets a new life of a container going.
pub(super) fn begin(shared: &Arc<Shared>, id: &str, life: u64) {
    tokio::spawn(live(Arc::downgrade(shared), id.to_owned(), life));
}

/// What comes next in a life.
enum Deed {
    Write(usize),
    Probe,
    Exit(i64),
}

async fn live(shared: Weak<Shared>, id: String, mut life: u64) {
    loop {
        let Some(()) = one_life(&shared, &id, life).await else { return };
        let Some(engine) = shared.upgrade() else { return };
        let Some(pause) = engine.change(|world| world.await_restart(&id, life)) else { return };
        drop(engine);
        sleep(pause).await;
        let Some(engine) = shared.upgrade() else { return };
        let Some(next) = engine.change(|world| world.restart_by_policy(&id)) else { return };
        life = next;
    }
}

/// Goes through one life; `None` when somebody else ended it.
async fn one_life(shared: &Weak<Shared>, id: &str, life: u64) -> Option<()> {
    let born = Instant::now();
    let (mut written, mut probe) = (0, None);
    loop {
        let (at, deed) = {
            let engine = shared.upgrade()?;
            let world = engine.world();
            let occupant = world.alive(id, life)?;
            let first = || occupant.health_check.as_ref().map(|check| interval(check, Duration::ZERO, world.api));
            let probe = *probe.get_or_insert_with(first);
            next(occupant, written, probe)
        }?;
        sleep_until(born + at).await;
        let engine = shared.upgrade()?;
        let ended = engine.change(|world| {
            world.alive(id, life)?;
            match deed {
                Deed::Write(index) => {
                    world.write(id, index);
                    written = index + 1;
                }
                Deed::Probe => {
                    world.probe(id, at);
                    let check = world.alive(id, life)?.health_check.as_ref()?;
                    probe = Some(Some(at + interval(check, at, world.api)));
                }
                Deed::Exit(code) => {
                    let out_of_memory = world.alive(id, life)?.behaviour.out_of_memory;
                    world.end_container(id, code, out_of_memory);
                    return Some(true);
                }
            }
            Some(false)
        })?;
        if ended {
            return Some(());
        }
    }
}

/// The next thing and its time. What is written comes before an end at the same time; without anything to come, the
/// life is left to others.
fn next(occupant: &Occupant, written: usize, probe: Option<Duration>) -> Option<(Duration, Deed)> {
    let behaviour = &occupant.behaviour;
    let write = behaviour.writes.get(written).map(|(at, ..)| (*at, Deed::Write(written)));
    let exit = behaviour.exits.map(|(at, code)| (at, Deed::Exit(code)));
    let probe = probe.map(|at| (at, Deed::Probe));
    [write, exit, probe].into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// How long until the next check, at this time of a life.
fn interval(check: &HealthSpec, age: Duration, api: ApiVersion) -> Duration {
    let starting = check.start_period.is_some_and(|period| age < period) && api >= ApiVersion::new(1, 44);
    if starting { check.start_interval.unwrap_or(START_INTERVAL) } else { check.interval.unwrap_or(INTERVAL) }
}

impl World {
    /// The container, if it still lives this life.
    fn alive(&self, id: &str, life: u64) -> Option<&Occupant> {
        self.containers.get(id).filter(|it| it.is_up() && it.lives == life)
    }

    /// Writes the piece of output of this number. A terminal knows one stream, and its lines end in two characters.
    fn write(&mut self, id: &str, index: usize) {
        let time = self.clock.tick();
        let Some(occupant) = self.containers.get_mut(id) else { return };
        let Some((_, stream, bytes)) = occupant.behaviour.writes.get(index).cloned() else { return };
        let written = if occupant.spec.tty {
            let text = String::from_utf8_lossy(&bytes).replace('\n', "\r\n");
            Written { time, stream: Stream::Stdout, bytes: text.into() }
        } else {
            Written { time, stream, bytes }
        };
        occupant.output.push(written);
    }

    /// Runs the health check.
    fn probe(&mut self, id: &str, age: Duration) {
        let ended_at = super::clock::written(self.clock.now());
        let Some(occupant) = self.containers.get_mut(id) else { return };
        let Some(check) = occupant.health_check.as_ref().filter(|_| occupant.state == State::Running) else { return };
        let healthy = occupant.behaviour.is_healthy(age);
        let retries = check.retries.filter(|retries| *retries > 0).unwrap_or(RETRIES);
        let in_start_period = check.start_period.is_some_and(|period| age < period);
        let output = if healthy { String::new() } else { occupant.behaviour.complaint.clone() };
        occupant.probes.push(Probe { exit_code: i64::from(!healthy), output, ended_at });
        let surplus = occupant.probes.len().saturating_sub(5);
        occupant.probes.drain(..surplus);
        let before = occupant.health;
        if healthy {
            (occupant.failing, occupant.health) = (0, Health::Healthy);
        } else if !(in_start_period && before == Health::Starting) {
            occupant.failing += 1;
            if occupant.failing >= retries {
                occupant.health = Health::Unhealthy;
            }
        }
        let after = occupant.health;
        if before != after {
            let word = if after == Health::Healthy { "healthy" } else { "unhealthy" };
            self.tell_of(id, &format!("health_status: {word}"), &[]);
        }
    }

    /// After an end of its own: how long until the policy starts it again, if it does.
    fn await_restart(&mut self, id: &str, life: u64) -> Option<Duration> {
        let occupant = self.containers.get_mut(id)?;
        if occupant.lives != life || occupant.state != State::Exited || !occupant.comes_back() {
            return None;
        }
        occupant.state = State::Restarting;
        let doublings = u32::try_from(occupant.restarts).unwrap_or(u32::MAX).min(10);
        Some(FIRST_PAUSE.saturating_mul(1 << doublings).min(Duration::from_secs(60)))
    }

    fn restart_by_policy(&mut self, id: &str) -> Option<u64> {
        let occupant = self.containers.get_mut(id)?;
        if occupant.state != State::Restarting {
            return None;
        }
        occupant.restarts += 1;
        match self.start_container(id) {
            Ok(life) => life,
            Err(_) => {
                self.containers.get_mut(id)?.state = State::Exited;
                None
            }
        }
    }
}
