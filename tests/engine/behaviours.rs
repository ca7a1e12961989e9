//! What every engine does.

use std::future::Future;
use std::pin::Pin;

use convoke::engine::{ContainerId, EventRequest, Filters, LogRequest, Removal, State, Stream};
use futures_util::{StreamExt, TryStreamExt};

use crate::stage::Stage;

type Behaviour = for<'s> fn(&'s Stage) -> Pin<Box<dyn Future<Output = ()> + 's>>;

macro_rules! behaviours {
    ($($name:ident),* $(,)?) => {
        pub const ALL: &[(&str, Behaviour)] = &[$((stringify!($name), |stage| Box::pin($name(stage)))),*];
    };
}

behaviours![a_container_lives_and_dies, what_a_container_writes_is_read_on_two_streams,];

const ALL_OF_IT: Removal = Removal { force: true, volumes: true };

async fn listed(stage: &Stage, id: &ContainerId) -> Option<convoke::engine::Container> {
    let containers = stage.engine.containers(&Filters::default()).await.expect("a list");
    containers.into_iter().find(|container| container.id == *id)
}

/// Waits for the container's own end. Docker tells of it before its list knows; an inspection waits for that.
async fn ended(stage: &Stage, id: &ContainerId) {
    let filters = Filters::default().and("container", id.as_str()).and("event", "die");
    let mut events = stage.engine.events(&EventRequest { filters, since: "0".into(), ..Default::default() });
    events.next().await.expect("an event").expect("readable");
    stage.engine.inspect_container(id).await.expect("details");
}

async fn a_container_lives_and_dies(stage: &Stage) {
    let engine = &stage.engine;
    let spec = stage.spec(&["out", "hi", "exit", "3"]);
    let id = engine.create_container(&spec).await.expect("created").id;
    assert_eq!(listed(stage, &id).await.expect("listed").state, State::Created);
    engine.start_container(&id).await.expect("started");
    ended(stage, &id).await;
    let container = listed(stage, &id).await.expect("listed");
    assert_eq!((container.state, container.exit_code), (State::Exited, Some(3)));
    assert_eq!(container.name, spec.name);
    let details = engine.inspect_container(&id).await.expect("details");
    assert_eq!((details.exit_code, details.name.as_str()), (3, spec.name.as_str()));
    engine.remove_container(&id, ALL_OF_IT).await.expect("removed");
    assert_eq!(listed(stage, &id).await, None);
}

async fn what_a_container_writes_is_read_on_two_streams(stage: &Stage) {
    let engine = &stage.engine;
    let id = engine.create_container(&stage.spec(&["out", "one", "err", "two"])).await.expect("created").id;
    engine.start_container(&id).await.expect("started");
    let request = LogRequest { follow: true, ..Default::default() };
    let chunks: Vec<_> = engine.logs(&id, &request).try_collect().await.expect("read");
    let of =
        |stream| chunks.iter().filter(|it| it.stream == stream).flat_map(|it| it.bytes.to_vec()).collect::<Vec<_>>();
    assert_eq!((of(Stream::Stdout), of(Stream::Stderr)), (b"one\n".to_vec(), b"two\n".to_vec()));
    engine.remove_container(&id, ALL_OF_IT).await.expect("removed");
}
