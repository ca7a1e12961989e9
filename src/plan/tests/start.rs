use super::*;

#[test]
fn only_what_does_not_run_is_started() {
    let shop = project(json!({
        "db": {"image": "db:1", "healthcheck": {"test": ["CMD", "ready"]}},
        "migrate": with(json!({"depends_on": needs(&[("db", "healthy")])})),
        "web": with(json!({"depends_on": needs(&[("migrate", "completed_successfully"), ("db", "healthy")])})),
    }));
    let mut observed = running(&shop);
    exited(&mut observed, "shop-migrate-1", 0);
    let migrated = text(&planned(&shop, &observed));
    exited(&mut observed, "shop-web-1", 1);
    let both = text(&planned(&shop, &observed));
    container(&mut observed, "shop-db-1").health = Health::Starting;
    let unready = text(&planned(&shop, &observed));
    insta::assert_snapshot!([migrated, both, unready].join("----\n"));
}

#[test]
fn optional_and_absent_dependencies_do_not_hold_anything_up() {
    let shop = project(json!({
        "cache": with(json!({"healthcheck": {"test": ["CMD", "ready"]}})),
        "off": with(json!({"scale": 0})),
        "web": with(json!({"depends_on": {
            "cache": {"condition": "service_healthy"},
            "off": {"condition": "service_healthy", "required": true},
            "gone": {"condition": "service_healthy"},
        }})),
        "strict": with(json!({"depends_on": needs(&[("cache", "healthy")])})),
    }));
    let plan = planned(&shop, &bare());
    let waits = plan.steps().filter_map(|(_, planned)| match &planned.step {
        Step::Await { required, .. } => Some((planned.why(), *required)),
        _ => None,
    });
    let expected = [("healthy, needed by strict".to_owned(), true), ("healthy, needed by web".to_owned(), false)];
    assert_eq!(waits.collect::<Vec<_>>(), expected);
}

#[test]
fn waiting_for_everything_waits_only_for_what_is_not_ready() {
    let shop = project(json!({
        "job": with(json!({})),
        "web": with(json!({"depends_on": needs(&[("job", "completed_successfully")])})),
        "db": {"image": "db:1"},
    }));
    let wait = UpPolicy { wait: true, ..UpPolicy::default() };
    let fresh = up(&shop, &bare(), &wait).unwrap();
    let mut observed = apply(&bare(), &fresh);
    exited(&mut observed, "shop-job-1", 0);
    container(&mut observed, "shop-db-1").health = Health::Starting;
    let again = up(&shop, &observed, &wait).unwrap();
    insta::assert_snapshot!(format!("{}----\n{}", text(&fresh), text(&again)));
}

#[test]
fn replicas_that_share_a_range_of_ports_start_one_by_one() {
    let of = |published: &str| {
        let port = json!({"target": 80, "published": published, "protocol": "tcp"});
        planned(&project(json!({"web": with(json!({"scale": 3, "ports": [port]}))})), &bare())
    };
    let starts = |plan: &Plan| {
        let starts = plan.steps().filter(|(_, planned)| planned.action() == Action::Start);
        starts.map(|(id, _)| plan.needs(id).len()).collect::<Vec<_>>()
    };
    assert_eq!(starts(&of("8000-8010")), [1, 2, 2]);
    assert_eq!(starts(&of("")), [1, 1, 1]);
}

#[test]
fn a_paused_container_is_the_persons_to_unpause() {
    let shop = project(json!({"web": with(json!({}))}));
    let mut observed = running(&shop);
    container(&mut observed, "shop-web-1").state = State::Paused;
    let errors = up(&shop, &observed, &UpPolicy::default()).expect_err("paused");
    assert_eq!(errors[0].message, "container shop-web-1 is paused");
    assert_eq!(errors[0].help, ["let it go on first: unpause web"]);
}
