//! Loading, case by case: a folder with a compose file, and what comes of it.
//!
//! `args.json` holds a question: `files`, `profiles`, `services`, `project_name`, `project_directory`, `env_files`,
//! and the options that are switched off, as `without`. `environment.json` is the shell. What must come out stands in
//! `expected.json`, or in `error.txt` when loading must fail; `warnings.txt` holds the warnings. Where there is a
//! `config.yaml`, it holds instead what docker compose 2.40.3 prints for these files, and so do `config.json`,
//! `hashes.txt`, and, of networks and volumes that it made, `resource-hashes.txt`. Run with `UPDATE_CASES=1` to write them anew, and read the difference.
//!
//! Beside them, `tests/load-errors` holds mistakes: a compose file `NAME.yaml`, or a folder `NAME` of the same kind as
//! above. `NAME.txt` is what a person sees of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use convoke::diagnostic::{Diagnostic, Files};
use convoke::load::{self, Loaded, Options};
use convoke::model::{Project, Service, network_hash, service_hash, volume_hash};
use convoke::render::{caret, config};
use convoke::source::{self, DiskReader, MapReader, Question, Rejected};
use convoke::yaml::{self, Kind, Node};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Case {
    files: Vec<String>,
    profiles: Vec<String>,
    services: Vec<String>,
    project_name: Option<String>,
    project_directory: Option<PathBuf>,
    env_files: Vec<PathBuf>,
    /// Where the person stands, below the folder of the case.
    current_dir: PathBuf,
    without: Vec<String>,
}

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/load");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("tests/load is there")
        .map(|entry| entry.expect("an entry of tests/load").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let trials = folders.into_iter().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || run(&folder))
    });
    libtest_mimic::run(&arguments, trials.chain(mistakes()).collect()).exit();
}

fn mistakes() -> impl Iterator<Item = Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/load-errors");
    let entries = std::fs::read_dir(&root).expect("tests/load-errors is there");
    let paths = entries.map(|entry| entry.expect("an entry of tests/load-errors").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.is_dir() || path.extension() == Some("yaml".as_ref())).collect();
    paths.sort();
    paths.into_iter().map(move |path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let root = root.clone();
        Trial::test(format!("mistake {name}"), move || mistake(&root, &path, &name))
    })
}

/// Compares what is told of a mistake. Everything that is told has a place, unless it is about no file at all.
fn mistake(root: &Path, path: &Path, name: &str) -> Result<(), Failed> {
    let mut case = Case::read(path)?;
    let folder = if path.is_dir() { path } else { root };
    if !path.is_dir() {
        case.files = vec![format!("{name}.yaml")];
    }
    let (files, findings) = match load(&case.question(folder)?, &case) {
        Ok(loaded) => (loaded.files, loaded.warnings),
        Err(rejected) => (rejected.files, rejected.diagnostics),
    };
    if findings.is_empty() {
        return Err("nothing is told".into());
    }
    let placed_findings = findings.iter().filter(|finding| finding.span.is_some()).count();
    for (format, mark) in [(caret::json(&findings, &files), "\"line\":"), (caret::github(&findings, &files), ",line=")]
    {
        let lines: Vec<&str> = format.lines().collect();
        if lines.len() != findings.len() || lines.iter().filter(|line| line.contains(mark)).count() != placed_findings {
            return Err(format!("{} findings, but\n{format}", findings.len()).into());
        }
    }
    let told = placed(&caret::report(&findings, &files, false), folder);
    compare(root, &format!("{name}.txt"), Some(&told))
}

impl Case {
    fn read(folder: &Path) -> Result<Self, Failed> {
        match std::fs::read_to_string(folder.join("args.json")) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(_) => Ok(Self::default()),
        }
    }

    fn question(&self, folder: &Path) -> Result<Question, Failed> {
        let mut environment: BTreeMap<String, String> = match std::fs::read_to_string(folder.join("environment.json")) {
            Ok(text) => serde_json::from_str(&text)?,
            Err(_) => BTreeMap::new(),
        };
        environment.entry("HOME".to_owned()).or_insert_with(|| "/home/me".to_owned());
        Ok(Question {
            files: self.files.clone(),
            project_name: self.project_name.clone(),
            project_directory: self.project_directory.clone(),
            env_files: self.env_files.clone(),
            profiles: self.profiles.clone(),
            current_dir: source::absolute(folder, &self.current_dir),
            environment,
            compatibility: false,
        })
    }
}

fn run(folder: &Path) -> Result<(), Failed> {
    let case = Case::read(folder)?;
    let question = case.question(folder)?;
    let (loaded, warnings, error) = match load(&question, &case) {
        Ok(loaded) => {
            let warnings = told(&loaded.files, &loaded.warnings, folder);
            (Some(loaded), warnings, None)
        }
        Err(rejected) => (None, String::new(), Some(told(&rejected.files, &rejected.diagnostics, folder))),
    };
    match &loaded {
        Some(loaded) if folder.join("config.yaml").exists() => {
            printed(&loaded.project, folder)?;
            reads_its_own_print(loaded, &question)?;
        }
        _ => compare(folder, "expected.json", loaded.map(|loaded| show(&loaded, folder)).transpose()?.as_deref())?,
    }
    compare(folder, "error.txt", error.as_deref())?;
    compare(folder, "warnings.txt", Some(warnings.as_str()).filter(|text| !text.is_empty()))
}

/// Compares what `config` prints with what docker compose prints.
fn printed(project: &Project, folder: &Path) -> Result<(), Failed> {
    let shown = |text: &str| placed(&config::escaped(text), folder);
    compare(folder, "config.yaml", Some(&shown(&yaml::print(&config::yaml(project)))))?;
    if folder.join("config.json").exists() {
        compare(folder, "config.json", Some(&shown(&config::json(project).map_err(|found| format!("{found:?}"))?)))?;
    }
    if folder.join("hashes.txt").exists() {
        // A service that names a place on this disk has another hash on each.
        let here = cases(folder);
        let moves = |service: &Service| {
            let hashed = Service { build: None, ..service.clone() };
            serde_json::to_string(&hashed).is_ok_and(|text| text.contains(&here))
        };
        let services = project.services.iter().filter(|(_, service)| !moves(service));
        let hashes: String = services.map(|(name, service)| format!("{name} {}\n", service_hash(service))).collect();
        compare(folder, "hashes.txt", Some(&hashes))?;
    }
    if folder.join("resource-hashes.txt").exists() {
        let networks =
            project.networks.values().map(|network| format!("net {} {}\n", network.name, network_hash(network)));
        let volumes = project.volumes.values().map(|volume| format!("vol {} {}\n", volume.name, volume_hash(volume)));
        let mut lines: Vec<String> = networks.chain(volumes).collect();
        lines.sort_unstable();
        compare(folder, "resource-hashes.txt", Some(&lines.concat()))?;
    }
    Ok(())
}

/// What `config` prints is a compose file that comes to the same project.
fn reads_its_own_print(loaded: &Loaded, question: &Question) -> Result<(), Failed> {
    let text = config::escaped(&yaml::print(&config::yaml(&loaded.project)));
    let path = loaded.project.working_dir.join("printed.yaml");
    let question = Question {
        files: vec![path.to_string_lossy().into_owned()],
        env_files: Vec::new(),
        project_directory: Some(loaded.project.working_dir.clone()),
        ..question.clone()
    };
    let disk = MapReader::default().with(&path, text.as_bytes());
    let again = source::gather(&question, &disk).and_then(|(source, files, _)| {
        load::project(&source, files, &Options { all_resources: true, ..Options::default() }, &disk)
    });
    let again = again.map_err(|rejected| format!("its own print is refused: {:?}\n{text}", rejected.diagnostics))?;
    let printed = config::escaped(&yaml::print(&config::yaml(&again.project)));
    if printed == text { Ok(()) } else { Err(format!("print\n{text}\nreads as\n{printed}").into()) }
}

fn load(question: &Question, case: &Case) -> Result<Loaded, Rejected> {
    let with = |option: &str| !case.without.iter().any(|word| word == option);
    let options = Options {
        services: case.services.clone(),
        with_dependencies: with("dependencies"),
        interpolate: with("interpolation"),
        normalize: with("normalization"),
        resolve_paths: with("path resolution"),
        check: with("consistency"),
        resolve_environment: with("environment"),
        resolve_labels: true,
        all_resources: !with("unused resources"),
        provenance: false,
    };
    let (source, files, mut warnings) = source::gather(question, &DiskReader)?;
    let mut loaded = load::project(&source, files, &options, &DiskReader)?;
    warnings.append(&mut loaded.warnings);
    loaded.warnings = warnings;
    Ok(loaded)
}

/// The document, and below it which services take part.
fn show(loaded: &Loaded, folder: &Path) -> Result<String, Failed> {
    let mut shown = serde_json::Map::new();
    let names = |services: &BTreeMap<_, _>| -> serde_json::Value {
        services.keys().map(|name: &convoke::model::ServiceName| name.as_str()).collect()
    };
    shown.insert("services".to_owned(), names(&loaded.project.services));
    shown.insert("disabled".to_owned(), names(&loaded.project.disabled_services));
    shown.insert("document".to_owned(), value(&loaded.document));
    let from_files = loaded.project.services.iter().filter(|(name, _)| reads_files(&loaded.document, name.as_str()));
    for (name, service) in from_files {
        shown.insert(format!("environment of {name}"), serde_json::to_value(&service.environment)?);
        shown.insert(format!("labels of {name}"), serde_json::to_value(&service.labels)?);
    }
    Ok(placed(&serde_json::to_string_pretty(&shown)?, folder) + "\n")
}

/// Whether a service names env files or label files, so that the document does not hold all that it comes to.
fn reads_files(document: &Node, name: &str) -> bool {
    let service = || document.as_map()?.get("services")?.as_map()?.get(name)?.as_map();
    service().is_some_and(|service| service.contains_key("env_file") || service.contains_key("label_file"))
}

fn value(node: &Node) -> serde_json::Value {
    match &node.kind {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool(value) => (*value).into(),
        Kind::Int(number) => (*number).into(),
        Kind::Uint(number) => (*number).into(),
        Kind::Float(number) => (*number).into(),
        Kind::Time(text) | Kind::Str(text) => (&**text).into(),
        Kind::Seq(items) => items.iter().map(value).collect(),
        Kind::Map(map) => map.iter().map(|(key, _, node)| (key.to_string(), value(node))).collect(),
    }
}

/// The findings, each with its place and its help.
fn told(files: &Files, findings: &[Diagnostic], folder: &Path) -> String {
    let mut text = String::new();
    for finding in findings {
        let severity = if finding.is_error() { "error" } else { "warning" };
        let _ = writeln!(text, "{severity}: {}", finding.message);
        let place = finding.span.map(|span| (span, "")).into_iter();
        for (span, label) in place.chain(finding.labels.iter().map(|(span, label)| (*span, label.as_str()))) {
            let (line, column) = files.line_column(span);
            let slice = files.slice(span).lines().next().unwrap_or_default();
            let _ = writeln!(text, "  {}:{line}:{column}: {slice:?} {label}", files.path(span.file).display());
        }
        for help in &finding.help {
            let _ = writeln!(text, "  help: {help}");
        }
    }
    placed(&text, folder).replace(" \n", "\n")
}

/// A text with the same words wherever the project's folder lies.
fn placed(text: &str, folder: &Path) -> String {
    text.replace(&*folder.to_string_lossy(), "$CASE").replace(&cases(folder), "$CASES")
}

/// The folder that holds all cases.
fn cases(folder: &Path) -> String {
    folder.parent().unwrap_or(folder).to_string_lossy().into_owned()
}

fn compare(folder: &Path, name: &str, actual: Option<&str>) -> Result<(), Failed> {
    let path = folder.join(name);
    let expected = std::fs::read_to_string(&path).ok();
    if expected.as_deref() == actual {
        return Ok(());
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        return match actual {
            Some(text) => Ok(std::fs::write(&path, text)?),
            None => Ok(std::fs::remove_file(&path)?),
        };
    }
    let (expected, actual) = (expected.unwrap_or_default(), actual.unwrap_or_default());
    Err(format!("{name} differs\n--- expected\n{expected}\n--- actual\n{actual}").into())
}
