//! Verbs that look at what is there: projects, images, processes, ports, events, volumes, files, layers.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use serde_json::Value;

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    lists_projects,
    lists_images_of_containers,
    lists_images_that_are_gone,
    shows_processes_with_their_services,
    measures_containers_once_and_again_and_again,
    tells_where_a_port_is_published,
    tells_what_happens,
    lists_volumes_of_services,
    writes_lists_as_asked,
    shows_which_files_changed,
    inspects_containers_networks_and_volumes,
    waits_for_an_end_and_tells_its_status,
    takes_the_project_down_after_an_end,
    waits_as_long_as_it_takes,
    looks_with_one_call,
];

const SHOP: &str = r#"
services:
  db:
    image: ACTOR
    command: [stay]
    volumes: ["kept:/data"]
  web:
    image: ACTOR
    command: [write, /note, text, stay]
    ports: ["127.0.0.1::8000", "127.0.0.1::8000/udp"]
    labels: { tier: front }
    scale: 2
  gone: { image: ACTOR, command: [exit, "3"] }
volumes: { kept: }
"#;

fn up(scenario: &Scenario) {
    scenario.compose(SHOP);
    scenario.done(&["up", "-d"]);
    scenario.engine.wait_for_listed(&scenario.project, "gone", "exited");
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

fn lists_projects(scenario: &Scenario) {
    up(scenario);
    let filter = format!("name=^{}$", scenario.project);
    let ls = |words: &[&str]| scenario.done(&[&["ls", "--filter", &filter][..], words].concat()).stdout;
    let listed: Value = serde_json::from_str(&ls(&["--format", "json"])).expect("an array");
    assert_eq!(listed[0]["Name"], scenario.project.as_str());
    assert_eq!(listed[0]["Status"], "running(3)");
    assert!(text(&listed[0]["ConfigFiles"]).ends_with("/compose.yaml"));
    assert_eq!(ls(&["-q"]), format!("{}\n", scenario.project));
    assert_eq!(ls(&["-a", "--format", "{{.Status}}"]), "exited(1), running(3)\n");
    assert!(ls(&[]).starts_with("NAME "));
    scenario.done(&["stop", "-t", "0"]);
    assert_eq!(ls(&["-q"]), "");
    scenario.convoke(&["ls", "--filter", "status=x"]).exits_with(1).complains_about(&["invalid filter 'status'"]);
}

fn lists_images_of_containers(scenario: &Scenario) {
    up(scenario);
    let container = scenario.container("db");
    let images: Value = serde_json::from_str(&scenario.done(&["images", "--format", "json"]).stdout).expect("an array");
    assert_eq!(images.as_array().map(Vec::len), Some(4));
    let db = images.as_array().into_iter().flatten().find(|it| text(&it["ContainerName"]).contains("-db-"));
    let db = db.expect("the image of db");
    assert_eq!(db["ID"], container["Image"]);
    let (name, tag) = text(&container["Config"]["Image"]).rsplit_once(':').expect("a name with a tag");
    assert_eq!((text(&db["Repository"]), text(&db["Tag"])), (name, tag));
    assert!(db["Size"].as_u64().is_some_and(|size| size > 0) && text(&db["Platform"]).contains('/'));
    let id = text(&container["Image"]).trim_start_matches("sha256:");
    assert_eq!(scenario.done(&["images", "-q"]).stdout, format!("{id}\n"), "each once");
    let table = scenario.done(&["images", "web"]).stdout;
    assert!(table.contains("-web-2") && table.contains(&id[..12]) && !table.contains("-db-"), "{table}");
    let layers = objects(&scenario.done(&["history", "web", "--no-trunc", "--format", "json"]).stdout);
    assert_eq!(layers[0]["ID"], container["Image"]);
    assert_eq!(scenario.done(&["history", "-q", "web"]).stdout.lines().next(), Some(&id[..12]));
}

/// Removed by force, under a container that has ended.
fn lists_images_that_are_gone(scenario: &Scenario) {
    let image = format!("{}-brief:1", scenario.project);
    scenario.variable("DOCKER_BUILDKIT", "0");
    scenario.compose(&format!(
        "services:
  brief: {{ image: '{image}', build: {{ context: ., dockerfile_inline: \"FROM ACTOR\\nLABEL scenario={}\" }}, command: [exit, '0'] }}
  long: {{ image: ACTOR, command: [stay] }}
",
        scenario.project
    ));
    scenario.done(&["up", "-d"]);
    scenario.engine.wait_for_listed(&scenario.project, "brief", "exited");
    let id = text(&scenario.container("brief")["Image"]).to_owned();
    scenario.engine.remove_image(&image);
    let listed: Value = serde_json::from_str(&scenario.done(&["images", "--format", "json"]).stdout).expect("an array");
    let ids: Vec<_> = listed.as_array().into_iter().flatten().map(|it| text(&it["ID"])).collect();
    assert!(ids.len() == 2 && ids.contains(&id.as_str()), "{listed}");
    let table = scenario.done(&["images", "brief"]).stdout;
    assert!(table.contains("<none>") && table.contains(&id.trim_start_matches("sha256:")[..12]), "{table}");
    assert!(scenario.done(&["ps", "-a", "--format", "{{.Image}}", "brief"]).stdout.contains(&id));
    // What runs is there, and nothing else is in its way.
    scenario.done(&["up", "-d", "long"]);
}

fn shows_processes_with_their_services(scenario: &Scenario) {
    up(scenario);
    let table = scenario.done(&["top"]).stdout;
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((&rows[0][..3], rows[0].last()), (&["SERVICE", "#", "UID"][..], Some(&"CMD")));
    let whose: Vec<&[&str]> = rows[1..].iter().map(|row| &row[..2]).collect();
    assert_eq!(whose, [["db", "1"], ["web", "1"], ["web", "2"]], "only what runs has processes");
    assert!(table.contains("write /note text stay"), "{table}");
    assert!(!scenario.by_file(&["top", "db"]).exits_with(0).stdout.contains("web"));
    scenario.by_file(&["top", "wbe"]).exits_with(1).complains_about(&["did you mean web?"]);
    scenario.done(&["stop", "-t", "0"]);
    assert_eq!(scenario.done(&["top"]).stdout, "");
}

fn measures_containers_once_and_again_and_again(scenario: &Scenario) {
    up(scenario);
    let once = objects(&scenario.done(&["stats", "--no-stream", "--format", "json"]).stdout);
    assert_eq!(once.len(), 3, "{once:?}");
    assert!(once.iter().all(|it| it["PIDs"] == "1" && text(&it["CPUPerc"]).ends_with('%')), "{once:?}");
    assert!(once.iter().all(|it| text(&it["MemUsage"]).contains("iB / ")), "{once:?}");
    let all = scenario.done(&["stats", "--no-stream", "-a", "gone"]).stdout;
    assert!(all.starts_with("CONTAINER ID ") && all.contains("-gone-1"), "{all}");
    let mut live = scenario.begin(&["stats", "--format", "{{.Name}} {{.PIDs}}", "db"]);
    let running = format!("{}-db-1 1", scenario.project);
    live.until_line(&running);
    scenario.done(&["stop", "-t", "0", "db"]);
    let left = live.end().exits_with(0).stdout;
    assert!(left.ends_with("-db-1 --\n"), "it ends with what it measures: {left}");
    let mut live = scenario.begin(&["stats", "web"]);
    live.until_line("-web-2");
    live.signal(Signal::INT);
    live.end().exits_with(130);
}

fn tells_where_a_port_is_published(scenario: &Scenario) {
    up(scenario);
    let containers = scenario.containers();
    let published = |number: usize, target: &str| {
        let name = format!("/{}-web-{number}", scenario.project);
        let web = containers.iter().find(|it| it["Name"] == name.as_str()).expect("a replica");
        format!("127.0.0.1:{}\n", text(&web["NetworkSettings"]["Ports"][target][0]["HostPort"]))
    };
    assert_eq!(scenario.done(&["port", "web", "8000"]).stdout, published(1, "8000/tcp"));
    assert_eq!(scenario.done(&["port", "--index", "2", "web", "8000"]).stdout, published(2, "8000/tcp"));
    assert_eq!(scenario.done(&["port", "--protocol", "udp", "web", "8000"]).stdout, published(1, "8000/udp"));
    let no_port = format!("no port 81/tcp for container {}-web-1", scenario.project);
    scenario.convoke(&["port", "web", "81"]).exits_with(1).complains_about(&[&no_port, "its ports are"]);
    scenario.convoke(&["port", "gone", "80"]).exits_with(1).complains_about(&["service \"gone\" is not running"]);
    let third = ["port", "--index", "3", "web", "8000"];
    scenario.convoke(&third).exits_with(1).complains_about(&["service \"web\" is not running container #3"]);
    scenario.convoke(&["port", "web", "http"]).exits_with(1);
}

/// An engine remembers no more than its last 256 events, others' among them: who is to be told listens before it happens.
fn tells_what_happens(scenario: &Scenario) {
    up(scenario);
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
    let now = clock().to_string();
    let proxy = scenario.recorded();
    // What happens between the question and the engine's ear for it is remembered.
    let mut told = scenario.begin(&["events", "--json", "--since", &now, "db"]);
    let mut plain = scenario.begin(&["events", "--since", &now]);
    scenario.direct();
    let asked = |wanted: &str| proxy.requests().iter().filter(|request| request.contains(wanted)).count();
    proxy.until("two that listen", |_| asked("/events?") == 2);
    scenario.done(&["pause", "web"]);
    scenario.done(&["pause", "db"]);
    told.until_line("\"action\":\"pause\"");
    told.signal(Signal::INT);
    let seen = objects(&told.end().exits_with(130).stdout);
    let pause = seen.iter().find(|event| event["action"] == "pause").expect("an event");
    assert_eq!([&pause["service"], &pause["type"]], ["db", "container"]);
    assert_eq!(pause["id"], scenario.container("db")["Id"]);
    assert_eq!(pause["attributes"]["name"], format!("{}-db-1", scenario.project));
    assert!(seen.iter().all(|event| event["service"] == "db"), "{seen:?}");
    plain.until_line(&format!("container pause {}", text(&pause["id"])));
    plain.signal(Signal::INT);
    assert_eq!(plain.end().stdout.matches("container pause ").count(), 3, "two of web, and one of db");
    // One that is over by then ends by itself.
    let proxy = scenario.recorded();
    let soon = (clock() + 1).to_string();
    scenario.done(&["events", "--since", &now, "--until", &soon]);
    scenario.direct();
    let request = proxy.requests().into_iter().find(|request| request.contains("/events?")).expect("a question");
    assert!(request.contains(&format!("since={now}")) && request.contains(&format!("until={soon}")), "{request}");
    scenario.by_file(&["events", "wbe"]).exits_with(1).complains_about(&["no such service: wbe"]);
    scenario.convoke(&["events", "--since", "whenever"]).exits_with(1).complains_about(&["no point in time"]);
    scenario.done(&["unpause"]);
}

fn lists_volumes_of_services(scenario: &Scenario) {
    up(scenario);
    let kept = format!("{}_kept", scenario.project);
    assert_eq!(scenario.done(&["volumes"]).stdout, format!("DRIVER    VOLUME NAME\nlocal     {kept}\n"));
    assert_eq!(scenario.done(&["volumes", "-q", "db"]).stdout, format!("{kept}\n"));
    assert_eq!(scenario.done(&["volumes", "-q", "web"]).stdout, "");
    let told = objects(&scenario.done(&["volumes", "--format", "json"]).stdout);
    assert_eq!([&told[0]["Name"], &told[0]["Scope"]], [kept.as_str(), "local"]);
    let label = "{{.Label \"com.docker.compose.volume\"}}";
    assert_eq!(scenario.done(&["volumes", "--format", label]).stdout, "kept\n");
    scenario.convoke(&["volumes", "nobody"]).exits_with(1).complains_about(&["no such service: nobody"]);
}

fn writes_lists_as_asked(scenario: &Scenario) {
    up(scenario);
    let ps = |words: &[&str]| scenario.done(&[&["ps"], words].concat()).stdout;
    let project = &scenario.project;
    let names = format!("{project}-db-1\n{project}-web-1\n{project}-web-2\n");
    assert_eq!(ps(&["--format", "{{.Name}}"]), names);
    assert_eq!(ps(&["--services"]), "db\nweb\n");
    assert_eq!(ps(&["-a", "--services"]), "db\ngone\nweb\n");
    let conditional = "{{if eq .State \"exited\"}}{{.Service}} {{.ExitCode}}{{end}}";
    assert_eq!(ps(&["-a", "--format", conditional, "gone"]), "gone 3\n");
    assert_eq!(ps(&["--format", "{{.Label \"tier\"}}", "web"]), "front\nfront\n");
    let table = ps(&["--format", "table {{.Service}}\\t{{.State}}", "db"]);
    assert_eq!(table, "SERVICE   STATE\ndb        running\n");
    assert_eq!(ps(&["--status", "exited", "--format", "{{.Service}}"]), "gone\n");
    assert_eq!(ps(&["--filter", "status=paused", "-q"]), "");
    let ids = ps(&["-q", "db"]);
    assert_eq!(ids.trim_end(), text(&scenario.container("db")["Id"]));
    assert_eq!(ps(&["--no-trunc", "--format", "{{.ID}}", "db"]), ids);
    scenario.convoke(&["ps", "--format", "{{.Nmae}}"]).exits_with(1).complains_about(&["did you mean .Name?"]);
    scenario.convoke(&["ps", "--format", "pretty"]).exits_with(1).complains_about(&["is no format"]);
    scenario.convoke(&["ps", "wbe"]).exits_with(1).complains_about(&["no such service: wbe", "did you mean web?"]);
    // A service that the file does not have any more is an orphan.
    scenario.compose("services: { web: { image: ACTOR } }\n");
    let filed = |words: &[&str]| scenario.by_file(&[&["ps", "--format", "{{.Service}}"], words].concat()).stdout;
    assert_eq!(filed(&[]), "db\nweb\nweb\n");
    assert_eq!(filed(&["--orphans=false"]), "web\nweb\n");
    scenario.file("docker/config.json", r#"{ "psFormat": "{{.Service}}!" }"#);
    scenario.variable("DOCKER_CONFIG", &scenario.path("docker").display().to_string());
    assert_eq!(ps(&["db"]), "db!\n");
    assert!(ps(&["--format", "table"]).starts_with("NAME "));
}

fn shows_which_files_changed(scenario: &Scenario) {
    up(scenario);
    let changes = objects(&scenario.done(&["diff", "web", "--format", "json"]).stdout);
    let notes = changes.iter().filter(|it| it["Path"] == "/note" && it["Change"] == "A");
    assert_eq!(notes.count(), 2, "one in each replica: {changes:?}");
    let second = scenario.done(&["diff", "--index", "2", "web"]).stdout;
    assert!(second.starts_with("CONTAINER ") && second.contains("-web-2") && !second.contains("-web-1"), "{second}");
    scenario.convoke(&["diff", "--index", "3", "web"]).exits_with(1);
}

fn inspects_containers_networks_and_volumes(scenario: &Scenario) {
    up(scenario);
    let inspect = |words: &[&str]| -> Value {
        serde_json::from_str(&scenario.done(&[&["inspect"], words].concat()).stdout).expect("an array")
    };
    let both = inspect(&["web", "db"]);
    assert_eq!(both.as_array().map(Vec::len), Some(3));
    assert_eq!(both[2]["Id"], scenario.container("db")["Id"]);
    let (network, volume) = (format!("{}_default", scenario.project), format!("{}_kept", scenario.project));
    assert_eq!(inspect(&["default"])[0]["Name"], network.as_str());
    assert_eq!(inspect(&["--type", "volume", "kept"])[0]["Name"], volume.as_str());
    assert_eq!(scenario.done(&["inspect", "-f", "{{.Name}}", &volume]).stdout, format!("{volume}\n"));
    let status = scenario.done(&["inspect", "--format", "{{.State.ExitCode}}", "gone"]).stdout;
    assert_eq!(status, "3\n");
    scenario.convoke(&["inspect", "nothing"]).exits_with(1).complains_about(&["is called \"nothing\""]);
    scenario.convoke(&["inspect", "--type", "network", "kept"]).exits_with(1);
}

fn waits_for_an_end_and_tells_its_status(scenario: &Scenario) {
    up(scenario);
    let id = text(&scenario.container("db")["Id"]).to_owned();
    let proxy = scenario.recorded();
    let waiting = scenario.begin(&["wait", "db"]);
    scenario.direct();
    proxy.until("a wait", |requests| requests.iter().any(|request| request.contains("/wait")));
    scenario.done(&["kill", "db"]);
    let told = waiting.end().exits_with(137);
    assert_eq!(told.stdout, format!("container \"{id}\" exited with status code 137\n"));
    scenario.convoke(&["wait", "gone"]).exits_with(1).complains_about(&["no containers for project"]);
    scenario.by_file(&["wait", "wbe"]).exits_with(1).complains_about(&["no such service: wbe"]);
    scenario.convoke(&["wait"]).exits_with(1);
}

fn takes_the_project_down_after_an_end(scenario: &Scenario) {
    up(scenario);
    let proxy = scenario.recorded();
    let waiting = scenario.begin(&["wait", "--down-project", "db"]);
    scenario.direct();
    proxy.until("a wait", |requests| requests.iter().any(|request| request.contains("/wait")));
    scenario.done(&["kill", "-s", "TERM", "db"]);
    waiting.end().exits_with(0);
    assert!(scenario.containers().is_empty() && scenario.engine.networks(&scenario.project).is_empty());
}

/// Nothing else ends it but whoever waits.
fn waits_as_long_as_it_takes(scenario: &Scenario) {
    up(scenario);
    let proxy = scenario.recorded();
    let mut waiting = scenario.begin(&["wait", "db"]);
    scenario.direct();
    proxy.until("a wait", |requests| requests.iter().any(|request| request.contains("/wait")));
    for words in [&["pause", "db"][..], &["unpause", "db"], &["stop", "-t", "0", "web"], &["kill", "-s", "HUP", "db"]] {
        scenario.done(words);
        assert!(waiting.is_running(), "{words:?}");
    }
    waiting.signal(Signal::INT);
    assert_eq!(waiting.end().exits_with(130).stdout, "");
    assert_eq!(text(&scenario.container("db")["State"]["Status"]), "running");
}

fn looks_with_one_call(scenario: &Scenario) {
    up(scenario);
    let proxy = scenario.recorded();
    let asked = |words: &[&str]| -> Vec<String> {
        let before = proxy.requests().len();
        scenario.done(words);
        let asked = proxy.requests().split_off(before);
        let path = |request: &String| request.split('?').next().unwrap_or_default().to_owned();
        asked
            .iter()
            .map(path)
            .filter(|request| !request.ends_with("/_ping") && !request.ends_with("/version"))
            .collect()
    };
    for words in [&["ps"][..], &["ps", "-a", "--format", "json"], &["port", "web", "8000"], &["ls"], &["stop", "gone"]]
    {
        let asked = asked(words);
        assert!(matches!(asked.as_slice(), [one] if one.ends_with("/containers/json")), "{words:?}: {asked:?}");
    }
    assert_eq!(asked(&["top", "web"]).len(), 3, "a list, and one for each container");
    scenario.direct();
}
