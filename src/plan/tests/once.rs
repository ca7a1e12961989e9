use super::super::spec::OneOff;
use super::*;

const SLUG: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn once(project: &Project, observed: &Observed, start: bool) -> Result<RunPlan, Vec<PlanError>> {
    let one_off = OneOff { slug: SLUG, name: "", aliases: false, auto_remove: true, attach_stdin: true };
    let up = UpPolicy::default();
    run(project, observed, &RunPolicy { target: &"task".into(), one_off, start, up: &up })
}

fn shop() -> Project {
    project(json!({
        "db": {"image": "db:1", "healthcheck": {"test": ["CMD", "ready"]}},
        "seed": with(json!({"depends_on": needs(&[("db", "healthy")])})),
        "task": with(json!({"depends_on": needs(&[("db", "healthy"), ("seed", "completed_successfully")]),
                            "post_start": [{"command": ["warm"]}]})),
    }))
}

#[test]
fn what_it_needs_comes_first_and_it_is_started_only_if_nobody_listens() {
    let made = once(&shop(), &bare(), false).expect("a plan");
    assert_eq!(made.name, "shop-task-run-0123456789ab");
    insta::assert_snapshot!("run_attached", text(&made.plan));
    insta::assert_snapshot!("run_detached", text(&once(&shop(), &bare(), true).expect("a plan").plan));
    let service = &shop().services["task"];
    let container = ContainerRef::Existing { id: crate::engine::ContainerId::new("1"), name: made.name };
    insta::assert_snapshot!("run_launch", text(&launch(service, &"task".into(), &container)));
}

#[test]
fn what_is_up_stays_up_and_its_own_replicas_are_not_touched() {
    let shop = shop();
    let running = apply(&bare(), &planned(&shop, &bare()));
    let mut changed = shop.clone();
    changed.services.get_mut("task").expect("a service").user = "somebody".into();
    let plan = once(&changed, &running, true).expect("a plan").plan;
    let about: Vec<_> = plan.steps().map(|(_, step)| step.subject().name).collect();
    assert!(!about.iter().any(|name| name == "shop-task-1" || name == "shop-db-1"), "{plan}");
}

#[test]
fn a_name_that_is_taken_is_said_before_anything_is_done() {
    let shop = shop();
    let running = apply(&bare(), &planned(&shop, &bare()));
    let one_off = OneOff { slug: SLUG, name: "shop-db-1", aliases: false, auto_remove: false, attach_stdin: false };
    let up = UpPolicy::default();
    let errors = run(&shop, &running, &RunPolicy { target: &"task".into(), one_off, start: true, up: &up });
    let errors = errors.expect_err("a name in use");
    assert!(errors[0].message.contains("\"shop-db-1\" is already in use"), "{errors:?}");
}
