//! One step of a plan: one thing asked of the engine, and why.

use std::fmt;
use std::time::Duration;

use crate::engine::{ContainerId, EndpointSpec, HealthSpec, ImageId, ImagePull, NetworkSpec, Removal, VolumeSpec};
use crate::model::{Condition, Hook, Ready, ServiceName};

use super::{Draft, FailedPull, FieldChange, Reason};

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
    /// The folder around it through which it has to come: `/`, or a volume.
    pub folder: String,
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
    PullImage {
        pull: ImagePull,
        failed: FailedPull,
    },
    PushImage {
        image: String,
        ignore_failure: bool,
    },
    /// The service whose `build` section says how. `image` is the name that the result gets.
    BuildImage {
        image: String,
        only_if_missing: bool,
        /// The builder pushes it: an image for several platforms need not come to the engine at all.
        push: bool,
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
    /// Starts a container and waits for its end; any status but 0 is a failure.
    RunToEnd {
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
    RestartContainer {
        container: ContainerRef,
        grace: Option<Duration>,
    },
    KillContainer {
        container: ContainerRef,
        /// `SIGKILL`, `TERM`, `9`
        signal: String,
    },
    PauseContainer {
        container: ContainerRef,
    },
    UnpauseContainer {
        container: ContainerRef,
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
        /// What tells it from outside, in the place of the health check.
        ready: Option<Ready>,
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
    Kill,
    Pause,
    Pull,
    Push,
    Remove,
    Rename,
    Restart,
    Start,
    Stop,
    Unpause,
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
            Self::Kill => ("kill", "Killing", "Killed"),
            Self::Pause => ("pause", "Pausing", "Paused"),
            Self::Pull => ("pull", "Pulling", "Pulled"),
            Self::Push => ("push", "Pushing", "Pushed"),
            Self::Remove => ("remove", "Removing", "Removed"),
            Self::Rename => ("rename", "Renaming", "Renamed"),
            Self::Restart => ("restart", "Restarting", "Restarted"),
            Self::Start => ("start", "Starting", "Started"),
            Self::Stop => ("stop", "Stopping", "Stopped"),
            Self::Unpause => ("unpause", "Unpausing", "Unpaused"),
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
            Step::PushImage { .. } => Action::Push,
            Step::BuildImage { .. } => Action::Build,
            Step::InjectFiles { .. } => Action::Inject,
            Step::StartContainer { .. } => Action::Start,
            Step::RunHook { .. } | Step::RunToEnd { .. } => Action::Hook,
            Step::StopContainer { .. } => Action::Stop,
            Step::RestartContainer { .. } => Action::Restart,
            Step::KillContainer { .. } => Action::Kill,
            Step::PauseContainer { .. } => Action::Pause,
            Step::UnpauseContainer { .. } => Action::Unpause,
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
            Step::PushImage { image, .. } | Step::BuildImage { image, .. } => (SubjectKind::Image, image.as_str()),
            Step::RemoveImage { name } => (SubjectKind::Image, name.as_str()),
            Step::CreateContainer(draft) => (SubjectKind::Container, draft.spec.name.as_str()),
            Step::InjectFiles { container, .. }
            | Step::StartContainer { container }
            | Step::RunHook { container, .. }
            | Step::RunToEnd { container }
            | Step::StopContainer { container, .. }
            | Step::RestartContainer { container, .. }
            | Step::KillContainer { container, .. }
            | Step::PauseContainer { container }
            | Step::UnpauseContainer { container }
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

    /// The fields that changed, if this is the step that makes what has them right.
    pub fn changes(&self) -> &[FieldChange] {
        if self.action() == Action::Create { self.reason.changes() } else { &[] }
    }
}
