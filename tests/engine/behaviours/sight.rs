//! What can be seen of containers, networks, volumes and images.

use convoke::engine::{Change, ErrorKind, NetworkId, NetworkSpec, Upload, VolumeSpec};
use futures_util::StreamExt;

use super::{created, kind, removed, started};
use crate::stage::{Stage, archive, image};

pub async fn an_end_is_waited_for(stage: &Stage) {
    let ending = created(stage, &stage.spec(&["exit", "7"])).await;
    assert_eq!(stage.engine.wait_container(&ending).await.expect("waited"), 0, "it was never started");
    stage.engine.start_container(&ending).await.expect("started");
    assert_eq!(stage.engine.wait_container(&ending).await.expect("waited"), 7);
    let lasting = started(stage, &stage.spec(&["forever"])).await;
    let stop = stage.engine.kill_container(&lasting, "SIGKILL");
    let (code, killed) = tokio::join!(stage.engine.wait_container(&lasting), stop);
    killed.expect("killed");
    assert_eq!(code.expect("waited"), 137);
    for id in [&ending, &lasting] {
        removed(stage, id).await;
        assert_eq!(kind(stage.engine.wait_container(id).await), ErrorKind::NotFound);
    }
}

pub async fn processes_are_listed(stage: &Stage) {
    let id = created(stage, &stage.spec(&["forever"])).await;
    assert!(stage.engine.processes(&id).await.is_err(), "it does not run");
    stage.engine.start_container(&id).await.expect("started");
    let processes = stage.engine.processes(&id).await.expect("a list");
    let command = processes.titles.iter().position(|title| title == "CMD").expect("a column");
    assert_eq!(processes.rows.len(), 1);
    assert!(processes.rows[0][command].ends_with("forever"), "{processes:?}");
    removed(stage, &id).await;
}

pub async fn what_a_container_uses_is_told_once_or_again_and_again(stage: &Stage) {
    let id = started(stage, &stage.spec(&["forever"])).await;
    let once: Vec<_> = stage.engine.usage(&id, false).collect().await;
    assert_eq!(once.iter().map(|it| it.as_ref().expect("a look").processes).collect::<Vec<_>>(), [1]);
    let mut looks = stage.engine.usage(&id, true);
    looks.next().await.expect("a look").expect("readable");
    assert_eq!(looks.next().await.expect("another look").expect("readable").processes, 1);
    stage.engine.kill_container(&id, "SIGKILL").await.expect("killed");
    let rest: Vec<_> = looks.collect().await;
    assert!(rest.iter().all(Result::is_ok), "it ends with the container: {rest:?}");
    removed(stage, &id).await;
    let gone = stage.engine.usage(&id, false).next().await.expect("an answer");
    assert_eq!(kind(gone), ErrorKind::NotFound);
}

pub async fn changed_paths_are_listed(stage: &Stage) {
    let id = created(stage, &stage.spec(&["forever"])).await;
    stage.engine.upload(&id, Upload::of("/", archive(&[("note", b"put in\n")]))).await.expect("put in");
    let changes = stage.engine.changes(&id).await.expect("a list");
    // What a real engine prepares for every container is there too.
    assert!(changes.iter().any(|it| it.change != Change::Deleted && ["/", "/note"].contains(&it.path.as_str())));
    removed(stage, &id).await;
    assert_eq!(kind(stage.engine.changes(&id).await), ErrorKind::NotFound);
}

pub async fn networks_and_volumes_are_told_whole(stage: &Stage) {
    let name = stage.name();
    let network = NetworkSpec { name: name.clone(), ..NetworkSpec::default() };
    let id = stage.engine.create_network(&network).await.expect("created");
    let told = stage.engine.inspect_network(&name).await.expect("told");
    assert_eq!((told["Name"].as_str(), told["Id"].as_str()), (Some(name.as_str()), Some(id.as_str())));
    stage.engine.remove_network(&NetworkId(id.0)).await.expect("removed");
    assert_eq!(kind(stage.engine.inspect_network(&name).await), ErrorKind::NotFound);
    let volume = VolumeSpec { name: name.clone(), ..VolumeSpec::default() };
    stage.engine.create_volume(&volume).await.expect("created");
    let told = stage.engine.inspect_volume(&name).await.expect("told");
    assert_eq!((told["Name"].as_str(), told["Driver"].as_str()), (Some(name.as_str()), Some("local")));
    stage.engine.remove_volume(&name, false).await.expect("removed");
    assert_eq!(kind(stage.engine.inspect_volume(&name).await), ErrorKind::NotFound);
}

pub async fn an_image_has_a_history(stage: &Stage) {
    let layers = stage.engine.image_history(&image()).await.expect("a history");
    assert!(layers[0].tags.contains(&image()), "{layers:?}");
    assert_eq!(kind(stage.engine.image_history("nobody/has-this:0").await), ErrorKind::NotFound);
}
