//! Digests of images, as a registry on this machine has them.

use crate::registry::{Registry, digest};
use crate::scenario::Scenario;
use crate::stories;

stories![resolves_digests];

fn resolves_digests(scenario: &Scenario) {
    let registry = Registry::open();
    let host = registry.host();
    let (api, data) = (registry.puts("shop/api:latest", "api"), registry.puts("shop/data:1", "data"));
    let fixed = digest(b"of another day");
    scenario.compose(&format!(
        "services:
  api: {{ image: {host}/shop/api }}
  twin: {{ image: \"${{HOST}}/shop/api:latest\", command: [\"$$HOME\"] }}
  fixed: {{ image: \"{host}/shop/api:1@{fixed}\" }}
  built: {{ build: . }}
  reader:
    image: {host}/shop/data:1
    volumes: [{{ type: image, source: {host}/shop/data:1, target: /data }}, \"data:/else\"]
volumes: {{ data: }}
"
    ));
    scenario.variable("HOST", &host);
    let lock = scenario.done(&["config", "--lock-image-digests"]).stdout;
    let pinned = format!("{host}/shop/api:latest@{api}");
    assert_eq!(
        lock,
        format!(
            "services:
  api:
    image: {pinned}
  built: {{}}
  fixed:
    image: {host}/shop/api@{fixed}
  reader:
    image: {host}/shop/data:1@{data}
    volumes:
      - type: image
        source: {host}/shop/data:1@{data}
        target: /data
  twin:
    image: {pinned}
"
        )
    );
    let asked = registry.requests().into_iter().filter(|request| request.starts_with("HEAD")).count();
    assert_eq!(asked, 2, "each name is asked for once");
    scenario.file("lock.yaml", &lock);

    let newer = registry.puts("shop/api:latest", "newer api");
    let whole = scenario.done(&["config", "--resolve-image-digests", "twin"]).stdout;
    assert!(whole.contains(&format!("image: {host}/shop/api:latest@{newer}\n")), "{whole}");
    assert!(whole.contains("- $$HOME\n"), "the rest stays: {whole}");
    let locked = scenario.by_file(&["-f", "lock.yaml", "config", "--images"]).exits_with(0).stdout;
    assert!(locked.contains(&pinned) && !locked.contains(&newer), "{locked}");
    let mounts = scenario.by_file(&["-f", "lock.yaml", "config", "reader"]).exits_with(0).stdout;
    assert!(mounts.contains(&format!("source: {host}/shop/data:1@{data}\n")), "{mounts}");

    // What has variables left is no name.
    let outcome = scenario.convoke(&["config", "--lock-image-digests", "--no-interpolate"]).exits_with(1);
    outcome.complains_about(&["no registry can be asked for \"${HOST}/shop/api:latest\"", "compose.yaml:3:"]);
    scenario.compose(&format!("services:\n  api:\n    image: {host}/none\n  far:\n    image: 127.0.0.1:1/far\n"));
    let outcome = scenario.convoke(&["config", "-q", "--resolve-image-digests"]).exits_with(1);
    outcome.complains_about(&[
        &format!("resolve image {host}/none:latest: manifest unknown"),
        "compose.yaml:3:5",
        "check the image's name and tag",
        "resolve image 127.0.0.1:1/far:latest: ",
        "compose.yaml:5:5",
        "the engine cannot reach that registry",
    ]);
}
