//! `up` in the foreground: a plan being done, the output of its containers, their exits, and the end of it all.

use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::event::Event;
use crate::plan::Plan;

use super::execute::{Execution, at};
use super::failure::Failure;
use super::feed::{Feed, Subscription};
use super::progress::Progress;
use super::session::Session;
use super::stop::{self, Stage, lost};
use super::work::{Attach, Wishes, Work};

/// How often a look is taken that no event led to.
const LOOK: Duration = Duration::from_secs(10);

/// Does the plan of `up`, shows what the containers write from their first byte on, and stays until the watched ones
/// have ended, or an interrupt or another wish ends it. Returns the exit code.
///
/// # Errors
/// When the plan cannot be done, or the engine goes away. What runs by then is left running.
pub async fn attached(plan: &Plan, work: &Work<'_>, attach: &Attach, wishes: Wishes) -> Result<i32, Failure> {
    for warning in &plan.warnings {
        (work.tell)(Event::Warning(warning.clone()));
    }
    let feed = Feed::new(work.engine, &work.project.name);
    let news = feed.subscribe();
    tokio::select! {
        biased;
        never = feed.run() => match never {},
        code = session(plan, work, attach, &feed, news, wishes) => code,
    }
}

type Ending<'f> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'f>>;

async fn session(
    plan: &Plan,
    work: &Work<'_>,
    attach: &Attach,
    feed: &Feed<'_>,
    mut news: Subscription<'_>,
    mut wishes: Wishes,
) -> Result<i32, Failure> {
    let progress = Progress::default();
    let cancel = work.cancel.child_token();
    let tell = |event: Event| {
        progress.note(&event);
        (work.tell)(event);
    };
    let inner = Work { tell: &tell, cancel: &cancel, ..*work };
    let execution = Execution::new(plan, &inner, feed);
    let mut session = Session::new(plan, work, attach, wishes.clone()).await?;
    let mut doing = pin!(execution.run());
    let mut stopping: Option<Ending<'_>> = None;
    let mut killing: Option<Ending<'_>> = None;
    let mut counted = 0;
    let mut look = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
    while !session.is_over() {
        let patience = session.patience;
        tokio::select! {
            biased;
            count = interrupted(&mut wishes.interrupts, counted) => {
                counted = count;
                session.interrupt();
            }
            () = work.cancel.cancelled(), if !session.interrupted => {
                counted = counted.max(1);
                session.interrupt();
            }
            // What follows from that shows in whether it is over.
            () = changed(&mut wishes.stays, &mut wishes.leaves) => {}
            done = &mut doing, if !session.done => session.planned(done, &progress, &execution),
            () = progress.ready.notified() => session.progressed(&progress, &execution),
            update = news.next() => session.heard(update).await?,
            ended = session.tails.next() => session.ended(ended.map_err(|error| lost(work, error))?).await?,
            stopped = finished(&mut stopping) => session.stopped(stopped),
            killed = finished(&mut killing) => session.killed(killed),
            () = at(patience) => session.give_up_waiting(),
            _ = look.tick() => session.look_around().await?,
        }
        if session.stage >= Stage::Stopping {
            cancel.cancel();
        }
        if session.stage >= Stage::Stopping && session.done && !session.began_stopping {
            session.began_stopping = true;
            stopping = Some(Box::pin(stop::stop(work, attach)));
        }
        if session.stage >= Stage::Killing && killing.is_none() && !session.killed {
            let kill = stop::kill(work.engine, &work.project.name, &attach.watch);
            killing = Some(Box::pin(async move { kill.await.map_err(|error| lost(work, error)) }));
        }
    }
    session.conclude()
}

/// The next count of interrupts above the one that is known.
async fn interrupted(interrupts: &mut watch::Receiver<u32>, counted: u32) -> u32 {
    match interrupts.wait_for(|count| *count > counted).await {
        Ok(count) => *count,
        Err(_) => std::future::pending().await,
    }
}

/// Waits until somebody wants something else.
async fn changed(stays: &mut watch::Receiver<bool>, leaves: &mut watch::Receiver<bool>) {
    tokio::select! {
        Ok(()) = stays.changed() => {}
        Ok(()) = leaves.changed() => {}
        else => std::future::pending().await,
    }
}

/// The end of something that may not have begun; it is over then.
async fn finished(ending: &mut Option<Ending<'_>>) -> Result<(), Failure> {
    let Some(running) = ending else { return std::future::pending().await };
    let result = running.await;
    *ending = None;
    result
}
