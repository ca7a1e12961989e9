//! What a person can do about a failure: a sentence, and commands to try. Pure.

use crate::engine::{ErrorKind, State};
use crate::model::{Bytes, Project};
use crate::plan::Action;
use crate::render::human;
use crate::run::{Cause, CauseKind, KILLED};

use super::holder::Holder;

/// The help under a cause, and the commands at the end of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counsel {
    pub help: Option<String>,
    pub commands: Vec<String>,
}

/// `invocation` makes a command of convoke out of its words.
pub fn on(cause: &Cause, holder: Option<&Holder>, project: &Project, invocation: &dyn Fn(&str) -> String) -> Counsel {
    let service = cause.service.as_ref();
    let goes_to_a_registry = |cause: &Cause| matches!(cause.action, Action::Pull | Action::Push);
    let logs = || service.map(|service| invocation(&format!("logs {service}"))).into_iter().collect();
    let (help, commands) = match &cause.kind {
        CauseKind::Exited { oom: true, .. } => (memory(cause, project), logs()),
        // The engine hears from the kernel whose memory ran out, but not always.
        CauseKind::Exited { code: KILLED, .. } => {
            let help = memory(cause, project);
            (help.map(|help| format!("if its memory ran out, which the engine does not say: {help}")), logs())
        }
        CauseKind::Exited { .. } | CauseKind::Unhealthy | CauseKind::Hook { .. } => (None, logs()),
        CauseKind::TimedOut { .. } if cause.container.is_some() => (None, logs()),
        CauseKind::Engine(error) if error.kind == ErrorKind::PortTaken => port(cause, holder, project, invocation),
        CauseKind::Engine(error) if error.kind == ErrorKind::NotFound && !goes_to_a_registry(cause) => {
            (Some("somebody else may have removed it just now: the same command makes it again".to_owned()), Vec::new())
        }
        CauseKind::Engine(error) if goes_to_a_registry(cause) && error.kind != ErrorKind::Unreachable => {
            (None, build(cause, project, invocation))
        }
        CauseKind::Engine(error) if error.kind == ErrorKind::Conflict && cause.action == Action::Create => (
            Some("somebody else may be at work on the same project: look at what there is, and try again".to_owned()),
            vec![invocation("ps -a")],
        ),
        _ => (None, Vec::new()),
    };
    Counsel { help: help.or_else(|| cause.help.clone()), commands }
}

/// What is not in a registry, or not here to be pushed, may come from source.
fn build(cause: &Cause, project: &Project, invocation: &dyn Fn(&str) -> String) -> Vec<String> {
    let is_missing = matches!(&cause.kind, CauseKind::Engine(error) if error.kind == ErrorKind::NotFound);
    let service = cause.service.as_ref().filter(|_| cause.action == Action::Pull || is_missing);
    let built = service.filter(|name| project.services.get(*name).is_some_and(|service| service.build.is_some()));
    built.map(|service| invocation(&format!("build {service}"))).into_iter().collect()
}

/// The limit that was too low.
fn memory(cause: &Cause, project: &Project) -> Option<String> {
    let service = project.services.get(cause.service.as_ref()?)?;
    let deployed = || Some(service.deploy.as_ref()?.resources.limits.as_ref()?.memory);
    let (key, limit) = match service.mem_limit {
        Bytes(0) => ("deploy.resources.limits.memory", deployed()?),
        limit => ("mem_limit", limit),
    };
    let limit = human::binary_size(u64::try_from(limit.0).ok().filter(|limit| *limit > 0)?);
    Some(format!("raise {key} of {}: it is {limit} now", cause.service.as_ref()?))
}

fn port(
    cause: &Cause,
    holder: Option<&Holder>,
    project: &Project,
    invocation: &dyn Fn(&str) -> String,
) -> (Option<String>, Vec<String>) {
    match holder {
        Some(Holder::Container { project: owner, service, .. }) if *owner == project.name => {
            let itself = cause.service.as_ref().is_some_and(|own| own.as_str() == service);
            let help = if itself {
                "it runs several times, and only one of them can have the port: publish a range of ports, or only the \
                 container's port"
            } else {
                "two services of this project publish the same port: change one of them"
            };
            (Some(help.to_owned()), Vec::new())
        }
        Some(Holder::Container { name, state: State::Running, .. }) => (None, vec![format!("docker stop {name}")]),
        _ => (None, cause.service.as_ref().map(|service| invocation(&format!("ps {service}"))).into_iter().collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::model::ServiceName;
    use crate::plan::{Subject, SubjectKind};

    #[test]
    fn a_limit_of_memory_is_named_where_it_may_have_been_reached() {
        let services = json!({ "web": { "mem_limit": "16777216" }, "free": {} });
        let project = Project { services: serde_json::from_value(services).expect("services"), ..Project::default() };
        let raise = "raise mem_limit of web: it is 16MiB now";
        let perhaps = format!("if its memory ran out, which the engine does not say: {raise}");
        let table = BTreeMap::from([
            (("web", 137, true), Some(raise)),
            (("web", 137, false), Some(perhaps.as_str())),
            (("web", 1, false), None),
            (("free", 137, false), None),
        ]);
        for ((service, code, oom), expected) in table {
            let cause = Cause {
                subject: Subject { kind: SubjectKind::Service, name: service.to_owned() },
                action: Action::Await,
                service: Some(ServiceName::new(service)),
                kind: CauseKind::Exited { code, oom },
                message: String::new(),
                last_logs: Vec::new(),
                probe: None,
                container: None,
                help: None,
            };
            let counsel = on(&cause, None, &project, &|words| format!("convoke {words}"));
            assert_eq!(counsel.help.as_deref(), expected, "{service} {code} {oom}");
            assert_eq!(counsel.commands, [format!("convoke logs {service}")]);
        }
    }
}
