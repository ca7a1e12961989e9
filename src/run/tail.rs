//! The output of running containers, told as it comes, through their restarts.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::engine::{ContainerDetails, ContainerId, Engine, EngineError, ErrorKind, LogRequest, State};
use crate::event::Event;

use super::lines::{as_since, instant};
use super::outage;
use super::reader::{Reader, Source};
use super::seen::Seen;

/// Where reading begins the first time; later it goes on behind what was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// With the first line, or the first after that time.
    Beginning { since: String },
    /// With the first line since the container was last started.
    ThisRun,
    /// With whatever is written from now on.
    Now,
}

/// What is known of a container whose output is told.
struct Known {
    source: Source,
    start: Start,
    /// When it ended before the run that is read, in nanoseconds since 1970, where that is known.
    after: Option<i64>,
    /// Handed over to the reading while it goes on.
    seen: Option<Seen>,
    /// Started again before its earlier output had ended.
    again: bool,
    readable: bool,
    /// Readings one after the other that broke or ended without a line.
    vain: u32,
    /// Told when nothing is expected any more but what is there.
    finish: Rc<Notify>,
}

/// How reading one container came to its end.
struct Ended {
    id: ContainerId,
    seen: Seen,
    told: bool,
    error: Option<EngineError>,
}

/// All that is being read.
pub(super) struct Tails<'a> {
    engine: &'a dyn Engine,
    tell: &'a dyn Fn(Event),
    until: String,
    known: HashMap<ContainerId, Known>,
    /// When containers ended last. Of a run that is over as well by the time of reading, the engine cannot tell when the
    /// run before it was.
    ends: HashMap<ContainerId, i64>,
    reading: FuturesUnordered<LocalBoxFuture<'a, Ended>>,
    /// How many lines were told.
    lines: Rc<Cell<u64>>,
    /// Who may ask the engine about a container before reading it: each connection takes memory.
    asking: Rc<Semaphore>,
}

/// About how many containers the engine is asked at a time.
pub(super) const AT_ONCE: usize = 16;

impl<'a> Tails<'a> {
    pub fn new(engine: &'a dyn Engine, tell: &'a dyn Fn(Event), until: &str) -> Self {
        let reading = FuturesUnordered::new();
        Self {
            engine,
            tell,
            until: until.to_owned(),
            known: HashMap::new(),
            ends: HashMap::new(),
            reading,
            lines: Rc::default(),
            asking: Rc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Tells a container's output. One that is known goes on where it ended; one that is being read is read again after
    /// its end.
    pub fn follow(&mut self, source: Source, start: Start) {
        self.follow_after(source, start, Seen::default());
    }

    /// As `follow`, with what was told of it before.
    pub fn follow_after(&mut self, source: Source, start: Start, seen: Seen) {
        let id = source.id.clone();
        let after = self.ends.get(&id).copied();
        let known = match self.known.entry(id.clone()) {
            Entry::Vacant(place) => {
                let (seen, finish) = (Some(seen), Rc::default());
                place.insert(Known { source, start, after, seen, again: false, readable: true, vain: 0, finish })
            }
            Entry::Occupied(place) => {
                let known = place.into_mut();
                // Of several runs that are yet to be read, the first one has the beginning.
                if !known.again {
                    known.start = start;
                    known.after = after;
                }
                known
            }
        };
        match known.seen.take() {
            Some(seen) => self.read(&id, seen, Duration::ZERO),
            None => known.again = true,
        }
    }

    /// Notes when a container ended, in nanoseconds since 1970, or 0 where it never ran: what it writes later belongs to
    /// its next run.
    pub fn note_end(&mut self, id: &ContainerId, at: i64) {
        self.ends.insert(id.clone(), at);
    }

    /// Goes on with a container that runs although its output came to an end.
    pub fn resume(&mut self, id: &ContainerId) {
        let Some(known) = self.known.get_mut(id).filter(|known| known.readable) else { return };
        let pause = outage::pause(known.vain);
        if let Some(seen) = known.seen.take() {
            self.read(id, seen, pause);
        }
    }

    fn read(&mut self, id: &ContainerId, seen: Seen, pause: Duration) {
        let Some(known) = self.known.get(id) else { return };
        let reading = read(Reading {
            engine: self.engine,
            tell: self.tell,
            until: self.until.clone(),
            source: known.source.clone(),
            start: known.start.clone(),
            after: known.after,
            seen,
            pause,
            lines: Rc::clone(&self.lines),
            finish: Rc::clone(&known.finish),
            asking: Rc::clone(&self.asking),
        });
        self.reading.push(Box::pin(reading));
    }

    pub fn is_known(&self, id: &ContainerId) -> bool {
        self.known.contains_key(id)
    }

    pub fn is_reading(&self, id: &ContainerId) -> bool {
        self.known.get(id).is_some_and(|known| known.seen.is_none())
    }

    /// Nothing more is expected of the containers that are being read: what is there is read to its end, without waiting
    /// for an engine that does not end the output of a container that has ended. One whose output is only shown from now
    /// on, and that wrote nothing yet, has no beginning that could be gone back to: it stays as it is.
    pub fn finish(&self) {
        for known in self.known.values().filter(|known| known.seen.is_none() && known.start != Start::Now) {
            known.finish.notify_one();
        }
    }

    /// How many lines were told so far.
    pub fn lines(&self) -> u64 {
        self.lines.get()
    }

    /// Whether nothing is being read.
    pub fn is_quiet(&self) -> bool {
        self.reading.is_empty()
    }

    /// The next container whose output has come to an end, for now or until it was started again; while nothing
    /// is read, it waits for ever.
    ///
    /// # Errors
    /// When the engine does not answer any more.
    pub async fn next(&mut self) -> Result<ContainerId, EngineError> {
        loop {
            if self.reading.is_empty() {
                return std::future::pending().await;
            }
            let Some(ended) = self.reading.next().await else { continue };
            if let Some(id) = self.settle(ended)? {
                return Ok(id);
            }
        }
    }

    /// Decides how a container goes on whose reading ended; gives its id when the output of a life of its is complete.
    fn settle(&mut self, ended: Ended) -> Result<Option<ContainerId>, EngineError> {
        let Some(known) = self.known.get_mut(&ended.id) else { return Ok(None) };
        known.vain = if ended.told { 0 } else { known.vain + 1 };
        match ended.error {
            None if known.again => {
                known.again = false;
                self.read(&ended.id, ended.seen, Duration::ZERO);
                return Ok(Some(ended.id));
            }
            None => {}
            Some(error) if error.kind == ErrorKind::Unreachable => {
                if known.vain > outage::ATTEMPTS {
                    return Err(error);
                }
                let pause = outage::pause(known.vain);
                self.read(&ended.id, ended.seen, pause);
                return Ok(None);
            }
            // It was removed, or is about to be.
            Some(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Conflict) => {}
            Some(error) => {
                known.readable = false;
                (self.tell)(unreadable(&known.source, &error));
            }
        }
        known.seen = Some(ended.seen);
        Ok(Some(ended.id))
    }
}

/// What is told about output that cannot be had.
pub(super) fn unreadable(source: &Source, error: &EngineError) -> Event {
    Event::Warning(format!("Can't retrieve logs for \"{}\": {}", source.label, error.message))
}

struct Reading<'a> {
    engine: &'a dyn Engine,
    tell: &'a dyn Fn(Event),
    until: String,
    source: Source,
    start: Start,
    after: Option<i64>,
    seen: Seen,
    pause: Duration,
    lines: Rc<Cell<u64>>,
    finish: Rc<Notify>,
    asking: Rc<Semaphore>,
}

async fn read(mut reading: Reading<'_>) -> Ended {
    let mut told = false;
    if !reading.pause.is_zero() {
        tokio::time::sleep(reading.pause).await;
    }
    let finish = Rc::clone(&reading.finish);
    let followed = tokio::select! {
        biased;
        followed = tell_lines(&mut reading, true, &mut told) => Some(followed),
        () = finish.notified() => None,
    };
    // An engine under load ends the output of a container that ended before it gave the last of it.
    let result = match followed {
        Some(Err(error)) => Err(error),
        Some(Ok(())) | None => tell_lines(&mut reading, false, &mut told).await,
    };
    Ended { id: reading.source.id, seen: reading.seen, told, error: result.err() }
}

async fn tell_lines(reading: &mut Reading<'_>, follow: bool, told: &mut bool) -> Result<(), EngineError> {
    let details = {
        // Nobody closes it.
        let _turn = reading.asking.acquire().await;
        reading.engine.inspect_container(&reading.source.id).await?
    };
    let request = LogRequest { follow, ..request(reading, &details) };
    let mut reader = Reader::new(reading.engine, &reading.source.id, request, details.tty);
    while let Some(line) = reader.next().await {
        let line = line?;
        if reading.seen.is_new(&line) {
            *told = true;
            reading.lines.set(reading.lines.get() + 1);
            (reading.tell)(reading.source.told(line));
        }
    }
    Ok(())
}

fn request(reading: &mut Reading<'_>, details: &ContainerDetails) -> LogRequest {
    let all = LogRequest { follow: true, until: reading.until.clone(), ..LogRequest::default() };
    if let Some(since) = reading.seen.resume() {
        return LogRequest { since: as_since(since), ..all };
    }
    match &reading.start {
        Start::Beginning { since } => LogRequest { since: since.clone(), ..all },
        Start::Now => LogRequest { tail: Some(0), ..all },
        Start::ThisRun => {
            let (started, finished) = (instant(&details.started_at), instant(&details.finished_at));
            let since = this_run(details.state, started, finished, reading.after);
            LogRequest { since: since.map(as_since).unwrap_or_default(), ..all }
        }
    }
}

/// A time between a container's earlier run and this one. The engine notes a start a moment after the first output and
/// an end a moment before the last, so that the middle is the safest place. Of a run that is over it tells when that ended,
/// which may be before its start.
fn this_run(state: State, started: Option<i64>, finished: Option<i64>, after: Option<i64>) -> Option<i64> {
    let started = started?;
    let runs = matches!(state, State::Running | State::Paused);
    let ends = [finished.filter(|_| runs), after];
    let before = ends.into_iter().flatten().filter(|end| *end < started).max();
    Some(before.map_or(started, |end| end + (started - end) / 2))
}

/// When a container ended last, in nanoseconds since 1970; 0 where it never ran.
pub(super) fn ended(details: &ContainerDetails) -> i64 {
    instant(&details.finished_at).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_begins_between_the_end_of_the_one_before_and_its_own_start() {
        // How it is, when it was started, when it ended, when it ended before as far as anybody noted; and where it begins.
        let table = [
            (State::Running, Some(20), Some(10), None, Some(15)),
            (State::Running, Some(20), Some(10), Some(16), Some(18)),
            (State::Running, Some(20), None, None, Some(20)),
            (State::Exited, Some(20), Some(30), Some(10), Some(15)),
            // The engine noted the end of a short run before its start.
            (State::Exited, Some(20), Some(19), Some(10), Some(15)),
            (State::Exited, Some(20), Some(19), None, Some(20)),
            (State::Exited, Some(20), Some(30), Some(0), Some(10)),
            (State::Created, None, None, Some(0), None),
        ];
        for (state, started, finished, after, expected) in table {
            let told = this_run(state, started, finished, after);
            assert_eq!(told, expected, "{state:?} {started:?} {finished:?} {after:?}");
        }
    }
}
