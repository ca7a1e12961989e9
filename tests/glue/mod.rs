//! What ties convoke to shells, manuals, Docker's client and drawings.

use std::fs;
use std::os::unix::fs::symlink;

use snapbox::cmd::{Command, cargo_bin};
use snapbox::str;

use super::{PROJECT, convoke, folder};

const SHOP: &str = "
name: shop
services:
  web:
    image: nginx:1
    ports: [\"127.0.0.1:8080:80\"]
    depends_on: { api: { condition: service_healthy }, cache: { condition: service_started, required: false } }
  api: { build: ., depends_on: [db], networks: [back] }
  cache: { image: redis }
  db: { image: postgres, networks: [back] }
networks: { back: {} }
";

/// What a shell gets when the line so far is this, with the cursor in its last word.
fn completed(folder: &std::path::Path, line: &[&str]) -> Vec<String> {
    let place = (line.len() - 1).to_string();
    let asked = convoke(folder).env("CONVOKE_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", place).arg("--").args(line);
    let output = asked.env("_CLAP_IFS", "\n").assert().success().stderr_eq("").get_output().stdout.clone();
    String::from_utf8(output).expect("text").split('\n').map(str::to_owned).filter(|word| !word.is_empty()).collect()
}

#[test]
fn a_shell_is_told_commands_flags_services_and_profiles() {
    let folder = folder(&[("compose.yaml", PROJECT), ("broken.yaml", "services: [")]);
    let table: &[(&[&str], &[&str])] = &[
        (&["convoke", "sto"], &["stop"]),
        (&["convoke", "up", "w"], &["web"]),
        (&["convoke", "logs", "d"], &["db", "debug"]),
        (&["convoke", "logs", "web", "d"], &["db", "debug"]),
        (&["convoke", "exec", "d"], &["db", "debug"]),
        (&["convoke", "scale", "w"], &["web="]),
        (&["convoke", "plan", "down", "w"], &["web"]),
        (&["convoke", "up", "--exit-code-from", "w"], &["web"]),
        (&["convoke", "--profile", "t"], &["tools"]),
        (&["convoke", "up", "--no-rec"], &["--no-recreate"]),
        (&["convoke", "-f", "compose.yaml", "up", "w"], &["web"]),
        (&["convoke", "-f", "broken.yaml", "up", "w"], &[]),
    ];
    for (line, expected) in table {
        assert_eq!(completed(folder.path(), line), *expected, "{line:?}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = convoke(folder.path()).args(["completion", shell]).assert().success().stderr_eq("");
        let script = String::from_utf8_lossy(&script.get_output().stdout).into_owned();
        assert!(script.contains("CONVOKE_COMPLETE"), "{shell}: {script}");
    }
    convoke(folder.path()).args(["completion", "cmd"]).assert().code(1).stdout_eq("");
}

#[test]
fn there_is_a_page_for_every_command() {
    let folder = folder(&[]);
    convoke(folder.path()).arg("man").assert().success().stderr_eq("").stdout_eq("...\n.TH convoke 1 [..]\n...\n");
    convoke(folder.path()).args(["man", "pages"]).assert().success().stdout_eq("").stderr_eq("");
    for page in ["convoke.1", "convoke-up.1", "convoke-plan-down.1", "convoke-man.1"] {
        let text = fs::read_to_string(folder.path().join("pages").join(page)).expect(page);
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}");
    }
}

#[test]
fn by_the_name_of_a_plugin_it_is_one() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    let named = |name: &str| {
        let path = folder.path().join(name);
        if !path.exists() {
            symlink(cargo_bin!("convoke"), &path).expect("another name");
        }
        Command::new(path).current_dir(folder.path()).env_clear().env("COLUMNS", "100")
    };
    named("docker-convoke").arg("docker-cli-plugin-metadata").assert().success().stderr_eq("").stdout_eq(str![[r#"
{"SchemaVersion":"0.1.0","Vendor":"convoke","Version":"[..]","ShortDescription":"Runs multi-container applications from a Compose file"}

"#]]);
    let asked = |words: &[&str]| named("docker-convoke").args(words).assert().success().stderr_eq("");
    asked(&["__completeNoDesc", "convoke", "up", "w"]).stdout_eq("web\n:4\n");
    asked(&["__completeNoDesc", "convoke", "scale", "w"]).stdout_eq("web=\n:6\n");
    asked(&["__complete", "convoke", "sto"]).stdout_eq("stop\tStop the containers of the project, and keep them\n:4\n");
    let help = named("docker-convoke").args(["convoke", "up", "--help"]).assert().success();
    help.stdout_eq("...\nUsage: docker convoke up [..]\n...");
    let services = ["config", "--services"];
    for (name, words) in [
        ("docker-convoke", &["convoke"][..]),
        ("docker-convoke", &["--context", "far", "-D=false", "convoke"]),
        ("docker-compose", &[]),
        ("docker-compose", &["compose"]),
        ("docker-compose", &["-H", "unix:///nowhere", "--project-directory", "."]),
    ] {
        named(name).args(words).args(services).assert().success().stderr_eq("").stdout_eq("db\nweb\n");
    }
    let nowhere = named("docker-compose").args(["-H", "unix:///nowhere", "ps"]).assert().code(1);
    nowhere.stderr_eq("...\n[..]/nowhere[..]\n...");
}

#[test]
fn services_are_drawn() {
    let folder = folder(&[("compose.yaml", SHOP)]);
    let drawn = |words: &[&str]| convoke(folder.path()).arg("graph").args(words).assert().success().stderr_eq("");
    drawn(&["--image", "--ports"]).stdout_eq(str![[r#"
web  nginx:1, 127.0.0.1:8080→80
├─ api (healthy)  shop-api
│  └─ db  postgres
└─ cache (optional)  redis

"#]]);
    drawn(&["--networks", "api"]).stdout_eq(str![[r#"
api
├─ db
│  └─ back
└─ back

"#]]);
    drawn(&["--format", "mermaid"]).stdout_eq(str![[r#"
flowchart LR
    n0["api"]
    n1["cache"]
    n2["db"]
    n3["web"]
    n0 --> n2
    n3 -->|"healthy"| n0
    n3 -.-> n1

"#]]);
    drawn(&["--format", "dot", "db"]).stdout_eq(str![[r#"
digraph "shop" {
    rankdir=LR;
    node [shape=box];
    n0 [label="db"];
}

"#]]);
    drawn(&["--format", "svg"]).stdout_eq("<svg [..]\n...\n</svg>\n");
    convoke(folder.path()).args(["graph", "wbe"]).assert().code(1).stderr_eq("...\n[..]no such service: wbe\n...");
}
