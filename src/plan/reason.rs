//! Why a step is done.

use std::fmt;

use crate::engine::ImageId;
use crate::model::ServiceName;

use super::{FieldChange, StepId};

/// Why a step is done. Shown to people and compared in tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    Missing,
    NoContainerYet,
    ScaleUp {
        to: usize,
    },
    ScaleDown {
        to: usize,
    },
    /// The fields that differ, where they are known.
    ConfigurationChanged(Vec<FieldChange>),
    /// Which configs and secrets have another content: `secret key`.
    GrantsChanged(Vec<String>),
    ImageChanged {
        from: ImageId,
        to: ImageId,
    },
    MountedImageChanged,
    /// Decided while running: see the guard.
    IfImageChanged,
    NetworkMissing(String),
    NetworkChanged {
        network: String,
        changes: Vec<FieldChange>,
    },
    VolumeMissing(String),
    VolumeChanged {
        volume: String,
        changes: Vec<FieldChange>,
    },
    /// A container whose namespace or volumes it shares is recreated.
    SharedOwnerRecreated(ServiceName),
    Forced,
    /// Takes the place of the container with this name.
    Replaces(String),
    /// A dependency that says `restart: true` is recreated or restarted.
    DependencyRestarted(ServiceName),
    NotRunning(&'static str),
    /// It ran before, and was only stopped to change something around it.
    StoppedOnTheWay,
    JustCreated,
    NeededBy {
        services: Vec<ServiceName>,
    },
    /// `--wait`
    WaitAsked,
    Orphan,
    OneOffLeftOver,
    /// An earlier command was interrupted while it replaced a container.
    LeftOver,
    /// `-V`: a volume without a name, in whose place a fresh one comes.
    Renewed,
    /// The step that makes what comes in its place.
    ReplacedBy(StepId),
    /// A service whose container is to have its name.
    NameTaken(ServiceName),
    /// A service that is to publish its port.
    PortTaken(ServiceName),
    PullPolicy(String),
    NotLocal,
    /// The pull before it found nothing.
    IfPullFails,
    BuildAsked,
    HookOf(ServiceName),
    /// A hook of an earlier command failed, or was interrupted.
    HookLeftOver,
    GrantOf(ServiceName),
    Down,
    /// The verb itself.
    Asked,
}

impl fmt::Display for Reason {
    /// Without the fields that changed: see [`Reason::changes`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it does not exist"),
            Self::NoContainerYet => f.write_str("no container yet"),
            Self::ScaleUp { to } => write!(f, "scale up to {to}"),
            Self::ScaleDown { to } => write!(f, "scale down to {to}"),
            Self::ConfigurationChanged(_) => f.write_str("its configuration changed"),
            Self::GrantsChanged(grants) => write!(f, "the content of {} changed", grants.join(", ")),
            Self::ImageChanged { from, to } => write!(f, "its image changed: {} → {}", from.short(), to.short()),
            Self::MountedImageChanged => f.write_str("an image that it mounts changed"),
            Self::IfImageChanged => f.write_str("if the image turns out to be another one"),
            Self::NetworkMissing(name) => write!(f, "it is not on network {name}"),
            Self::NetworkChanged { network, .. } => write!(f, "network {network} changed"),
            Self::VolumeMissing(name) => write!(f, "volume {name} is not mounted"),
            Self::VolumeChanged { volume, .. } => write!(f, "volume {volume} changed"),
            Self::SharedOwnerRecreated(owner) => write!(f, "it shares a namespace or volumes with {owner}"),
            Self::Forced => f.write_str("--force-recreate"),
            Self::Replaces(old) => write!(f, "replaces {old}"),
            Self::DependencyRestarted(dependency) => write!(f, "{dependency} is restarted"),
            Self::NotRunning("created") => f.write_str("it was never started"),
            Self::NotRunning(state) => write!(f, "it is {state}"),
            Self::StoppedOnTheWay => f.write_str("it ran before"),
            Self::JustCreated => f.write_str("it was just created"),
            Self::NeededBy { services } => {
                let names: Vec<_> = services.iter().map(ServiceName::as_str).collect();
                write!(f, "needed by {}", names.join(", "))
            }
            Self::WaitAsked => f.write_str("--wait"),
            Self::Orphan => f.write_str("no service of that name any more"),
            Self::OneOffLeftOver => f.write_str("left over from a run"),
            Self::LeftOver => f.write_str("left over from an interrupted replacement"),
            Self::Renewed => f.write_str("--renew-anon-volumes"),
            Self::ReplacedBy(step) => write!(f, "replaced by #{}", step.0 + 1),
            Self::NameTaken(service) => write!(f, "{service} takes its name"),
            Self::PortTaken(service) => write!(f, "{service} takes its port"),
            Self::PullPolicy(policy) => write!(f, "pull policy {policy}"),
            Self::NotLocal => f.write_str("the engine does not have it"),
            Self::IfPullFails => f.write_str("if the pull finds none"),
            Self::BuildAsked => f.write_str("a build was asked for"),
            Self::HookLeftOver => f.write_str("left over from a hook"),
            Self::HookOf(service) => write!(f, "hook of {service}"),
            Self::GrantOf(service) => write!(f, "configs and secrets of {service}"),
            Self::Down => f.write_str("down"),
            Self::Asked => f.write_str("as asked"),
        }
    }
}

impl Reason {
    /// The fields that make the difference, where a difference is the reason.
    pub fn changes(&self) -> &[FieldChange] {
        match self {
            Self::ConfigurationChanged(changes)
            | Self::NetworkChanged { changes, .. }
            | Self::VolumeChanged { changes, .. } => changes,
            _ => &[],
        }
    }

    /// One word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NoContainerYet => "no_container_yet",
            Self::ScaleUp { .. } => "scale_up",
            Self::ScaleDown { .. } => "scale_down",
            Self::ConfigurationChanged(_) => "configuration_changed",
            Self::GrantsChanged(_) => "grants_changed",
            Self::ImageChanged { .. } => "image_changed",
            Self::MountedImageChanged => "mounted_image_changed",
            Self::IfImageChanged => "if_image_changed",
            Self::NetworkMissing(_) => "network_missing",
            Self::NetworkChanged { .. } => "network_changed",
            Self::VolumeMissing(_) => "volume_missing",
            Self::VolumeChanged { .. } => "volume_changed",
            Self::SharedOwnerRecreated(_) => "shared_owner_recreated",
            Self::Forced => "forced",
            Self::Replaces(_) => "replaces",
            Self::DependencyRestarted(_) => "dependency_restarted",
            Self::NotRunning(_) => "not_running",
            Self::StoppedOnTheWay => "stopped_on_the_way",
            Self::JustCreated => "just_created",
            Self::NeededBy { .. } => "needed_by",
            Self::WaitAsked => "wait_asked",
            Self::Orphan => "orphan",
            Self::OneOffLeftOver => "one_off_left_over",
            Self::LeftOver => "left_over",
            Self::Renewed => "renewed",
            Self::ReplacedBy(_) => "replaced_by",
            Self::NameTaken(_) => "name_taken",
            Self::PortTaken(_) => "port_taken",
            Self::PullPolicy(_) => "pull_policy",
            Self::NotLocal => "not_local",
            Self::IfPullFails => "if_pull_fails",
            Self::BuildAsked => "build_asked",
            Self::HookLeftOver => "hook_left_over",
            Self::HookOf(_) => "hook",
            Self::GrantOf(_) => "grant",
            Self::Down => "down",
            Self::Asked => "asked",
        }
    }
}
