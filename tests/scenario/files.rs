//! Files of containers: copied in and out, exported, and made into images.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::engine::text;
use crate::scenario::Scenario;
use crate::stories;

stories![
    copies_into_every_container_and_out_of_the_first,
    copies_folders_links_and_rights,
    copies_archives,
    says_why_it_cannot_copy,
    exports_and_commits_a_container,
];

const TWO: &str = "services: { web: { image: ACTOR, command: [stay], scale: 2 } }\n";

fn inside(scenario: &Scenario, index: &str, path: &str) -> String {
    scenario.done(&["exec", "--index", index, "web", "/actor", "show", path]).stdout
}

fn copies_into_every_container_and_out_of_the_first(scenario: &Scenario) {
    scenario.up(TWO);
    scenario.file("note.txt", "hello\n");
    scenario.done(&["cp", "note.txt", "web:/note"]).complains_about(&["note.txt copied to"]);
    assert_eq!((inside(scenario, "1", "/note"), inside(scenario, "2", "/note")), ("hello\n".into(), "hello\n".into()));
    scenario.file("note.txt", "two\n");
    scenario.done(&["cp", "--index", "2", "./note.txt", "web:/note"]);
    assert_eq!((inside(scenario, "1", "/note"), inside(scenario, "2", "/note")), ("hello\n".into(), "two\n".into()));
    scenario.done(&["cp", "web:/note", "first"]);
    scenario.done(&["cp", "--index", "2", "web:/note", "second"]);
    let read = |name: &str| fs::read_to_string(scenario.path(name)).expect("a copy");
    assert_eq!((read("first"), read("second")), ("hello\n".into(), "two\n".into()));
    // A folder that is there gets the file; a container that does not run is as good.
    fs::create_dir(scenario.path("folder")).expect("a folder");
    scenario.done(&["stop", "-t", "0"]);
    scenario.done(&["cp", "web:/note", "folder"]);
    assert_eq!(read("folder/note"), "hello\n");
    scenario.file("note.txt", "again\n");
    scenario.done(&["cp", "--dry-run", "note.txt", "web:/note"]);
    scenario.done(&["cp", "web:/note", "first"]);
    assert_eq!(read("first"), "hello\n", "nothing was copied");
}

fn copies_folders_links_and_rights(scenario: &Scenario) {
    scenario.up(TWO);
    scenario.file("site/a/page", "page\n");
    scenario.file("site/run", "run\n");
    fs::set_permissions(scenario.path("site/run"), fs::Permissions::from_mode(0o751)).expect("rights");
    symlink("a/page", scenario.path("site/link")).expect("a link");
    symlink("site", scenario.path("way")).expect("a link");
    scenario.done(&["cp", "site", "web:/srv"]);
    scenario.done(&["cp", "web:/srv", "back"]);
    let path = |name: &str| scenario.path(name);
    assert_eq!(fs::read_to_string(path("back/a/page")).expect("a copy"), "page\n");
    assert_eq!(fs::metadata(path("back/run")).expect("a copy").permissions().mode() & 0o777, 0o751);
    assert_eq!(fs::read_link(path("back/link")).expect("a copy").to_str(), Some("a/page"));
    // A folder that is there gets it under its own name, its contents only if they are asked for.
    scenario.done(&["cp", "site", "web:/srv"]);
    assert_eq!(inside(scenario, "1", "/srv/site/a/page"), "page\n");
    scenario.done(&["cp", "site/.", "web:/srv/a"]);
    assert_eq!(inside(scenario, "1", "/srv/a/run"), "run\n");
    scenario.done(&["cp", "web:/srv/.", "back"]);
    assert_eq!(fs::read_to_string(path("back/a/run")).expect("a copy"), "run\n");
    // A link is copied as one, unless it is to be followed.
    scenario.done(&["cp", "web:/srv/link", "link"]);
    assert!(fs::symlink_metadata(path("link")).expect("a copy").is_symlink());
    scenario.done(&["cp", "-L", "web:/srv/link", "followed"]);
    assert!(fs::symlink_metadata(path("followed")).expect("a copy").is_file());
    scenario.done(&["cp", "-L", "way", "web:/way"]);
    assert_eq!(inside(scenario, "1", "/way/run"), "run\n");
    scenario.done(&["cp", "web:/", "whole"]);
    assert_eq!(fs::read_to_string(path("whole/way/run")).expect("a copy"), "run\n");
    fs::create_dir(path("there")).expect("a folder");
    scenario.done(&["cp", "web:/.", "there"]);
    assert_eq!(fs::read_to_string(path("there/way/run")).expect("a copy"), "run\n");
    scenario.done(&["cp", "-a", "site/run", "web:/owned"]);
    assert_eq!(inside(scenario, "2", "/owned"), "run\n");
}

fn copies_archives(scenario: &Scenario) {
    scenario.up(TWO);
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    archive.append_data(&mut header, "piped", &b"piped"[..]).expect("packed");
    let archive = archive.into_inner().expect("whole");
    scenario.fed(&["cp", "-", "web:/"], &archive).exits_with(0);
    assert_eq!(
        (inside(scenario, "1", "/piped"), inside(scenario, "2", "/piped")),
        ("piped\n".into(), "piped\n".into())
    );
    let told = scenario.done(&["cp", "web:/piped", "-"]).stdout;
    let mut archive = tar::Archive::new(told.as_bytes());
    let mut entries = archive.entries().expect("an archive");
    let entry = entries.next().expect("an entry").expect("readable");
    assert_eq!(entry.path().expect("a path").to_str(), Some("piped"));
    let refused = scenario.fed(&["cp", "-", "web:/piped"], told.as_bytes()).exits_with(1);
    refused.complains_about(&["an archive goes into a folder"]);
    let mut seat = scenario.at_terminal(&["cp", "web:/piped", "-"]);
    seat.see("nothing to look at");
    seat.ends_with(1);
}

fn says_why_it_cannot_copy(scenario: &Scenario) {
    scenario.up("services: { web: { image: ACTOR, command: [stay] }, db: { image: ACTOR, profiles: [none] } }\n");
    scenario.file("note", "note\n");
    let table = [
        (["cp", "web:/a", "db:/b"], "copying between services is not supported"),
        (["cp", "note", "other"], "one of the two has to be in a container"),
        (["cp", "web:/nothing", "x"], "/nothing"),
        (["cp", "nothing", "web:/x"], "nothing: no such file or directory"),
        (["cp", "note", "web:/no/where/"], "there is no such folder"),
        (["cp", "web:/etc", "note"], "a folder cannot take the place of a file"),
        (["cp", "web:/etc/hosts", "no/where"], "there is no such folder"),
        (["cp", "note", "db:/x"], "service \"db\" has no container"),
    ];
    for (words, complaint) in table {
        scenario.convoke(&words).exits_with(1).complains_about(&[complaint]);
    }
}

fn exports_and_commits_a_container(scenario: &Scenario) {
    scenario.up(TWO);
    scenario.file("note", "kept\n");
    scenario.done(&["cp", "--index", "2", "note", "web:/note"]);
    let has_note = |file: &str| {
        let mut archive = tar::Archive::new(fs::File::open(scenario.path(file)).expect("an archive"));
        let mut entries = archive.entries().expect("an archive");
        entries.any(|entry| entry.expect("readable").path().expect("a path").to_str() == Some("note"))
    };
    scenario.done(&["export", "-o", "one.tar", "web"]);
    scenario.done(&["export", "--index", "2", "--output", "two.tar", "web"]);
    assert_eq!((has_note("one.tar"), has_note("two.tar")), (false, true));
    let mut seat = scenario.at_terminal(&["export", "web"]);
    seat.see("export -o web.tar web");
    seat.ends_with(1);
    scenario.convoke(&["export", "-o", "no/where.tar", "web"]).exits_with(1).complains_about(&["cannot be written"]);
    let image = format!("{}:patched", scenario.project);
    let flags = ["--index", "2", "-m", "with a note", "-a", "me", "-c", "LABEL who=me", "--pause=false"];
    let id = scenario.done(&[&["commit"], &flags[..], &["web", &image]].concat()).stdout;
    let made = scenario.engine.get(&format!("/images/{image}/json"));
    assert_eq!((text(&made["Id"]), text(&made["Comment"])), (id.trim(), "with a note"));
    assert_eq!((text(&made["Author"]), text(&made["Config"]["Labels"]["who"])), ("me", "me"));
    scenario.file("compose.yaml", &format!("services: {{ web: {{ image: '{image}', command: [show, /note] }} }}\n"));
    assert_eq!(scenario.done(&["run", "--rm", "-q", "web"]).stdout, "kept\n");
    scenario.done(&["down", "-t", "0"]);
    scenario.engine.remove_image(&image);
}
