use super::*;

use crate::engine::{EngineError, ErrorKind};

/// What was asked about images while the project was observed, and the names of those that are known afterwards.
async fn asked(engine: &MemoryEngine, project: &Project) -> (Vec<String>, Vec<String>) {
    engine.take_calls();
    let observed = observe(engine, project).await.expect("a state");
    let calls: Vec<String> = engine.take_calls().iter().map(|call| call.to_string().trim_end().to_owned()).collect();
    let calls = calls.into_iter().filter(|call| call.contains("image")).collect();
    (calls, observed.images.into_iter().flat_map(|image| image.tags).collect())
}

fn of_images(names: impl IntoIterator<Item = String>) -> Stage {
    let services = names.into_iter().enumerate().map(|(at, image)| (format!("s{at}"), json!({"image": image})));
    Stage::new(Value::Object(services.collect()))
}

#[tokio::test]
async fn a_few_images_are_asked_for_by_their_names() {
    let mut stage = of_images(["app".into(), "app".into(), "db:1".into()]);
    stage.engine = MemoryEngine::new().with(MemoryImage::named("app")).with(MemoryImage::named("db:1"));
    stage.engine = stage.engine.with(MemoryImage::named("other"));
    let (calls, known) = asked(&stage.engine, &stage.project).await;
    assert_eq!(calls, ["inspect_image app", "inspect_image db:1"]);
    assert_eq!(known, ["app:latest", "db:1"]);
    let listed = stage.engine.images().await.expect("a list");
    let observed = observe(&stage.engine, &stage.project).await.expect("a state").images;
    assert!(observed.iter().all(|image| listed.contains(image)), "{observed:?} is not of {listed:?}");
}

#[tokio::test]
async fn all_images_are_listed_when_one_is_missing_or_many_are_meant() {
    let mut stage = of_images(["gone".into()]);
    let (calls, known) = asked(&stage.engine, &stage.project).await;
    assert_eq!(calls, ["inspect_image gone", "images"]);
    assert_eq!(known, ["app:latest"], "it may be what was meant");
    stage = of_images((0..9).map(|number| format!("app:{number}")));
    assert_eq!(asked(&stage.engine, &stage.project).await.0, ["images"]);
    // Whatever it takes the engine: a large project costs few calls.
    stage = of_images((0..101).map(|number| format!("app:{}", number % 3)));
    assert_eq!(asked(&stage.engine, &stage.project).await.0, ["images"]);
}

#[tokio::test]
async fn an_engine_that_fails_to_tell_of_an_image_does_not_make_it_missing() {
    let stage = of_images(["app".into()]);
    stage.engine.fail_next("inspect_image", EngineError::new(ErrorKind::Passing, "inspect image app", "500"));
    let refused = observe(&stage.engine, &stage.project).await;
    assert_eq!(refused.map_err(|error| error.kind).err(), Some(ErrorKind::Passing));
}

#[tokio::test]
async fn images_are_asked_for_where_only_a_name_tells_the_project_if_somebody_wants_them() {
    let stage = of_images(["app".into()]);
    for (wanted, known) in [(false, 0), (true, 1)] {
        let observed = observe_named(&stage.engine, "shop", wanted).await.expect("a state");
        assert_eq!(observed.images.len(), known);
    }
}
