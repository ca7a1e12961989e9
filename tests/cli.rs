//! The program from outside: help, mistakes and exit statuses. No test here needs an engine.

mod config;
mod glue;

use std::path::Path;
use std::process::Stdio;

use snapbox::cmd::{Command, cargo_bin};
use snapbox::str;
use tempfile::TempDir;

const PROJECT: &str = "
name: shop
services:
  web:
    image: nginx:1
    depends_on: [db]
    ports: [8080:80]
    profiles: []
  db:
    build: .
    volumes: [data:/data]
  debug:
    image: busybox
    profiles: [tools]
volumes:
  data: {}
";

/// convoke in a folder, without anything of the machine's own environment.
/// No engine answers here, whatever runs on the machine.
fn convoke(folder: &Path) -> Command {
    let command = Command::new(cargo_bin!("convoke")).current_dir(folder).env_clear().env("COLUMNS", "100");
    command.env("DOCKER_HOST", "unix:///nowhere.sock")
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file in the temporary folder");
    }
    folder
}

#[test]
fn alone_it_shows_what_it_can_do() {
    let folder = folder(&[]);
    convoke(folder.path()).assert().success().stderr_eq("").stdout_eq(str![[r#"
Runs multi-container applications from a Compose file

Usage: convoke [OPTIONS] [COMMAND]

Commands:
  up          Create and start the containers of the project
  down        Stop and remove containers and networks of the project
  start       Start containers that exist, and what they depend on
  stop        Stop the containers of the project, and keep them
  restart     Restart the containers of the project, as they are
  pause       Freeze the containers of the project where they are
  unpause     Let frozen containers of the project go on
  kill        Send a signal to the containers of the project
  rm          Remove containers of the project that do not run
  scale       Change how many containers services have
  wait        Wait until the containers of services end
  watch       Keep the containers of services in step with the files that they are made from
  ps          List the containers of the project
  ls          List the projects that have containers here
  logs        Show what the containers of the project have written
  events      Show what happens to the containers of the project
  top         Show the processes of the containers of the project
  stats       Show what the containers of the project use, again and again
  port        Show where a port of a service is published
  images      List the images that the containers of the project were made from
  volumes     List the volumes of the project
  diff        Show which files changed in the containers of a service since their image
  history     Show how the image of a service was made, the last step first
  inspect     Show all that the engine knows of a service's containers, a network or a volume
  run         Run a command once, in a container of its own for a service
  exec        Run a command in a running container of a service
  attach      See and talk with the process of a service's container
  cp          Copy files between this machine and the containers of a service
  export      Write the whole file system of a service's container as a tar archive
  commit      Make an image of a service's container as it is now
  plan        Show what `up` or another verb would do, and why; nothing is changed
  create      Create the containers of the project, without starting them
  build       Build the images of services
  pull        Pull the images of services
  push        Push the images that services are built into
  config      Check the compose files and show what they come to
  explain     Show where each value comes from, and what it took the place of
  graph       Draw which services need which others
  schema      Print the JSON schema of the compose file, for editors, or of what commands print
  timing      Show where the time of the last `up` went: per service, and what everything waited for
  completion  Write the script by which a shell completes convoke's words
  man         Write the manual page, or those of all commands
  version     Show the version of convoke
  help        Print this message or the help of the given subcommand(s)

Options:
  -f, --file <PATH>                    Compose file; may be given several times, later files change
                                       earlier ones; `-` is standard input [env: COMPOSE_FILE]
  -p, --project-name <NAME>            Project name [env: COMPOSE_PROJECT_NAME]
      --project-directory <DIRECTORY>  Folder that relative paths start from [default: the folder of
                                       the first compose file]
      --env-file <PATH>                File with variables for the compose file, instead of .env;
                                       may be given several times [env: COMPOSE_ENV_FILES]
      --profile <NAME>                 Profile whose services take part; may be given several times;
                                       `*` is all [env: COMPOSE_PROFILES]
      --compatibility                  Join the parts of container names with `_`, as the first
                                       docker-compose did [env: COMPOSE_COMPATIBILITY]
      --all-resources                  Keep networks, volumes, configs and secrets that no service
                                       uses
  -v, --version                        Show the version

Global options:
      --ansi <WHEN>            When to colour and redraw [default: auto] [env: COMPOSE_ANSI]
                               [possible values: auto, never, always]
      --progress <KIND>        How to show progress [default: auto] [env: COMPOSE_PROGRESS]
                               [possible values: auto, tty, plain, json, quiet]
      --parallel <NUMBER>      How many steps may be done at the same time, -1 for as many as the
                               engine does well [env: COMPOSE_PARALLEL_LIMIT]
      --dry-run                Show what would be done, and change nothing
      --error-format <FORMAT>  How errors are written [default: human] [possible values: human,
                               json, github]
  -h, --help                   Show help

Exit status:
    0  done
    1  not done
    2  plan --detailed-exitcode: there is something to do
  130  interrupted
  `up` with --abort-on-container-exit, --abort-on-container-failure or --exit-code-from ends with a
  container's status.
  With CONVOKE_EXIT_STATUS=class the reason takes the place of 1:
   64  the command line is wrong
   65  the project is wrong: its files, variables, or what they ask for
   66  an image could not be pulled, built or pushed
   67  a container did not start, ended, or is unhealthy, or a hook failed
   68  a port of the host is taken
   69  no engine answers, or it went away
   70  the engine refused something else
   74  a disk is full
   75  the time was up

"#]]);
}

const COMMANDS: &[&str] = &["config", "create", "down", "logs", "plan", "up", "version"];

const WITH_EXAMPLES: &[&str] = &[
    "attach",
    "build",
    "completion",
    "commit",
    "cp",
    "diff",
    "events",
    "exec",
    "explain",
    "export",
    "graph",
    "history",
    "images",
    "inspect",
    "kill",
    "ls",
    "man",
    "pause",
    "port",
    "ps",
    "pull",
    "push",
    "restart",
    "rm",
    "run",
    "scale",
    "schema",
    "start",
    "stats",
    "stop",
    "timing",
    "top",
    "unpause",
    "volumes",
    "wait",
    "watch",
];

#[test]
fn every_command_has_help() {
    let folder = folder(&[]);
    for command in COMMANDS {
        convoke(folder.path()).args([*command, "--help"]).assert().success().stderr_eq("");
    }
    for command in WITH_EXAMPLES {
        let example = format!("...\nExample[..]:\n  convoke {command}[..]\n...\n");
        convoke(folder.path()).args([*command, "--help"]).assert().success().stderr_eq("").stdout_eq(example);
    }
    convoke(folder.path()).args(["up", "--help"]).assert().success().stdout_eq(str![[r#"
Create and start the containers of the project

Usage: convoke up [OPTIONS] [SERVICE]...

Arguments:
  [SERVICE]...  Services, with what they depend on; all if none is named

Options:
  -d, --detach                      Leave the containers running in the background
      --no-start                    Create the containers and do not start them
      --wait                        Leave when every service is running or healthy, or has ended
                                    well; implies -d
      --wait-timeout <SECONDS>      Give up after so many seconds
      --readiness <HOW>             When a container with a health check counts as healthy [default:
                                    probe] [possible values: probe, engine]
      --quiet-pull                  Do not show the layers of pulls
      --quiet-build                 Do not show the output of builds
      --build                       Build images first, also those that are there
      --no-build                    Build no image
      --pull <WHEN>                 When to pull images, whatever the services say [possible values:
                                    always, missing, never, policy, build]
      --force-recreate              Replace containers even if nothing changed
      --no-recreate                 Replace no container, even if its configuration changed
      --remove-orphans              Remove containers of services that the file does not have any
                                    more [env: COMPOSE_REMOVE_ORPHANS]
      --scale <SERVICE=NUMBER>      How many containers a service gets, whatever the file says; may
                                    be given several times
  -y, --yes                         Ask nothing. The loss of data is never agreed to by this:
                                    --allow-data-loss does that
      --allow-data-loss <VOLUME>    Destroy this volume, with its data, if the file has it otherwise
                                    now; may be given several times
      --no-deps                     Leave out what the named services depend on
      --always-recreate-deps        Replace the containers of dependencies, even if nothing changed
  -V, --renew-anon-volumes          New anonymous volumes, instead of those of the containers that
                                    are replaced
  -t, --timeout <SECONDS>           How many seconds a container gets to stop [default: what its
                                    service says, else 10]
      --attach <SERVICE>            Show only the logs of this service; may be given several times
      --no-attach <SERVICE>         Do not show the logs of this service; may be given several times
      --attach-dependencies         Also show the logs of what the named services depend on
      --no-color                    Do not colour the names in front of the logs
      --no-log-prefix               Show logs without names in front
      --timestamps                  Show when each line was written
      --grep <PATTERN>              Only lines that match this regular expression; may be given
                                    several times, then one of them is enough
      --not <PATTERN>               No lines that match this regular expression; may be given
                                    several times
  -C, --context <NUMBER>            With each line also so many before and behind it, of the same
                                    container
      --level <LEVEL>               Only lines that are at least as serious; understands JSON,
                                    logfmt and the usual words. What names no level counts as info
                                    on standard output, and as error on standard error [possible
                                    values: trace, debug, info, warn, error, fatal]
      --json                        Write each line as a JSON object: time, project, service,
                                    replica, stream, line, and the fields of JSON and logfmt
      --log-dir <DIR>               Keep all output in files as well: one for each container and one
                                    for all, in a folder
      --abort-on-container-exit     Stop all containers when the first one ends, and exit with its
                                    status
      --abort-on-container-failure  Stop all containers when the first one ends with an error, and
                                    exit with its status
      --exit-code-from <SERVICE>    Exit with the status of this service's container; implies
                                    --abort-on-container-exit
  -w, --watch                       Keep containers in step with files, as `convoke watch` does
      --menu[=<BOOL>]               Hear keys at the terminal: d leaves the containers running, w
                                    starts and ends the watch of files. docker compose hears them
                                    unasked [env: COMPOSE_MENU]
      --timing                      Show at the end where the time went: per service, and what
                                    everything waited for
      --timeline <FILE.html>        Write the steps as bars over time into a page, which needs
                                    nothing else to be looked at
      --trace <FILE.json>           Write the steps as a trace, for the profiler of a browser

Global options:
      --ansi <WHEN>            When to colour and redraw [default: auto] [env: COMPOSE_ANSI]
                               [possible values: auto, never, always]
      --progress <KIND>        How to show progress [default: auto] [env: COMPOSE_PROGRESS]
                               [possible values: auto, tty, plain, json, quiet]
      --parallel <NUMBER>      How many steps may be done at the same time, -1 for as many as the
                               engine does well [env: COMPOSE_PARALLEL_LIMIT]
      --dry-run                Show what would be done, and change nothing
      --error-format <FORMAT>  How errors are written [default: human] [possible values: human,
                               json, github]
  -h, --help                   Show help

"#]]);
    convoke(folder.path()).args(["plan", "--help"]).assert().success().stdout_eq(str![[r#"
Show what `up` or another verb would do, and why; nothing is changed

Usage: convoke plan [OPTIONS] [SERVICE]...
       convoke plan <COMMAND>

Commands:
  up       What `up` would do; this is also what `plan` alone shows
  create   What `create` would do
  build    What `build` would do
  pull     What `pull` would do
  push     What `push` would do
  down     What `down` would do
  start    What `start` would do
  stop     What `stop` would do
  restart  What `restart` would do
  pause    What `pause` would do
  unpause  What `unpause` would do
  kill     What `kill` would do
  rm       What `rm` would do
  scale    What `scale` would do
  help     Print this message or the help of the given subcommand(s)

Arguments:
  [SERVICE]...  Services, with what they depend on; all if none is named

Options:
      --build                     Build images first, also those that are there
      --no-build                  Build no image
      --pull <WHEN>               When to pull images, whatever the services say [possible values:
                                  always, missing, never, policy, build]
      --force-recreate            Replace containers even if nothing changed
      --no-recreate               Replace no container, even if its configuration changed
      --remove-orphans            Remove containers of services that the file does not have any more
                                  [env: COMPOSE_REMOVE_ORPHANS]
      --scale <SERVICE=NUMBER>    How many containers a service gets, whatever the file says; may be
                                  given several times
  -y, --yes                       Ask nothing. The loss of data is never agreed to by this:
                                  --allow-data-loss does that
      --allow-data-loss <VOLUME>  Destroy this volume, with its data, if the file has it otherwise
                                  now; may be given several times
      --no-deps                   Leave out what the named services depend on
      --always-recreate-deps      Replace the containers of dependencies, even if nothing changed
  -V, --renew-anon-volumes        New anonymous volumes, instead of those of the containers that are
                                  replaced
  -t, --timeout <SECONDS>         How many seconds a container gets to stop [default: what its
                                  service says, else 10]
      --no-start                  Create the containers and do not start them
      --wait                      Leave when every service is running or healthy, or has ended well
      --format <FORMAT>           How to write it [default: text] [possible values: text, json]
      --detailed-exitcode         Exit with 0 when there is nothing to do, and with 2 when there is

Global options:
      --ansi <WHEN>            When to colour and redraw [default: auto] [env: COMPOSE_ANSI]
                               [possible values: auto, never, always]
      --progress <KIND>        How to show progress [default: auto] [env: COMPOSE_PROGRESS]
                               [possible values: auto, tty, plain, json, quiet]
      --parallel <NUMBER>      How many steps may be done at the same time, -1 for as many as the
                               engine does well [env: COMPOSE_PARALLEL_LIMIT]
      --dry-run                Show what would be done, and change nothing
      --error-format <FORMAT>  How errors are written [default: human] [possible values: human,
                               json, github]
  -h, --help                   Show help

"#]]);
    convoke(folder.path()).args(["config", "--help"]).assert().success().stdout_eq(str![[r#"
Check the compose files and show what they come to

Usage: convoke config [OPTIONS] [SERVICE]...

Arguments:
  [SERVICE]...  Services, with what they depend on; all if none is named

Options:
  -q, --quiet                  Only check, and print nothing
      --format <FORMAT>        How to write it [default: yaml] [possible values: yaml, json]
  -o, --output <PATH>          Write to a file instead
      --no-interpolate         Leave variables as they are written
      --no-normalize           Leave out what follows from other parts of the files
      --no-path-resolution     Leave relative paths as they are written
      --no-consistency         Do not check that the parts fit together
      --no-env-resolution      Do not read the env files of services
      --resolve-image-digests  Ask the registries for the digests of images, and write these behind
                               their names
      --lock-image-digests     The same, and show only the images: to be named behind the other
                               files with -f
      --services               Print the names of the services, one a line
      --volumes                Print the names of the volumes, one a line
      --networks               Print the names of the networks, one a line
      --models                 Print the models that are used, one a line
      --hash <SERVICES>        Print the configuration hashes of these services, comma-separated, or
                               of all of them: "*"
      --profiles               Print the names of the profiles, one a line
      --images                 Print the images of the services, one a line
      --variables              Print the variables that the compose files mention, and what they say
                               about them
      --environment            Print the variables that the compose files can use, and their values
      --provenance             Show where each value comes from, as `explain` does, but for what
                               images say

Global options:
      --ansi <WHEN>            When to colour and redraw [default: auto] [env: COMPOSE_ANSI]
                               [possible values: auto, never, always]
      --progress <KIND>        How to show progress [default: auto] [env: COMPOSE_PROGRESS]
                               [possible values: auto, tty, plain, json, quiet]
      --parallel <NUMBER>      How many steps may be done at the same time, -1 for as many as the
                               engine does well [env: COMPOSE_PARALLEL_LIMIT]
      --dry-run                Show what would be done, and change nothing
      --error-format <FORMAT>  How errors are written [default: human] [possible values: human,
                               json, github]
  -h, --help                   Show help

"#]]);
}

#[test]
fn values_are_explained_as_far_as_the_files_go_when_no_engine_answers() {
    let text = "name: shop\nservices:\n  web:\n    image: nginx:${TAG:-1}\n    environment: {TOKEN: abc, LEVEL: }\n";
    let over = "services:\n  web:\n    image: nginx:2\n";
    let folder = folder(&[("compose.yaml", text), ("compose.override.yaml", over), (".env", "LEVEL=debug\n")]);
    let convoke = || convoke(folder.path());
    convoke()
        .args(["explain", "web.image", "web.environment"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
services.web
  image              nginx:2   compose.override.yaml:3
    instead of       nginx:1   compose.yaml:4
      $TAG           1         in the template
  environment.TOKEN  ********  compose.yaml:5
  environment.LEVEL  debug     .env:1

"#]])
        .stderr_eq(str![[r#"
note: no engine answers: what images say is left out

"#]]);
    let secrets = convoke().args(["explain", "web.environment.TOKEN", "--show-secrets"]).assert().success();
    secrets.stdout_eq(str![[r#"
services.web
  environment.TOKEN  abc  compose.yaml:5

"#]]);
    convoke().args(["explain", "--format", "json", "web.image"]).assert().success().stdout_eq(str![[r#"
{
  "project": "shop",
  "values": [
    {
      "path": [
        "services",
        "web",
        "image"
      ],
      "value": "nginx:2",
      "masked": false,
      "from": {
        "kind": "file",
        "place": {
          "file": "compose.override.yaml",
          "line": 3,
          "column": 12
        }
      },
      "through": [],
      "variables": [],
      "has_parts": false,
      "instead_of": [
        {
          "value": "nginx:1",
          "masked": false,
          "from": {
            "kind": "file",
            "place": {
              "file": "compose.yaml",
              "line": 4,
              "column": 12
            }
          },
          "through": [],
          "template": "nginx:${TAG:-1}",
          "variables": [
            {
              "name": "TAG",
              "value": "1",
              "masked": false,
              "from": {
                "kind": "template"
              }
            }
          ]
        }
      ]
    }
  ],
  "notes": [
    "no engine answers: what images say is left out"
  ]
}

"#]]);
    convoke().args(["--ansi", "always", "explain", "web.environment.LEVEL"]).assert().success().stdout_eq(str![[r#"
[1mservices.web[0m
  environment.LEVEL  debug  [2m.env:1[0m

"#]]);
    convoke().args(["config", "--provenance"]).assert().success().stderr_eq("").stdout_eq(str![[r#"
name                 shop          compose.yaml:1

services.web
  image              nginx:2       compose.override.yaml:3
    instead of       nginx:1       compose.yaml:4
      $TAG           1             in the template
  environment.TOKEN  ********      compose.yaml:5
  environment.LEVEL  debug         .env:1
  networks.default   null          default

networks.default
  name               shop_default  follows

"#]]);
}

#[test]
fn what_cannot_be_explained_is_told_with_what_may_be_meant() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    let convoke = || convoke(folder.path());
    convoke().args(["explain", "wbe", "web.prots", "zebra"]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: nothing in this project is called wbe
 |
 = help: did you mean web?

error: nothing in this project is called web.prots
 |
 = help: did you mean web.ports?

error: nothing in this project is called zebra
 |
 = help: write SERVICE, SERVICE.PATH or a path from the top; the services are: db, debug, web

"#]]);
    convoke().args(["explain", "--help"]).assert().success().stdout_eq(str![[r#"
Show where each value comes from, and what it took the place of

Usage: convoke explain [OPTIONS] [PATH]...

Arguments:
  [PATH]...  Service, or something below it: web, web.ports, web.environment.LOG_LEVEL; or a path
             from the top: networks.default

Options:
      --format <FORMAT>  How to write it [default: text] [possible values: text, json]
      --show-secrets     Show values that look secret, too

Global options:
      --ansi <WHEN>            When to colour and redraw [default: auto] [env: COMPOSE_ANSI]
                               [possible values: auto, never, always]
      --progress <KIND>        How to show progress [default: auto] [env: COMPOSE_PROGRESS]
                               [possible values: auto, tty, plain, json, quiet]
      --parallel <NUMBER>      How many steps may be done at the same time, -1 for as many as the
                               engine does well [env: COMPOSE_PARALLEL_LIMIT]
      --dry-run                Show what would be done, and change nothing
      --error-format <FORMAT>  How errors are written [default: human] [possible values: human,
                               json, github]
  -h, --help                   Show help

Examples:
  convoke explain                            all values of all services
  convoke explain web.environment.LOG_LEVEL  who says so, and who would if it did not
  convoke explain networks.default           something that services use

"#]]);
}

#[test]
fn schemas_are_printed_for_editors_and_programs() {
    let folder = folder(&[]);
    for (words, title) in [(&["schema"][..], "Compose file"), (&["schema", "explain"], "What `convoke explain")] {
        let printed = convoke(folder.path()).args(words).assert().success().stderr_eq("").get_output().stdout.clone();
        let schema: serde_json::Value = serde_json::from_slice(&printed).expect("one object");
        assert!(schema["title"].as_str().is_some_and(|text| text.starts_with(title)), "{}", schema["title"]);
    }
    convoke(folder.path()).args(["schema", "compoze"]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'compoze' for '[SUBJECT]'
  [possible values: compose, explain, plan, progress, logs]

  tip: a similar value exists: 'compose'

For more information, try '--help'.

"#]]);
}

#[test]
fn it_knows_its_version() {
    let folder = folder(&[]);
    let version = env!("CARGO_PKG_VERSION");
    convoke(folder.path()).args(["version", "--short"]).assert().success().stdout_eq(format!("{version}\n"));
    convoke(folder.path()).arg("-v").assert().success().stdout_eq(format!("convoke version {version}\n"));
    let json = ["version", "--format", "json"];
    convoke(folder.path()).args(json).assert().success().stdout_eq(format!("{{\"version\":\"{version}\"}}\n"));
}

#[test]
fn mistakes_on_the_command_line_end_with_one() {
    let folder = folder(&[]);
    convoke(folder.path()).arg("confg").assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: unrecognized subcommand 'confg'

  tip: a similar subcommand exists: 'config'

Usage: convoke [OPTIONS] [COMMAND]

For more information, try '--help'.

"#]]);
    convoke(folder.path()).args(["config", "--servises"]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: unexpected argument '--servises' found

  tip: a similar argument exists: '--services'

Usage: convoke config --services [SERVICE]...

For more information, try '--help'.

"#]]);
    convoke(folder.path()).arg("publish").assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: unrecognized subcommand 'publish'

  tip: docker compose has publish, and convoke does not support it yet

Usage: convoke [OPTIONS] [COMMAND]

For more information, try '--help'.

"#]]);
    convoke(folder.path()).args(["config", "-f", "x.yaml"]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: unexpected argument '-f' found

  tip: -f stands before the command: convoke -f … COMMAND

Usage: convoke config [OPTIONS] [SERVICE]...

For more information, try '--help'.

"#]]);
    convoke(folder.path()).args(["--ansi", "never", "--progress", "tty", "version"]).assert().code(1).stderr_eq(str![
        [r#"
error: can't use --progress tty while ANSI support is disabled

"#]
    ]);
    convoke(folder.path()).env("COMPOSE_PARALLEL_LIMIT", "x").arg("version").assert().code(1).stderr_eq(str![[r#"
error: COMPOSE_PARALLEL_LIMIT must be an integer (found: "x")

"#]]);
}

#[test]
fn flags_that_contradict_each_other_are_refused_before_anything_is_read() {
    let folder = folder(&[]);
    let refused = |words: &str, expected: &str| {
        let text = format!("error: {expected}\n...");
        convoke(folder.path()).args(words.split(' ')).assert().code(1).stdout_eq("").stderr_eq(text);
    };
    refused("up --build --no-build", "--build and --no-build are incompatible");
    refused("create --build --no-build", "--build and --no-build are incompatible");
    refused("up --force-recreate --no-recreate", "--force-recreate and --no-recreate are incompatible");
    refused("plan --force-recreate --no-recreate", "--force-recreate and --no-recreate are incompatible");
    refused("up -V --no-recreate", "--no-recreate and --renew-anon-volumes are incompatible");
    refused("up --always-recreate-deps --no-recreate", "--always-recreate-deps and --no-recreate are incompatible");
    refused("up --attach a --attach-dependencies", "cannot combine --attach and --attach-dependencies");
    refused("up --wait --wait-timeout -1", "--wait-timeout must be a non-negative integer");
    refused(
        "up --abort-on-container-exit --abort-on-container-failure",
        "--abort-on-container-failure cannot be combined with --abort-on-container-exit",
    );
    refused("up -d --exit-code-from a", "--detach cannot be combined with [..]");
    refused("up --wait --attach a", "--wait cannot be combined with [..]");
    refused("up --menu=perhaps", "invalid value 'perhaps' for '--menu[=<BOOL>]': it is true or false");
    refused("up --menu=0 --scale web", "invalid value 'web' for '--scale <SERVICE=NUMBER>': [..]");
    refused("up --menu -d --scale web", "invalid value 'web' for '--scale <SERVICE=NUMBER>': [..]");
    refused("up --scale web", "invalid value 'web' for '--scale <SERVICE=NUMBER>': [..]");
    refused("logs --tail x", "invalid value 'x' for '--tail <NUMBER>': it is a number of lines, or all");
    refused("logs --since x", "invalid value for \"since\": [..]");
    refused("ps --status gone", "invalid value 'gone' for '--status <STATE>'");
    refused("ps --filter name=x", "invalid value 'name=x' for '--filter <PROPERTY>': unknown filter name");
    refused("down --rmi some", "invalid value 'some' for '--rmi <WHICH>'");
    refused("-p Shop ps", "invalid project name \"Shop\": [..]");
    refused("-p Shop -f gone.yaml down", "invalid project name \"Shop\": [..]");
    // What is wrong with the files comes before that no engine answers.
    refused("ps", "no configuration file provided: not found");
}

#[test]
fn services_that_do_not_exist_are_refused_before_any_engine_is_asked() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    let refused = |words: &str, expected: &str| {
        let text = format!("error: {expected}\n...");
        convoke(folder.path()).args(words.split(' ')).assert().code(1).stdout_eq("").stderr_eq(text);
    };
    refused("up wep", "no such service: wep");
    refused("up --scale wep=2", "no such service: wep");
    refused("up --exit-code-from wep", "no such service: wep");
    refused("up --attach wep", "cannot attach to services not included in up: wep");
    refused("config wep", "no such service: wep");
}

#[test]
fn an_engine_that_does_not_answer_is_told() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    for command in ["up", "down", "ps", "logs", "plan", "create"] {
        convoke(folder.path())
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .arg(command)
            .assert()
            .code(1)
            .stdout_eq("")
            .stderr_eq(str![[r#"
error: connect to the engine at unix:///nowhere/docker.sock: No such file or directory (os error 2)
 |
 = help: DOCKER_HOST names this engine; is it running there?

"#]]);
    }
}

#[test]
fn without_a_compose_file_it_says_where_it_looked() {
    let folder = folder(&[]);
    convoke(folder.path()).arg("config").assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: no configuration file provided: not found
 |
 = help: looked for compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml in [..] and its parents
 = help: name a file with -f, or a directory with --project-directory

"#]]);
}

#[test]
fn a_wrong_file_is_shown_at_the_wrong_place() {
    let folder = folder(&[("compose.yaml", "services:\n  web:\n    imagee: nginx\n")]);
    convoke(folder.path()).args(["config", "-q"]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: unknown key `imagee` in services.web
 --> compose.yaml:3:5
  |
3 |     imagee: nginx
  |     ^^^^^^
  |
  = help: did you mean `image`?

"#]]);
}

#[test]
fn errors_for_programs() {
    let folder = folder(&[("compose.yaml", "services:\n  web:\n    imagee: nginx\n")]);
    let json = ["--error-format", "json", "config"];
    convoke(folder.path()).args(json).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
{"severity":"error","message":"unknown key `imagee` in services.web","file":"compose.yaml","line":3,"column":5,"end_line":3,"end_column":11,"labels":[],"help":["did you mean `image`?"]}

"#]]);
    let github = ["--error-format", "github", "config"];
    convoke(folder.path()).args(github).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
::error file=compose.yaml,line=3,col=5,endLine=3,endColumn=11::unknown key `imagee` in services.web%0Ahelp: did you mean `image`?

"#]]);
    convoke(folder.path()).args(["--progress", "json", "config"]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
{"severity":"error","message":"unknown key `imagee` in services.web","file":"compose.yaml","line":3,"column":5,"end_line":3,"end_column":11,"labels":[],"help":["did you mean `image`?"]}

"#]]);
}

#[test]
fn lists_of_what_a_project_has() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    let listed = |flag: &str, expected: &str| {
        convoke(folder.path()).args(["config", flag]).assert().success().stderr_eq("").stdout_eq(expected.to_owned());
    };
    listed("--services", "db\nweb\n");
    listed("--volumes", "data\n");
    listed("--networks", "default\n");
    listed("--profiles", "tools\n");
    listed("--images", "shop-db\nnginx:1\n");
    listed("--quiet", "");
    let all = ["--profile", "tools", "config", "--services"];
    convoke(folder.path()).args(all).assert().success().stdout_eq("db\ndebug\nweb\n");
}

/// As docker compose: what is listed does not need env files, nor the services that are named, and `-q` is no matter.
#[test]
fn what_is_listed_is_of_all_services() {
    let text = "services:\n  a:\n    image: a\n    env_file: none.env\n  b:\n    image: b\n    models: [m]\n    \
                ports: [\"${PORT}:80\"]\nmodels: {m: {model: ai/m}}\n";
    let folder = folder(&[("compose.yaml", text)]);
    let listed = |arguments: &[&str], output: &'static str| {
        convoke(folder.path()).env("PORT", "80").arg("config").args(arguments).assert().success().stdout_eq(output);
    };
    listed(&["--services", "b"], "a\nb\n");
    listed(&["-q", "--services"], "a\nb\n");
    listed(&["--no-interpolate", "--services"], "a\nb\n");
    listed(&["--models", "nope"], "ai/m\n");
    listed(&["--images", "b"], "b\n");
    let refused = |arguments: &[&str]| {
        convoke(folder.path()).env("PORT", "80").arg("config").args(arguments).assert().failure().stdout_eq("")
    };
    refused(&["--hash", "nope"]).stderr_eq("error: no such service: nope\n");
    // What is not known before variables are put in is not made up.
    refused(&["--no-interpolate", "--volumes"])
        .stderr_eq("...\n  = help: what is asked for takes values: leave --no-interpolate out\n...");
}

#[test]
fn variables_are_listed_with_what_the_files_say_about_them() {
    let text = "services:\n  web:\n    image: x:${TAG:-latest}\n    user: ${WHO:?say who}\n    hostname: $HOST\n";
    let folder = folder(&[("compose.yaml", text)]);
    convoke(folder.path()).args(["config", "--variables"]).assert().success().stderr_eq("").stdout_eq(str![[r#"
NAME                REQUIRED            DEFAULT VALUE       ALTERNATE VALUE
HOST                false                                   
TAG                 false               latest              
WHO                 true                                    

"#]]);
}

#[test]
fn numbers_that_json_does_not_have_are_refused() {
    let file = "name: app\nservices:\n  web:\n    image: web\n    cpus: .inf\nx-list: [1, .nan]\n";
    let folder = folder(&[("compose.yaml", file)]);
    convoke(folder.path()).arg("config").assert().success();
    convoke(folder.path()).args(["config", "--format", "json"]).assert().code(1).stdout_eq("").stderr_eq(str![[r#"
error: services.web.cpus is .inf, and JSON has no such number
 --> compose.yaml:5:5
  |
5 |     cpus: .inf
  |     ^^^^
  |
  = help: YAML has it: leave --format json or --hash out

"#]]);
    let hash = ["config", "--hash", "web"];
    convoke(folder.path())
        .args(hash)
        .assert()
        .code(1)
        .stdout_eq("")
        .stderr_eq("error: services.web.cpus is .inf, and JSON has no such number\n --> compose.yaml:5:5\n...");
}

#[test]
fn the_result_can_go_to_a_file() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    convoke(folder.path()).args(["config", "--services", "-o", "out"]).assert().success().stdout_eq("");
    let written = std::fs::read_to_string(folder.path().join("out")).expect("the file that was asked for");
    assert_eq!(written, "db\nweb\n");
    convoke(folder.path()).args(["config", "-o", "no/such/folder"]).assert().code(1).stderr_eq(str![[r#"
error: write no/such/folder: No such file or directory (os error 2)

"#]]);
}

#[test]
fn config_goes_by_its_old_name_too() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    convoke(folder.path()).args(["convert", "--services"]).assert().success().stdout_eq("db\nweb\n");
}

#[test]
fn switches_can_be_given_a_truth() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    convoke(folder.path())
        .args(["config", "--services=false", "--volumes=true"])
        .assert()
        .success()
        .stdout_eq("data\n");
}

#[test]
fn a_reader_who_leaves_is_no_error() {
    let folder = folder(&[("compose.yaml", PROJECT)]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = std::process::Command::new(cargo_bin!("convoke"))
        .current_dir(folder.path())
        .args(["config"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("convoke runs");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
