use super::*;

fn shop() -> Project {
    project(json!({
        "db": {"image": "db:1"},
        "cache": {"image": "db:1"},
        "api": with(json!({
            "depends_on": {"db": {"condition": "service_healthy", "required": true, "restart": true},
                           "cache": {"condition": "service_started", "required": true}},
            "scale": 2, "post_start": [{"command": ["warm"]}], "pre_stop": [{"command": ["drain"]}],
        })),
        "web": with(json!({"depends_on": needs(&[("api", "started")])})),
    }))
}

fn named(names: &[&str]) -> Vec<ServiceName> {
    names.iter().map(|name| ServiceName::from(*name)).collect()
}

/// The state in which every container has been stopped.
fn stopped(project: &Project) -> Observed {
    let observed = running(project);
    apply(&observed, &stop(project, &observed, &StopPolicy::default()))
}

fn start_text(project: &Project, observed: &Observed, policy: &StartPolicy) -> String {
    match start(project, observed, policy) {
        Ok(plan) => text(&plan),
        Err(errors) => errors.iter().map(|error| format!("error: {error} ({})\n", error.help.join("; "))).collect(),
    }
}

#[test]
fn a_start_is_in_order_and_waits_for_what_is_waited_for() {
    let observed = stopped(&shop());
    let all = start_text(&shop(), &observed, &StartPolicy { wait: true, ..StartPolicy::default() });
    let api = start_text(&shop(), &observed, &StartPolicy { targets: named(&["api"]), wait: false });
    insta::assert_snapshot!(format!("{all}----\n{api}"));
    let begun = apply(&observed, &start(&shop(), &observed, &StartPolicy::default()).unwrap());
    assert!(begun.containers.iter().all(|container| container.state == State::Running));
    assert_eq!(start_text(&shop(), &begun, &StartPolicy { wait: true, ..StartPolicy::default() }), "", "all is up");
}

#[test]
fn a_start_makes_nothing() {
    let mut observed = stopped(&shop());
    observed.containers.retain(|container| !["cache", "db"].contains(&container.service()));
    let policy = |names| StartPolicy { targets: named(names), wait: false };
    let some = [&["web"][..], &["db"], &[]].map(|names| start_text(&shop(), &observed, &policy(names)));
    observed.containers.clear();
    let none = start_text(&shop(), &observed, &policy(&[]));
    insta::assert_snapshot!(some.into_iter().chain([none]).collect::<Vec<_>>().join("----\n"));
}

#[test]
fn what_is_paused_cannot_be_started() {
    let observed = running(&shop());
    let paused = apply(&observed, &pause(&shop(), &observed, &named(&["web"])));
    let text = start_text(&shop(), &paused, &StartPolicy::default());
    assert_eq!(text, "error: container shop-web-1 is paused (let it go on first: unpause web)\n");
}

#[test]
fn a_restart_takes_along_who_restarts_with_it() {
    let observed = running(&shop());
    let plan = |policy: &RestartPolicy| text(&restart(&shop(), &observed, policy));
    let db = RestartPolicy { targets: named(&["db"]), ..RestartPolicy::default() };
    let alone = RestartPolicy { no_deps: true, ..db.clone() };
    insta::assert_snapshot!([plan(&db), plan(&alone), plan(&RestartPolicy::default())].join("----\n"));
}

#[test]
fn a_restart_starts_what_has_ended_and_runs_no_hook_in_it() {
    let observed = stopped(&shop());
    let plan = restart(&shop(), &observed, &RestartPolicy { targets: named(&["api"]), ..RestartPolicy::default() });
    insta::assert_snapshot!(text(&plan));
    let after = apply(&observed, &plan);
    let up = after.containers.iter().filter(|container| container.state == State::Running);
    assert_eq!(up.map(|container| container.name.as_str()).collect::<Vec<_>>(), ["shop-api-1", "shop-api-2"]);
}

#[test]
fn pausing_and_killing_is_for_the_named_and_those_that_run() {
    let mut observed = running(&shop());
    exited(&mut observed, "shop-api-2", 0);
    let mut run = observed.container("shop-api-1").unwrap().clone();
    (run.id, run.name) = (crate::engine::ContainerId::new("run"), "shop-api-run-1".into());
    run.labels.insert("com.docker.compose.oneoff".into(), "True".into());
    observed.containers.push(run);
    let kills = |targets: &[&str], remove_orphans| {
        let policy = KillPolicy { targets: named(targets), signal: "TERM".into(), remove_orphans };
        let mut smaller = shop();
        smaller.services.remove("web");
        text(&kill(&smaller, &observed, &policy))
    };
    insta::assert_snapshot!(
        [
            text(&pause(&shop(), &observed, &named(&["api", "db"]))),
            text(&unpause(&shop(), &observed, &[])),
            kills(&["api"], true),
            kills(&[], false),
            kills(&[], true),
        ]
        .join("----\n")
    );
    let dead = apply(&observed, &kill(&shop(), &observed, &KillPolicy::default()));
    assert_eq!(text(&kill(&shop(), &dead, &KillPolicy::default())), "! No container to kill\n");
}

#[test]
fn only_what_has_ended_is_removed_unless_it_is_stopped_first() {
    let mut observed = running(&shop());
    exited(&mut observed, "shop-web-1", 1);
    let gentle = remove(&shop(), &observed, &RemovePolicy::default());
    let policy = RemovePolicy { targets: named(&["api", "web"]), stop: true, force: true, volumes: true };
    let thorough = remove(&shop(), &observed, &policy);
    insta::assert_snapshot!(format!("{}----\n{}", text(&gentle), text(&thorough)));
    let left = apply(&observed, &thorough);
    assert_eq!(left.containers.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["shop-cache-1", "shop-db-1"]);
    assert_eq!(text(&remove(&shop(), &left, &RemovePolicy::default())), "! No stopped containers\n");
}

#[test]
fn without_a_file_the_labels_are_enough() {
    let observed = running(&shop());
    let known = project_from_labels("shop", &observed);
    let db = RestartPolicy { targets: named(&["db"]), ..RestartPolicy::default() };
    insta::assert_snapshot!(text(&restart(&known, &observed, &db)));
    let down = apply(&observed, &stop(&known, &observed, &StopPolicy::default()));
    let up = apply(&down, &start(&known, &down, &StartPolicy::default()).unwrap());
    assert!(up.containers.iter().all(|container| container.state == State::Running));
}
