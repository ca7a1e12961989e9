use std::path::PathBuf;

use super::*;
use crate::model::GrantSource;

/// A project whose `web` is granted a file, a text and a variable.
fn shop(web: Value) -> Project {
    let mut web = with(web);
    web["secrets"] = json!([{"source": "key"}, {"source": "token"}]);
    web["configs"] = json!([{"source": "motd", "target": "/etc/motd.d/shop"}]);
    let mut shop = project(json!({"web": web, "db": {"image": "db:1"}}));
    let file = GrantSource { file: "/srv/shop/key".into(), ..GrantSource::default() };
    let variable = GrantSource { environment: "TOKEN".into(), ..GrantSource::default() };
    let text = GrantSource { content: "welcome".into(), ..GrantSource::default() };
    shop.secrets = [("key".to_owned(), file), ("token".to_owned(), variable)].into();
    shop.configs = [("motd".to_owned(), text)].into();
    shop.environment.insert("TOKEN".into(), "hunter2".into());
    shop
}

/// The engine with the shop on it, made while the file had this digest.
fn stood_up(shop: &Project, digest: &str) -> Observed {
    let empty = reading(bare(), digest);
    let observed = apply(&empty, &planned(shop, &empty));
    assert_eq!(planned(shop, &observed).to_string(), "", "a second time there is nothing to do");
    observed
}

fn reading(observed: Observed, digest: &str) -> Observed {
    Observed { files: [(PathBuf::from("/srv/shop/key"), digest.to_owned())].into(), ..observed }
}

#[test]
fn a_changed_content_replaces_who_was_given_it_and_says_so() {
    let before = shop(json!({}));
    let observed = stood_up(&before, "aa");
    let mut after = before.clone();
    after.environment.insert("TOKEN".into(), "sesame".into());
    after.configs.get_mut("motd").expect("motd").content = "goodbye".into();
    let observed = reading(observed, "bb");
    let plan = planned(&after, &observed);
    let reasons: Vec<_> = plan
        .steps()
        .filter(|(_, step)| step.action() == Action::Create)
        .map(|(_, step)| format!("{}: {}", step.subject(), step.why()))
        .collect();
    let name = format!("{}_shop-web-1", observed.container("shop-web-1").expect("web").id.short());
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    for part in ["secret key", "secret token", "config motd"] {
        assert!(reasons[0].contains(part), "{reasons:?}");
    }
    assert!(reasons[0].starts_with(&format!("container {name}: the content of ")), "{reasons:?}");
    assert_eq!(planned(&after, &apply(&observed, &plan)).to_string(), "");
}

#[test]
fn what_is_not_known_is_no_change_and_nothing_of_it_is_in_a_label() {
    let shop = shop(json!({}));
    let mut observed = stood_up(&shop, "aa");
    observed.files.clear();
    assert_eq!(planned(&shop, &observed).to_string(), "", "a file that cannot be read");
    let labels = &mut container(&mut observed, "shop-web-1").labels;
    assert!(labels.values().all(|value| !value.contains("hunter2") && !value.contains("welcome")), "{labels:?}");
    labels.retain(|label, _| !label.starts_with("convoke."));
    let mut changed = shop;
    changed.environment.insert("TOKEN".into(), "other".into());
    assert_eq!(planned(&changed, &observed).to_string(), "", "a container that another tool made");
}

#[test]
fn a_read_only_service_gets_them_in_volumes_that_go_with_its_container() {
    let shop = shop(json!({"read_only": true}));
    let observed = stood_up(&shop, "aa");
    let web = observed.container("shop-web-1").expect("web");
    let mut folders: Vec<_> = web.mounts.iter().map(|it| (it.kind.as_str(), it.destination.as_str())).collect();
    folders.sort_unstable();
    assert_eq!(folders, [("bind", "/run/secrets/key"), ("volume", "/etc/motd.d"), ("volume", "/run/secrets")]);
    let injected = |plan: &Plan| {
        let files = plan.steps().find_map(|(_, planned)| match &planned.step {
            Step::InjectFiles { files, .. } => Some(files.clone()),
            _ => None,
        });
        let files = files.expect("files").into_iter();
        files.map(|file| format!("{} through {}", file.target, file.folder)).collect::<Vec<_>>()
    };
    let fresh = planned(&shop, &bare());
    assert_eq!(injected(&fresh), ["/run/secrets/token through /run/secrets", "/etc/motd.d/shop through /etc/motd.d"]);
    let volumes: Vec<_> = web.mounts.iter().filter(|it| it.kind == "volume").map(|it| it.name.clone()).collect();
    let removed = |plan: &Plan| {
        let names = plan.steps().filter_map(|(_, planned)| match &planned.step {
            Step::RemoveVolume { name } => Some(name.clone()),
            _ => None,
        });
        names.collect::<Vec<_>>()
    };
    let forced = UpPolicy { recreate: Recreation::Force, ..UpPolicy::default() };
    assert_eq!(removed(&up(&shop, &observed, &forced).expect("a plan")), volumes);
    assert_eq!(removed(&down(&shop, &observed, &DownPolicy::default())), volumes);
}

#[test]
fn what_another_tool_has_mounted_is_not_written_over() {
    let mut web = with(json!({}));
    web["secrets"] = json!([{"source": "key", "uid": "7"}]);
    let mut shop = project(json!({"web": web}));
    shop.secrets = [("key".to_owned(), GrantSource { file: "/srv/shop/key".into(), ..GrantSource::default() })].into();
    let mut observed = running(&shop);
    exited(&mut observed, "shop-web-1", 0);
    let injects = |plan: &Plan| plan.steps().any(|(_, planned)| planned.action() == Action::Inject);
    assert!(injects(&planned(&shop, &observed)));
    let mount = crate::engine::MountPoint {
        kind: "bind".into(),
        destination: "/run/secrets/key".into(),
        ..crate::engine::MountPoint::default()
    };
    container(&mut observed, "shop-web-1").mounts.push(mount);
    assert!(!injects(&planned(&shop, &observed)));
}
