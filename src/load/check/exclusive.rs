//! Attributes of one service that exclude one another or must agree.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};

use super::{Step, Subject, pointed};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    image(subject, findings);
    build(subject, findings);
    let Subject { name, service, .. } = subject;
    if !service.network_mode.is_empty() && !service.networks.is_empty() {
        let finding =
            Diagnostic::error(format!("service {name} declares mutually exclusive `network_mode` and `networks`"));
        let finding = labelled(finding, subject.place(&["networks".into()]), "networks are chosen here");
        findings.push(pointed(finding, subject.place(&["network_mode".into()])));
    }
    if let Some(first) = service.healthcheck.as_ref().and_then(|check| check.test.first())
        && !matches!(first.as_str(), "CMD" | "CMD-SHELL" | "NONE")
    {
        findings.push(pointed(
            Diagnostic::error("healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"")
                .help("put `CMD` before the words of a command, or write one string to have it run by a shell"),
            subject.value(&["healthcheck".into(), "test".into(), 0.into()]),
        ));
    }
    agreement(subject, findings);
    scale(subject, findings);
    for (index, trigger) in service.develop.iter().flat_map(|develop| &develop.watch).enumerate() {
        if trigger.target.is_empty() && !matches!(trigger.action.as_str(), "rebuild" | "restart") {
            let message = format!("services.{name}.develop.watch: target is required for non-rebuild actions");
            let place = subject.place(&["develop".into(), "watch".into(), index.into(), "action".into()]);
            findings.push(pointed(Diagnostic::error(message), place));
        }
    }
    mounts(subject, findings);
}

pub(super) fn labelled(finding: Diagnostic, place: Option<Span>, text: &str) -> Diagnostic {
    match place {
        Some(span) => finding.label(span, text),
        None => finding,
    }
}

fn image(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let service = subject.service;
    let none = service.build.is_none() && service.image.is_empty() && service.provider.is_none();
    if none && !subject.lost_any(&["image", "build", "provider", "extends"]) {
        findings.push(pointed(
            Diagnostic::error(format!(
                "service {:?} has neither an image nor a build context specified",
                subject.name.as_str()
            ))
            .help("add `image:` with the name of an image, or `build:` with the folder of its Dockerfile"),
            subject.place(&[]),
        ));
        if let (Some(near), Some(finding)) = (subject.near(subject.name.as_str(), findings.len()), findings.last_mut())
        {
            finding.help.push(format!("or did you mean the service `{near}`?"));
        }
    }
}

fn build(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(build) = &subject.service.build else { return };
    if !build.dockerfile_inline.is_empty() && !build.dockerfile.is_empty() {
        let finding = Diagnostic::error(format!(
            "service {:?} has both `dockerfile` and `dockerfile_inline`, of which only one can be built from",
            subject.name.as_str()
        ));
        let finding = labelled(finding, subject.place(&["build".into(), "dockerfile".into()]), "the file");
        findings.push(pointed(finding, subject.place(&["build".into(), "dockerfile_inline".into()])));
    }
    let platform = &subject.service.platform;
    if !build.platforms.is_empty() && !platform.is_empty() && !build.platforms.contains(platform) {
        let finding = Diagnostic::error(format!(
            "services.{}.build.platforms must include {platform:?}, the platform that the service runs on",
            subject.name
        ));
        let finding = labelled(finding, subject.value(&["platform".into()]), "the service runs on this one");
        findings.push(pointed(finding, subject.place(&["build".into(), "platforms".into()])));
    }
}

/// Old attributes of the service and new ones under `deploy` may both be given only when they say the same.
fn agreement(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let service = subject.service;
    let Some(deploy) = &service.deploy else { return };
    let (limits, reservations) = (&deploy.resources.limits, &deploy.resources.reservations);
    let mut distinct = |here: &str, there: &str, differs: bool| {
        if !differs {
            return;
        }
        let finding = Diagnostic::error(format!(
            "services.{}: can't set distinct values on '{here}' and 'deploy.{there}'",
            subject.name
        ));
        let mut path: Vec<Step<'_>> = vec!["deploy".into()];
        path.extend(there.split('.').map(Step::from));
        let finding = labelled(finding, subject.place(&path), "the other value");
        findings.push(pointed(finding, subject.place(&[here.into()])));
    };
    distinct("scale", "replicas", service.scale.is_some_and(|scale| deploy.replicas.is_some_and(|it| it != scale)));
    if let Some(limits) = limits {
        #[expect(clippy::float_cmp, reason = "both are read from text in the same way")]
        let cpus = service.cpus != 0.0 && service.cpus != limits.cpus;
        distinct("cpus", "resources.limits.cpus", cpus);
        let memory = service.mem_limit.0 != 0 && service.mem_limit != limits.memory;
        distinct("mem_limit", "resources.limits.memory", memory);
        let pids = service.pids_limit != 0 && service.pids_limit != limits.pids;
        distinct("pids_limit", "resources.limits.pids", pids);
    }
    if let Some(reservations) = reservations {
        let memory = service.mem_reservation.0 != 0 && service.mem_reservation != reservations.memory;
        distinct("mem_reservation", "resources.reservations.memory", memory);
    }
}

fn scale(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let service = subject.service;
    let replicas = service.deploy.as_ref().and_then(|deploy| deploy.replicas);
    let (count, path): (_, &[Step<'_>]) = match (service.scale, replicas) {
        (Some(scale), _) => (scale, &[Step::Key("scale")]),
        (None, Some(replicas)) => (replicas, &[Step::Key("deploy"), Step::Key("replicas")]),
        (None, None) => return,
    };
    if count > 1 && !service.container_name.is_empty() {
        let attribute = if service.scale.is_some() { "scale" } else { "deploy.replicas" };
        let finding = Diagnostic::error(format!(
            "services.{}: can't set container_name and {attribute} as container name must be unique",
            subject.name
        ));
        let finding = labelled(finding, subject.place(&["container_name".into()]), "one name for all of them");
        findings.push(pointed(finding, subject.place(path)));
    }
}

/// Two mounts on one path would hide one another.
fn mounts(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut taken: BTreeMap<&str, (&'static str, usize)> = BTreeMap::new();
    let service = subject.service;
    let tmpfs = service
        .tmpfs
        .iter()
        .enumerate()
        .map(|(index, entry)| ("tmpfs", index, entry.split_once(':').map_or(entry.as_str(), |(path, _)| path)));
    let volumes = service.volumes.iter().enumerate().map(|(index, mount)| ("volumes", index, mount.target.as_str()));
    for (key, index, target) in tmpfs.chain(volumes) {
        let Some((other, at)) = taken.insert(target, (key, index)) else { continue };
        let name = subject.name;
        let finding = Diagnostic::error(format!(
            "services.{name}.{key}[{index}]: target {target} already mounted as services.{name}.{other}[{at}]"
        ));
        let finding = labelled(finding, subject.value(&[other.into(), at.into()]), "the first mount");
        findings.push(pointed(finding, subject.value(&[key.into(), index.into()])));
    }
}
