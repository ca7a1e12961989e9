//! Files that are watched: what the containers hold follows the disk, and so do rebuilds, restarts and commands.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::process::Signal;

use crate::actor;
use crate::engine::text;
use crate::scenario::{Running, Scenario};
use crate::stories;

stories![
    a_watch_copies_what_changes_and_removes_what_goes,
    a_watch_compares_everything_first_where_that_is_wanted,
    a_watch_writes_where_nothing_else_can_be_written,
    a_watch_restarts_and_runs_commands,
    a_watch_knows_containers_that_were_stopped_or_replaced,
    a_watch_builds_anew,
    a_watch_keeps_a_network_from_outside,
    up_watches_beside_its_logs,
    a_watch_says_why_it_cannot_be,
];

/// A service that does nothing, with these rules. The actor plays `rm` where it is called so.
fn compose(scenario: &Scenario, rules: &str) {
    scenario.compose(&format!(
        "services:
  web:
    image: ACTOR
    command: [say, up, stay]
    stop_grace_period: 0s
    environment: {{ PATH: / }}
    develop: {{ watch: [{rules}] }}
"
    ));
}

fn give_rm(scenario: &Scenario) {
    scenario.done(&["cp", actor::program().to_str().expect("a path"), "web:/rm"]);
}

fn begin(scenario: &Scenario, words: &[&str]) -> Running {
    let mut watch = scenario.begin(words);
    watch.until_line("Watch enabled");
    watch
}

fn end(watch: Running) {
    watch.signal(Signal::INT);
    watch.end().exits_with(130);
}

/// What a file of the container holds.
fn inside(scenario: &Scenario, path: &str) -> String {
    scenario.done(&["exec", "-T", "web", "/actor", "show", path]).stdout.trim_end().to_owned()
}

fn is_inside(scenario: &Scenario, path: &str) -> bool {
    scenario.convoke(&["exec", "-T", "web", "/actor", "show", path]).succeeded()
}

fn a_watch_copies_what_changes_and_removes_what_goes(scenario: &Scenario) {
    compose(scenario, "{ path: src, action: sync, target: /srv/app, ignore: [left/, '*.tmp'] }");
    scenario.file("src/old", "old");
    scenario.done(&["up", "-d"]);
    give_rm(scenario);
    let mut watch = begin(scenario, &["watch", "--no-up"]);
    scenario.file("src/a", "one");
    watch.until_line("Syncing service \"web\" after 1 changes were detected");
    watch.until_line("web-1 synced: 1 written");
    assert_eq!(inside(scenario, "/srv/app/a"), "one");
    assert!(!is_inside(scenario, "/srv/app/old"), "what did not change is left to the image");
    // As editors do it: another file takes the place of the old one.
    scenario.file("src/a.tmp", "two");
    fs::rename(scenario.path("src/a.tmp"), scenario.path("src/a")).expect("renamed");
    watch.until_line("web-1 synced: 1 written");
    assert_eq!(inside(scenario, "/srv/app/a"), "two");
    scenario.file("src/deep/er/b", "three");
    symlink("deep/er", scenario.path("src/way")).expect("a link");
    // Folders, the file and the link may come in one go or in several.
    until_sum(&mut watch, "written", 4);
    assert_eq!(inside(scenario, "/srv/app/way/b"), "three");
    fs::rename(scenario.path("src/deep"), scenario.path("src/moved")).expect("renamed");
    watch.until_line("web-1 synced: 3 written, 1 removed");
    assert_eq!(inside(scenario, "/srv/app/moved/er/b"), "three");
    assert!(!is_inside(scenario, "/srv/app/deep/er/b"));
    fs::remove_file(scenario.path("src/a")).expect("removed");
    watch.until_line("web-1 synced: 1 removed");
    assert!(!is_inside(scenario, "/srv/app/a"));
    scenario.file("src/left/x", "ignored");
    scenario.file("src/b.tmp", "ignored");
    for number in 0..200 {
        scenario.file(&format!("src/many/{number}"), "many");
    }
    until_sum(&mut watch, "written", 201);
    assert!(is_inside(scenario, "/srv/app/many/199"));
    assert!(!is_inside(scenario, "/srv/app/left/x") && !is_inside(scenario, "/srv/app/b.tmp"));
    fs::remove_dir_all(scenario.path("src/moved")).expect("removed");
    scenario.file("src/moved", "a file in place of a folder");
    watch.until_line("web-1 synced: 1 written, 1 removed");
    assert_eq!(inside(scenario, "/srv/app/moved"), "a file in place of a folder");
    end(watch);
    assert_eq!(scenario.states(), ["web running"]);
}

/// Waits until so many paths were written (or removed), in however many goes.
fn until_sum(watch: &mut Running, what: &str, wanted: usize) {
    let mut sum = 0;
    watch.until(&format!("{wanted} {what}"), |line| {
        let told = line.split([' ', ',']).collect::<Vec<_>>();
        let count = told.windows(2).find(|pair| pair[1].trim() == what).and_then(|pair| pair[0].parse::<usize>().ok());
        sum += count.unwrap_or(0);
        sum >= wanted
    });
    assert_eq!(sum, wanted, "no more than that");
}

fn a_watch_compares_everything_first_where_that_is_wanted(scenario: &Scenario) {
    compose(
        scenario,
        "{ path: src, action: sync, target: /srv, initial_sync: true, include: ['**/*.js'] }, \
         { path: conf, action: sync, target: /etc/app.conf, initial_sync: true }",
    );
    for (file, content) in [("src/a.js", "one"), ("src/b/c.js", "two"), ("src/b/d.ts", "left"), ("conf", "three")] {
        scenario.file(file, content);
    }
    scenario.done(&["up", "-d"]);
    // A link that the container has in place of a folder is kept.
    scenario.file("data/kept", "kept");
    fs::create_dir(scenario.path("site")).expect("a folder");
    symlink("/data", scenario.path("site/b")).expect("a link");
    scenario.done(&["cp", "data", "web:/data"]);
    scenario.done(&["cp", "site", "web:/srv"]);
    let mut watch = scenario.begin(&["--progress", "json", "watch", "--no-up"]);
    watch.until_line(r#""watch":"synced","services":["web"],"container":"web-1","written":2,"removed":0}"#);
    watch.until_line(r#""watch":"synced","services":["web"],"container":"web-1","written":1,"removed":0}"#);
    watch.until_line(r#""watch":"enabled""#);
    assert_eq!((inside(scenario, "/srv/b/c.js"), inside(scenario, "/data/c.js")), ("two".into(), "two".into()));
    assert_eq!(inside(scenario, "/etc/app.conf"), "three");
    assert!(!is_inside(scenario, "/srv/b/d.ts"));
    end(watch);
    // The next one finds everything as it should be but for what changed meanwhile.
    scenario.file("src/a.js", "four");
    let mut watch = scenario.begin(&["watch", "--no-up"]);
    watch.until_line("web-1 synced: 1 written");
    watch.until_line("Watch enabled");
    assert_eq!(inside(scenario, "/srv/a.js"), "four");
    end(watch);
}

fn a_watch_writes_where_nothing_else_can_be_written(scenario: &Scenario) {
    scenario.compose(
        "services:
  web:
    image: ACTOR
    command: [say, up, stay]
    stop_grace_period: 0s
    read_only: true
    volumes: ['kept:/srv']
    develop: { watch: [{ path: src, action: sync, target: /srv/app }] }
volumes: { kept: }
",
    );
    fs::create_dir(scenario.path("src")).expect("a folder");
    let mut watch = begin(scenario, &["watch"]);
    scenario.file("src/a", "one");
    watch.until_line("web-1 synced: 1 written");
    assert_eq!(inside(scenario, "/srv/app/a"), "one");
    end(watch);
}

fn a_watch_restarts_and_runs_commands(scenario: &Scenario) {
    compose(
        scenario,
        "{ path: conf, action: restart }, { path: lib, action: sync+restart, target: /lib }, \
         { path: run, action: sync+exec, target: /run/app, exec: { command: [/actor, show, /run/app/x], environment: [A=1] } }",
    );
    fs::create_dir(scenario.path("lib")).expect("a folder");
    fs::create_dir(scenario.path("run")).expect("a folder");
    let mut watch = begin(scenario, &["watch"]);
    scenario.until_said("web", &["up"]);
    scenario.file("conf", "1");
    watch.until_line("service(s) [\"web\"] restarted");
    scenario.until_said("web", &["up", "up"]);
    scenario.file("lib/a", "one");
    watch.until_line("web-1 synced: 1 written");
    watch.until_line("service(s) [\"web\"] restarted");
    scenario.until_said("web", &["up", "up", "up"]);
    assert_eq!(inside(scenario, "/lib/a"), "one");
    // A command that fails is said, and the watch goes on.
    scenario.file("run/y", "y");
    watch.until_complaint("web hook exited with status 70");
    scenario.file("run/x", "reloaded");
    watch.until("the command's output", |line| line.contains("->") && line.contains("reloaded"));
    fs::remove_file(scenario.path("run/x")).expect("removed");
    watch.until_complaint("its image has no rm");
    scenario.file("run/y", "why");
    watch.until_line("web-1 synced: 1 written");
    end(watch);
}

fn a_watch_knows_containers_that_were_stopped_or_replaced(scenario: &Scenario) {
    compose(scenario, "{ path: src, action: sync, target: /srv }");
    fs::create_dir(scenario.path("src")).expect("a folder");
    scenario.done(&["up", "-d"]);
    give_rm(scenario);
    let mut watch = begin(scenario, &["watch", "--no-up"]);
    for name in ["a", "b"] {
        scenario.file(&format!("src/{name}"), name);
        watch.until_line("web-1 synced: 1 written");
    }
    scenario.done(&["stop"]);
    scenario.file("src/c", "written while it was stopped");
    watch.until_line("web-1 synced: 1 written");
    fs::remove_file(scenario.path("src/a")).expect("removed");
    watch.until_line("Syncing service");
    scenario.done(&["start"]);
    watch.until_line("web-1 synced: 1 removed");
    assert_eq!(inside(scenario, "/srv/c"), "written while it was stopped");
    assert!(!is_inside(scenario, "/srv/a"));
    let before = text(&scenario.container("web")["Id"]).to_owned();
    scenario.done(&["up", "-d", "--force-recreate"]);
    watch.until_line("web-1 synced: 2 written");
    assert_ne!(text(&scenario.container("web")["Id"]), before);
    assert_eq!(inside(scenario, "/srv/b"), "b");
    assert_eq!(inside(scenario, "/srv/c"), "written while it was stopped");
    end(watch);
}

/// The images of the project that have lost their names.
fn nameless(scenario: &Scenario) -> Vec<String> {
    let label = format!("com.docker.compose.project={}", scenario.project);
    let images = scenario.engine.get("/images/json");
    let ours = images.as_array().into_iter().flatten().filter(|image| {
        let (name, value) = label.split_once('=').expect("a label");
        let is_nameless =
            image["RepoTags"].as_array().is_none_or(|tags| tags.iter().all(|tag| text(tag).starts_with("<none>")));
        is_nameless && text(&image["Labels"][name]) == value
    });
    ours.map(|image| text(&image["Id"]).to_owned()).collect()
}

fn a_watch_builds_anew(scenario: &Scenario) {
    scenario.variable("DOCKER_BUILDKIT", "0");
    let dockerfile = format!("FROM ACTOR\nLABEL scenario={}\nCOPY . /context\n", scenario.project);
    scenario.file("app/Dockerfile", &dockerfile);
    scenario.file("app/.dockerignore", "left\n");
    scenario.file("app/note", "one");
    scenario.compose(
        "services:
  web:
    build: app
    command: [show, /context/note, stay]
    stop_grace_period: 0s
    depends_on: [db]
    develop: { watch: [{ path: app, action: rebuild }] }
  worker:
    build: app
    command: [stay]
    stop_grace_period: 0s
    develop: { watch: [{ path: app/note, action: rebuild }] }
  db: { build: app, command: [stay], stop_grace_period: 0s }
",
    );
    let mut watch = begin(scenario, &["watch"]);
    scenario.until_said("web", &["one"]);
    let db = text(&scenario.container("db")["Id"]).to_owned();
    scenario.file("app/left", "nobody builds for that");
    scenario.file("app/note", "two");
    watch.until_line("Rebuilding service(s) [\"web\" \"worker\"] after changes were detected...");
    watch.until_line("service(s) [\"web\" \"worker\"] successfully built");
    scenario.until_said("web", &["two"]);
    assert_eq!(text(&scenario.container("db")["Id"]), db, "only what changed is built and replaced");
    assert_eq!(nameless(scenario), [] as [String; 0]);
    // A build that fails leaves what runs, and the next one mends it.
    scenario.file("app/Dockerfile", &format!("{dockerfile}COPY nothing /\n"));
    watch.until_line("Rebuilding service(s)");
    watch.until_complaint("build of web");
    scenario.until_said("web", &["two"]);
    assert_eq!(scenario.states(), ["db running", "web running", "worker running"]);
    scenario.file("app/note", "three");
    scenario.file("app/Dockerfile", &dockerfile);
    watch.until_line("successfully built");
    scenario.until_said("web", &["three"]);
    end(watch);
    let mut watch = begin(scenario, &["watch", "--prune=false", "--quiet"]);
    scenario.file("app/note", "four");
    watch.until_line("successfully built");
    end(watch);
    let left = nameless(scenario);
    assert!(!left.is_empty(), "it was to be kept");
    scenario.done(&["down"]);
    left.iter().for_each(|image| scenario.engine.remove_image(image));
}

/// A network that the project did not make, and that goes with this.
struct Outside<'s>(&'s Scenario<'s>, String);

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        self.0.convoke(&["down", "-t", "0"]);
        self.0.engine.call("DELETE", &format!("/networks/{}", self.1), "", b"");
    }
}

fn a_watch_keeps_a_network_from_outside(scenario: &Scenario) {
    let outside = Outside(scenario, format!("{}-outside", scenario.project));
    let body = serde_json::json!({ "Name": outside.1 }).to_string();
    scenario.engine.call("POST", "/networks/create", "application/json", body.as_bytes());
    scenario.variable("DOCKER_BUILDKIT", "0");
    scenario.file("Dockerfile", &format!("FROM ACTOR\nLABEL scenario={}\nCOPY .env /env\n", scenario.project));
    scenario.file(".env", "NOTE=one\n");
    scenario.compose(&format!(
        "services:
  web:
    build: .
    command: [show, /env, stay]
    stop_grace_period: 0s
    networks: [outside]
    develop: {{ watch: [{{ path: .env, action: rebuild }}] }}
networks: {{ outside: {{ external: true, name: {} }} }}
",
        outside.1
    ));
    let joined = || {
        let container = scenario.container("web");
        let networks = container["NetworkSettings"]["Networks"].as_object().expect("networks");
        (text(&container["Id"]).to_owned(), networks.keys().cloned().collect::<Vec<_>>())
    };
    let mut watch = begin(scenario, &["watch"]);
    scenario.until_said("web", &["NOTE=one"]);
    let (before, networks) = joined();
    assert_eq!(networks, std::slice::from_ref(&outside.1));
    scenario.file(".env", "NOTE=two\n");
    watch.until_line("successfully built");
    scenario.until_said("web", &["NOTE=two"]);
    let (after, networks) = joined();
    assert_eq!((after != before, networks), (true, vec![outside.1.clone()]));
    end(watch);
}

fn up_watches_beside_its_logs(scenario: &Scenario) {
    compose(scenario, "{ path: src, action: sync+restart, target: /srv }");
    fs::create_dir(scenario.path("src")).expect("a folder");
    let mut up = scenario.begin(&["up", "--watch", "--abort-on-container-exit"]);
    up.until_line("Watch enabled");
    scenario.file("src/a", "one");
    up.until_line("web-1 synced: 1 written");
    up.until_line("service(s) [\"web\"] restarted");
    assert_eq!(inside(scenario, "/srv/a"), "one");
    // It stays when everything has ended: what changes next brings it back.
    scenario.done(&["kill"]);
    up.until_line("web-1 exited with code 137");
    scenario.file("src/a", "two");
    up.until_line("service(s) [\"web\"] restarted");
    assert_eq!(inside(scenario, "/srv/a"), "two");
    up.signal(Signal::INT);
    up.end().exits_with(130);
    assert_eq!(scenario.states(), ["web exited"]);
}

fn a_watch_says_why_it_cannot_be(scenario: &Scenario) {
    scenario.compose("services: { web: { image: ACTOR, command: [stay] } }\n");
    let nothing = "none of the selected services is configured for watch, consider setting a 'develop' section";
    scenario.convoke(&["watch"]).exits_with(1).complains_about(&[nothing]);
    scenario.convoke(&["up", "--watch"]).exits_with(1).complains_about(&[nothing]);
    assert!(scenario.containers().is_empty(), "nothing was begun");
    compose(scenario, "{ path: src, action: rebuild }");
    let nowhere = "can't watch service \"web\" with action rebuild without a build context";
    scenario.convoke(&["watch"]).exits_with(1).complains_about(&[nowhere]);
    compose(scenario, "{ path: src, action: sync, target: /srv }");
    for flag in ["--detach", "--wait", "--no-build", "--no-start"] {
        scenario.convoke(&["up", "--watch", flag]).exits_with(1).complains_about(&["--watch"]);
    }
    scenario.done(&["watch", "--dry-run"]);
    assert!(scenario.containers().is_empty(), "nothing was begun");
    let first = begin(scenario, &["watch"]);
    let second = scenario.convoke(&["watch"]).exits_with(1);
    let taken = format!("cannot take exclusive lock for project \"{}\": convoke -p", scenario.project);
    second.complains_about(&[&taken, "is still running"]);
    end(first);
}
