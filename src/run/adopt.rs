//! A container whose name is taken by its like: an earlier command asked for it, and ended before the engine was done.

use std::time::Duration;

use crate::engine::{ContainerDetails, ContainerId, ContainerSpec, Created, Engine, EngineError, ErrorKind, State};

/// The engine reserves a name before it can tell whose it is: how often it is asked again, and after what time.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Creates a container; one that is there already, is the same, and was never started, is taken as it is.
///
/// # Errors
/// As [`Engine::create_container`]; a conflict when something else has the name.
pub(super) async fn create(engine: &dyn Engine, spec: &ContainerSpec) -> Result<Created, EngineError> {
    let named = ContainerId::new(&spec.name);
    let mut tries = 0;
    loop {
        let refusal = match engine.create_container(spec).await {
            Err(refusal) if is_about_the_name(&refusal) => refusal,
            outcome => return outcome,
        };
        match engine.inspect_container(&named).await {
            Ok(found) if is_the_same(&found, spec) => return adopt(engine, spec, found).await,
            Err(error) if error.kind == ErrorKind::NotFound && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            _ => return Err(refusal),
        }
    }
}

fn is_about_the_name(refusal: &EngineError) -> bool {
    refusal.kind == ErrorKind::Conflict && refusal.message.contains("already in use by container")
}

/// Its labels say what it was made of, and that it was not changed since.
fn is_the_same(found: &ContainerDetails, spec: &ContainerSpec) -> bool {
    let labelled = spec.labels.iter().all(|(name, value)| found.labels.get(name) == Some(value));
    labelled && !spec.labels.is_empty() && found.state == State::Created
}

/// Engines that take one network at a time may not have come to the others.
async fn adopt(engine: &dyn Engine, spec: &ContainerSpec, found: ContainerDetails) -> Result<Created, EngineError> {
    for (network, endpoint) in spec.endpoints.iter().filter(|(name, _)| !found.networks.contains_key(*name)) {
        match engine.connect_network(network, &found.id, endpoint).await {
            // Whoever made it may be still at it.
            Err(error) if error.message.contains("already exists in network") => {}
            connected => connected?,
        }
    }
    Ok(Created { id: found.id, warnings: Vec::new() })
}
