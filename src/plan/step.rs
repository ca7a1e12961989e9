//! One step of a plan: one thing asked of the engine, and why.

use std::fmt;
use std::time::Duration;

use crate::engine::{ContainerId, EndpointSpec, HealthSpec, ImageId, ImagePull, NetworkSpec, Removal, VolumeSpec};
use crate::model::{Condition, Hook, ServiceName};

use super::Draft;

/// Names a step of one plan; counts from 0, shown from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub usize);

/// A container that exists, or that an earlier step makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerRef {
    Existing {
        id: ContainerId,
        name: String,
    },
    Made {
        step: StepId,
        name: String,
    },
    /// The one that the step makes if its guard lets it, else the one that exists.
    Either {
        step: StepId,
        id: ContainerId,
        name: String,
    },
}

impl ContainerRef {
    pub fn name(&self) -> &str {
        match self {
            Self::Existing { name, .. } | Self::Made { name, .. } | Self::Either { name, .. } => name,
        }
    }
}

/// A file that is put into a container right before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectedFile {
    /// Absolute path inside the container.
    pub target: String,
    pub content: InjectedContent,
    pub uid: u64,
    pub gid: u64,
    pub mode: u32,
}

/// Where an injected file's bytes come from. `Debug` does not show secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum InjectedContent {
    Bytes(Vec<u8>),
    /// A file on the host, read when the step runs.
    File(std::path::PathBuf),
}

impl fmt::Debug for InjectedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

/// One call to the engine (or one wait for it).
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    CreateNetwork(NetworkSpec),
    RemoveNetwork {
        id: String,
        name: String,
    },
    ConnectNetwork {
        network: String,
        container: ContainerRef,
        endpoint: EndpointSpec,
    },
    DisconnectNetwork {
        network: String,
        container: ContainerRef,
    },
    CreateVolume(VolumeSpec),
    RemoveVolume {
        name: String,
    },
    /// `or_build`: a service that can also be built goes on when the pull fails.
    PullImage {
        pull: ImagePull,
        or_build: bool,
    },
    /// The service whose `build` section says how. `image` is the name that the result gets.
    BuildImage {
        image: String,
        only_if_missing: bool,
    },
    RemoveImage {
        name: String,
    },
    CreateContainer(Box<Draft>),
    InjectFiles {
        container: ContainerRef,
        files: Vec<InjectedFile>,
    },
    StartContainer {
        container: ContainerRef,
    },
    RunHook {
        container: ContainerRef,
        hook: Hook,
    },
    StopContainer {
        container: ContainerRef,
        grace: Option<Duration>,
    },
    RemoveContainer {
        container: ContainerRef,
        removal: Removal,
    },
    RenameContainer {
        container: ContainerRef,
        name: String,
    },
    /// Waits until the service's containers are ready. `required: false` turns a failure into a warning.
    Await {
        condition: Readiness,
        containers: Vec<ContainerRef>,
        required: bool,
        health_check: Option<HealthSpec>,
    },
}

/// What a wait waits for: a condition of `depends_on`, or what `--wait` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Readiness {
    Started,
    /// A container without a health check fails the wait.
    Healthy,
    Completed,
    /// Healthy, or running where there is no health check, or ended with 0 where it is not to be restarted.
    Settled,
}

impl Readiness {
    /// The adjective that people see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "running",
            Self::Healthy => "healthy",
            Self::Completed => "completed",
            Self::Settled => "ready",
        }
    }
}

impl From<Condition> for Readiness {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Started => Self::Started,
            Condition::Healthy => Self::Healthy,
            Condition::CompletedSuccessfully => Self::Completed,
        }
    }
}

/// A step that is only done when something turns out so while the plan runs. A step whose guard says no counts as done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Only if the image that the step pulls or builds is another one than the container was made from.
    ImageChanged { step: StepId, from: ImageId },
    /// If at least one of them says yes.
    Any(Vec<Guard>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlannedStep {
    pub step: Step,
    pub reason: Reason,
    pub service: Option<ServiceName>,
    pub guard: Option<Guard>,
}

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
    /// The paths that differ, where they are known.
    ConfigurationChanged(Vec<String>),
    ImageChanged {
        from: ImageId,
        to: ImageId,
    },
    /// Decided while running: see the guard.
    IfImageChanged,
    NetworkMissing(String),
    NetworkChanged(String),
    VolumeMissing(String),
    VolumeChanged(String),
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
    GrantOf(ServiceName),
    Down,
    StopAsked,
    RemoveAsked,
    StartAsked,
    RestartAsked,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it does not exist"),
            Self::NoContainerYet => f.write_str("no container yet"),
            Self::ScaleUp { to } => write!(f, "scale up to {to}"),
            Self::ScaleDown { to } => write!(f, "scale down to {to}"),
            Self::ConfigurationChanged(paths) if paths.is_empty() => f.write_str("its configuration changed"),
            Self::ConfigurationChanged(paths) => write!(f, "its configuration changed: {}", paths.join(", ")),
            Self::ImageChanged { from, to } => write!(f, "its image changed: {} → {}", from.short(), to.short()),
            Self::IfImageChanged => f.write_str("if the image turns out to be another one"),
            Self::NetworkMissing(name) => write!(f, "it is not on network {name}"),
            Self::NetworkChanged(name) => write!(f, "network {name} changed"),
            Self::VolumeMissing(name) => write!(f, "volume {name} is not mounted"),
            Self::VolumeChanged(name) => write!(f, "volume {name} changed"),
            Self::SharedOwnerRecreated(owner) => write!(f, "it shares a namespace or volumes with {owner}"),
            Self::Forced => f.write_str("--force-recreate"),
            Self::Replaces(old) => write!(f, "replaces {old}"),
            Self::DependencyRestarted(dependency) => write!(f, "{dependency} is restarted"),
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
            Self::ReplacedBy(step) => write!(f, "replaced by #{}", step.0 + 1),
            Self::NameTaken(service) => write!(f, "{service} takes its name"),
            Self::PortTaken(service) => write!(f, "{service} takes its port"),
            Self::PullPolicy(policy) => write!(f, "pull policy {policy}"),
            Self::NotLocal => f.write_str("the engine does not have it"),
            Self::IfPullFails => f.write_str("if the pull finds none"),
            Self::BuildAsked => f.write_str("a build was asked for"),
            Self::HookOf(service) => write!(f, "hook of {service}"),
            Self::GrantOf(service) => write!(f, "configs and secrets of {service}"),
            Self::Down => f.write_str("down"),
            Self::StopAsked => f.write_str("stop"),
            Self::RemoveAsked => f.write_str("rm"),
            Self::StartAsked => f.write_str("start"),
            Self::RestartAsked => f.write_str("restart"),
        }
    }
}

/// The kinds of thing that steps are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKind {
    Network,
    Volume,
    Image,
    Container,
    Service,
}

impl SubjectKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Volume => "volume",
            Self::Image => "image",
            Self::Container => "container",
            Self::Service => "service",
        }
    }
}

/// What a step is about, as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    pub kind: SubjectKind,
    pub name: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.kind.as_str(), self.name))
    }
}

/// What is done, in the three forms in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Await,
    Build,
    Connect,
    Create,
    Disconnect,
    Hook,
    Inject,
    Pull,
    Remove,
    Rename,
    Start,
    Stop,
}

impl Action {
    /// `create`
    pub fn imperative(self) -> &'static str {
        self.forms().0
    }

    /// `Creating`
    pub fn working(self) -> &'static str {
        self.forms().1
    }

    /// `Created`
    pub fn done(self) -> &'static str {
        self.forms().2
    }

    fn forms(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Await => ("await", "Waiting", "Ready"),
            Self::Build => ("build", "Building", "Built"),
            Self::Connect => ("connect", "Connecting", "Connected"),
            Self::Create => ("create", "Creating", "Created"),
            Self::Disconnect => ("disconnect", "Disconnecting", "Disconnected"),
            Self::Hook => ("hook", "Running hook", "Hook done"),
            Self::Inject => ("inject", "Injecting", "Injected"),
            Self::Pull => ("pull", "Pulling", "Pulled"),
            Self::Remove => ("remove", "Removing", "Removed"),
            Self::Rename => ("rename", "Renaming", "Renamed"),
            Self::Start => ("start", "Starting", "Started"),
            Self::Stop => ("stop", "Stopping", "Stopped"),
        }
    }
}

impl PlannedStep {
    pub fn action(&self) -> Action {
        match &self.step {
            Step::CreateNetwork(_) | Step::CreateVolume(_) | Step::CreateContainer(_) => Action::Create,
            Step::RemoveNetwork { .. }
            | Step::RemoveVolume { .. }
            | Step::RemoveImage { .. }
            | Step::RemoveContainer { .. } => Action::Remove,
            Step::ConnectNetwork { .. } => Action::Connect,
            Step::DisconnectNetwork { .. } => Action::Disconnect,
            Step::PullImage { .. } => Action::Pull,
            Step::BuildImage { .. } => Action::Build,
            Step::InjectFiles { .. } => Action::Inject,
            Step::StartContainer { .. } => Action::Start,
            Step::RunHook { .. } => Action::Hook,
            Step::StopContainer { .. } => Action::Stop,
            Step::RenameContainer { .. } => Action::Rename,
            Step::Await { .. } => Action::Await,
        }
    }

    pub fn subject(&self) -> Subject {
        let (kind, name) = match &self.step {
            Step::CreateNetwork(spec) => (SubjectKind::Network, spec.name.as_str()),
            Step::RemoveNetwork { name, .. } => (SubjectKind::Network, name.as_str()),
            Step::CreateVolume(spec) => (SubjectKind::Volume, spec.name.as_str()),
            Step::RemoveVolume { name } => (SubjectKind::Volume, name.as_str()),
            Step::PullImage { pull, .. } => (SubjectKind::Image, pull.image.as_str()),
            Step::BuildImage { image, .. } => (SubjectKind::Image, image.as_str()),
            Step::RemoveImage { name } => (SubjectKind::Image, name.as_str()),
            Step::CreateContainer(draft) => (SubjectKind::Container, draft.spec.name.as_str()),
            Step::InjectFiles { container, .. }
            | Step::StartContainer { container }
            | Step::RunHook { container, .. }
            | Step::StopContainer { container, .. }
            | Step::RemoveContainer { container, .. }
            | Step::RenameContainer { container, .. }
            | Step::ConnectNetwork { container, .. }
            | Step::DisconnectNetwork { container, .. } => (SubjectKind::Container, container.name()),
            Step::Await { .. } => (SubjectKind::Service, self.service.as_ref().map_or("?", |name| name.as_str())),
        };
        Subject { kind, name: name.to_owned() }
    }

    /// The reason in words, with what the step adds to it.
    pub fn why(&self) -> String {
        match &self.step {
            Step::Await { condition, .. } => format!("{}, {}", condition.as_str(), self.reason),
            Step::RenameContainer { name, .. } => format!("to {name}"),
            _ => self.reason.to_string(),
        }
    }
}
