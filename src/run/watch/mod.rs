//! Keeps containers in step with files: waits for changes of either, and makes the containers hold what the disk holds.
//!
//! What is done follows from what lies where, never from the event that woke it: a change that was missed, seen twice or
//! undone leads to the same end, and so does a container that was stopped, started or replaced meanwhile.

mod alarm;
mod keeper;
mod look;
mod scan;
mod send;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch::Receiver;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::develop::{Manifest, Rule};
use crate::engine::{Engine, EngineEvent};
use crate::event::{Event, WatchNews};
use crate::model::ServiceName;

use super::feed::{Feed, Subscription, Update};
use super::outage::Outage;
use alarm::Alarm;
use keeper::Keeper;

/// How long nothing may change until changes are looked at: whoever writes several files writes them in one go.
const QUIET: Duration = Duration::from_millis(200);
/// Who never stops writing is looked at after so long.
const ENOUGH: Duration = Duration::from_secs(10);

/// What files lead to beside being copied, done by somebody who can make plans.
#[async_trait(?Send)]
pub trait Crew {
    /// Builds these services' images anew and replaces their containers. Whether that went well; what went wrong was told.
    async fn rebuild(&self, services: &[ServiceName]) -> bool;
    /// Restarts their containers.
    async fn restart(&self, services: &[ServiceName]) -> bool;
}

/// The surroundings of a watch.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    pub engine: &'a dyn Engine,
    pub project: &'a str,
    pub rules: &'a [Rule],
    /// What lay on the disk when the images were made, as [`survey`] found it: a manifest for each rule.
    pub survey: &'a [Manifest],
    pub crew: &'a dyn Crew,
    pub tell: &'a dyn Fn(Event),
    /// Whether it is wanted at the moment; while it is not, changes wait. What is under way is done to its end first.
    pub wanted: &'a Receiver<bool>,
    /// Ends the watch once what is under way is done.
    pub cancel: &'a CancellationToken,
}

/// What the disk holds now of what each rule is about.
pub async fn survey(rules: &[Rule]) -> Vec<Manifest> {
    let mut survey = Vec::with_capacity(rules.len());
    for rule in rules {
        survey.push(scanned(rule, Manifest::new()).await.manifest);
    }
    survey
}

async fn scanned(rule: &Rule, before: Manifest) -> scan::Scan {
    let (path, filter) = (rule.path.clone(), rule.filter.clone());
    let scan = tokio::task::spawn_blocking(move || scan::scan(&path, &filter, &before));
    // The disk is only read: whoever panics there has found a fault of ours, and nothing.
    scan.await.unwrap_or_default()
}

/// Watches until it is cancelled.
///
/// # Errors
/// When the engine goes away for good.
pub async fn watch(watch: &Watch<'_>) -> Result<(), crate::engine::EngineError> {
    let feed = Feed::new(watch.engine, watch.project);
    let news = feed.subscribe();
    tokio::select! {
        biased;
        never = feed.run() => match never {},
        ended = keep(watch, news) => ended,
    }
}

async fn keep(watch: &Watch<'_>, mut news: Subscription<'_>) -> Result<(), crate::engine::EngineError> {
    let mut alarm = Alarm::new();
    let mut keeper = Keeper::new(watch);
    let mut wanted = watch.wanted.clone();
    loop {
        tokio::select! {
            biased;
            () = watch.cancel.cancelled() => return Ok(()),
            () = wish(&mut wanted) => {}
        }
        if *wanted.borrow() {
            attend(watch, &mut keeper, &mut alarm, &mut news).await?;
        }
        if watch.cancel.is_cancelled() {
            return Ok(());
        }
        (watch.tell)(Event::Watch(WatchNews::Disabled));
    }
}

/// Looks at everything, and then at what changes, until that is not wanted any more.
async fn attend(
    watch: &Watch<'_>,
    keeper: &mut Keeper<'_>,
    alarm: &mut Alarm,
    news: &mut Subscription<'_>,
) -> Result<(), crate::engine::EngineError> {
    let outage = Outage::new(watch.tell);
    let mut again = keeper.round(alarm).await;
    (watch.tell)(Event::Watch(WatchNews::Enabled));
    loop {
        if !again {
            tokio::select! {
                biased;
                () = over(watch) => return Ok(()),
                update = news.next() => match update {
                    Update::Event(event) => {
                        outage.ended();
                        if !is_of_interest(watch, &event) {
                            continue;
                        }
                    }
                    Update::Away => {
                        outage.began();
                        continue;
                    }
                    Update::Unsure => {}
                    Update::Lost(error) => return Err(error),
                },
                () = alarm.ring() => {}
            }
        }
        tokio::select! {
            biased;
            () = over(watch) => return Ok(()),
            () = quiet(alarm) => {}
        }
        again = keeper.round(alarm).await;
    }
}

/// Waits until the watch is wanted, or was for a moment: that it is not any more is told then, too.
async fn wish(wanted: &mut Receiver<bool>) {
    if !*wanted.borrow_and_update() && wanted.changed().await.is_err() {
        std::future::pending().await
    }
}

/// Waits until the watch is at an end, or is not wanted any more.
async fn over(watch: &Watch<'_>) {
    let mut wanted = watch.wanted.clone();
    tokio::select! {
        () = watch.cancel.cancelled() => {}
        Ok(_) = wanted.wait_for(|wanted| !wanted) => {}
    }
}

/// Waits until nothing has changed for a while.
async fn quiet(alarm: &Alarm) {
    let enough = Instant::now() + ENOUGH;
    while tokio::time::timeout(QUIET, alarm.ring()).await.is_ok() && Instant::now() < enough {}
}

/// Whether a container of a watched service came into being, or can be reached again.
fn is_of_interest(watch: &Watch<'_>, event: &EngineEvent) -> bool {
    let service = event.attributes.get(crate::model::labels::SERVICE);
    matches!(event.action.as_str(), "create" | "start" | "unpause")
        && watch
            .rules
            .iter()
            .any(|rule| rule.action.is_sync() && Some(rule.service.as_str()) == service.map(String::as_str))
}
