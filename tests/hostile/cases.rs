//! Folders that were made to hurt, each with the words of the error that it deserves; and large ones that are sound.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

pub struct Case {
    pub name: &'static str,
    /// What the error says; nothing where the project is sound.
    pub words: &'static str,
    make: Box<dyn Fn(&Path)>,
}

impl Case {
    fn new(name: &'static str, words: &'static str, make: impl Fn(&Path) + 'static) -> Self {
        Self { name, words, make: Box::new(make) }
    }

    /// A compose file alone.
    fn text(name: &'static str, words: &'static str, text: impl Fn() -> String + 'static) -> Self {
        Self::new(name, words, move |folder| compose(folder, &text()))
    }

    /// Writes the files of the case into an empty folder.
    pub fn write(&self, folder: &Path) {
        (self.make)(folder);
    }
}

const SERVICE: &str = "services: {a: {image: x}}\n";
const TOO_LARGE: &str = "larger than 400000 values";
const MIB: usize = 1 << 20;
/// Services that are read, every phase of them, before it is seen what is wrong.
const MANY: usize = 5_000;

pub fn all() -> Vec<Case> {
    [trees(), texts(), growth(), circles(), many(), no_files(), env_files(), sound()].into_iter().flatten().collect()
}

fn compose(folder: &Path, text: &str) {
    write(folder, "compose.yaml", text);
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(folder.join(name), bytes).expect("a file in the temporary folder");
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// Each name stands for nine times the one before it.
fn bomb(open: &str, item: impl Fn(usize, char) -> String, close: &str) -> String {
    let mut text = format!("{SERVICE}x-a: &a {{k: v}}\n");
    for (before, name) in ('a'..'j').zip('b'..) {
        let items: Vec<String> = (0..9).map(|index| item(index, before)).collect();
        writeln!(text, "x-{name}: &{name} {open}{}{close}", items.join(", ")).expect("text grows");
    }
    text
}

/// The shape of a file: depth, aliases, and how much of anything there is.
fn trees() -> Vec<Case> {
    let deep = |open: &'static str, close: &'static str| {
        move || format!("{SERVICE}x-a: {}{}\n", open.repeat(50_000), close.repeat(50_000))
    };
    vec![
        Case::text("aliases of lists", "more than 100000 values", || bomb("[", |_, name| format!("*{name}"), "]")),
        Case::text("aliases of mappings", "more than 100000 values", || {
            bomb("{", |key, name| format!("k{key}: *{name}"), "}")
        }),
        Case::text("aliases of merge keys", "more than 100000 values", || {
            let wide = lines(5_000, |key| format!("k{key}: v, "));
            format!("{SERVICE}x-a: &a {{{wide}}}\nx-b:\n{}", lines(90, |_| "  - {<<: *a}\n".to_owned()))
        }),
        Case::text("an anchor in itself", "an anchor cannot contain an alias of itself", || {
            format!("{SERVICE}x-a: &a [*a]\n")
        }),
        Case::text("aliases without anchors", "no anchor `a1` is defined", || {
            format!("{SERVICE}x-a: [{}]\n", lines(100_000, |name| format!("*a{name}, ")))
        }),
        Case::text("nested lists", "more than 256 deep", deep("[", "]")),
        Case::text("nested mappings", "more than 256 deep", deep("{a: ", "}")),
        Case::text("nested dashes", "more than 256 deep", || format!("{SERVICE}x-a:\n  {}x\n", "- ".repeat(50_000))),
        Case::text("nested blocks", "more than 256 deep", || {
            format!("{SERVICE}x-a:\n{}", lines(3_000, |depth| format!("{}a:\n", " ".repeat(depth + 1))))
        }),
        Case::text("many values", "too many values", || format!("{SERVICE}x-a: [{}]\n", "x, ".repeat(1_000_000))),
        Case::text("many values in a file of 10 MB", "too many values", || {
            format!("{SERVICE}x-a:\n{}", "  - some value\n".repeat(10 * MIB / 15))
        }),
        Case::text("one key again and again", "is defined twice", || {
            format!("{SERVICE}x-a:\n{}", "  k: 1\n".repeat(120_000))
        }),
        Case::text("many documents", "a file may have 100 documents", || SERVICE.to_owned() + &"---\n".repeat(10_000)),
        Case::text("many brackets", "error: ", || format!("{SERVICE}x-a: {}\n", "[{".repeat(500_000))),
        Case::text("many tags", "error: ", || format!("{SERVICE}x-a: [{}]\n", "!a!b x, ".repeat(100_000))),
    ]
}

/// Bytes that are no text, and texts without end.
fn texts() -> Vec<Case> {
    vec![
        Case::text("NUL bytes", "a NUL byte cannot stand in YAML", || format!("{SERVICE}{}", "\0".repeat(10 * MIB))),
        Case::new("bytes that are no text", "not UTF-8", |folder| {
            write(
                folder,
                "compose.yaml",
                [b"services: {a: {image: \xff}}\n".as_slice(), &vec![0xfe; 10 * MIB]].concat(),
            );
        }),
        Case::text("tabs", "a tab cannot be used for indentation", || {
            format!("{SERVICE}x-a:\n{}", "\tk: v\n".repeat(MIB))
        }),
        Case::text("a long line with an unknown key", "imag", || {
            format!("services: {{a: {{imag: {}}}}}\n", "y".repeat(10 * MIB))
        }),
        Case::text("a quote that never ends", "quote", || format!("{SERVICE}x-a: \"{}\n", "y ".repeat(5 * MIB))),
        Case::text("more than a file holds", "is larger than 16 MiB", || {
            format!("{SERVICE}# {}\n", "c".repeat(16 * MIB))
        }),
        Case::text("a huge text where a number belongs", "scale", || {
            format!("services: {{a: {{image: x, scale: {}}}}}\n", "9".repeat(10 * MIB))
        }),
        Case::text("a huge duration", "invalid duration", || {
            format!("services: {{a: {{image: x, stop_grace_period: {}}}}}\n", "1h".repeat(5 * MIB))
        }),
        Case::text("a huge size", "mem_limit", || {
            format!("services: {{a: {{image: x, mem_limit: {}g}}}}\n", "9".repeat(10 * MIB))
        }),
        Case::text("a huge port", "port", || {
            format!("services: {{a: {{image: x, ports: ['{}:80']}}}}\n", "80:".repeat(3 * MIB))
        }),
        Case::text("a huge service name", "error: ", || {
            format!("services: {{{}!: {{image: x}}}}\n", "s".repeat(10 * MIB))
        }),
        Case::text("a command of many words", TOO_LARGE, || {
            format!("services: {{a: {{image: x, command: {}}}}}\n", "a ".repeat(5 * MIB))
        }),
        Case::text("many commands of many words", TOO_LARGE, || {
            format!(
                "services:\n{}",
                lines(100, |name| { format!("  s{name}: {{image: x, command: {}}}\n", "a ".repeat(50_000)) })
            )
        }),
        Case::text("numbers out of reach", "99999999999999999999", || {
            "services: {a: {image: x, mem_limit: 99999999999999999999g, scale: 99999999999999999999}}\n".to_owned()
        }),
        Case::text("control characters", "error: ", || format!("{SERVICE}x-a: {}\n", "\u{1}".repeat(MIB))),
    ]
}

/// Little that stands for much.
fn growth() -> Vec<Case> {
    vec![
        Case::text("ranges of ports of many services", TOO_LARGE, || {
            format!(
                "services:\n{}",
                lines(100, |name| { format!("  s{name}: {{image: x, ports: ['1-65535:1-65535']}}\n") })
            )
        }),
        Case::text("one range of ports again and again", TOO_LARGE, || {
            let ranges = lines(20, |start| format!("'{}-65535:{}-65535/udp', ", start + 1, start + 1));
            format!("services: {{a: {{image: x, ports: [{ranges}]}}}}\n")
        }),
        Case::text("services that grow by extending", TOO_LARGE, || {
            format!(
                "services:\n{}",
                lines(1_000, |name| {
                    let base = (name + 1).min(999);
                    let extends = if base > name { format!("extends: s{base}, ") } else { String::new() };
                    format!("  s{name}: {{image: x, {extends}environment: {{E{name}: 1}}}}\n")
                })
            )
        }),
        Case::text("services that double by extending", TOO_LARGE, || {
            // Each merges what it extends with a list of its own, which is appended.
            format!(
                "services:\n  s0: {{image: x, cap_add: [{}]}}\n{}",
                lines(1_000, |cap| format!("c{cap}, ")),
                lines(1_000, |name| format!("  s{}: {{extends: s{name}, cap_add: [d{name}]}}\n", name + 1),)
            )
        }),
        Case::new("files that include the next one twice", "from 1000 files", |folder| {
            for name in 0..40 {
                write(folder, &format!("{name}.yaml"), format!("include: [{0}.yaml, {0}.yaml]\n", name + 1));
            }
            write(folder, "40.yaml", SERVICE);
            compose(folder, "include: [0.yaml]\n");
        }),
        Case::new("a large file that is included many times", "error: ", |folder| {
            write(folder, "large.yaml", format!("{SERVICE}x-a: {}\n", "y".repeat(4 * MIB)));
            compose(folder, &format!("include: [{}]\n", "large.yaml, ".repeat(500)));
        }),
        Case::text("variables inside of one another", "64 deep", || {
            format!("{SERVICE}x-a: {}{}\n", "${A:-".repeat(50_000), "}".repeat(50_000))
        }),
        Case::text("a text of variables without a value", "uses more than 10000 variables", || {
            format!("{SERVICE}x-a: {}\n", lines(1_000_000, |name| format!("$A{name} ")))
        }),
        Case::text("variables that are required", "required variable A", || {
            format!("{SERVICE}x-a: {}\n", "${A:?no} ".repeat(20_000))
        }),
        Case::text("variables that do not end", "invalid interpolation format", || {
            format!("{SERVICE}x-a: [{}]\n", "'${A', ".repeat(100_000))
        }),
        Case::new("a value that is used again and again", "grow by more than 8 MiB", |folder| {
            write(folder, ".env", format!("A={}\n", "y".repeat(MIB / 2)));
            compose(folder, &format!("{SERVICE}x-a: [{}]\n", "$A, ".repeat(50_000)));
        }),
        Case::new("an env file of many services", "grow by more than 8 MiB", |folder| {
            write(folder, "some.env", lines(10_000, |name| format!("NAME_{name}=value\n")));
            compose(
                folder,
                &format!(
                    "services:\n{}",
                    lines(1_000, |name| { format!("  s{name}: {{image: x, env_file: some.env}}\n") })
                ),
            );
        }),
    ]
}

/// Ways that lead back to where they began.
fn circles() -> Vec<Case> {
    let ring = |count: usize, entry: &'static str| {
        move || {
            format!(
                "services:\n{}",
                lines(count, |name| {
                    format!(
                        "  service-{name}: {{image: x, {}}}\n",
                        entry.replace('@', &((name + 1) % count).to_string())
                    )
                })
            )
        }
    };
    vec![
        Case::text("a circle of dependencies", "dependency cycle detected", ring(MANY, "depends_on: [service-@]")),
        Case::text("a circle of extended services", "circular reference", ring(1_000, "extends: service-@")),
        Case::text("a long circle of extended services", "more than 1000 services", ring(10_000, "extends: service-@")),
        Case::text("a circle of too many services", "10000 services", ring(20_000, "depends_on: [service-@]")),
        Case::text("a service that extends itself", "circular reference", || {
            "services: {a: {extends: a}}\n".to_owned()
        }),
        Case::text("a circle of namespaces", "cycle", ring(5_000, "network_mode: 'service:service-@'")),
        Case::text("a file that includes itself", "include cycle", || format!("include: [compose.yaml]\n{SERVICE}")),
        Case::new("a circle of included files", "include cycle", |folder| {
            for name in 0..500 {
                write(folder, &format!("{name}.yaml"), format!("include: [{}.yaml]\n", (name + 1) % 500));
            }
            compose(folder, "include: [0.yaml]\n");
        }),
        Case::new("files that extend one another", "circular reference", |folder| {
            compose(folder, "services: {a: {extends: {service: b, file: other.yaml}}}\n");
            write(folder, "other.yaml", "services: {b: {extends: {service: a, file: compose.yaml}}}\n");
        }),
        Case::text("services that all wait for all others", "error: ", || {
            let all = lines(400, |name| format!("s{name}, "));
            format!("services:\n{}", lines(400, |name| format!("  s{name}: {{image: x, depends_on: [{all}]}}\n")))
        }),
    ]
}

/// A fault on each of many lines.
fn many() -> Vec<Case> {
    let services = |line: &'static str| {
        move || {
            format!(
                "services:\n{}",
                lines(MANY, |name| {
                    format!("  service-{name}: {{image: x, {}}}\n", line.replace('@', &name.to_string()))
                })
            )
        }
    };
    let told = "the first 250 are shown";
    vec![
        Case::text("unknown keys", told, services("imagge: x, portss: x, commandd: x")),
        Case::text("unknown services", told, services("depends_on: [servica-@]")),
        Case::text("unknown services of links", told, services("links: [servica-@], volumes_from: [servica-@]")),
        Case::text("unknown networks", told, services("networks: [netwerk-@]")),
        Case::text("unknown volumes", told, services("volumes: ['volumme-@:/x']")),
        Case::text("unknown bases", told, services("extends: servica-@")),
        Case::text("wrong types", told, services("ports: {}, environment: 1, privileged: maybe")),
        Case::text("unset variables", told, services("command: $A@, extends: none")),
        Case::text("bad ports", told, services("ports: ['a:b', '70000', '1-3:1-2']")),
    ]
}

/// What stands where a file is expected.
fn no_files() -> Vec<Case> {
    let pipe = "is a pipe that nobody writes to";
    let endless = "is larger than 16 MiB";
    let mut cases: Vec<Case> = [
        ("an env file without end", "env_file: /dev/zero", endless),
        ("a label file without end", "label_file: /dev/zero", endless),
        ("a base without end", "extends: {service: a, file: /dev/zero}", endless),
        ("an env file that is a directory", "env_file: .", "is a directory"),
        ("a label file that is a directory", "label_file: .", "is a directory"),
        ("a base that is a directory", "extends: {service: a, file: .}", "is a directory"),
        ("an env file that is a link to itself", "env_file: loop", "symbolic links"),
        ("a base that is a link to itself", "extends: {service: a, file: loop}", "symbolic links"),
        ("an env file that is a link to nothing", "env_file: dangling", "not found"),
        ("an env file that is a pipe", "env_file: pipe", pipe),
        ("a label file that is a pipe", "label_file: pipe", pipe),
        ("a base that is a pipe", "extends: {service: a, file: pipe}", pipe),
        ("an env file that is a terminal", "env_file: /dev/tty", "error: "),
        ("an env file that is a socket", "env_file: socket", "error: "),
        ("an env file below a file", "env_file: compose.yaml/x", "Not a directory"),
    ]
    .into_iter()
    .map(|(name, attribute, words)| {
        Case::new(name, words, move |folder| {
            odd_files(folder);
            compose(folder, &format!("services: {{b: {{image: x, {attribute}}}}}\n"));
        })
    })
    .collect();
    for (name, path, words) in [
        ("an included pipe", "pipe", pipe),
        ("an included directory", ".", "is a directory"),
        ("an included link to itself", "loop", "symbolic links"),
        ("an included file without end", "/dev/zero", endless),
    ] {
        cases.push(Case::new(name, words, move |folder| {
            odd_files(folder);
            compose(folder, &format!("include: [{path}]\n{SERVICE}"));
        }));
    }
    for (name, file, words) in
        [("a compose file that is a pipe", "compose.yaml", pipe), (".env that is a pipe", ".env", pipe)]
    {
        cases.push(Case::new(name, words, move |folder| {
            if file != "compose.yaml" {
                compose(folder, SERVICE);
            }
            odd_files(folder);
            fs::rename(folder.join("pipe"), folder.join(file)).expect("another name for the pipe");
        }));
    }
    cases
}

fn odd_files(folder: &Path) {
    std::os::unix::fs::symlink("loop", folder.join("loop")).expect("a link");
    std::os::unix::fs::symlink("nothing", folder.join("dangling")).expect("a link");
    let made = Command::new("mkfifo").arg(folder.join("pipe")).status();
    assert!(made.expect("mkfifo").success());
    drop(std::os::unix::net::UnixListener::bind(folder.join("socket")).expect("a socket"));
}

/// What env files say, for the project and for services.
fn env_files() -> Vec<Case> {
    let text = |of_project, of_service, words, text: fn() -> String| {
        let project = Case::new(of_project, words, move |folder| {
            compose(folder, SERVICE);
            write(folder, ".env", text());
        });
        let service = Case::new(of_service, words, move |folder| {
            compose(folder, "services: {a: {image: x, env_file: some.env}}\n");
            write(folder, "some.env", text());
        });
        [project, service]
    };
    let mut cases: Vec<Case> = [
        text("variables without end in .env", "variables without end in an env file", "longer", || {
            format!("A0=xxxxxxxxxx\n{}", lines(60, |name| format!("A{}=$A{name}$A{name}\n", name + 1)))
        }),
        text("many variables in .env", "many variables in an env file", "more than 20000 variables", || {
            lines(1_000_000, |name| format!("A{name}=\n"))
        }),
        text("NUL bytes in .env", "NUL bytes in an env file", "error: ", || "\0".repeat(10 * MIB)),
        text("a line of 10 MB without a name in .env", "a line of 10 MB in an env file", "error: ", || {
            "y ".repeat(5 * MIB)
        }),
        text("faults in .env", "faults in an env file", "the first 250 are shown", || "A B=1\n".repeat(500_000)),
        text("a quote that never ends in .env", "a quote that never ends in an env file", "unterminated", || {
            format!("A=\"{}", "y\n".repeat(5 * MIB))
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    cases.push(Case::new("a raw env file of many variables", "more than 20000 variables", |folder| {
        compose(folder, "services: {a: {image: x, env_file: [{path: some.env, format: raw}]}}\n");
        write(folder, "some.env", lines(1_000_000, |name| format!("A{name}=\n")));
    }));
    cases
}

/// Large, and nothing wrong with it.
fn sound() -> Vec<Case> {
    vec![
        Case::text("sound: a text of 10 MB", "", || format!("{SERVICE}x-a: {}\n", "y".repeat(10 * MIB))),
        Case::text("sound: comments of 10 MB", "", || format!("{SERVICE}{}", "# comment\n".repeat(MIB))),
        Case::text("sound: an environment of 1 MB", "", || {
            format!(
                "services:\n  a:\n    image: x\n    environment:\n{}",
                lines(20_000, |name| { format!("      NAME_{name}: a value with some words {name}\n") })
            )
        }),
        Case::text("sound: a range of all ports", "", || {
            "services: {a: {image: x, ports: ['1-65535:1-65535']}}\n".to_owned()
        }),
        Case::new("sound: 1,000 services with an env file", "", |folder| {
            write(folder, "some.env", lines(50, |name| format!("NAME_{name}=value\n")));
            compose(
                folder,
                &format!(
                    "services:\n{}",
                    lines(1_000, |name| { format!("  s{name}: {{image: x, env_file: some.env}}\n") })
                ),
            );
        }),
    ]
}
