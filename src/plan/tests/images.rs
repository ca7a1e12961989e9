use super::*;

fn shop() -> Project {
    project(json!({
        "api": {"image": "reg/api:1", "build": {"context": ".", "tags": ["reg/api:2", "reg/api:1"]}},
        "base": {"build": {"context": "base"}},
        "tool": {"image": "reg/tool", "build": {"context": "tool", "additional_contexts": {"base": "service:base"}}},
        "db": {"image": "db:1", "pull_policy": "missing"},
        "twin": {"image": "docker.io/library/db:1"},
        "web": with(json!({"pull_policy": "never"})),
        "fresh": {"image": "db", "pull_policy": "missing"},
        "reader": with(json!({"volumes": [{"type": "image", "source": "data:1", "target": "/d"},
                                          {"type": "image", "source": "reg/api:1", "target": "/e"}]})),
    }))
}

fn orders(order: PullOrder) -> String {
    text(&pull(&shop(), &bare(), &order))
}

#[test]
fn images_are_pulled_as_policies_say() {
    let targets = |names: &[&str]| names.iter().map(|name| ServiceName::from(*name)).collect::<Vec<_>>();
    let table = [
        ("as the services say", PullOrder::default()),
        ("missing", PullOrder { policy: Some(PullPolicy::Missing), ..PullOrder::default() }),
        ("not what can be built", PullOrder { ignore_buildable: true, ..PullOrder::default() }),
        ("named", PullOrder { targets: targets(&["base", "db", "web"]), ..PullOrder::default() }),
    ];
    let plans = table.map(|(name, order)| format!("-- {name}\n{}", orders(order)));
    insta::assert_snapshot!(plans.concat());
}

#[test]
fn images_are_pushed_under_the_names_of_the_file_once_they_are_built() {
    let pushed = text(&push(&shop(), &PushOrder { targets: vec!["base".into(), "db".into()], ..PushOrder::default() }));
    let built = text(&build(&shop(), &BuildOrder { push: true, ..BuildOrder::default() }));
    let several = project(json!({
        "far": {"image": "reg/far", "build": {"context": ".", "platforms": ["linux/amd64", "linux/arm64"]}},
    }));
    let several = build(&several, &BuildOrder { push: true, ..BuildOrder::default() });
    let pushes = |(_, planned): (StepId, &PlannedStep)| matches!(planned.step, Step::BuildImage { push: true, .. });
    assert!(several.steps().all(pushes) && !several.is_empty(), "the builder pushes what is for several platforms");
    let foundations = [("api", "base"), ("base", "tool"), ("tool", "base"), ("web", "api")];
    let foundations = foundations.map(|(name, base)| (ServiceName::from(name), [ServiceName::from(base)].into()));
    let circle = build(&shop(), &BuildOrder { foundations: foundations.into(), ..BuildOrder::default() });
    assert_eq!(circle.steps().count(), 3, "what cannot be is left to the builder to tell");
    let upon = [("base".into(), ["api".into()].into())].into();
    let upon = text(&build(&shop(), &BuildOrder { foundations: upon, ..BuildOrder::default() }));
    assert!(upon.starts_with("#1  image reg/api:1"), "{upon}");
    let nothing = text(&build(&project(json!({"web": with(json!({}))})), &BuildOrder::default()));
    insta::assert_snapshot!(format!("{pushed}--\n{built}--\n{nothing}"));
}
