//! Volumes.

use std::collections::BTreeMap;

use convoke::engine::{ErrorKind, Filters, Removal, VolumeSpec};

use super::{created, ended, kind, listed, removed, started};
use crate::stage::Stage;

fn spec(name: &str) -> VolumeSpec {
    VolumeSpec { name: name.into(), labels: BTreeMap::from([("who".into(), name.into())]), ..Default::default() }
}

async fn exists(stage: &Stage, name: &str) -> bool {
    stage.engine.volumes(&Filters::default()).await.expect("a list").iter().any(|volume| volume.name == name)
}

pub async fn a_volume_comes_and_goes(stage: &Stage) {
    let name = stage.name();
    stage.engine.create_volume(&spec(&name)).await.expect("created");
    stage.engine.create_volume(&spec(&name)).await.expect("no harm");
    let volumes = stage.engine.volumes(&Filters::label("who", &name)).await.expect("a list");
    let [volume] = volumes.as_slice() else { panic!("one, not {volumes:?}") };
    assert_eq!((volume.name.as_str(), volume.driver.as_str()), (name.as_str(), "local"));
    stage.engine.remove_volume(&name, false).await.expect("removed");
    assert!(!exists(stage, &name).await);
    assert_eq!(kind(stage.engine.remove_volume(&name, false).await), ErrorKind::NotFound);
}

pub async fn a_volume_in_use_stays(stage: &Stage) {
    let name = stage.name();
    let mut container = stage.spec(&["forever"]);
    container.binds = vec![format!("{name}:/store:rw")];
    let id = created(stage, &container).await;
    assert!(exists(stage, &name).await, "it is made with the container");
    let mounts = listed(stage, &id).await.expect("listed").mounts;
    let mount = mounts.iter().find(|mount| mount.destination == "/store").expect("mounted");
    assert_eq!((mount.kind.as_str(), mount.name.as_str(), mount.read_only), ("volume", name.as_str(), false));
    assert_eq!(kind(stage.engine.remove_volume(&name, false).await), ErrorKind::InUse);
    removed(stage, &id).await;
    assert!(exists(stage, &name).await, "a named volume outlives its containers");
    stage.engine.remove_volume(&name, false).await.expect("removed");
}

pub async fn an_anonymous_volume_goes_with_its_container(stage: &Stage) {
    for volumes in [true, false] {
        let id = created(stage, &stage.spec(&["forever"])).await;
        let mounts = listed(stage, &id).await.expect("listed").mounts;
        let mount = mounts.iter().find(|mount| mount.destination == "/data").expect("the image declares it");
        assert_eq!((mount.kind.as_str(), mount.name.len()), ("volume", 64));
        stage.engine.remove_container(&id, Removal { force: true, volumes }).await.expect("removed");
        assert_eq!(exists(stage, &mount.name).await, !volumes);
        if !volumes {
            stage.engine.remove_volume(&mount.name, false).await.expect("removed");
        }
    }
}

pub async fn data_outlives_containers(stage: &Stage) {
    let name = stage.name();
    for (words, expected) in [(["write", "/store/a", "kept\n"].as_slice(), ""), (&["cat", "/store/a"], "kept\n")] {
        let mut container = stage.spec(words);
        container.binds = vec![format!("{name}:/store:rw")];
        let id = started(stage, &container).await;
        ended(stage, &id).await;
        assert_eq!(stage.output(&id).await, expected);
        removed(stage, &id).await;
    }
    stage.engine.remove_volume(&name, false).await.expect("removed");
}
