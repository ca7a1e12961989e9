//! Engines in trouble: stopped in the middle, out of addresses, out of disk. Each has one of its own for that.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rustix::process::{Signal, kill_process};

use crate::actor;
use crate::engine::text;
use crate::fire::{assert_settled, keeping};
use crate::private::Private;
use crate::proxy::Fate;
use crate::reading::lines_by_service;
use crate::scenario::Scenario;
use crate::stories;

stories![
    goes_on_after_a_restart_of_the_engine,
    follows_through_a_restart_of_the_engine,
    finds_addresses_when_the_pools_are_empty,
    tells_of_a_full_disk,
];

/// Lets a scenario have an engine of its own.
fn besieged(
    scenario: &Scenario,
    options: &'static [&'static str],
    disk: Option<&'static str>,
    story: impl FnOnce(&Scenario, &mut Private),
) {
    let mut private = Private::start(options, disk);
    let (name, tag) = scenario.image.split_once(':').expect("an image with a tag");
    private.engine.import(&actor::program(), name, tag);
    let address = private.engine.address();
    scenario.variable("DOCKER_HOST", &address);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        story(scenario, &mut private);
        scenario.variable("DOCKER_HOST", &address);
        scenario.done(&["down", "-v", "-t", "0"]);
        scenario.direct();
    }));
    if let Err(panic) = outcome {
        // Containers may outlive this engine, which may have ended in the middle of it: only one that runs can clear away.
        private.end();
        private.start_again();
        private.engine.clear(&scenario.project);
        resume_unwind(panic);
    }
}

fn goes_on_after_a_restart_of_the_engine(scenario: &Scenario) {
    besieged(scenario, &[], None, |scenario, private| {
        let address = private.engine.address();
        for moment in ["/containers/create", "/rename"] {
            scenario.compose(&keeping("old", "write /data/note precious write /scratch/note precious"));
            scenario.done(&["up", "-d"]);
            scenario.compose(&keeping("new", "show /data/note show /scratch/note"));
            let pid = private.pid();
            scenario.behind(&private.engine, move |request| {
                if request.starts_with("POST ") && request.contains(moment) {
                    kill_process(pid, Signal::TERM).expect("a running engine");
                    return Fate::Cut;
                }
                Fate::Pass
            });
            let outcome = scenario.convoke(&["up", "-d"]).exits_with(1);
            outcome.complains_about(&["error: ", "the same command puts everything right"]);
            private.wait();
            private.start_again();
            scenario.variable("DOCKER_HOST", &address);
            scenario.done(&["up", "-d"]);
            let db = || {
                let mut all = private.engine.containers(&scenario.project);
                all.retain(|container| crate::engine::service(container) == "db");
                all.pop().expect("a container of db")
            };
            let mut said = Vec::new();
            while said.len() < 2 && text(&db()["State"]["Status"]) == "running" {
                said = private.engine.logs(text(&db()["Id"]));
            }
            assert!(said.len() == 2 && said.iter().all(|line| line.ends_with(" precious")), "{moment}: {said:?}");
            assert_settled(scenario);
            scenario.done(&["down", "-v", "-t", "0"]);
        }
    });
}

/// An engine that leaves containers running while it is restarted keeps what they write meanwhile, but for the line that it
/// has in hand when it ends: whoever follows sees every line that it has once, and is told why there is silence.
fn follows_through_a_restart_of_the_engine(scenario: &Scenario) {
    const LINES: u64 = 801;
    besieged(scenario, &["--live-restore"], None, |scenario, private| {
        scenario.compose(&format!(
            "services: {{ web: {{ image: ACTOR, command: [drip, '{LINES}', stay], network_mode: none }} }}\n"
        ));
        let mut up = scenario.begin(&["up", "--json"]);
        up.until_line("\"line 11\"");
        let mut logs = scenario.begin(&["logs", "-f", "--json"]);
        logs.until_line("\"line 11\"");
        kill_process(private.pid(), Signal::TERM).expect("a running engine");
        private.wait();
        for watching in [&up, &logs] {
            watching.until_complaint("the engine went away: waiting for it to come back");
        }
        private.start_again();
        up.until_line(&format!("\"line {LINES}\""));
        let web = private.engine.containers(&scenario.project).pop().expect("a container that runs");
        let kept = private.engine.logs(text(&web["Id"]));
        let kept: BTreeSet<u64> = kept.iter().filter_map(|line| line.rsplit_once("line ")?.1.parse().ok()).collect();
        assert!(kept.len() as u64 + 2 >= LINES, "the engine has {} of {LINES} lines", kept.len());
        up.signal(Signal::INT);
        // Whoever only follows ends with the container.
        for outcome in [up.end().exits_with(130), logs.end().exits_with(0)] {
            let seen = &lines_by_service(&[outcome.stdout, outcome.stderr].join("\n"))["web"];
            let shown: BTreeSet<u64> = seen.keys().copied().collect();
            assert_eq!(kept.difference(&shown).collect::<Vec<_>>(), [&0; 0], "not shown");
            let doubled: Vec<_> =
                seen.iter().filter(|(_, places)| places.len() > 1).map(|(number, _)| number).collect();
            assert_eq!(doubled, [&0; 0]);
        }
    });
}

fn finds_addresses_when_the_pools_are_empty(scenario: &Scenario) {
    // Room for four networks, of which the engine's own takes one.
    besieged(scenario, &["--default-address-pool", "base=10.250.0.0/24,size=26"], None, |scenario, private| {
        scenario.compose(
            "services: { web: { image: ACTOR, command: [stay], networks: [a, b, c, d, e, f] } }\n\
             networks: { a: , b: , c: , d: , e: , f: }\n",
        );
        scenario.done(&["up", "-d"]).complains_about(&["warning", "no address range left", "10.128."]);
        let networks = private.engine.networks(&scenario.project);
        assert_eq!(networks.len(), 6);
        let mut subnets: Vec<String> = networks
            .iter()
            .map(|name| {
                text(&private.engine.get(&format!("/networks/{name}"))["IPAM"]["Config"][0]["Subnet"]).to_owned()
            })
            .collect();
        subnets.sort();
        subnets.dedup();
        assert_eq!(subnets.len(), 6, "{subnets:?}");
        assert_eq!(subnets.iter().filter(|subnet| subnet.starts_with("10.128.")).count(), 3, "{subnets:?}");
        assert_settled(scenario);
    });
}

fn tells_of_a_full_disk(scenario: &Scenario) {
    scenario.variable("CONVOKE_EXIT_STATUS", "class");
    besieged(scenario, &[], Some("48m"), |scenario, private| {
        scenario.compose("services: { web: { image: ACTOR, command: [write, /note, hello, stay] } }\n");
        let path = private.data().join("ballast");
        let mut ballast = File::create(&path).expect("a file on the engine's disk");
        while ballast.write_all(&[0; 4096]).is_ok() {}
        // As long as somebody has it open, it takes room.
        drop(ballast);
        let outcome = scenario.convoke(&["up", "-d"]).exits_with(74);
        outcome.complains_about(&["no space left on device", "docker system df"]);
        std::fs::remove_file(&path).expect("a file on the engine's disk");
        scenario.done(&["up", "-d"]);
        assert_settled(scenario);
    });
}
