use super::*;

#[test]
fn a_fresh_project_is_made_in_order() {
    let shop = project(json!({
        "db": {"image": "db:1", "healthcheck": {"test": ["CMD", "ready"]},
               "volumes": [{"type": "volume", "source": "data", "target": "/data"}]},
        "migrate": with(json!({"depends_on": needs(&[("db", "healthy")])})),
        "api": with(json!({"scale": 2, "depends_on": needs(&[("db", "healthy"), ("migrate", "completed_successfully")])})),
        "web": with(json!({"depends_on": needs(&[("api", "started")]), "post_start": [{"command": ["warm"]}]})),
        "docs": with(json!({})),
    }));
    insta::assert_snapshot!(text(&planned(&shop, &bare())));
    running(&shop);
}

#[test]
fn images_are_pulled_once_and_built_where_the_file_says_how() {
    let shop = project(json!({
        "a": {"image": "remote"}, "b": {"image": "docker.io/library/remote:latest"},
        "built": {"build": {"context": "."}},
        "named": {"build": {"context": "."}, "image": "shop/named"},
        "user": {"image": "shop/named"},
        "always": with(json!({"pull_policy": "always"})),
        "daily": with(json!({"pull_policy": "daily"})),
        "based": {"build": {"context": ".", "additional_contexts": {"base": "service:built"}}, "pull_policy": "build"},
        "none": {"image": "nowhere", "scale": 0},
    }));
    let mut observed = bare();
    observed.read_at = 1_000_000;
    insta::assert_snapshot!("images_of_a_fresh_project", text(&planned(&shop, &observed)));
    observed.tagged_at.insert("app:1".into(), 999_000);
    let plan = planned(&shop, &observed);
    assert!(!plan.to_string().contains("pull policy daily"), "{plan}");
    assert_eq!(refreshed_images(&shop), ["app:1"]);
}

#[test]
fn an_image_that_may_have_changed_replaces_only_if_it_has() {
    let shop = project(json!({
        "app": with(json!({"pull_policy": "always"})),
        "side": {"image": "db:1", "network_mode": "service:app"},
        "user": {"image": "db:1", "depends_on": {"app": {"condition": "service_started", "required": true, "restart": true}}},
    }));
    let first = apply(&bare(), &planned(&shop, &bare()));
    let again = planned(&shop, &first);
    insta::assert_snapshot!(text(&again));
    let second = apply(&first, &again);
    assert!(second.containers.iter().all(|container| container.state == State::Running));
    let id = |observed: &Observed, name: &str| observed.container(name).expect(name).id.clone();
    assert_ne!(id(&first, "shop-app-1"), id(&second, "shop-app-1"));
    assert_ne!(id(&first, "shop-side-1"), id(&second, "shop-side-1"));
    assert_eq!(id(&first, "shop-user-1"), id(&second, "shop-user-1"));
}

#[test]
fn what_cannot_be_is_said_before_anything_is_done() {
    let base = project(json!({"web": with(json!({"networks": {"outer": null}}))}));
    let external = |name: &str| {
        let network = Network { name: name.into(), external: true, ..Network::default() };
        let volume = Volume { name: "shared_dta".into(), external: true, ..Volume::default() };
        let networks = BTreeMap::from([("outer".to_owned(), network)]);
        Project { networks, volumes: BTreeMap::from([("v".to_owned(), volume)]), ..base.clone() }
    };
    let mut observed = bare();
    for (id, name) in [("1", "proxy_net"), ("2", "twice"), ("3", "twice")] {
        observed.networks.push(crate::engine::Network { id: id.into(), name: name.into(), ..Default::default() });
    }
    observed.volumes.push(crate::engine::Volume { name: "shared_data".into(), ..Default::default() });
    let errors = |project: &Project, policy: &UpPolicy| {
        let errors = up(project, &observed, policy).expect_err("errors");
        let line = |error: &PlanError| format!("{}: {error}; {}", error.place.join("."), error.help.join("; "));
        errors.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let policy = UpPolicy::default();
    let no_build = UpPolicy { build: BuildPolicy::Never, ..UpPolicy::default() };
    let all = [
        errors(&external("proxy-net"), &policy),
        errors(&external("twice"), &policy),
        errors(&project(json!({"a": {"image": "ap:1", "pull_policy": "never"}})), &policy),
        errors(&project(json!({"a": {"build": {}}})), &no_build),
        errors(&project(json!({"a": with(json!({"container_name": "x", "scale": 2}))})), &policy),
        errors(
            &project(json!({"a": with(json!({"container_name": "x"})), "b": with(json!({"container_name": "x"}))})),
            &policy,
        ),
        errors(&project(json!({"a": with(json!({"links": ["b"]})), "b": with(json!({"links": ["a"]}))})), &policy),
        errors(&project(json!({"a": with(json!({"dns": ["x"], "security_opt": ["y"]}))})), &policy),
        errors(
            &project(json!({"a": with(json!({
                "network_mode": "service:b", "ipc": "service:b", "pid": "service:b", "volumes_from": ["b:ro"]
            }))})),
            &policy,
        ),
    ];
    insta::assert_snapshot!(all.join("\n--\n"));
}

#[test]
fn strangers_are_told_of_and_left_alone() {
    let shop =
        project(json!({"web": with(json!({"volumes": [{"type": "volume", "source": "data", "target": "/d"}]}))}));
    let mut observed = running(&shop);
    let stranger = |name: &str, service: &str, folder: &str| {
        let mut stranger = observed.containers[0].clone();
        stranger.id = crate::engine::ContainerId::new(format!("{:0<64}", hex::encode(name)));
        stranger.name = name.into();
        for (label, value) in [("service", service), ("project.working_dir", folder)] {
            stranger.labels.insert(format!("com.docker.compose.{label}"), value.into());
        }
        stranger
    };
    let mut run = stranger("shop-web-run-1", "web", "/srv/shop");
    run.labels.insert("com.docker.compose.oneoff".into(), "True".into());
    let strangers = [stranger("shop-old-1", "old", "/srv/shop"), stranger("shop-app-1", "app", "/srv/other"), run];
    observed.containers.extend(strangers);
    exited(&mut observed, "shop-web-run-1", 0);
    observed.networks[0].labels.clear();
    observed.volumes[0].labels.insert("com.docker.compose.project".into(), "other".into());
    let plan = planned(&shop, &observed);
    let removing = UpPolicy { remove_orphans: true, ..UpPolicy::default() };
    let removing = up(&shop, &observed, &removing).unwrap();
    insta::assert_snapshot!(format!("{}----\n{}", text(&plan), text(&removing)));
    let silent = UpPolicy { ignore_orphans: true, ..UpPolicy::default() };
    assert_eq!(up(&shop, &observed, &silent).unwrap().warnings.len(), 2);
}

#[test]
fn only_created_stays_only_created() {
    let shop = project(json!({"db": with(json!({})), "web": with(json!({"depends_on": needs(&[("db", "healthy")])}))}));
    let create = UpPolicy { no_start: true, ..UpPolicy::default() };
    let observed = apply(&bare(), &up(&shop, &bare(), &create).unwrap());
    assert!(observed.containers.iter().all(|container| container.state == State::Created));
    assert!(up(&shop, &observed, &create).unwrap().is_empty());
    insta::assert_snapshot!(text(&planned(&shop, &observed)));
}

#[test]
fn grants_go_in_before_every_start() {
    let mut shop = project(json!({"web": with(json!({"configs": [{"source": "motd", "target": "/etc/motd"}]}))}));
    let source = crate::model::GrantSource { content: "hi".into(), ..Default::default() };
    shop.configs.insert("motd".into(), source);
    let mut observed = running(&shop);
    exited(&mut observed, "shop-web-1", 1);
    insta::assert_snapshot!(text(&planned(&shop, &observed)));
}

#[test]
fn names_are_freed_before_they_are_taken() {
    let before = project(json!({
        "a": with(json!({"container_name": "front"})),
        "b": with(json!({"container_name": "back"})),
    }));
    let observed = running(&before);
    let after = project(json!({
        "a": with(json!({"container_name": "back"})),
        "b": with(json!({"container_name": "front"})),
    }));
    let plan = planned(&after, &observed);
    insta::assert_snapshot!(text(&plan));
    let swapped = apply(&observed, &plan);
    assert_eq!(swapped.container("back").unwrap().service(), "a");
    assert!(planned(&after, &swapped).is_empty());

    let renamed =
        project(json!({"c": with(json!({"container_name": "front"})), "b": with(json!({"container_name": "back"}))}));
    let error = up(&renamed, &observed, &UpPolicy::default()).expect_err("front is in use");
    assert_eq!(error[0].message, "container name \"front\" is already in use by a container of service a");
    let policy = UpPolicy { remove_orphans: true, ..UpPolicy::default() };
    let renamed_state = apply(&observed, &up(&renamed, &observed, &policy).unwrap());
    assert_eq!(renamed_state.container("front").unwrap().service(), "c");
}

#[test]
fn a_plan_is_told_in_one_line() {
    let shop = project(json!({
        "db": {"image": "db:1"},
        "app": with(json!({"scale": 2, "depends_on": needs(&[("db", "healthy")]), "pull_policy": "always"})),
    }));
    let fresh = planned(&shop, &bare());
    assert_eq!(fresh.summary(), "1 image to pull, 1 network and 3 containers to create, 3 containers to start");
    assert_eq!(Plan::default().summary(), "");
}

#[test]
fn five_hundred_services_are_as_easy_as_one() {
    let services = (0..500).map(|at| {
        let need = if at == 0 { json!({}) } else { needs(&[(&format!("s{:03}", (at - 1) / 2), "healthy")]) };
        (format!("s{at:03}"), with(json!({"depends_on": need})))
    });
    let shop = project(Value::Object(services.collect()));
    let fresh = planned(&shop, &bare());
    assert_eq!(fresh.summary(), "1 network and 500 containers to create, 500 containers to start");
    assert!(fresh.graph.edge_count() < 4 * fresh.graph.node_count());
    assert!(planned(&shop, &apply(&bare(), &fresh)).is_empty());
}
