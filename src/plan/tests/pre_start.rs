use super::*;

/// A service with two hooks, the second with an image of its own.
fn shop(scale: u32, more: Value) -> Project {
    let mut web = with(json!({
        "scale": scale,
        "depends_on": needs(&[("db", "healthy")]),
        "pre_start": [
            {"command": ["migrate"], "environment": {"STEP": "1"}, "user": "7"},
            {"command": ["seed"], "image": "db:1"},
        ],
    }));
    web.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    project(json!({"db": {"image": "db:1", "healthcheck": {"test": ["CMD", "ready"]}}, "web": web}))
}

fn hooks(plan: &Plan) -> Vec<String> {
    let ends = plan.steps().filter(|(_, planned)| matches!(planned.step, Step::RunToEnd { .. }));
    ends.map(|(_, planned)| planned.subject().name).collect()
}

#[test]
fn hooks_run_once_before_the_first_start_and_in_order() {
    let shop =
        shop(2, json!({"ports": [{"target": 80, "published": "8000-8001", "protocol": "tcp"}], "restart": "always"}));
    let plan = planned(&shop, &bare());
    insta::assert_snapshot!(text(&plan));
    let drafts: Vec<_> = plan
        .steps()
        .filter_map(|(_, planned)| match &planned.step {
            Step::CreateContainer(draft) if draft.number == 0 => Some(draft.clone()),
            _ => None,
        })
        .collect();
    let [first, second] = &drafts[..] else { panic!("{drafts:?}") };
    assert_eq!(first.spec.command.as_deref(), Some(&["migrate".to_owned()][..]));
    assert_eq!((first.spec.user.as_str(), first.spec.environment.as_slice()), ("7", &["STEP=1".to_owned()][..]));
    assert_eq!((first.spec.image.as_str(), second.spec.image.as_str()), ("app:1", "db:1"));
    assert!(first.spec.port_bindings.is_empty() && first.spec.restart_policy.is_none());
    assert_eq!(first.volumes_of.len(), 1);
    assert_eq!(first.volumes_of[0].0.name(), "shop-web-1");
    assert_eq!(first.spec.labels["com.docker.compose.hook"], "pre_start");
    assert!(!first.spec.labels.contains_key("com.docker.compose.container-number"));
    assert!(!first.spec.labels.contains_key("com.docker.compose.config-hash"));
}

#[test]
fn they_run_again_only_when_nothing_of_the_service_runs_on() {
    let observed = running(&shop(2, json!({})));
    assert_eq!(hooks(&planned(&shop(3, json!({})), &observed)), [""; 0], "scaled up");
    let forced = UpPolicy { recreate: Recreation::Force, ..UpPolicy::default() };
    let all = ["shop-web-pre_start-0", "shop-web-pre_start-1"];
    assert_eq!(hooks(&up(&shop(2, json!({})), &observed, &forced).expect("a plan")), all);
    let changed = shop(2, json!({"environment": {"LEVEL": "debug"}}));
    let plan = planned(&changed, &observed);
    assert_eq!(hooks(&plan), all);
    assert_eq!(planned(&changed, &apply(&observed, &plan)).to_string(), "");
    let mut stopped = observed;
    exited(&mut stopped, "shop-web-1", 0);
    assert_eq!(hooks(&planned(&shop(2, json!({})), &stopped)), [""; 0], "one runs on");
    exited(&mut stopped, "shop-web-2", 0);
    assert_eq!(hooks(&planned(&shop(2, json!({})), &stopped)), all);
    let create = UpPolicy { no_start: true, ..UpPolicy::default() };
    assert_eq!(hooks(&up(&shop(2, json!({})), &bare(), &create).expect("a plan")), [""; 0]);
}

#[test]
fn a_hook_for_each_replica_runs_before_each_that_starts() {
    let each = json!({"pre_start": [{"command": ["warm"], "per_replica": true}]});
    let fresh = planned(&shop(2, each.clone()), &bare());
    assert_eq!(hooks(&fresh), ["shop-web-pre_start-0-1", "shop-web-pre_start-0-2"]);
    let observed = apply(&bare(), &fresh);
    assert_eq!(hooks(&planned(&shop(3, each), &observed)), ["shop-web-pre_start-0-3"]);
}

#[test]
fn what_a_failed_hook_left_goes_first() {
    let shop = shop(1, json!({}));
    let mut observed = running(&shop);
    exited(&mut observed, "shop-web-1", 0);
    let mut left = observed.container("shop-web-1").expect("web").clone();
    left.id = crate::engine::ContainerId::new("f".repeat(64));
    left.name = "shop-web-pre_start-0".into();
    left.labels.remove("com.docker.compose.config-hash");
    left.labels.insert("com.docker.compose.hook".into(), "pre_start".into());
    observed.containers.push(left);
    let plan = planned(&shop, &observed);
    assert_eq!(planned(&shop, &apply(&observed, &plan)).to_string(), "");
    let (first, removal) = plan.steps().next().expect("a step");
    assert_eq!(removal.why(), "left over from a hook");
    let made = plan.steps().find(|(_, planned)| planned.action() == Action::Create).expect("a hook's container");
    assert!(plan.needs(made.0).contains(&first));
    let gone = down(&shop, &observed, &DownPolicy::default());
    assert!(gone.steps().any(|(_, planned)| planned.subject().name == "shop-web-pre_start-0"));
}
