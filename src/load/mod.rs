//! Source → Project: one phase per file.

mod canonical;
mod casts;
mod check;
mod damage;
mod decode;
mod defaults;
mod documents;
mod env_files;
mod environment;
mod extends;
mod growth;
mod include;
mod interpolate;
mod merge;
mod normalize;
mod path;
mod paths;
mod reset;
mod scope;
mod select;
mod shape;
mod told;
mod traps;
pub mod typed;
mod unique;
mod words;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, FINDING_LIMIT, Files, Span, nearest};
use crate::model::Project;
use crate::source::{Reader, Rejected, Source, Unset};
use crate::yaml::{Author, Kind, Map, Node};

pub use canonical::long_form;
pub use documents::name;
pub use select::{matches, used_resources};
pub use shape::{Note, attributes, note};
pub use unique::has_keys;

use damage::Damage;
use documents::Written;
use growth::Growth;
use scope::Scope;
use told::Ways;

/// What is wanted of a load. By default: everything.
#[derive(Clone, Debug)]
pub struct Options {
    /// The services that were asked for, names or patterns; none means all.
    pub services: Vec<String>,
    /// Whether what they depend on comes along; `--no-deps` says no.
    pub with_dependencies: bool,
    /// Whether variables are put in. Without, the document is what counts, as values may not have their types: it keeps
    /// the forms that need not be changed for merging, env files are not read, references are not checked, and the
    /// project holds what could be made of it.
    pub interpolate: bool,
    /// Whether what follows from other parts of the files is filled in: names, the default network, dependencies.
    pub normalize: bool,
    /// Whether relative paths are made absolute.
    pub resolve_paths: bool,
    /// Whether references between the parts of the project are checked.
    pub check: bool,
    /// Whether env files of services are read.
    pub resolve_environment: bool,
    /// Whether label files of services are read. Their names stay, as docker compose's hash of a container has them.
    pub resolve_labels: bool,
    /// Whether resources stay that no service uses.
    pub all_resources: bool,
    /// Whether the document remembers where its values come from, and holds what env files and label files say.
    pub provenance: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            with_dependencies: true,
            interpolate: true,
            normalize: true,
            resolve_paths: true,
            check: true,
            resolve_environment: true,
            resolve_labels: true,
            all_resources: false,
            provenance: false,
        }
    }
}

/// A project, and what it was read from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub project: Project,
    /// Every text that was read, for messages.
    pub files: Files,
    pub warnings: Vec<Diagnostic>,
    /// All files merged, in their long form, with the place where each value was written.
    pub document: Node,
    /// Why the project is empty although the document is not: only where variables were not put in.
    pub unclear: Vec<Diagnostic>,
}

/// Loads a project from its files: this is the table of contents of loading.
///
/// # Errors
/// Everything that is wrong with the files, as far as it can be told in one pass.
pub fn project(source: &Source, files: Files, options: &Options, read: &dyn Reader) -> Result<Loaded, Rejected> {
    let mut loading = Loading::new(source, options, read, files);
    let documents = loading.all_documents();
    let name = loading.name(&documents);

    let scope = Scope::of(source, &name);
    let mut document = loading.model(documents, &scope);
    if loading.is_hopeless() {
        return Err(loading.rejected());
    }
    if document.as_map().is_none_or(Map::is_empty) && !loading.has_errors() {
        loading.findings.push(empty());
    }
    if options.normalize {
        set_name(&mut document, &name, source);
        let nothing = std::rc::Rc::default();
        let environment = if options.interpolate { &scope.environment } else { &nothing };
        let context = normalize::NormalizeContext { project_name: &name, environment };
        normalize::fill(&mut document, &context);
        interpolate::remember_own(&mut document, &scope);
    }
    let Some(mut project) = loading.decode(&document, &name, &scope) else { return Err(loading.rejected()) };
    loading.findings.extend(select::unknown_profiles(&project, &source.profiles));
    select::by_profiles(&mut project, &source.profiles, &options.services);
    if options.check && options.interpolate {
        loading.findings.extend(check::sense(&project, &document, &loading.damage));
        check::agree(&mut project);
    }
    let Loading { damage, findings, .. } = &mut loading;
    select::by_name(&mut project, &options.services, options.with_dependencies, &document, damage, findings);
    if !options.all_resources {
        select::used_resources(&mut project);
    }
    env_files::resolve(&mut loading, &mut project, &mut document);
    loading.settle(&[]);
    if loading.has_errors() {
        return Err(loading.rejected());
    }
    let unclear = std::mem::take(&mut loading.unclear);
    let (files, warnings) = loading.told();
    Ok(Loaded { project, files, warnings, document, unclear })
}

/// One load under way.
struct Loading<'l> {
    source: &'l Source,
    options: &'l Options,
    read: &'l dyn Reader,
    files: Files,
    unset: Unset,
    findings: Vec<Diagnostic>,
    damage: Damage,
    ways: Ways,
    unclear: Vec<Diagnostic>,
    growth: Growth,
}

impl<'l> Loading<'l> {
    fn new(source: &'l Source, options: &'l Options, read: &'l dyn Reader, files: Files) -> Self {
        Self {
            source,
            options,
            read,
            files,
            unset: Unset::default(),
            findings: source.faults.clone(),
            damage: Damage::of_variables(!source.faults.is_empty()),
            ways: Ways::default(),
            unclear: Vec::new(),
            growth: Growth::default(),
        }
    }

    /// The documents of one project merged in their order, with everything in it that they include.
    fn model(&mut self, documents: Vec<Written>, scope: &Scope<'l>) -> Node {
        let mut model = self.empty_document(Span { file: crate::diagnostic::FileId(0), start: 0, end: 0 });
        for mut written in documents {
            if self.growth.is_over() {
                return model;
            }
            let resets = written.take_resets();
            let Written { path, node: mut document, .. } = written;
            self.interpolate(&mut document, scope);
            extends::apply(self, &mut document, &path, &resets, scope);
            if self.is_hopeless() {
                return model;
            }
            resets.apply(&mut model);
            include::apply(self, &mut document, &path, scope);
            self.merge_document(&mut model, document, Checked::Yes);
            self.drop_version(&mut model);
            self.settle(&[]);
            if self.is_hopeless() {
                return model;
            }
        }
        defaults::fill(&mut model);
        if !scope.is_included() && self.options.interpolate {
            canonical::limit_commands(&mut model, &mut self.growth, &mut self.findings);
            if self.growth.is_over() {
                return model;
            }
            canonical::finished_forms(&mut model, &mut self.findings);
        }
        check::document(&model, &mut self.findings);
        if scope.is_included() || self.options.resolve_paths {
            paths::resolve(&mut model, &scope.base(self.read), &mut self.findings);
        }
        if !scope.is_included() && self.options.interpolate {
            environment::resolve(&mut model, &scope.environment);
            interpolate::remember_own(&mut model, scope);
        }
        self.settle(&[]);
        model
    }

    fn empty_document(&self, span: Span) -> Node {
        let mut document = Node::new(Kind::Map(Map::default()), span);
        if self.options.provenance {
            document.remember();
        }
        document
    }

    fn interpolate(&mut self, document: &mut Node, scope: &Scope<'_>) {
        traps::check(document, &self.files, &mut self.findings);
        if self.options.interpolate {
            interpolate::remember(document, scope);
            self.expand(document, &scope.environment);
            casts::apply(document, &mut self.findings);
            self.settle(&[]);
        }
    }

    /// Puts the values of variables in.
    fn expand(&mut self, node: &mut Node, environment: &BTreeMap<String, String>) {
        let Self { files, unset, damage, growth, .. } = self;
        let findings = interpolate::apply(node, environment, files, unset, damage, growth);
        self.findings.extend(findings);
        self.settle(&[]);
    }

    /// Merges one document onto those before it, and brings the result into its long form.
    fn merge_document(&mut self, model: &mut Node, mut document: Node, checked: Checked) {
        canonical::limit_lists(&mut document, &mut self.growth, &mut self.findings);
        if self.growth.is_over() {
            return;
        }
        merge::documents(model, document, !self.options.interpolate, &mut self.findings);
        unique::keep_last(model, &mut self.findings);
        self.settle(&[]);
        if checked == Checked::Yes {
            let mended = shape::check(model, &mut self.findings);
            self.settle(&mended);
            // What a misspelled key would include is missing now.
            self.damage.files |= model.as_map().is_some_and(|top| top.contains_key("include"));
        }
        if self.options.interpolate {
            canonical::long_forms(model, &mut self.findings);
        } else {
            canonical::long_forms_as_far_as_clear(model, &mut self.findings);
        }
        if self.is_hopeless() {
            return;
        }
        // Long forms show duplicates that short forms hide: a range of ports, a volume's target.
        unique::keep_last(model, &mut self.findings);
    }

    fn drop_version(&mut self, model: &mut Node) {
        let Some(map) = model.as_map_mut() else { return };
        let Some(span) = map.key_span("version") else { return };
        map.remove("version");
        self.findings.push(
            Diagnostic::warning("the attribute `version` is obsolete and is ignored")
                .at(span)
                .help("remove it to avoid confusion"),
        );
    }

    /// The project as far as it is sound; nothing when it holds too many faults.
    fn decode(&mut self, document: &Node, name: &str, scope: &Scope<'_>) -> Option<Project> {
        let mut project = if self.options.interpolate {
            let sound = self.damage.sound_part(document);
            let (project, findings) = decode::project(sound.as_ref().unwrap_or(document));
            self.findings.extend(findings);
            self.settle(&[]);
            // Keys of values that could not be read are of no use to the checks either.
            self.damage.spread(document);
            project?
        } else {
            let mut finished = document.clone();
            canonical::finished_forms(&mut finished, &mut Vec::new());
            let (project, unclear) = decode::project(&finished);
            self.unclear = unclear;
            project.unwrap_or_default()
        };
        project.name = name.to_owned();
        project.working_dir = self.source.project_directory.clone();
        project.compose_files = self.source.files.clone();
        project.env_files = self.source.env_files.clone();
        project.environment = (*scope.environment).clone();
        Some(project)
    }

    /// Ends a phase, which may have mended faults at some places well enough to go on with.
    fn settle(&mut self, mended: &[Span]) {
        self.damage.settle(&mut self.findings, mended);
    }

    /// Whether there is more wrong than anybody would read, or more of anything than there is room for. What later phases
    /// find takes time, and nobody gets to see it.
    fn is_hopeless(&self) -> bool {
        self.growth.is_over() || self.findings.iter().filter(|finding| finding.is_error()).count() > FINDING_LIMIT
    }

    fn has_errors(&self) -> bool {
        self.findings.iter().any(Diagnostic::is_error)
    }

    /// The texts that were read, and everything there is to tell about them.
    fn told(self) -> (Files, Vec<Diagnostic>) {
        let Self { source, files, unset, mut findings, ways, .. } = self;
        ways.explain(&mut findings, &files, &source.origins, &source.environment);
        findings.extend(unset.findings(&interpolate::places_looked_at(source, &ways.looked_for)));
        told::in_order(&mut findings);
        (files, findings)
    }

    fn rejected(self) -> Rejected {
        let (files, findings) = self.told();
        Rejected::new(files, findings)
    }
}

/// Whether a document must have the shape of a compose file by itself. One that is only extended need not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    Yes,
    No,
}

fn empty() -> Diagnostic {
    Diagnostic::error("empty compose file").help("a compose file needs at least `services:`")
}

/// Warns of keys that mean nothing where they stand.
fn unknown_keys(place: &str, map: &Map, known: &[&str], findings: &mut Vec<Diagnostic>) {
    for (key, span, _) in map.iter().filter(|(key, _, _)| !known.contains(&&***key) && !key.starts_with("x-")) {
        let finding = Diagnostic::warning(format!("{place} has no attribute {key:?}: it is ignored")).at(span);
        findings.push(match nearest(key, known.iter().copied()) {
            Some(near) => finding.help(format!("did you mean {near:?}?")),
            None => finding,
        });
    }
}

/// Sets the project's name where it is missing, or where the files say it otherwise.
fn set_name(document: &mut Node, name: &str, source: &Source) {
    let span = document.span;
    let Some(map) = document.as_map_mut() else { return };
    let from_variable = source.environment.get("COMPOSE_PROJECT_NAME").is_some_and(|value| value == name);
    let author = match &source.project_name {
        Some(_) if from_variable => Author::Environment,
        Some(_) => Author::Flag,
        None => Author::Directory,
    };
    match map.get_mut("name") {
        Some(value) if value.as_str() == Some(name) => {}
        // Its normal form.
        Some(value) if source.project_name.is_none() => value.kind = Kind::Str(name.into()),
        Some(value) => value.give_way(Node::string(name, span).by(author)),
        None => {
            map.insert("name", span, Node::string(name, span).by(author));
        }
    }
}

/// The finding about a compose file on another machine.
fn remote(reference: &str) -> Diagnostic {
    Diagnostic::error(format!("{reference} lies on another machine, which is not supported yet"))
        .help("fetch it first, and name the file on this disk")
}
