//! What containers wrote, merged by time; and what they write while somebody looks on.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeSet, BinaryHeap};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::engine::{Container, ContainerId, Engine, EngineError, EngineEvent, ErrorKind, LogRequest, State};
use crate::event::Event;

use super::feed::{Feed, Subscription, Update};
use super::lines::Line;
use super::outage::Outage;
use super::reader::{Reader, Source};
use super::seen::Seen;
use super::tail::{AT_ONCE, Start, Tails, ended, unreadable};
use super::work::LogOptions;

/// How much of all containers' past is read before it is its turn, in bytes, and how much at least of each one's.
const AHEAD: usize = 2 << 20;
const LEAST_AHEAD: usize = 16 << 10;

/// Tells the output of containers: what is there merged by the engine's time; then, when following, what comes, also from
/// containers that are started later. Following ends when no container runs any more.
///
/// # Errors
/// When the engine does not answer. Output that cannot be read is a warning.
pub async fn logs(
    engine: &dyn Engine,
    project: &str,
    containers: &[Container],
    options: &LogOptions,
    tell: &dyn Fn(Event),
    cancel: &CancellationToken,
) -> Result<(), EngineError> {
    let sources = containers.iter().map(|container| Source::of(project, container)).collect();
    let feed = Feed::new(engine, project);
    let view = View { engine, project, options, tell, outage: Outage::new(tell) };
    let told = async {
        if options.follow { view.follow(sources, feed.subscribe()).await } else { view.past(sources).await.map(drop) }
    };
    let listening = async {
        match options.follow {
            true => feed.run().await,
            false => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Ok(()),
        never = listening => match never {},
        told = told => told,
    }
}

struct View<'a> {
    engine: &'a dyn Engine,
    project: &'a str,
    options: &'a LogOptions,
    tell: &'a dyn Fn(Event),
    outage: Outage<'a>,
}

/// One container's past being read.
struct Past {
    source: Source,
    reader: Reader,
    seen: Seen,
    /// The next line.
    head: Option<Line>,
    /// Lines of one container stay in their order even where their times do not.
    latest: i64,
    readable: bool,
}

impl View<'_> {
    /// Tells everything that is there now.
    async fn past(&self, sources: Vec<Source>) -> Result<Vec<(Source, Seen)>, EngineError> {
        if self.options.tail == Some(0) {
            return Ok(sources.into_iter().map(|source| (source, Seen::default())).collect());
        }
        if self.options.grouped {
            return self.one_by_one(sources).await;
        }
        let mut opened = stream::iter(sources.into_iter().map(|source| self.open(source))).buffered(AT_ONCE);
        let mut pasts = Vec::new();
        while let Some(past) = opened.try_next().await? {
            pasts.extend(past);
        }
        let mut queue: BinaryHeap<_> = pasts.iter().enumerate().filter_map(|(index, past)| past.key(index)).collect();
        while let Some(mut first) = queue.peek_mut() {
            let Reverse((_, index)) = *first;
            let past = &mut pasts[index];
            if let Some(line) = past.head.take() {
                self.note(past, &line);
                (self.tell)(past.source.told(line));
            }
            if !past.reader.is_ready() {
                read_ahead(&mut pasts, index).await;
            }
            let past = &mut pasts[index];
            self.advance(past)?;
            match past.key(index) {
                Some(next) => *first = next,
                None => drop(PeekMut::pop(first)),
            }
        }
        Ok(pasts.into_iter().filter(|past| past.readable).map(|past| (past.source, past.seen)).collect())
    }

    /// Tells everything that is there, container by container; those that wrote nothing are left out.
    async fn one_by_one(&self, sources: Vec<Source>) -> Result<Vec<(Source, Seen)>, EngineError> {
        let mut told = Vec::new();
        for source in sources {
            let Some(mut past) = self.open(source).await? else { continue };
            if past.head.is_some() {
                (self.tell)(Event::LogsOf { label: Arc::clone(&past.source.label) });
            }
            while let Some(line) = past.head.take() {
                (self.tell)(past.source.told(line));
                past.arrival().await;
                self.advance(&mut past)?;
            }
            told.push((past.source, past.seen));
        }
        Ok(told)
    }

    /// Begins to read; `None` when the container is gone.
    async fn open(&self, source: Source) -> Result<Option<Past>, EngineError> {
        let details = match self.engine.inspect_container(&source.id).await {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            details => details?,
        };
        let request = LogRequest {
            follow: false,
            tail: self.options.tail,
            since: self.options.since.clone(),
            until: self.options.until.clone(),
            timestamps: true,
        };
        let mut reader = Reader::new(self.engine, &source.id, request, details.tty);
        if self.options.follow && is_alive(details.state) {
            reader = reader.whole_lines_only();
        }
        let mut past = Past { source, reader, seen: Seen::default(), head: None, latest: i64::MIN, readable: true };
        past.arrival().await;
        self.advance(&mut past)?;
        Ok(Some(past))
    }

    /// Whoever is going to follow has to know the line when it comes again.
    fn note(&self, past: &mut Past, line: &Line) {
        if self.options.follow {
            past.seen.is_new(line);
        }
    }

    /// Takes the next line, which has arrived.
    fn advance(&self, past: &mut Past) -> Result<(), EngineError> {
        past.head = match past.reader.take() {
            None => None,
            Some(Ok(line)) => {
                past.latest = past.latest.max(line.at);
                Some(line)
            }
            Some(Err(error)) if error.kind == ErrorKind::Unreachable => return Err(error),
            Some(Err(error)) => {
                past.readable = false;
                if error.kind != ErrorKind::NotFound {
                    (self.tell)(unreadable(&past.source, &error));
                }
                None
            }
        };
        Ok(())
    }

    async fn follow(&self, sources: Vec<Source>, mut news: Subscription<'_>) -> Result<(), EngineError> {
        let told = self.past(sources).await?;
        let mut tails = Tails::new(self.engine, self.tell, &self.options.until);
        let mut alive = BTreeSet::new();
        for (source, seen) in told {
            if let Some(end) = self.look(&source.id, &mut alive).await? {
                tails.note_end(&source.id, end);
                continue;
            }
            let start = match self.options.tail {
                Some(0) => Start::Now,
                _ => Start::Beginning { since: self.options.since.clone() },
            };
            tails.follow_after(source, start, seen);
        }
        while !(alive.is_empty() && tails.is_quiet()) {
            tokio::select! {
                biased;
                ended = tails.next() => {
                    let id = ended?;
                    if self.look(&id, &mut alive).await?.is_none() {
                        tails.resume(&id);
                    }
                }
                update = news.next() => match update {
                    Update::Event(event) => {
                        self.outage.ended();
                        self.heard(&event, &mut alive, &mut tails).await?;
                    }
                    Update::Away => self.outage.began(),
                    Update::Unsure => {
                        for id in alive.clone() {
                            self.look(&id, &mut alive).await?;
                        }
                    }
                    Update::Lost(error) => return Err(error),
                },
            }
        }
        Ok(())
    }

    async fn heard(
        &self,
        event: &EngineEvent,
        alive: &mut BTreeSet<ContainerId>,
        tails: &mut Tails<'_>,
    ) -> Result<(), EngineError> {
        let Some(source) = Source::of_event(self.project, event) else { return Ok(()) };
        let is_wanted = self.options.services.is_empty() || self.options.services.contains(&source.service);
        match event.action.as_str() {
            "create" => tails.note_end(&source.id, 0),
            "die" => tails.note_end(&source.id, event.time),
            _ => {}
        }
        match event.action.as_str() {
            "start" if is_wanted || tails.is_known(&source.id) => {
                alive.insert(source.id.clone());
                tails.follow(source, Start::ThisRun);
            }
            "die" | "destroy" if alive.contains(&source.id) => {
                self.look(&source.id, alive).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks at a container: keeps account of whether it lives. `None` while it writes; else when it ended, in nanoseconds
    /// since 1970, or 0 where it never ran.
    async fn look(&self, id: &ContainerId, alive: &mut BTreeSet<ContainerId>) -> Result<Option<i64>, EngineError> {
        let (state, end) = match self.outage.outlast(async || self.engine.inspect_container(id).await).await {
            Ok(details) => (details.state, ended(&details)),
            Err(error) if error.kind == ErrorKind::NotFound => (State::Dead, 0),
            Err(error) => return Err(error),
        };
        if is_alive(state) || state == State::Restarting {
            alive.insert(id.clone());
        } else {
            alive.remove(id);
        }
        Ok((!is_alive(state)).then_some(end))
    }
}

fn is_alive(state: State) -> bool {
    matches!(state, State::Running | State::Paused)
}

/// Waits until one container's next line has arrived, and meanwhile reads on for the others: the engine need not wait for
/// one of them while it is another's turn.
async fn read_ahead(pasts: &mut [Past], index: usize) {
    let most = (AHEAD / pasts.len()).max(LEAST_AHEAD);
    poll_fn(|cx| {
        for past in &mut *pasts {
            // It goes on reading whenever somebody waits.
            let _ = past.reader.poll_ahead(cx, most);
        }
        if pasts[index].reader.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Past {
    async fn arrival(&mut self) {
        poll_fn(|cx| self.reader.poll_ahead(cx, 1)).await;
    }

    /// Its place among the others: the earliest line first, and for the same time the container that was named first.
    fn key(&self, index: usize) -> Option<Reverse<(i64, usize)>> {
        self.head.as_ref().map(|_| Reverse((self.latest, index)))
    }
}
