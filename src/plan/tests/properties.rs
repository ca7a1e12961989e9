use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::graph;

/// What a random service says of itself; numbers stand for other services and shared things.
#[derive(Clone, Debug)]
struct Wish {
    scale: u32,
    level: u8,
    needs: Vec<(usize, u8, bool)>,
    shares: Option<usize>,
    mounts_of: Option<usize>,
    links: Option<usize>,
    networks: Vec<u8>,
    volumes: Vec<u8>,
    named: bool,
    pull: u8,
    port: Option<u8>,
    /// Whose process or memory namespace it joins.
    joins: Option<(usize, bool)>,
    /// Behind a profile that is off.
    asleep: bool,
    /// Whether something runs before it, and whether that does before each of its containers.
    warms: Option<bool>,
}

fn wish() -> impl Strategy<Value = Wish> {
    let others = (
        prop::collection::vec((0_usize..8, 0_u8..3, any::<bool>()), 0..3),
        prop::option::weighted(0.2, 0_usize..8),
        prop::option::weighted(0.1, 0_usize..8),
        prop::option::weighted(0.1, 0_usize..8),
        prop::option::weighted(0.15, (0_usize..8, any::<bool>())),
    );
    let own = (
        0_u32..4,
        0_u8..3,
        prop::bool::weighted(0.2),
        0_u8..8,
        prop::option::weighted(0.3, 0_u8..8),
        prop::bool::weighted(0.1),
        prop::option::weighted(0.2, any::<bool>()),
    );
    let things = (prop::collection::vec(0_u8..3, 0..3), prop::collection::vec(0_u8..3, 0..2));
    (others, own, things).prop_map(|(others, own, (networks, volumes))| {
        let (needs, shares, mounts_of, links, joins) = others;
        let (scale, level, named, pull, port, asleep, warms) = own;
        Wish {
            scale,
            level,
            needs,
            shares,
            mounts_of,
            links,
            networks,
            volumes,
            named,
            pull,
            port,
            joins,
            asleep,
            warms,
        }
    })
}

/// Services that depend on earlier ones only. One whose things are shared has at least one container.
fn shop(wishes: &[Wish], driver: u8) -> Project {
    let name = |at: usize| format!("s{at}");
    let mut services = serde_json::Map::new();
    let owners: HashSet<usize> = wishes
        .iter()
        .enumerate()
        .flat_map(|(at, wish)| {
            let joined = wish.joins.map(|(owner, _)| owner);
            [wish.shares, wish.mounts_of, joined].into_iter().flatten().filter(move |owner| *owner < at)
        })
        .collect();
    for (at, wish) in wishes.iter().enumerate() {
        let before = |other: &usize| *other < at;
        let condition = |kind: u8| ["started", "healthy", "completed_successfully"][usize::from(kind)];
        let mut needed = serde_json::Map::new();
        for (other, kind, restart) in wish.needs.iter().filter(|(other, ..)| before(other)) {
            let how =
                json!({"condition": format!("service_{}", condition(*kind)), "required": true, "restart": restart});
            needed.insert(name(*other), how);
        }
        let mut service = with(json!({
            "environment": {"LEVEL": wish.level.to_string()},
            "depends_on": needed,
            "volumes": wish.volumes.iter().collect::<HashSet<_>>().into_iter()
                .map(|key| json!({"type": "volume", "source": format!("v{key}"), "target": format!("/v{key}")}))
                .collect::<Vec<_>>(),
        }));
        let scale =
            if wish.named || owners.contains(&at) || wish.port.is_some() { wish.scale.clamp(1, 1) } else { wish.scale };
        service["scale"] = json!(scale);
        if wish.named {
            service["container_name"] = json!(format!("own{at}"));
        }
        if let Some(each) = wish.warms {
            service["pre_start"] = json!([{"command": ["warm"], "per_replica": each}]);
        }
        if wish.pull == 0 {
            service["pull_policy"] = json!("always");
        }
        if let Some(owner) = wish.shares.filter(before) {
            service["network_mode"] = json!(format!("service:{}", name(owner)));
        } else {
            let networks = wish.networks.iter().map(|key| (format!("n{key}"), Value::Null));
            service["networks"] = Value::Object(networks.collect());
            if let Some(port) = wish.port.filter(|port| wishes[..at].iter().all(|other| other.port != Some(*port))) {
                service["ports"] =
                    json!([{"target": 80, "published": (8000 + u16::from(port)).to_string(), "protocol": "tcp"}]);
            }
        }
        if let Some(owner) = wish.mounts_of.filter(before) {
            service["volumes_from"] = json!([format!("{}:ro", name(owner))]);
        }
        if let Some((owner, memory)) = wish.joins.filter(|(owner, _)| before(owner)) {
            service[if memory { "ipc" } else { "pid" }] = json!(format!("service:{}", name(owner)));
        }
        if let Some(other) = wish.links.filter(before) {
            service["links"] = json!([name(other)]);
        }
        services.insert(name(at), service);
    }
    let mut project = project(Value::Object(services));
    put_to_sleep(&mut project, wishes);
    for network in project.networks.values_mut() {
        network.driver = ["", "bridge"][usize::from(driver)].into();
    }
    project
}

/// Moves services behind profiles away, unless others need them.
fn put_to_sleep(project: &mut Project, wishes: &[Wish]) {
    for (at, _) in wishes.iter().enumerate().filter(|(_, wish)| wish.asleep) {
        let name = ServiceName::from(format!("s{at}").as_str());
        let is_last = project.services.len() == 1;
        if !is_last && !project.services.values().any(|service| graph::dependencies(service).contains_key(&name)) {
            project.disabled_services.extend(project.services.remove_entry(&name));
        }
    }
}

/// Where an edit of one field is told, and the edit.
type Edit = (&'static str, fn(&mut Service));

const EDITS: [Edit; 12] = [
    ("environment.LEVEL", |service| drop(service.environment.insert("LEVEL".into(), Some("edited".into())))),
    ("environment.NEW", |service| drop(service.environment.insert("NEW".into(), None))),
    ("labels", |service| drop(service.labels.insert("a.b".into(), "1".into()))),
    ("command", |service| service.command = Some(vec!["edited".into()])),
    ("user", |service| service.user = "edited".into()),
    ("hostname", |service| service.hostname = "edited".into()),
    ("mem_limit", |service| service.mem_limit.0 = 1 << 26),
    ("cap_add", |service| service.cap_add.push("SYS_TIME".into())),
    ("restart", |service| service.restart = "always".into()),
    ("stop_signal", |service| service.stop_signal = "SIGUSR1".into()),
    ("sysctls", |service| drop(service.sysctls.insert("net.core.somaxconn".into(), "1".into()))),
    ("tty", |service| service.tty = true),
];

/// All steps that are done before a step.
fn earlier(plan: &Plan, id: StepId) -> HashSet<StepId> {
    let mut open = vec![id];
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        open.extend(plan.needs(id).into_iter().filter(|need| seen.insert(*need)));
    }
    seen
}

/// Starts come after the starts and waits of what they depend on.
fn check_order(plan: &Plan, project: &Project) -> Result<(), TestCaseError> {
    for (id, planned) in plan.steps() {
        let (Step::StartContainer { .. }, Some(name)) = (&planned.step, &planned.service) else { continue };
        // One whose profile is off only lives through the change of a network.
        let Some(service) = project.services.get(name) else { continue };
        let before = earlier(plan, id);
        for (dependency, how) in graph::dependencies(service) {
            let same = |other: &PlannedStep| other.service.as_ref() == Some(&dependency);
            for (other, step) in plan.steps().filter(|(_, step)| same(step)) {
                let counts = match &step.step {
                    Step::StartContainer { .. } => true,
                    Step::Await { condition, .. } => *condition == how.condition.into(),
                    _ => false,
                };
                prop_assert!(!counts || before.contains(&other), "{name} starts before {dependency}:\n{plan}");
            }
        }
    }
    Ok(())
}

/// A namespace is lost with every stop of its owner: who shares it starts again too.
fn check_sharers(plan: &Plan, project: &Project) -> Result<(), TestCaseError> {
    let starts = |name: &ServiceName| {
        let is_start = |step: &PlannedStep| matches!(step.step, Step::StartContainer { .. });
        plan.steps().any(|(_, step)| is_start(step) && step.service.as_ref() == Some(name))
    };
    for (name, service) in &project.services {
        let Some(owner) = service.network_mode.strip_prefix("service:") else { continue };
        let has_any = service.scale != Some(0);
        prop_assert!(!starts(&owner.into()) || !has_any || starts(name), "{name} keeps a lost namespace:\n{plan}");
    }
    Ok(())
}

/// As after a while: what was pulled stays what it is, so a pull by policy finds nothing new.
fn without_pulls(mut project: Project) -> Project {
    for service in project.services.values_mut() {
        service.pull_policy.clear();
    }
    project
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_time_there_is_nothing_to_do(
        before in prop::collection::vec(wish(), 1..7),
        mut after in prop::collection::vec(wish(), 1..7),
        drivers in (0_u8..2, 0_u8..2),
        stopped in prop::collection::vec(0_usize..12, 0..4),
        halfway in 0_usize..40,
    ) {
        let first = shop(&before, drivers.0);
        let plan = planned(&first, &bare());
        check_order(&plan, &first)?;
        let mut observed = apply(&bare(), &plan);
        let again = planned(&without_pulls(first.clone()), &observed);
        prop_assert_eq!(again.to_string(), "", "after\n{}", plan);

        for at in stopped {
            if let Some(container) = observed.containers.get_mut(at) {
                (container.state, container.health) = (State::Exited, Health::None);
            }
        }
        for (wish, before) in after.iter_mut().zip(&before) {
            // Who falls asleep keeps its containers, and with them its port: a clash that only a person can solve.
            wish.asleep &= before.port.is_none();
        }
        let second = shop(&after, drivers.1);
        let awake = |container: &&Container| !second.disabled_services.contains_key(container.service());
        let policy = UpPolicy { remove_orphans: true, ..UpPolicy::default() };
        let change = up(&second, &observed, &policy).expect("a plan");
        check_order(&change, &second)?;
        check_sharers(&change, &second)?;
        let changed = apply(&observed, &change);
        let rest = up(&without_pulls(second.clone()), &changed, &policy).expect("a plan");
        prop_assert_eq!(rest.to_string(), "", "after\n{}", change);
        prop_assert!(changed.containers.iter().filter(awake).all(|one| one.state == State::Running), "{}", change);

        // Interrupted anywhere, the next plan finishes.
        let mut part = Plan::default();
        for (id, step) in change.steps().take(halfway) {
            part.add(step.clone(), change.needs(id));
        }
        let interrupted = apply(&observed, &part);
        let onward = up(&second, &interrupted, &policy).expect("a plan");
        let end = apply(&interrupted, &onward);
        let rest = up(&without_pulls(second.clone()), &end, &policy).expect("a plan");
        prop_assert_eq!(rest.to_string(), "", "after\n{}and then\n{}", part, onward);

        // And everything goes away again.
        let gone = down(&second, &end, &DownPolicy { volumes: true, ..DownPolicy::default() });
        let empty = apply(&end, &gone);
        prop_assert!(!empty.containers.iter().any(|container| awake(&container)), "{}", gone);
        prop_assert!(!empty.containers.is_empty() || empty.networks.is_empty(), "{}", gone);
    }

    #[test]
    fn one_edit_is_told_by_exactly_its_field(
        wishes in prop::collection::vec(wish(), 1..7),
        edited in 0_usize..7,
        edit in 0..EDITS.len(),
    ) {
        let before = without_pulls(shop(&wishes, 0));
        let observed = apply(&bare(), &planned(&before, &bare()));
        let mut after = before.clone();
        let names: Vec<_> = after.services.keys().cloned().collect();
        let name = &names[edited % names.len()];
        let (path, change) = EDITS[edit];
        change(after.services.get_mut(name).expect("a service of the project"));
        let plan = planned(&after, &observed);
        let mut replaced = 0;
        for (_, planned) in plan.steps().filter(|(_, planned)| planned.action() == Action::Create) {
            match &planned.reason {
                Reason::ConfigurationChanged(changes) => {
                    let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
                    prop_assert_eq!((planned.service.as_ref(), paths), (Some(name), vec![path]));
                    replaced += 1;
                }
                Reason::SharedOwnerRecreated(_) | Reason::HookOf(_) => {}
                _ => prop_assert!(false, "{}", plan),
            }
        }
        let replicas = observed.replicas(name.as_str()).len();
        prop_assert_eq!(replaced, replicas, "{}", plan);
        let rest = planned(&after, &apply(&observed, &plan));
        prop_assert_eq!(rest.to_string(), "", "after\n{}", plan);
    }

    #[test]
    fn changed_volumes_are_only_lost_by_permission(
        wishes in prop::collection::vec(wish(), 1..6),
        allowed in prop::collection::btree_set(0_u8..3, 0..3),
    ) {
        let before = without_pulls(shop(&wishes, 0));
        let observed = apply(&bare(), &planned(&before, &bare()));
        let mut after = before.clone();
        for volume in after.volumes.values_mut() {
            volume.labels.insert("edited".into(), "yes".into());
        }
        let allow_data_loss: Vec<String> = allowed.iter().map(|key| format!("v{key}")).collect();
        let policy = UpPolicy { allow_data_loss: allow_data_loss.clone(), ..UpPolicy::default() };
        let plan = up(&after, &observed, &policy).expect("a plan");
        for (_, planned) in plan.steps() {
            if let Step::RemoveVolume { name } = &planned.step {
                prop_assert!(allow_data_loss.iter().any(|key| *name == format!("shop_{key}")), "{}", plan);
            }
        }
        let kept = after.volumes.keys().filter(|key| !allow_data_loss.contains(key)).count();
        prop_assert_eq!(plan.held_back.len(), kept);
        let rest = up(&after, &apply(&observed, &plan), &policy).expect("a plan");
        prop_assert_eq!(rest.to_string(), "", "after\n{}", plan);
    }
}
