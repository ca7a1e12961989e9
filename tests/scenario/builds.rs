//! What reaches a build as it was written, and what is told of it; with the engine's own builder and with `BuildKit`.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::engine::text;
use crate::registry::Registry;
use crate::scenario::Scenario;
use crate::stories;

stories![tells_a_long_line_of_a_build, gives_a_build_what_is_written];

pub const WITH_BUILDX: &[crate::Story] = &[
    ("tells_a_long_line_of_a_build_by_buildkit", tells_a_long_line_of_a_build_by_buildkit),
    ("gives_buildkit_what_is_written", gives_buildkit_what_is_written),
    ("pushes_what_is_for_several_platforms", pushes_what_is_for_several_platforms),
];

/// Whether there is a buildx to build with.
pub fn has_buildx() -> bool {
    let mut asking = Command::new("docker");
    asking.args(["buildx", "version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asking.status().is_ok_and(|status| status.success())
}

fn with_classic(scenario: &Scenario) {
    scenario.variable("DOCKER_BUILDKIT", "0");
}

/// Gives the commands that follow a configuration of their own, which has this machine's plugins, and nothing else.
/// What `BuildKit` keeps of a build's steps belongs to nobody, and cannot be told apart: it is the engine's to clear away.
pub fn with_buildkit(scenario: &Scenario) {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let usual = std::env::var_os("DOCKER_CONFIG").map_or_else(|| home.join(".docker"), PathBuf::from);
    scenario.file("docker/config.json", "{}");
    symlink(usual.join("cli-plugins"), scenario.path("docker/cli-plugins")).expect("a link to the plugins");
    scenario.variable("DOCKER_CONFIG", &scenario.path("docker").display().to_string());
    scenario.variable("DOCKER_BUILDKIT", "1");
}

fn tells_a_long_line_of_a_build(scenario: &Scenario) {
    with_classic(scenario);
    tells_a_long_line(scenario, 300_000);
}

fn tells_a_long_line_of_a_build_by_buildkit(scenario: &Scenario) {
    with_buildkit(scenario);
    // It clips what is more in a second.
    tells_a_long_line(scenario, 150_000);
}

/// Longer than any buffer on its way; at a terminal, no more of it than fits.
fn tells_a_long_line(scenario: &Scenario, length: usize) {
    let long = "long line ".repeat(length / 10) + "end";
    scenario.file("long", &long);
    let label = format!("LABEL scenario={}", scenario.project);
    let run = "COPY long /long\nRUN [\"/actor\", \"show\", \"/long\", \"say\", \"a short one\"]";
    scenario.file("Dockerfile", &format!("FROM ACTOR\n{label}\n{run}\n"));
    scenario.compose("services: { web: { build: . } }\n");
    // A label does not keep BuildKit from what it knows of a command that was run before.
    let told = scenario.done(&["--progress", "plain", "build", "--no-cache"]);
    assert!(told.stderr.lines().any(|line| line.ends_with(&long)), "{} bytes", told.stderr.len());
    let told = told.complains_about(&["  a short one\n", "  Built"]);
    assert_eq!(told.stdout, "");
    let mut seat = scenario.at_terminal(&["build", "--no-cache"]);
    seat.resize(80, 24);
    seat.see("a short one");
    seat.see("Built");
    seat.ends_with(0);
}

fn gives_a_build_what_is_written(scenario: &Scenario) {
    with_classic(scenario);
    gives_what_is_written(scenario);
}

fn gives_buildkit_what_is_written(scenario: &Scenario) {
    with_buildkit(scenario);
    gives_what_is_written(scenario);
}

/// Two dollars are one that nobody but the Dockerfile replaces, and bake's own language is none of it.
fn gives_what_is_written(scenario: &Scenario) {
    let label = format!("LABEL scenario={}", scenario.project);
    let dockerfile = format!("FROM ACTOR\n{label}\nARG A\nARG B\nARG C\nLABEL a=$A b=\"<${{B}}>\" c='$$C' d=\"$C\"\n");
    scenario.file("Dockerfile", &dockerfile);
    let inline = dockerfile.replace('$', "$$").replace('\n', "\n        ");
    scenario.compose(&format!(
        "services:
  filed:
    build:
      context: .
      args: &args {{ A: '$${{BAR}}', B: '$$5 %{{if}}', C: '${{NOTE:-noted}}' }}
  inline:
    build:
      context: .
      args: *args
      dockerfile_inline: |
        {inline}
"
    ));
    scenario.done(&["build"]);
    for service in ["filed", "inline"] {
        let image = scenario.engine.get(&format!("/images/{}-{service}/json", scenario.project));
        let labels = &image["Config"]["Labels"];
        let found = ["a", "b", "c", "d"].map(|name| labels[name].clone());
        assert_eq!(found, ["${BAR}", "<$5 %{if}>", "$$C", "noted"], "{service}");
    }
}

/// Whether the engine can keep an image for several platforms, and so build one without another builder.
fn keeps_several_platforms(scenario: &Scenario) -> bool {
    let about = scenario.engine.get("/info");
    let mut facts = about["DriverStatus"].as_array().into_iter().flatten();
    facts.any(|fact| text(&fact[1]) == "io.containerd.snapshotter.v1")
}

fn pushes_what_is_for_several_platforms(scenario: &Scenario) {
    let registry = Registry::open();
    let name = format!("{}/api:1", scenario.project);
    let image = format!("{}/{name}", registry.host());
    let compose = |names: &str| {
        scenario.file("Dockerfile", &format!("FROM scratch\nLABEL scenario={}\nCOPY note /note\n", scenario.project));
        scenario.compose(&format!(
            "services: {{ api: {{ image: '{image}', build: {{ context: ., platforms: [{names}] }} }} }}\n"
        ));
    };
    scenario.file("note", &scenario.project);
    compose("linux/amd64, linux/arm64");
    with_classic(scenario);
    let refused = scenario.convoke(&["build", "--push"]).exits_with(1);
    refused.complains_about(&["the classic builder doesn't support multi-arch build, set DOCKER_BUILDKIT=1"]);
    with_buildkit(scenario);
    if !keeps_several_platforms(scenario) {
        for words in [&["build"][..], &["build", "--push"], &["up", "-d"]] {
            let refused = scenario.convoke(words).exits_with(1);
            refused.complains_about(&["Multi-platform build is not supported for the docker driver", "api"]);
        }
        assert!(!registry.has(&name));
        // One of them is no trouble.
        compose("linux/arm64");
        scenario.done(&["build", "--push"]);
        let made = scenario.engine.get(&format!("/images/{image}/json"));
        assert_eq!(text(&made["Architecture"]), "arm64");
        assert!(registry.has(&name));
        return;
    }
    let platforms = || {
        let index = registry.manifest(&name).expect("an image at the registry");
        let all = index["manifests"].as_array().into_iter().flatten().map(|one| text(&one["platform"]["architecture"]));
        // What says how it was built stands among them.
        all.filter(|one| *one != "unknown").map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let both = BTreeSet::from(["amd64".to_owned(), "arm64".to_owned()]);
    scenario.done(&["build", "--push"]).complains_about(&[&format!("Image {image}  Built")]);
    assert_eq!(platforms(), both);
    registry.forget();
    scenario.done(&["push"]).complains_about(&[&format!("Image {image}  Pushed")]);
    assert_eq!(platforms(), both);
    scenario.engine.remove_image(&image);
    scenario.done(&["pull"]);
    scenario.engine.remove_image(&image);
}
