use super::*;
use crate::engine::{ApiVersion, ContainerId, MountPoint};

/// The plan from one project to another, with the state after it, from which nothing is left to do.
fn change(before: &Project, after: &Project, policy: &UpPolicy) -> (String, Observed, Observed) {
    let observed = running(before);
    let plan = up(after, &observed, policy).expect("a plan");
    let changed = apply(&observed, &plan);
    let once = UpPolicy { recreate: Recreation::Diverged, renew_anonymous_volumes: false, ..policy.clone() };
    let again = up(after, &changed, &once).expect("a plan");
    assert_eq!(again.to_string(), "", "after\n{plan}");
    assert!(changed.containers.iter().all(|container| !is_temporary(&container.name)), "after\n{plan}");
    (text(&plan), observed, changed)
}

fn is_temporary(name: &str) -> bool {
    name.split_once('_').is_some_and(|(id, _)| id.len() == 12)
}

fn id(observed: &Observed, name: &str) -> ContainerId {
    observed.container(name).unwrap_or_else(|| panic!("{name}")).id.clone()
}

#[test]
fn a_changed_configuration_replaces_and_restarts_who_asked_for_it() {
    let of = |level: &str| {
        project(json!({
            "db": {"image": "db:1", "environment": {"LEVEL": level, "PASSWORD": "s3cret"}, "pre_stop": [{"command": ["flush"]}],
                   "healthcheck": {"test": ["CMD", "ready"]}},
            "api": with(json!({"depends_on": {"db": {"condition": "service_healthy", "required": true, "restart": true}}})),
            "web": with(json!({"depends_on": needs(&[("db", "started"), ("api", "started")])})),
        }))
    };
    let (text, before, after) = change(&of("info"), &of("debug"), &UpPolicy::default());
    insta::assert_snapshot!(text);
    assert_ne!(id(&before, "shop-db-1"), id(&after, "shop-db-1"));
    for kept in ["shop-api-1", "shop-web-1"] {
        assert_eq!(id(&before, kept), id(&after, kept));
    }
}

#[test]
fn scaling_down_drops_the_obsolete_first_and_then_the_highest() {
    let of =
        |scale: u32, level: &str| project(json!({"web": with(json!({"scale": scale, "environment": {"L": level}}))}));
    let mut observed = running(&of(3, "a"));
    // One of the three is not as the file has it.
    let hash = "com.docker.compose.config-hash";
    container(&mut observed, "shop-web-1").labels.insert(hash.into(), "other".into());
    let down = planned(&of(2, "a"), &observed);
    let fewer = apply(&observed, &down);
    let numbers: Vec<_> = fewer.replicas("web").into_iter().filter_map(Labelled::number).collect();
    assert_eq!(numbers, [2, 3]);
    let (none, more) = (planned(&of(0, "a"), &fewer), planned(&of(4, "a"), &fewer));
    let more_state = apply(&fewer, &more);
    let numbers: Vec<_> = more_state.replicas("web").into_iter().filter_map(Labelled::number).collect();
    assert_eq!(numbers, [2, 3, 4, 5]);
    insta::assert_snapshot!([text(&down), text(&none), text(&more)].join("----\n"));
}

#[test]
fn a_changed_network_is_made_anew_around_those_who_stay() {
    let of = |driver: &str, level: &str| {
        let mut project = project(json!({
            "db": {"image": "db:1", "networks": {"back": {"aliases": ["store"], "ipv4_address": "10.9.0.2"}}},
            "web": with(json!({"networks": {"back": null, "front": null}, "environment": {"L": level}})),
        }));
        project.networks.get_mut("back").unwrap().driver = driver.into();
        project
    };
    let (text, before, after) = change(&of("", "a"), &of("bridge", "b"), &UpPolicy::default());
    insta::assert_snapshot!(text);
    assert_eq!(id(&before, "shop-db-1"), id(&after, "shop-db-1"));
    let db = after.container("shop-db-1").unwrap();
    assert_eq!(db.networks["shop_back"].aliases, ["shop-db-1", "db", "store"]);
    assert!(after.containers.iter().all(|container| container.state == State::Running));
}

#[test]
fn others_on_a_changed_network_come_back_too() {
    let mut shop = project(json!({"web": with(json!({}))}));
    let mut observed = running(&shop);
    let mut run = observed.containers[0].clone();
    (run.id, run.name) = (ContainerId::new("one-off"), "shop-web-run-1".into());
    run.labels.insert("com.docker.compose.oneoff".into(), "True".into());
    observed.containers.push(run);
    shop.networks.get_mut("default").unwrap().internal = true;
    let plan = planned(&shop, &observed);
    let after = apply(&observed, &plan);
    assert!(after.containers.iter().all(|container| container.state == State::Running), "{plan}");
    assert!(planned(&shop, &after).is_empty());
}

#[test]
fn what_goes_by_another_name_now_is_moved() {
    let before =
        project(json!({"web": with(json!({"volumes": [{"type": "volume", "source": "data", "target": "/d"}]}))}));
    let mut after = before.clone();
    after.networks.get_mut("default").unwrap().name = "renamed_net".into();
    after.volumes.get_mut("data").unwrap().name = "renamed_volume".into();
    let (text, _, state) = change(&before, &after, &UpPolicy::default());
    insta::assert_snapshot!(text);
    let networks: Vec<_> = state.networks.iter().map(|network| network.name.as_str()).collect();
    assert_eq!(networks, ["renamed_net"]);
    assert!(state.volumes.iter().any(|volume| volume.name == "shop_data"), "data is kept");
}

#[test]
fn a_changed_volume_keeps_its_data_unless_its_loss_is_allowed() {
    let before = project(json!({
        "db": {"image": "db:1", "volumes": [{"type": "volume", "source": "data", "target": "/d"}]},
        "peek": with(json!({"volumes_from": ["db:ro"]})),
        "web": with(json!({})),
    }));
    let mut after = before.clone();
    after.volumes.get_mut("data").unwrap().driver_opts.insert("o".into(), "size=1g".into());
    let kept = planned(&after, &running(&before));
    assert!(kept.is_empty());
    assert_eq!(kept.held_back, ["shop_data"]);
    let allowed = UpPolicy { allow_data_loss: vec!["data".into()], ..UpPolicy::default() };
    let (lost, ..) = change(&before, &after, &allowed);
    insta::assert_snapshot!(format!("{}----\n{lost}", text(&kept)));
}

#[test]
fn anonymous_volumes_go_over_to_the_replacement() {
    let of = |level: &str| {
        project(json!({"db": {"image": "db:1", "environment": {"L": level}, "volumes": [
            {"type": "volume", "target": "/own"}, {"type": "volume", "source": "data", "target": "/named"}]}}))
    };
    let observed = {
        let mut observed = running(&of("a"));
        let anonymous = |destination: &str, digit: &str| MountPoint {
            kind: "volume".into(),
            name: digit.repeat(64),
            destination: destination.into(),
            ..MountPoint::default()
        };
        let db = container(&mut observed, "shop-db-1");
        db.mounts.retain(|mount| mount.name == "shop_data");
        db.mounts.extend([anonymous("/own", "a"), anonymous("/image", "b"), anonymous("/gone", "c")]);
        observed
    };
    let mounts = |policy: &UpPolicy| {
        let after = apply(&observed, &up(&of("b"), &observed, policy).unwrap());
        let name = |mount: &MountPoint| format!("{} {}", mount.destination, &mount.name[..mount.name.len().min(9)]);
        after.container("shop-db-1").unwrap().mounts.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(mounts(&UpPolicy::default()), ["/named shop_data", "/own aaaaaaaaa", "/image bbbbbbbbb"]);
    let renewed = mounts(&UpPolicy { renew_anonymous_volumes: true, ..UpPolicy::default() });
    assert_eq!(renewed.len(), 2);
    assert!(!renewed.contains(&"/own aaaaaaaaa".to_owned()));
    let renew = UpPolicy { renew_anonymous_volumes: true, ..UpPolicy::default() };
    let plan = up(&of("b"), &observed, &renew).unwrap();
    let gone = plan.steps().filter_map(|(_, planned)| match &planned.step {
        Step::RemoveVolume { name } => Some(name.get(..1).unwrap_or_default().to_owned()),
        _ => None,
    });
    assert_eq!(gone.collect::<Vec<_>>(), ["a", "b", "c"]);

    let replaced = apply(&observed, &planned(&of("b"), &observed));
    let down = |policy: DownPolicy| {
        let plan = down(&of("b"), &replaced, &policy);
        plan.steps().filter(|(_, planned)| matches!(planned.step, Step::RemoveVolume { .. })).count()
    };
    assert_eq!(down(DownPolicy::default()), 0);
    assert_eq!(down(DownPolicy { volumes: true, ..DownPolicy::default() }), 3, "two inherited ones and the named one");
}

#[test]
fn a_replacement_that_was_interrupted_is_brought_to_its_end() {
    let of = |level: &str| {
        let port = json!({"target": 80, "published": "8080", "protocol": "tcp"});
        project(json!({"web": with(json!({"environment": {"L": level}, "ports": [port]}))}))
    };
    let before = running(&of("a"));
    let whole = planned(&of("b"), &before);
    let mut texts = Vec::new();
    for done in 1..whole.steps().count() {
        let mut part = Plan::default();
        for (id, step) in whole.steps().take(done) {
            part.add(step.clone(), whole.needs(id));
        }
        let interrupted = apply(&before, &part);
        let rest = planned(&of("b"), &interrupted);
        texts.push(format!("after {done}\n{}", text(&rest)));
        let end = apply(&interrupted, &rest);
        assert!(planned(&of("b"), &end).is_empty());
        let names: Vec<_> = end.containers.iter().map(|container| (container.name.as_str(), container.state)).collect();
        assert_eq!(names, [("shop-web-1", State::Running)], "{rest}");
    }
    insta::assert_snapshot!(texts.concat());
}

#[test]
fn an_unfinished_replacement_goes_before_another_takes_its_name() {
    let of = |level: &str| {
        project(json!({"web": with(json!({"environment": {"L": level}, "networks": {"a": null, "b": null}}))}))
    };
    let before = running(&of("a"));
    let whole = planned(&of("b"), &before);
    let mut create = Plan::default();
    let (_, made) = whole.steps().find(|(_, planned)| planned.action() == Action::Create).expect("a replacement");
    create.add(made.clone(), []);
    let mut interrupted = apply(&before, &create);
    let left =
        interrupted.containers.iter_mut().find(|container| is_temporary(&container.name)).expect("one left over");
    left.networks.remove("shop_b");
    let name = left.name.clone();
    let plan = planned(&of("b"), &interrupted);
    let at = |action: Action| {
        let mut steps = plan.steps();
        let found = steps.find(|(_, planned)| planned.action() == action && planned.subject().name == name);
        found.unwrap_or_else(|| panic!("no {action:?} of {name} in\n{plan}")).0
    };
    assert!(plan.needs(at(Action::Create)).contains(&at(Action::Remove)), "{plan}");
    let end = apply(&interrupted, &plan);
    assert!(planned(&of("b"), &end).is_empty());
}

#[test]
fn recreation_is_forced_and_forbidden_by_policy() {
    let of = |level: &str| {
        let need = json!({"depends_on": needs(&[("db", "started")]), "environment": {"L": level}});
        project(json!({"db": {"image": "db:1", "environment": {"L": level}}, "web": with(need)}))
    };
    let observed = running(&of("a"));
    let created = |level: &str, policy: UpPolicy| {
        let plan = up(&of(level), &observed, &policy).unwrap();
        let creates = plan.steps().filter(|(_, planned)| planned.action() == Action::Create);
        creates
            .map(|(_, planned)| format!("{}: {}", planned.service.as_ref().unwrap(), planned.why()))
            .collect::<Vec<_>>()
    };
    let changed = "its configuration changed";
    let targets = vec![ServiceName::from("web")];
    let table = [
        (
            "a",
            UpPolicy { recreate: Recreation::Force, ..UpPolicy::default() },
            vec!["db: --force-recreate", "web: --force-recreate"],
        ),
        (
            "a",
            UpPolicy { recreate: Recreation::Force, targets: targets.clone(), ..UpPolicy::default() },
            vec!["web: --force-recreate"],
        ),
        (
            "a",
            UpPolicy { recreate_dependencies: Recreation::Force, targets: targets.clone(), ..UpPolicy::default() },
            vec!["db: --force-recreate"],
        ),
        ("b", UpPolicy { recreate: Recreation::Never, targets, ..UpPolicy::default() }, vec!["db: changed"]),
        ("b", UpPolicy { recreate: Recreation::Never, ..UpPolicy::default() }, vec![]),
    ];
    for (level, policy, expected) in table {
        let expected: Vec<_> = expected.iter().map(|line| line.replace(": changed", &format!(": {changed}"))).collect();
        assert_eq!(created(level, policy.clone()), expected, "{policy:?}");
    }
}

#[test]
fn what_else_makes_a_container_obsolete() {
    let shop = project(json!({
        "vpn": {"image": "db:1"},
        "app": with(json!({"network_mode": "service:vpn"})),
        "web": with(json!({"volumes": [{"type": "volume", "source": "data", "target": "/d"}]})),
    }));
    let whole = running(&shop);
    let reasons = |spoil: &dyn Fn(&mut Observed)| {
        let mut observed = whole.clone();
        spoil(&mut observed);
        let plan = planned(&shop, &observed);
        let creates = plan.steps().filter(|(_, planned)| matches!(planned.step, Step::CreateContainer(_)));
        let reasons = creates.map(|(_, planned)| format!("{}: {}", planned.service.as_ref().unwrap(), planned.why()));
        reasons.collect::<Vec<_>>().join("; ")
    };
    let all: Vec<String> = vec![
        reasons(&|observed| observed.images[0].id = ImageId::new("sha256:new")),
        reasons(&|observed| {
            container(observed, "shop-web-1").networks.clear();
        }),
        reasons(&|observed| observed.networks[0].id = "another".into()),
        reasons(&|observed| container(observed, "shop-web-1").mounts.clear()),
        reasons(&|observed| container(observed, "shop-web-1").state = State::Dead),
        reasons(&|observed| {
            container(observed, "shop-vpn-1").labels.insert("com.docker.compose.config-hash".into(), "x".into());
        }),
        reasons(&|observed| observed.containers.retain(|container| container.name != "shop-vpn-1")),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_port_is_freed_before_another_service_takes_it() {
    let port = json!([{"target": 80, "published": "8080", "protocol": "tcp"}]);
    let before = project(json!({"old": with(json!({"ports": port})), "new": with(json!({}))}));
    let after = project(json!({"old": with(json!({})), "new": with(json!({"ports": port}))}));
    let (text, ..) = change(&before, &after, &UpPolicy::default());
    insta::assert_snapshot!(text);
}

#[test]
fn an_image_that_is_mounted_is_one_of_the_reasons() {
    let mount = json!({"volumes": [{"type": "image", "source": "db:1", "target": "/d"}]});
    let shop = project(json!({ "web": with(mount.clone()), "far": with(json!({})) }));
    let newer = |observed: &Observed| Observed { api: ApiVersion::new(1, 48), ..observed.clone() };
    let mut observed = apply(&newer(&bare()), &planned(&shop, &newer(&bare())));
    assert_eq!(planned(&shop, &observed).to_string(), "");
    observed.images.iter_mut().find(|image| image.tags == ["db:1"]).expect("an image").id = ImageId::new("sha256:new");
    let plan = planned(&shop, &observed);
    let told = plan.to_string();
    assert!(told.contains("shop-web-1") && told.contains("an image that it mounts changed"), "{told}");
    assert!(!told.contains("shop-far-1"), "{told}");
    observed = apply(&observed, &plan);
    assert_eq!(planned(&shop, &observed).to_string(), "");
    // What is built on the way is mounted once it is there, and whether that is another one is seen then.
    let built = json!({"image": "db:1", "pull_policy": "build", "build": {"context": "."}});
    let shop = project(json!({ "web": with(mount), "shelf": built }));
    let plan = planned(&shop, &observed);
    let of_web = |(_, planned): &(StepId, &PlannedStep)| {
        planned.service.as_ref().is_some_and(|service| service.as_str() == "web")
            && matches!(planned.step, Step::CreateContainer(_))
    };
    let guards: Vec<_> = plan.steps().filter(of_web).map(|(_, planned)| planned.guard.clone()).collect();
    assert!(matches!(guards[..], [Some(Guard::ImageChanged { step: StepId(0), .. })]), "{guards:?}\n{plan}");
}
