//! Safe under fire: killed at every change, many at once, an engine that stumbles or is slow. The next command puts it
//! right, and no data is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::engine::{Engine, text};
use crate::left::Left;
use crate::proxy::Fate;
use crate::scenario::Scenario;
use crate::stories;

stories![
    dies_while_making,
    dies_while_replacing,
    dies_while_removing,
    twenty_at_once,
    ups_and_downs_at_once,
    several_who_do_not_know_each_other,
    containers_go_behind_its_back,
    bears_a_slow_engine,
    bears_an_engine_that_stumbles,
    tells_who_does_not_stop,
];

/// Two services; what the first one keeps is in a volume with a name and in one without.
pub fn keeping(colour: &str, words: &str) -> String {
    let words = words.replace(' ', ", ");
    format!(
        r#"
services:
  db:
    image: ACTOR
    command: [{words}, stay]
    environment: {{ COLOUR: {colour} }}
    volumes: ['kept:/data', /scratch]
    networks: [front, back]
  web: {{ image: ACTOR, command: [stay], depends_on: [db], networks: [front] }}
volumes: {{ kept: }}
networks: {{ front: , back: }}
"#
    )
}

const WRITING: &str = "write /data/note precious write /scratch/note precious";
const SHOWING: &str = "show /data/note show /scratch/note";

/// There is nothing left to do.
pub fn assert_settled(scenario: &Scenario) {
    scenario.done(&["plan", "--detailed-exitcode"]);
}

/// While the engine is at what it was asked for, and when it has done it.
const MOMENTS: [&str; 2] = ["asked", "answered"];

/// Kills a command at each change that it asks the engine for. After each death the same command has to come to its end.
fn kill_everywhere(scenario: &Scenario, moments: &[&str], words: &[&str], before: impl Fn(), after: impl Fn()) {
    for moment in moments {
        for number in 1.. {
            before();
            scenario.variable("CONVOKE_TEST_DEATH", &format!("{moment}:{number}"));
            let outcome = scenario.convoke(words);
            scenario.variable("CONVOKE_TEST_DEATH", "");
            if !outcome.was_killed() {
                assert!(number > 4, "nobody died at {moment}:{number}\n{}", outcome.told());
                println!("{}: killed at each of {} changes, {moment}: converged", words.join(" "), number - 1);
                break;
            }
            scenario.done(words);
            after();
        }
    }
}

fn dies_while_making(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    let before = || drop(scenario.done(&["down", "-v", "-t", "0"]));
    kill_everywhere(scenario, &MOMENTS, &["up", "-d"], before, || {
        assert_eq!(scenario.states(), ["db running", "web running"]);
        assert_eq!(scenario.engine.networks(&scenario.project).len(), 2);
        assert_settled(scenario);
    });
}

fn dies_while_replacing(scenario: &Scenario) {
    let before = || {
        scenario.compose(&keeping("old", WRITING));
        scenario.done(&["up", "-d", "-V", "--force-recreate", "-t", "0", "db"]);
        scenario.compose(&keeping("new", SHOWING));
    };
    kill_everywhere(scenario, &MOMENTS, &["up", "-d", "db"], before, || {
        assert_eq!(scenario.states(), ["db running"]);
        let db = scenario.container("db");
        assert_eq!(text(&db["Name"]), format!("/{}-db-1", scenario.project));
        // What the old container wrote is there for the new one, as soon as that looks.
        let mut said = scenario.said("db");
        while said.len() < 2 && text(&scenario.container("db")["State"]["Status"]) == "running" {
            said = scenario.said("db");
        }
        assert_eq!(said, ["precious", "precious"]);
        scenario.done(&["plan", "up", "--detailed-exitcode", "db"]);
    });
}

fn dies_while_removing(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    let left = Left::of(scenario);
    kill_everywhere(
        scenario,
        &["asked"],
        &["down", "-t", "1"],
        || {
            scenario.done(&["up", "-d"]);
            left.note();
        },
        || {
            assert_eq!(scenario.states(), [] as [String; 0]);
            assert_eq!(scenario.engine.networks(&scenario.project), [] as [String; 0]);
            assert_eq!(scenario.engine.volumes(&scenario.project), [format!("{}_kept", scenario.project)]);
        },
    );
    kill_everywhere(
        scenario,
        &["answered"],
        &["down", "-v", "-t", "1"],
        || drop(scenario.done(&["up", "-d"])),
        || {
            assert_eq!(scenario.engine.volumes(&scenario.project), [] as [String; 0]);
        },
    );
}

fn twenty_at_once(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    let running: Vec<_> = (0..20).map(|_| scenario.begin(&["up", "-d"])).collect();
    let outcomes: Vec<_> = running.into_iter().map(|running| running.end().exits_with(0)).collect();
    let waited = outcomes.iter().filter(|outcome| outcome.stderr.contains("waiting for convoke")).count();
    assert!(waited > 0, "nobody had to wait");
    assert!(outcomes.iter().any(|outcome| outcome.stderr.contains("up -d (process ")), "nobody says for whom");
    assert_eq!(scenario.states(), ["db running", "web running"]);
    assert_eq!(scenario.engine.networks(&scenario.project).len(), 2);
    assert_settled(scenario);
}

fn ups_and_downs_at_once(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    let running: Vec<_> =
        (0..5).flat_map(|_| [scenario.begin(&["up", "-d"]), scenario.begin(&["down", "-v", "-t", "1"])]).collect();
    for running in running {
        running.end().exits_with(0);
    }
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    assert_settled(scenario);
}

/// As if on machines of their own: no lock is common to them. Some may fail, and say so; the next command does not.
fn several_who_do_not_know_each_other(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    let running: Vec<_> = (0..5)
        .map(|number| {
            let folder = scenario.path(&format!("run-{number}"));
            std::fs::create_dir(&folder).expect("a folder");
            scenario.variable("XDG_RUNTIME_DIR", &folder.display().to_string());
            scenario.begin(&["up", "-d"])
        })
        .collect();
    for running in running {
        let outcome = running.end();
        assert!(outcome.succeeded() || outcome.stderr.contains("\nerror: "), "{}", outcome.told());
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.told());
    }
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    let mut networks = scenario.engine.networks(&scenario.project);
    networks.dedup();
    assert_eq!(scenario.engine.networks(&scenario.project), networks, "one network of each name");
    assert_settled(scenario);
}

/// Removes the containers of the project, those that are not half made, right before the first request with the text.
fn sweep_before(scenario: &Scenario, moment: &'static str) {
    let (engine, project) = (Engine { socket: scenario.engine.socket.clone() }, scenario.project.clone());
    let is_done = AtomicBool::new(false);
    scenario.met_by(move |request| {
        if request.contains(moment) && !is_done.swap(true, Ordering::SeqCst) {
            let of_project = format!("/{project}");
            for container in engine.containers(&project).iter().filter(|it| text(&it["Name"]).starts_with(&of_project))
            {
                engine.call("DELETE", &format!("/containers/{}?force=1&v=1", text(&container["Id"])), "", b"");
            }
        }
        Fate::Pass
    });
}

fn containers_go_behind_its_back(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    sweep_before(scenario, "/start");
    scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["start container", "-db-1", "the same command"]);
    scenario.direct();
    scenario.done(&["up", "-d"]);
    sweep_before(scenario, "/stop");
    scenario.done(&["up", "-d", "--force-recreate", "-t", "1"]);
    scenario.direct();
    scenario.done(&["up", "-d"]);
    assert_eq!(scenario.states(), ["db running", "web running"]);
    assert_settled(scenario);
    sweep_before(scenario, "/stop");
    scenario.done(&["down", "-v", "-t", "1"]);
    scenario.direct();
    assert_eq!(scenario.engine.networks(&scenario.project), [] as [String; 0]);
}

fn bears_a_slow_engine(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    scenario.met_by(|_| Fate::Delay(Duration::from_millis(150)));
    scenario.done(&["up", "-d", "--wait"]);
    assert_settled(scenario);
    scenario.done(&["down", "-v", "-t", "1"]);
    scenario.direct();
    assert_eq!(scenario.states(), [] as [String; 0]);
}

fn bears_an_engine_that_stumbles(scenario: &Scenario) {
    scenario.compose(&keeping("old", WRITING));
    // Every third question goes wrong, which can be asked again.
    let asked = AtomicUsize::new(0);
    scenario.met_by(move |request| {
        let is_question = request.starts_with("GET ") && !request.contains("_ping") && !request.contains("/events");
        if is_question && asked.fetch_add(1, Ordering::SeqCst) % 3 == 1 { Fate::Refuse(500) } else { Fate::Pass }
    });
    scenario.done(&["up", "-d", "--wait"]);
    assert_settled(scenario);
    // A change that goes wrong is told, and not tried twice.
    let (moments, stumbled) = (["/networks/create", "/containers/create", "/start"], "the engine stumbled");
    for moment in moments {
        scenario.direct();
        scenario.done(&["down", "-v", "-t", "1"]);
        let proxy =
            scenario.met_by(move |request| if request.contains(moment) { Fate::Refuse(503) } else { Fate::Pass });
        scenario.convoke(&["up", "-d"]).exits_with(1).complains_about(&["error: ", stumbled]);
        let mut tried = proxy.changes();
        tried.retain(|request| request.contains(moment));
        let once = tried.len();
        tried.sort();
        tried.dedup();
        assert!(moment != "/start" || once == tried.len(), "{tried:?}");
        scenario.direct();
        scenario.done(&["up", "-d"]);
        assert_settled(scenario);
    }
}

fn tells_who_does_not_stop(scenario: &Scenario) {
    scenario.compose(
        "services:\n  deaf: { image: ACTOR, command: [deaf, say, here, stay], stop_grace_period: 3s }\n  \
         good: { image: ACTOR, command: [stay], stop_grace_period: 3s }\n",
    );
    let mut events = scenario.engine.events(&scenario.project);
    scenario.done(&["up", "-d"]);
    events.wait_for_action("deaf", "start");
    // It is deaf once it says so.
    while scenario.said("deaf") != ["here"] {}
    for (verb, times) in [("restart", 2), ("down", 0)] {
        let outcome = scenario.done(&[verb]);
        let outcome = outcome.complains_about(&[
            "-deaf-1",
            "it is killed after 3 s",
            "ignored SIGTERM for 3 s and was killed: its first process (/actor deaf say here stay) does not end on SIGTERM",
            "`init: true`",
        ]);
        assert!(!outcome.stderr.contains("good-1 ignored"), "{}", outcome.told());
        while times > 0 && scenario.said("deaf").len() < times {}
    }
}
