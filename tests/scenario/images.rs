//! Images on their way: built, pushed to a registry on this machine and pulled from it, with and without a password.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::engine::text;
use crate::registry::{Fault, Registry};
use crate::scenario::Scenario;
use crate::stories;

stories![
    builds_pushes_and_pulls,
    pulls_what_the_policies_say,
    so_many_images_travel_at_once_as_may,
    passwords_come_from_where_docker_keeps_them,
    passing_faults_are_tried_again_and_others_are_not,
    what_cannot_be_pulled_keeps_nothing_else_from_it,
    builds_with_flags_over_the_file,
    builds_what_others_stand_upon_first,
    has_dockerfiles_checked,
    runs_with_an_image_that_is_pulled_anew,
];

fn there(scenario: &Scenario, image: &str) -> bool {
    scenario.engine.call("GET", &format!("/images/{image}/json"), "", b"").status == 200
}

/// Something to build that needs no network: a file and nothing else.
fn files(scenario: &Scenario) {
    // With a label of its own no other scenario has a part in its images, which it might remove.
    let begin = format!("FROM scratch\nLABEL scenario={}\n", scenario.project);
    scenario.file("context/Dockerfile", &(begin + "ARG GREETING=hello\nLABEL greeting=$GREETING\nCOPY note /note\n"));
    scenario.file("context/note", &scenario.project);
    // Both builders there are can do it, and this one is there everywhere.
    scenario.variable("DOCKER_BUILDKIT", "0");
}

/// A project with one image that is built, with a name at a registry.
fn shop(scenario: &Scenario, registry: &Registry) -> String {
    let image = format!("{}/{}/api:1", registry.host(), scenario.project);
    files(scenario);
    let also = format!("{}/{}/api:2", registry.host(), scenario.project);
    scenario.compose(&format!(
        "services:
  api:
    image: {image}
    build: {{ context: context, tags: [\"{also}\"] }}
  worker: {{ image: ACTOR, command: [stay] }}
  local: {{ build: context }}
"
    ));
    image
}

fn builds_pushes_and_pulls(scenario: &Scenario) {
    let registry = Registry::open();
    let image = shop(scenario, &registry);
    let name = |tag: &str| format!("{}/api:{tag}", scenario.project);
    scenario.done(&["build", "--dry-run"]);
    assert!(!there(scenario, &image), "nothing was built");
    scenario.done(&["build"]).complains_about(&[&format!("Image {image}  Built")]);
    assert!(there(scenario, &image) && there(scenario, &format!("{}-local", scenario.project)));
    assert!(!registry.has(&name("1")), "nobody asked for that");

    scenario.done(&["push"]).complains_about(&[&format!("Image {image}  Pushed")]);
    assert!(registry.has(&name("1")) && registry.has(&name("2")), "under each of its names");
    let skipped = scenario.done(&["push", "worker", "local"]);
    skipped
        .complains_about(&["worker: nothing is pushed, it is not built here", "local: nothing is pushed, its image"]);

    scenario.engine.remove_image(&image);
    let also = format!("{}:2", image.trim_end_matches(":1"));
    scenario.engine.remove_image(&also);
    registry.requests();
    let told = scenario.done(&["pull", "api"]);
    told.complains_about(&[&format!("Image {image}  Pulled")]);
    assert!(there(scenario, &image));
    assert!(registry.requests().iter().any(|request| request.contains("/manifests/1")));
    assert_eq!(scenario.done(&["pull", "-q", "api"]).stderr, "");
    scenario
        .done(&["pull", "local"])
        .complains_about(&["nothing is pulled, it has no image but the one that is built"]);

    scenario.convoke(&["push", "api"]).exits_with(1).complains_about(&["api:2", "to be here", "build api"]);
    scenario.done(&["build", "-q", "api"]);
    let mut seat = scenario.at_terminal(&["push", "api"]);
    seat.see("Pushed");
    seat.ends_with(0);

    let other = Registry::open();
    let image = shop(scenario, &other);
    scenario.done(&["build", "-q", "--push", "api"]);
    assert!(there(scenario, &image) && other.has(&name("1")) && other.has(&name("2")));
}

fn pulls_what_the_policies_say(scenario: &Scenario) {
    let registry = Registry::open();
    let image = shop(scenario, &registry);
    scenario.done(&["build", "-q", "--push", "api"]);
    let services = format!(
        "services:
  always: {{ image: '{image}', pull_policy: always }}
  missing: {{ image: '{image}', pull_policy: missing }}
  never: {{ image: '{image}', pull_policy: never }}
  built: {{ image: '{image}', build: context }}
  plain: {{ image: '{image}', depends_on: [needed] }}
  needed: {{ image: '{image}' }}
"
    );
    scenario.compose(&services);
    let asked = |words: &[&str]| {
        registry.requests();
        scenario.done(words);
        registry.requests().iter().any(|request| request.contains("/manifests/"))
    };
    let table: &[(&[&str], bool)] = &[
        (&["pull", "always"], true),
        (&["pull", "missing"], false),
        (&["pull", "never"], false),
        (&["pull", "built"], true),
        (&["pull", "--ignore-buildable", "built"], false),
        (&["pull", "plain"], true),
        (&["pull", "--policy", "missing", "plain"], false),
        (&["pull", "--policy", "always", "missing", "never"], true),
        (&["pull", "--dry-run", "always"], false),
    ];
    for (words, expected) in table {
        assert_eq!(asked(words), *expected, "{words:?}");
    }
    let planned = |words: &[&str]| scenario.done(words).stdout;
    let other = services.replace("needed: { image: '", "needed: { image: 'other/");
    scenario.compose(&other);
    assert!(!planned(&["pull", "--dry-run", "plain"]).contains("other/"));
    assert!(planned(&["pull", "--dry-run", "--include-deps", "plain"]).contains("other/"));
    assert!(planned(&["plan", "pull"]).contains("pull"));
}

fn so_many_images_travel_at_once_as_may(scenario: &Scenario) {
    let registry = Registry::open();
    files(scenario);
    let names = ["a", "b", "c"].map(|name| format!("{}/{}/{name}:1", registry.host(), scenario.project));
    let tags = names.join("\", \"");
    let build =
        format!("services: {{ a: {{ image: '{}', build: {{ context: context, tags: [\"{tags}\"] }} }} }}", names[0]);
    scenario.compose(&build);
    scenario.done(&["build", "-q", "--push"]);
    let service = |(number, image): (usize, &String)| format!("  s{number}: {{ image: '{image}' }}\n");
    let services: String = names.iter().enumerate().map(service).collect();
    scenario.compose(&format!("services:\n{services}"));
    registry.requests();
    scenario.done(&["--parallel", "1", "pull"]);
    let asked = registry.requests();
    let mut images: Vec<&str> =
        asked.iter().filter_map(|line| line.split_once("/manifests/")).map(|line| line.0).collect();
    images.dedup_by_key(|line| line.rsplit('/').next().unwrap_or_default().to_owned());
    assert_eq!(images.len(), 3, "one after the other: {asked:?}");
}

fn passwords_come_from_where_docker_keeps_them(scenario: &Scenario) {
    let registry = Registry::guarded("me", "hush");
    let image = shop(scenario, &registry);
    scenario.done(&["build", "-q", "api"]);
    let refused = scenario.convoke(&["push"]).exits_with(1);
    refused.complains_about(&["no basic auth credentials", "docker login"]);
    let host = registry.host();
    let config = |text: String| scenario.file(".docker/config.json", &text);
    let login = |password: &str| STANDARD.encode(format!("me:{password}"));
    config(format!(r#"{{"auths":{{"{host}":{{"auth":"{}"}}}}}}"#, login("wrong")));
    scenario.convoke(&["push"]).exits_with(1);
    assert!(!registry.has(&format!("{}/api:1", scenario.project)));
    config(format!(r#"{{"auths":{{"{host}":{{"auth":"{}"}}}}}}"#, login("hush")));
    scenario.done(&["push"]);

    // A program that keeps passwords: for one registry, and for all.
    let program = format!(
        "#!/bin/sh\ncat > asked\nprintf '{{\"ServerURL\":\"{host}\",\"Username\":\"me\",\"Secret\":\"hush\"}}'\n"
    );
    scenario.file("bin/docker-credential-cvk", &program);
    let path = scenario.path("bin/docker-credential-cvk");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("rights");
    let usual = std::env::var("PATH").unwrap_or_default();
    scenario.variable("PATH", &format!("{}:{usual}", scenario.path("bin").display()));
    for stores in [format!(r#""credHelpers":{{"{host}":"cvk"}}"#), r#""credsStore":"cvk""#.to_owned()] {
        config(format!("{{{stores}}}"));
        scenario.engine.remove_image(&image);
        scenario.done(&["pull", "-q", "api"]);
        assert!(there(scenario, &image), "{stores}");
        assert_eq!(fs::read_to_string(scenario.path("asked")).expect("it was asked").trim(), host);
    }
}

fn passing_faults_are_tried_again_and_others_are_not(scenario: &Scenario) {
    let registry = Registry::open();
    let image = shop(scenario, &registry);
    scenario.done(&["build", "-q", "--push", "api"]);
    for fault in [Fault::Status("503 Service Unavailable"), Fault::Status("500 Internal Server Error"), Fault::Cut] {
        // An engine may ask more than once for each try of ours.
        registry.fails("/manifests/", fault, 2);
        let pulled = scenario.done(&["pull", "api"]);
        pulled.complains_about(&["another try in 0.5 s", &format!("Image {image}  Pulled")]);
    }
    for status in ["404 Not Found", "403 Forbidden"] {
        registry.fails("/manifests/", Fault::Status(status), 100);
        let refused = scenario.convoke(&["pull", "api"]).exits_with(1);
        assert!(!refused.stderr.contains("another try"), "{status}: {}", refused.stderr);
    }
}

fn what_cannot_be_pulled_keeps_nothing_else_from_it(scenario: &Scenario) {
    let registry = Registry::open();
    let image = shop(scenario, &registry);
    scenario.done(&["build", "-q", "--push", "api"]);
    scenario.engine.remove_image(&image);
    let gone = format!("{}/gone:1", registry.host());
    scenario.compose(&format!(
        "services:
  gone: {{ image: '{gone}' }}
  api: {{ image: '{image}' }}
  built: {{ image: '{gone}2', build: context }}
"
    ));
    let failed = scenario.convoke(&["pull"]).exits_with(1);
    failed.complains_about(&[&format!("Image {image}  Pulled"), &gone, &format!("{gone}2")]);
    scenario.convoke(&["pull", "built"]).exits_with(1).complains_about(&["build built"]);
    assert!(there(scenario, &image));
    let warned = scenario.done(&["pull", "--ignore-pull-failures"]);
    warned.complains_about(&[&format!("Image {gone}  Warning")]);
    let unbuilt = scenario.convoke(&["push", "built"]).exits_with(1);
    unbuilt.complains_about(&["does not exist locally", "build built"]);
    scenario.done(&["push", "--ignore-push-failures", "built"]);
    scenario.variable("CONVOKE_EXIT_STATUS", "class");
    scenario.convoke(&["pull", "gone"]).exits_with(66);
}

fn builds_with_flags_over_the_file(scenario: &Scenario) {
    files(scenario);
    let project = &scenario.project;
    scenario.compose(
        "services:
  web: { build: { context: context, args: { GREETING: file } }, depends_on: [db] }
  db: { build: context }
  far: { image: ACTOR }
",
    );
    let (web, db) = (format!("{project}-web"), format!("{project}-db"));
    let greeting = || {
        let image = scenario.engine.get(&format!("/images/{web}/json"));
        text(&image["Config"]["Labels"]["greeting"]).to_owned()
    };
    scenario.done(&["build", "web"]);
    assert_eq!(greeting(), "file");
    assert!(!there(scenario, &db), "it was not asked for");
    scenario.variable("GREETING", "environment");
    scenario.done(&["build", "--build-arg", "GREETING", "-m", "64m", "web"]);
    assert_eq!(greeting(), "environment");
    scenario.done(&["build", "--build-arg", "GREETING=a=b", "--with-dependencies", "web"]);
    assert_eq!(greeting(), "a=b");
    assert!(there(scenario, &db));
    let cached = scenario.done(&["build", "--build-arg", "GREETING=a=b", "web"]).stderr;
    let anew = scenario.done(&["build", "--no-cache", "--build-arg", "GREETING=a=b", "web"]).stderr;
    assert!(cached.contains("Using cache") && !anew.contains("Using cache"), "{cached}\n{anew}");
    assert_eq!(scenario.done(&["build", "-q", "web"]).stderr, "");
    scenario.done(&["build", "far"]).complains_about(&["No services to build"]);
    scenario
        .convoke(&["build", "wbe"])
        .exits_with(1)
        .complains_about(&["no such service: wbe", "did you mean \"web\"?"]);
    scenario.convoke(&["build", "--memory", "much", "web"]).exits_with(1).complains_about(&["invalid size"]);

    let flags = ["--print", "--sbom", "true", "--provenance", "mode=max", "--ssh", "default", "--pull", "--no-cache"];
    let printed = scenario.done(&[&["build"], &flags[..], &["web"]].concat()).stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed["group"]["default"]["targets"], serde_json::json!(["web"]));
    let target = &printed["target"]["web"];
    assert_eq!(target["args"]["GREETING"], "file");
    assert_eq!(target["ssh"], serde_json::json!(["default"]));
    assert_eq!(target["attest"], serde_json::json!(["type=provenance,mode=max", "type=sbom"]));
    assert_eq!((&target["pull"], &target["no-cache"]), (&true.into(), &true.into()));
    scenario.file("context/Dockerfile", "FROM scratch\nCOPY nothing /\n");
    let failed = scenario.convoke(&["build", "web"]).exits_with(1);
    failed.complains_about(&["build of web", "nothing"]);
}

/// Whichever order the file has them in.
fn has_dockerfiles_checked(scenario: &Scenario) {
    files(scenario);
    scenario.compose("services: { web: { build: context }, far: { image: ACTOR } }\n");
    // Engines differ in what they can check: what they are asked for, and what becomes of their answer, does not.
    let answers = |status: &str| {
        let script = "#!/bin/sh\necho \"$*\" > asked\ncat > definition\necho 'Check complete'\nexit ";
        scenario.file("bin/docker", &format!("{script}{status}\n"));
        let rights = fs::Permissions::from_mode(0o755);
        fs::set_permissions(scenario.path("bin/docker"), rights).expect("rights");
    };
    let usual = std::env::var("PATH").unwrap_or_default();
    scenario.variable("PATH", &format!("{}:{usual}", scenario.path("bin").display()));
    for (status, code) in [("0", 0), ("1", 1), ("3", 1)] {
        answers(status);
        scenario.convoke(&["build", "--check", "--parallel", "web"]).exits_with(code).says("Check complete");
    }
    let read = |name: &str| fs::read_to_string(scenario.path(name)).expect("what was asked for");
    assert!(read("asked").starts_with("buildx bake --file - --check"), "{}", read("asked"));
    let definition: serde_json::Value = serde_json::from_str(&read("definition")).expect("JSON");
    assert_eq!(definition["target"]["web"]["context"], scenario.path("context").to_str().expect("a path"));
    assert!(!there(scenario, &format!("{}-web", scenario.project)), "nothing was built");
    scenario.convoke(&["build", "--check", "--print", "web"]).exits_with(1);
}

fn builds_what_others_stand_upon_first(scenario: &Scenario) {
    let project = &scenario.project;
    scenario.file("note", "kept\n");
    scenario.file("Dockerfile", &format!("FROM {project}-b\nCOPY --from={project}-c /note /twin\n"));
    scenario.compose(&format!(
        "services:
  a: {{ build: ., command: [show, /twin] }}
  b: {{ build: {{ context: ., dockerfile_inline: \"FROM {project}-c\" }} }}
  c: {{ build: {{ context: ., dockerfile_inline: \"FROM ACTOR\\nCOPY note /note\" }} }}
"
    ));
    scenario.variable("DOCKER_BUILDKIT", "0");
    scenario.done(&["build"]);
    assert_eq!(scenario.done(&["run", "--rm", "-q", "a"]).stdout, "kept\n");
    for name in ["a", "b", "c"] {
        scenario.engine.remove_image(&format!("{project}-{name}"));
    }
    scenario.done(&["up", "--no-start"]);
    assert_eq!(scenario.done(&["run", "--rm", "-q", "a"]).stdout, "kept\n");
}

fn runs_with_an_image_that_is_pulled_anew(scenario: &Scenario) {
    let registry = Registry::open();
    scenario.variable("DOCKER_BUILDKIT", "0");
    let compose = |said: &str| {
        scenario.compose(&format!(
            "services:
  task:
    image: {}/{}/task:1
    build: {{ context: ., dockerfile_inline: \"FROM ACTOR\\nLABEL scenario={}\\nCMD [\\\"say\\\", \\\"{said}\\\"]\" }}
",
            registry.host(),
            scenario.project,
            scenario.project
        ));
    };
    let run = |words: &[&str]| {
        registry.requests();
        let said = scenario.done(&[&["run", "--rm", "-q"], words, &["task"]].concat()).stdout;
        (said, registry.requests().iter().any(|request| request.contains("/manifests/")))
    };
    compose("new");
    scenario.done(&["build", "-q", "--push"]);
    compose("old");
    scenario.done(&["build", "-q"]);
    assert_eq!(run(&[]), ("old\n".to_owned(), false));
    assert_eq!(run(&["--pull", "missing"]), ("old\n".to_owned(), false));
    assert_eq!(run(&["--pull", "always"]), ("new\n".to_owned(), true), "though there is one");
    assert_eq!(run(&["--pull", "never"]), ("new\n".to_owned(), false));
}
