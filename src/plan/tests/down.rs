use super::*;

fn shop() -> Project {
    project(json!({
        "db": {"image": "db:1", "volumes": [{"type": "volume", "source": "data", "target": "/d"}]},
        "api": {"build": {"context": "."}, "depends_on": needs(&[("db", "healthy")]), "scale": 2,
                "pre_stop": [{"command": ["drain"]}]},
        "web": with(json!({"depends_on": needs(&[("api", "started")])})),
    }))
}

#[test]
fn everything_goes_in_reverse_and_data_only_when_asked() {
    let mut observed = running(&shop());
    exited(&mut observed, "shop-web-1", 0);
    let gentle = down(&shop(), &observed, &DownPolicy::default());
    let all = DownPolicy { volumes: true, images: ImageRemoval::Local, ..DownPolicy::default() };
    let thorough = down(&shop(), &observed, &all);
    insta::assert_snapshot!(format!("{}----\n{}", text(&gentle), text(&thorough)));
    let left = apply(&observed, &gentle);
    assert!(left.containers.is_empty() && left.networks.is_empty());
    assert_eq!(left.volumes.len(), 1);
    let nothing = apply(&observed, &thorough);
    assert!(nothing.volumes.is_empty());
    assert_eq!(nothing.images.len(), 2, "only the built image goes");
    let again = down(&shop(), &nothing, &all);
    assert_eq!(text(&again), "! No resource found to remove for project \"shop\".\n");
}

#[test]
fn without_a_file_the_labels_tell_the_order() {
    let observed = running(&shop());
    let known = project_from_labels("shop", &observed);
    let names: Vec<_> = known.services.keys().map(ServiceName::as_str).collect();
    assert_eq!(names, ["api", "db", "web"]);
    assert_eq!(known.services["api"].depends_on["db"].condition, crate::model::Condition::Healthy);
    assert_eq!(known.services["api"].scale, Some(2));
    assert_eq!(known.working_dir, shop().working_dir);
    let policy = DownPolicy { volumes: true, ..DownPolicy::default() };
    let plan = down(&known, &observed, &policy);
    insta::assert_snapshot!(text(&plan));
    let left = apply(&observed, &plan);
    assert!(left.containers.is_empty() && left.networks.is_empty() && left.volumes.is_empty());
    assert!(project_from_labels("other", &observed).services.is_empty());
}

#[test]
fn a_named_service_goes_alone_and_what_others_use_stays() {
    let observed = running(&shop());
    let policy = DownPolicy { targets: vec!["db".into()], volumes: true, ..DownPolicy::default() };
    insta::assert_snapshot!(text(&down(&shop(), &observed, &policy)));
}

#[test]
fn services_of_other_profiles_and_running_one_offs_stay() {
    let mut part = shop();
    let observed = {
        let mut observed = running(&shop());
        let mut run = observed.container("shop-db-1").unwrap().clone();
        (run.id, run.name) = (crate::engine::ContainerId::new("run"), "shop-db-run-1".into());
        run.labels.insert("com.docker.compose.oneoff".into(), "True".into());
        observed.containers.push(run);
        observed
    };
    let web = part.services.remove("web").unwrap();
    part.disabled_services.insert("web".into(), web);
    let some = down(&part, &observed, &DownPolicy::default());
    let orphans = down(&part, &observed, &DownPolicy { remove_orphans: true, ..DownPolicy::default() });
    insta::assert_snapshot!(format!("{}----\n{}", text(&some), text(&orphans)));
}

#[test]
fn what_was_not_made_for_the_project_is_not_taken_away() {
    let mut observed = running(&shop());
    observed.volumes[0].labels.clear();
    observed.networks[0].labels.clear();
    let plan = down(&shop(), &observed, &DownPolicy { volumes: true, ..DownPolicy::default() });
    let gone = plan.steps().filter(|(_, planned)| planned.action() == Action::Remove);
    assert!(gone.into_iter().all(|(_, planned)| planned.subject().kind == SubjectKind::Container));
    assert_eq!(plan.warnings, ["volume shop_data was not created for this project; it and its data are kept"]);
}

#[test]
fn stopping_is_in_reverse_and_for_the_named_only() {
    let observed = running(&shop());
    let all = stop(&shop(), &observed, &StopPolicy::default());
    let grace = Some(std::time::Duration::ZERO);
    let one = stop(&shop(), &observed, &StopPolicy { targets: vec!["web".into()], stop_timeout: grace });
    insta::assert_snapshot!(format!("{}----\n{}", text(&all), text(&one)));
    assert!(
        one.steps()
            .all(|(_, planned)| matches!(&planned.step, Step::StopContainer { grace: given, .. } if *given == grace))
    );
    assert!(stop(&shop(), &apply(&observed, &all), &StopPolicy::default()).is_empty());
}
