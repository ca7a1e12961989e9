//! Names that a service uses and that nothing declares.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, is_worth_a_search, nearest};
use crate::model::{Service, ServiceName};

use super::{Step, Subject, pointed};

/// How many names are worth listing.
const SHOWN_NAMES: usize = 10;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    services(subject, findings);
    contexts(subject, findings);
    let Subject { project, service, .. } = subject;
    for network in service.networks.keys() {
        let path = ["networks".into(), network.as_str().into()];
        declared(subject, "network", network, &project.networks, &path, findings);
    }
    for (index, mount) in service.volumes.iter().enumerate() {
        if mount.kind == "volume" && !mount.source.is_empty() {
            let path = ["volumes".into(), index.into(), "source".into()];
            declared(subject, "volume", &mount.source, &project.volumes, &path, findings);
        }
    }
    for (index, grant) in service.configs.iter().enumerate() {
        let path = ["configs".into(), index.into(), "source".into()];
        declared(subject, "config", &grant.source, &project.configs, &path, findings);
    }
    for (index, grant) in service.secrets.iter().enumerate() {
        let path = ["secrets".into(), index.into(), "source".into()];
        declared(subject, "secret", &grant.source, &project.secrets, &path, findings);
    }
    for (index, grant) in service.build.iter().flat_map(|build| &build.secrets).enumerate() {
        let path = ["build".into(), "secrets".into(), index.into(), "source".into()];
        declared(subject, "build secret", &grant.source, &project.secrets, &path, findings);
    }
    for model in service.models.keys() {
        let path = ["models".into(), model.as_str().into()];
        declared(subject, "model", model, &project.models, &path, findings);
    }
}

fn declared<T>(
    subject: &Subject<'_>,
    what: &str,
    name: &str,
    known: &BTreeMap<String, T>,
    path: &[Step<'_>],
    findings: &mut Vec<Diagnostic>,
) {
    let section = what.rsplit(' ').next().unwrap_or(what);
    if known.contains_key(name) || subject.may_be_declared(&format!("{section}s"), name) {
        return;
    }
    let finding = Diagnostic::error(format!("service {:?} refers to undefined {what} {name}", subject.name.as_str()));
    let near = if is_worth_a_search(findings.len(), known.len()) {
        nearest(name, known.keys().map(String::as_str))
    } else {
        None
    };
    let finding = match near {
        _ if what == "volume" && name.contains('/') => {
            finding.help(format!("a folder on this machine starts with `./` or `/`: `./{name}`"))
        }
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help(format!("declare it under the top-level `{section}s`")),
    };
    let place = match path.last() {
        Some(Step::Key("source")) => subject.value(path),
        _ => subject.place(path),
    };
    findings.push(pointed(finding, place));
}

fn services(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Subject { project, name, service, .. } = subject;
    for (dependency, how) in &service.depends_on {
        if project.services.contains_key(dependency) {
            continue;
        }
        let disabled = project.disabled_services.get(dependency);
        if disabled.is_some() && !how.required
            || disabled.is_none() && subject.may_be_declared("services", dependency.as_str())
        {
            continue;
        }
        let finding = Diagnostic::error(format!(
            "service {:?} depends on undefined service {:?}",
            name.as_str(),
            dependency.as_str()
        ));
        let finding = match disabled {
            Some(service) => {
                finding.help(format!("{}, or write `required: false`", kept_out(dependency.as_str(), service)))
            }
            None => suggested(finding, subject, dependency.as_str(), findings.len()),
        };
        findings.push(pointed(finding, subject.place(&["depends_on".into(), dependency.as_str().into()])));
    }
    if let Some(other) = service.network_mode.strip_prefix("service:")
        && !project.services.contains_key(other)
        && !service.depends_on.contains_key(other)
    {
        let finding = Diagnostic::error(format!("service {other:?} not found for network_mode 'service:{other}'"));
        let finding = match project.disabled_services.get(other) {
            Some(service) => finding.help(kept_out(other, service)),
            None if subject.may_be_declared("services", other) => return,
            None => suggested(finding, subject, other, findings.len()),
        };
        findings.push(pointed(finding, subject.value(&["network_mode".into()])));
    }
}

fn kept_out(name: &str, service: &Service) -> String {
    format!("{name} is kept out by its profiles: enable one of [{}]", service.profiles.join(", "))
}

fn suggested(finding: Diagnostic, subject: &Subject<'_>, name: &str, told: usize) -> Diagnostic {
    if let Some(near) = subject.near(name, told) {
        return finding.help(format!("did you mean `{near}`?"));
    }
    let others: Vec<&str> = subject.project.services.keys().map(ServiceName::as_str).take(SHOWN_NAMES + 1).collect();
    if others.len() > SHOWN_NAMES { finding } else { finding.help(format!("the services are: {}", others.join(", "))) }
}

/// A build may take the result of another service's build.
fn contexts(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(build) = &subject.service.build else { return };
    for (context, source) in &build.additional_contexts {
        let Some(other) = source.strip_prefix("service:") else { continue };
        let name = subject.name.as_str();
        let finding = match subject.project.services.get(other) {
            Some(target) if target.build.is_some() => continue,
            Some(_) => Diagnostic::error(format!(
                "service {name:?} declares non-buildable service {other:?} as additional contexts {context}"
            )),
            None if subject.may_be_declared("services", other) => continue,
            None => {
                let message =
                    format!("service {name:?} declares unknown service {other:?} as additional contexts {context}");
                suggested(Diagnostic::error(message), subject, other, findings.len())
            }
        };
        let path = ["build".into(), "additional_contexts".into(), context.as_str().into()];
        findings.push(pointed(finding, subject.value(&path)));
    }
}
