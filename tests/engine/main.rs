//! One contract for every engine: what the memory engine promises, Docker keeps, and the other way round.

mod behaviours;
mod stage;

use stage::Stage;

/// Runs every behaviour on an engine; each has names of its own.
async fn run_all(stage: &Stage) {
    for (name, behaviour) in behaviours::ALL {
        println!("{}: {name}", stage.engine.about().address);
        behaviour(stage).await;
    }
}

#[tokio::test]
async fn docker_keeps_the_contract() {
    let Some(stage) = Stage::docker().await else { return };
    run_all(&stage).await;
}
