//! A service → what the engine is asked to create, one topic a file, as docker compose asks it.

mod environment;
mod folders;
mod grants;
mod health;
mod hook;
mod labels;
mod mounts;
mod names;
mod network;
mod ports;
mod resources;
mod security;

use std::collections::BTreeMap;

pub use grants::{contents, injected_files, own_folders};
pub use health::{health_check, ready};
pub use hook::hook_service;
pub(super) use labels::{CONVOKE_CONFIG, container_labels, network_spec, volume_spec};
pub use mounts::anonymous_targets;
pub use names::{container_name, image_name, one_off_name, platform, replica_count};
pub use network::{endpoint, endpoints, keys_by_priority};

use crate::engine::{ApiVersion, ContainerSpec, LogSpec, RestartPolicySpec};
use crate::model::{Project, Service, ServiceName};

use super::PlanError;

/// What a specification is made from, the same for every container of a plan.
#[derive(Clone, Copy)]
pub struct Context<'p> {
    pub project: &'p Project,
    pub api: ApiVersion,
    /// `HTTP_PROXY` and the like from Docker's client configuration.
    pub proxies: &'p BTreeMap<String, String>,
}

/// What the container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'p> {
    /// One of the service's own, by number from 1.
    Replica(u32),
    /// Made by `run`.
    OneOff(OneOff<'p>),
    /// Runs one `pre_start` hook to its end.
    Hook(HookRun),
}

/// Which hook a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookRun {
    /// Its place in `pre_start`, from 0.
    pub index: usize,
    /// For `per_replica`: whose start it comes before.
    pub replica: Option<u32>,
}

/// How a container of `run` differs from a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneOff<'p> {
    /// 64 hexadecimal digits, drawn at random.
    pub slug: &'p str,
    /// Empty: `<project>-<service>-run-<slug>`.
    pub name: &'p str,
    /// Register the service's aliases on its networks.
    pub aliases: bool,
    /// Remove it when it ends.
    pub auto_remove: bool,
    pub attach_stdin: bool,
}

/// What came of it: the specification, and what a person should know of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specified {
    pub spec: ContainerSpec,
    /// Seccomp profiles still to be read: which security option, and from which file.
    pub profiles: Vec<(usize, std::path::PathBuf)>,
    pub warnings: Vec<String>,
}

/// The container of a service, complete but for what only other containers can tell: shared namespaces and volumes, and
/// the labels for the configuration hash and the image.
///
/// # Errors
/// What the service asks for that the engine cannot do, all of it.
pub fn container(
    context: &Context<'_>,
    name: &ServiceName,
    service: &Service,
    purpose: Purpose<'_>,
    links: &[String],
) -> Result<Specified, Vec<PlanError>> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let mut taken = |result: Result<(), PlanError>| errors.extend(result.err());
    let mut spec = basics(context, name, service, purpose);

    ports::fill(&mut spec, service);
    resources::fill(&mut spec, service);
    taken(health::fill(&mut spec, context.api, name, service, &mut warnings));
    taken(network::fill(&mut spec, context, name, service, purpose, links));
    taken(mounts::fill(&mut spec, context, name, service));
    let mut profiles = Vec::new();
    taken(security::fill(&mut spec, context.project, name, service).map(|found| profiles = found));
    taken(environment::check_dns(name, service));
    taken(grants::check(context.project, name, service));
    if errors.is_empty() { Ok(Specified { spec, profiles, warnings }) } else { Err(errors) }
}

/// What is carried over as it is.
fn basics(context: &Context<'_>, name: &ServiceName, service: &Service, purpose: Purpose<'_>) -> ContainerSpec {
    let one_off = match purpose {
        Purpose::OneOff(one_off) => Some(one_off),
        Purpose::Replica(_) | Purpose::Hook(_) => None,
    };
    let attach_stdin = one_off.is_some_and(|one_off| one_off.attach_stdin);
    ContainerSpec {
        name: names::of(context.project, name, service, purpose),
        platform: platform(context.project, service).to_owned(),
        image: image_name(context.project, name, service),
        command: service.command.clone(),
        entrypoint: service.entrypoint.clone(),
        environment: environment::variables(service, context.proxies),
        labels: container_labels(context.project, name, service, purpose),
        annotations: service.annotations.clone(),
        hostname: service.hostname.clone(),
        domain_name: service.domainname.clone(),
        user: service.user.clone(),
        working_dir: service.working_dir.clone(),
        tty: service.tty,
        stdin_open: service.stdin_open,
        stdin_once: attach_stdin && service.stdin_open,
        attach_stdin,
        stop_signal: service.stop_signal.clone(),
        stop_timeout: service.stop_grace_period.map(|grace| grace.nanoseconds / 1_000_000_000),
        network_disabled: service.network_mode == "disabled",
        volume_driver: service.volume_driver.clone(),
        restart_policy: restart_policy(service),
        auto_remove: one_off.is_some_and(|one_off| one_off.auto_remove),
        log: log(service),
        cap_add: security::capabilities(&service.cap_add),
        cap_drop: security::capabilities(&service.cap_drop),
        cgroup_namespace: service.cgroup.clone(),
        dns: service.dns.clone(),
        dns_options: service.dns_opt.clone(),
        dns_search: service.dns_search.clone(),
        extra_hosts: environment::extra_hosts(service),
        group_add: service.group_add.clone(),
        ipc: own_mode(&service.ipc),
        pid: own_mode(&service.pid),
        uts: service.uts.clone(),
        userns: service.userns_mode.clone(),
        isolation: service.isolation.clone(),
        privileged: service.privileged,
        read_only: service.read_only,
        init: service.init,
        runtime: service.runtime.clone(),
        shm_size: service.shm_size.0,
        storage_options: service.storage_opt.clone(),
        sysctls: service.sysctls.clone(),
        oom_score_adj: service.oom_score_adj,
        ..ContainerSpec::default()
    }
}

/// A namespace mode, unless another service's container has to tell it.
fn own_mode(mode: &str) -> String {
    if mode.starts_with("service:") { String::new() } else { mode.to_owned() }
}

fn log(service: &Service) -> Option<LogSpec> {
    let logging = service.logging.as_ref()?;
    Some(LogSpec { driver: logging.driver.clone(), options: logging.options.clone() })
}

/// `deploy.restart_policy` wins over `restart`, even where it leaves its condition out.
fn restart_policy(service: &Service) -> Option<RestartPolicySpec> {
    if let Some(policy) = service.deploy.as_ref().and_then(|deploy| deploy.restart_policy.as_ref()) {
        let maximum_retry_count = policy.max_attempts.map_or(0, |attempts| i64::try_from(attempts).unwrap_or(i64::MAX));
        return Some(RestartPolicySpec { name: restart_word(&policy.condition), maximum_retry_count });
    }
    let (condition, attempts) = service.restart.split_once(':').unwrap_or((&service.restart, ""));
    (!condition.is_empty()).then(|| RestartPolicySpec {
        name: restart_word(condition),
        maximum_retry_count: attempts.parse().unwrap_or(0),
    })
}

/// The engine's word for a condition of the deploy section.
fn restart_word(condition: &str) -> String {
    match condition {
        "none" => "no",
        "any" => "always",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
