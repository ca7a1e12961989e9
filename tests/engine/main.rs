//! One contract for every engine: what the memory engine promises, Docker keeps, and the other way round.

mod behaviours;
mod connecting;
mod stage;

use std::panic::AssertUnwindSafe;

use behaviours::{Behaviour, EVERYWHERE, FOR_REAL};
use futures_util::{FutureExt, StreamExt};
use stage::Stage;

/// Runs behaviours on an engine, several at a time: each uses names of its own. Whatever comes of it, nothing stays.
async fn run(stage: &Stage, behaviours: impl Iterator<Item = &(&'static str, Behaviour)>) {
    let outcomes = futures_util::stream::iter(behaviours).map(|(name, behaviour)| async move {
        let outcome = AssertUnwindSafe(behaviour(stage)).catch_unwind().await;
        println!("{}: {name}: {}", stage.engine.about().address, if outcome.is_ok() { "kept" } else { "BROKEN" });
        outcome.is_err().then_some(*name)
    });
    let broken: Vec<_> = outcomes.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    stage.clear().await;
    assert!(broken.is_empty(), "broken: {broken:?}");
}

const AT_ONCE: usize = 6;

#[tokio::test(start_paused = true)]
async fn memory_keeps_the_contract() {
    run(&Stage::memory(), EVERYWHERE.iter()).await;
}

#[tokio::test]
async fn docker_keeps_the_contract() {
    let Some(stage) = Stage::docker().await else { return };
    run(&stage, EVERYWHERE.iter().chain(FOR_REAL)).await;
}
