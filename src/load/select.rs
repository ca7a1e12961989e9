//! Profiles, and the services that were asked for: what takes part in this run, and what is kept apart.

use std::collections::{BTreeMap, BTreeSet};

use super::damage::Damage;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::model::{Project, Service, ServiceName};
use crate::yaml::Node;

/// Keeps the services apart that have profiles of which none is switched on. Naming a service switches its own on.
pub(super) fn by_profiles(project: &mut Project, profiles: &[String], named: &[String]) {
    let mut enabled: BTreeSet<&str> = profiles.iter().map(String::as_str).collect();
    for name in named {
        if let Some(service) = project.services.get(name.as_str())
            && !is_active(service, &enabled)
        {
            enabled.extend(service.profiles.iter().map(String::as_str));
        }
    }
    let enabled: BTreeSet<String> = enabled.into_iter().map(str::to_owned).collect();
    let enabled: BTreeSet<&str> = enabled.iter().map(String::as_str).collect();
    // Those that stay are not moved: services are large.
    project.disabled_services = project.services.extract_if(.., |_, service| !is_active(service, &enabled)).collect();
}

/// Profiles that were asked for and that no service has.
pub(super) fn unknown_profiles(project: &Project, profiles: &[String]) -> Vec<Diagnostic> {
    let known: BTreeSet<&str> =
        project.services.values().flat_map(|service| &service.profiles).map(String::as_str).collect();
    let unknown = profiles.iter().filter(|profile| *profile != "*" && !known.contains(profile.as_str()));
    let finding = |profile: &String| {
        let finding = Diagnostic::warning(format!("no service has the profile {profile:?}"));
        match nearest(profile, known.iter().copied()) {
            Some(near) => finding.help(format!("did you mean {near:?}?")),
            None => finding.help(format!("the profiles are: {}", Vec::from_iter(known.iter().copied()).join(", "))),
        }
    };
    // A project without any may well be one of several that are started in the same way.
    if known.is_empty() { Vec::new() } else { unknown.map(finding).collect() }
}

fn is_active(service: &Service, enabled: &BTreeSet<&str>) -> bool {
    service.profiles.is_empty()
        || enabled.contains("*")
        || service.profiles.iter().any(|profile| enabled.contains(profile.as_str()))
}

/// Cuts the project down to the services that were asked for and, unless that is not wanted, what they depend on.
/// Asking for none means all.
pub(super) fn by_name(
    project: &mut Project,
    named: &[String],
    with_dependencies: bool,
    document: &Node,
    damage: &Damage,
    findings: &mut Vec<Diagnostic>,
) {
    if named.is_empty() {
        return;
    }
    let mut wanted: BTreeSet<ServiceName> = BTreeSet::new();
    let mut open: Vec<ServiceName> = Vec::new();
    for pattern in named {
        let before = open.len();
        open.extend(project.services.keys().filter(|name| matches(pattern, name.as_str())).cloned());
        if open.len() == before && !damage.may_hold(document, "services", pattern) {
            findings.push(unknown(project, pattern));
        }
    }
    while let Some(name) = open.pop() {
        let Some(service) = project.services.get(&name).filter(|_| wanted.insert(name.clone())) else { continue };
        if !with_dependencies {
            continue;
        }
        for (other, dependency) in &service.depends_on {
            if project.services.contains_key(other) {
                open.push(other.clone());
            } else if dependency.required
                && (project.disabled_services.contains_key(other)
                    || !damage.may_hold(document, "services", other.as_str()))
            {
                findings.push(missing(project, &name, other, document));
            }
        }
    }
    keep(project, &wanted);
}

fn keep(project: &mut Project, wanted: &BTreeSet<ServiceName>) {
    let services = std::mem::take(&mut project.services);
    let (mut kept, left): (BTreeMap<_, Box<Service>>, BTreeMap<_, _>) =
        services.into_iter().partition(|(name, _)| wanted.contains(name));
    for service in kept.values_mut() {
        service.depends_on.retain(|name, _| wanted.contains(name));
    }
    project.services = kept;
    project.disabled_services.extend(left);
}

fn unknown(project: &Project, pattern: &str) -> Diagnostic {
    let finding = Diagnostic::error(format!("no such service: {pattern}"));
    let known = || project.services.keys().chain(project.disabled_services.keys()).map(ServiceName::as_str);
    if let Some(near) = nearest(pattern, known()) {
        return finding.help(format!("did you mean {near:?}?"));
    }
    let names: Vec<&str> = project.services.keys().map(ServiceName::as_str).take(20).collect();
    if names.is_empty() { finding } else { finding.help(format!("the services are: {}", names.join(", "))) }
}

/// A dependency that is needed and takes no part.
fn missing(project: &Project, name: &ServiceName, other: &ServiceName, document: &Node) -> Diagnostic {
    let finding = match project.disabled_services.get(other) {
        Some(disabled) => Diagnostic::error(format!("service \"{other}\" is required by \"{name}\" but is disabled"))
            .help(format!("switch it on with --profile {}", disabled.profiles.join(" or --profile "))),
        None => Diagnostic::error(format!("service \"{name}\" depends on undefined service \"{other}\"")),
    };
    match place(document, name, other) {
        Some(span) => finding.at(span),
        None => finding,
    }
}

/// Where a service names the one that it depends on.
fn place(document: &Node, name: &ServiceName, other: &ServiceName) -> Option<Span> {
    let service = document.as_map()?.get("services")?.as_map()?.get(name.as_str())?.as_map()?;
    service.get("depends_on")?.as_map()?.key_span(other.as_str())
}

/// Leaves out the networks, volumes, configs, secrets and models that no service of this run uses.
pub fn used_resources(project: &mut Project) {
    let mut used = Used::default();
    for service in project.services.values() {
        used.networks.extend(service.networks.keys().cloned());
        let volumes = service.volumes.iter().filter(|mount| mount.kind == "volume" && !mount.source.is_empty());
        used.volumes.extend(volumes.map(|mount| mount.source.clone()));
        used.configs.extend(service.configs.iter().map(|grant| grant.source.clone()));
        used.secrets.extend(service.secrets.iter().map(|grant| grant.source.clone()));
        let built = service.build.iter().flat_map(|build| &build.secrets);
        used.secrets.extend(built.map(|grant| grant.source.clone()));
        used.models.extend(service.models.keys().cloned());
    }
    project.networks.retain(|name, _| used.networks.contains(name));
    project.volumes.retain(|name, _| used.volumes.contains(name));
    project.configs.retain(|name, _| used.configs.contains(name));
    project.secrets.retain(|name, _| used.secrets.contains(name));
    project.models.retain(|name, _| used.models.contains(name));
}

#[derive(Default)]
struct Used {
    networks: BTreeSet<String>,
    volumes: BTreeSet<String>,
    configs: BTreeSet<String>,
    secrets: BTreeSet<String>,
    models: BTreeSet<String>,
}

/// Whether a name fits a pattern of `*`, `?` and `[…]`. It takes no more than pattern times name steps.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut pattern, mut name) = (&pattern[..], &name[..]);
    // What follows the last `*`, and the rest of the name that it was last tried on.
    let mut star = None;
    while !(pattern.is_empty() && name.is_empty()) {
        if let Some(('*', rest)) = pattern.split_first() {
            pattern = rest;
            star = Some((rest, name));
        } else if let Some(rest) = after_one(pattern, name) {
            (pattern, name) = (rest, &name[1..]);
        } else {
            // Those before the last one need not be tried again: it can take whatever they could have taken more.
            let Some((rest, [_, later @ ..])) = star else { return false };
            (pattern, name) = (rest, later);
            star = Some((rest, later));
        }
    }
    true
}

/// What follows the first part of a pattern, which is no `*`, if that fits the first character of a name.
fn after_one<'p>(pattern: &'p [char], name: &[char]) -> Option<&'p [char]> {
    let ((&first, rest), &character) = (pattern.split_first()?, name.first()?);
    let (fits, rest) = match first {
        '?' => (true, rest),
        '[' => class(rest, character)?,
        '\\' if !rest.is_empty() => (rest[0] == character, &rest[1..]),
        _ => (first == character, rest),
    };
    fits.then_some(rest)
}

/// Whether a character is in the class that a pattern goes on with, and what follows it; nothing for one without end.
fn class(pattern: &[char], character: char) -> Option<(bool, &[char])> {
    let negated = pattern.first() == Some(&'^');
    let members = &pattern[usize::from(negated)..];
    let end = members.iter().skip(1).position(|member| *member == ']')? + 1;
    let (mut members, rest) = (&members[..end], &members[end + 1..]);
    let mut found = false;
    while let Some((&low, others)) = members.split_first() {
        let high = if others.len() > 1 && others[0] == '-' { others[1] } else { low };
        found |= (low..=high).contains(&character);
        members = if others.len() > 1 && others[0] == '-' { &others[2..] } else { others };
    }
    Some((found != negated, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::FileId;
    use crate::model::Dependency;

    fn service(profiles: &[&str], depends_on: &[(&str, bool)]) -> Service {
        let dependency = |(name, required): &(&str, bool)| {
            (ServiceName::from(*name), Dependency { required: *required, ..Dependency::default() })
        };
        Service {
            profiles: profiles.iter().map(|profile| (*profile).to_owned()).collect(),
            depends_on: depends_on.iter().map(dependency).collect(),
            ..Service::default()
        }
    }

    fn project() -> Project {
        let services = [
            ("web", service(&[], &[("db", true), ("tool", false)])),
            ("db", service(&[], &[])),
            ("worker", service(&[], &[("tool", true)])),
            ("tool", service(&["tools"], &[])),
            ("debug", service(&["tools", "debug"], &[])),
        ];
        let services = services.into_iter().map(|(name, service)| (ServiceName::from(name), service.into())).collect();
        Project { services, ..Project::default() }
    }

    fn names(services: &BTreeMap<ServiceName, Box<Service>>) -> Vec<&str> {
        services.keys().map(ServiceName::as_str).collect()
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn profiles_keep_services_apart() {
        for (profiles, named, active) in [
            (&[][..], &[][..], &["db", "web", "worker"][..]),
            (&["debug"], &[], &["db", "debug", "web", "worker"]),
            (&["*"], &[], &["db", "debug", "tool", "web", "worker"]),
            (&[], &["tool"], &["db", "debug", "tool", "web", "worker"]),
        ] {
            let mut project = project();
            by_profiles(&mut project, &strings(profiles), &strings(named));
            assert_eq!(names(&project.services), active, "{profiles:?} {named:?}");
            assert_eq!(project.services.len() + project.disabled_services.len(), 5);
        }
    }

    /// What is left of the project, and what is said, when these services are asked for.
    fn selected(named: &[&str], with_dependencies: bool) -> (Project, Vec<Diagnostic>) {
        let mut project = project();
        by_profiles(&mut project, &[], &[]);
        let document = Node::null(Span { file: FileId(0), start: 0, end: 0 });
        let mut findings = Vec::new();
        by_name(&mut project, &strings(named), with_dependencies, &document, &Damage::default(), &mut findings);
        (project, findings)
    }

    #[test]
    fn a_selection_takes_what_it_depends_on_along() {
        let (project, findings) = selected(&["web"], true);
        assert_eq!((names(&project.services), findings), (vec!["db", "web"], vec![]));
        let web = &project.services["web"];
        assert_eq!(web.depends_on.keys().map(ServiceName::as_str).collect::<Vec<_>>(), ["db"]);
        let (project, findings) = selected(&["web"], false);
        assert_eq!((names(&project.services), findings), (vec!["web"], vec![]));
        assert!(project.services["web"].depends_on.is_empty());
        assert_eq!(names(&project.disabled_services), ["db", "debug", "tool", "worker"]);
        assert_eq!(names(&selected(&["w*", "d?"], true).0.services), ["db", "web", "worker"]);
    }

    #[test]
    fn what_cannot_be_selected_is_told() {
        assert_eq!(selected(&["wbe"], true).1[0].message, "no such service: wbe");
        assert_eq!(selected(&["wbe"], true).1[0].help, ["did you mean \"web\"?"]);
        assert_eq!(selected(&["zzz"], true).1[0].help, ["the services are: db, web, worker"]);
        let (_, findings) = selected(&["worker"], true);
        assert_eq!(findings[0].message, "service \"tool\" is required by \"worker\" but is disabled");
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, fits) in [
            ("web", "web", true),
            ("w*", "web", true),
            ("*e*", "web", true),
            ("w?", "web", false),
            ("[a-w]eb", "web", true),
            ("[^w]eb", "web", false),
            ("w[", "w[", false),
            (r"w\*", "w*", true),
            ("", "web", false),
            ("", "", true),
            ("*", "", true),
            ("w**", "w", true),
            ("*ab*b", "aabab", true),
            ("*a?c", "abcabc", true),
            ("*a?c", "abcabd", false),
            ("*[", "w[", false),
            // Without an end if each `*` were tried with each of the others.
            (format!("{}b", "*a".repeat(40)).as_str(), "a".repeat(80).as_str(), false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
