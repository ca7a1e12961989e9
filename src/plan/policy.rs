//! What a command was asked to do beyond the file: the flags, as decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::ServiceName;

/// When an existing container is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recreation {
    #[default]
    Diverged,
    Force,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullPolicy {
    Always,
    Missing,
    Never,
    Build,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuildPolicy {
    /// Only what the engine does not have.
    #[default]
    Missing,
    Always,
    Never,
}

/// How `up` and `create` go about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpPolicy {
    /// The services that were named; empty means all.
    pub targets: Vec<ServiceName>,
    pub recreate: Recreation,
    /// For services that are only there because a target depends on them.
    pub recreate_dependencies: Recreation,
    /// New anonymous volumes instead of the old container's.
    pub renew_anonymous_volumes: bool,
    pub remove_orphans: bool,
    pub ignore_orphans: bool,
    /// Create only.
    pub no_start: bool,
    /// Overrides every service's own policy.
    pub pull: Option<PullPolicy>,
    pub build: BuildPolicy,
    /// For containers that are stopped on the way.
    pub stop_timeout: Option<Duration>,
    /// End only when every service is running or healthy.
    pub wait: bool,
    /// Names (or keys) of volumes that may be destroyed to make them what the file says.
    pub allow_data_loss: Vec<String>,
    /// `HTTP_PROXY` and the like from Docker's client configuration: below every service's own environment.
    pub proxies: BTreeMap<String, String>,
    pub foundations: Foundations,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageRemoval {
    #[default]
    None,
    /// Only images without a name of their own in the file.
    Local,
    All,
}

/// How `down` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownPolicy {
    /// The services that were named; empty means the whole project.
    pub targets: Vec<ServiceName>,
    pub remove_orphans: bool,
    pub volumes: bool,
    pub images: ImageRemoval,
    pub stop_timeout: Option<Duration>,
}

/// How `stop` (and Ctrl-C) goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopPolicy {
    /// The services that were named; empty means the whole project.
    pub targets: Vec<ServiceName>,
    pub stop_timeout: Option<Duration>,
}

/// How `start` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartPolicy {
    /// The services that were named; empty means the whole project.
    pub targets: Vec<ServiceName>,
    /// End only when every service is running or healthy.
    pub wait: bool,
}

/// How `restart` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestartPolicy {
    /// The services that were named; empty means the whole project.
    pub targets: Vec<ServiceName>,
    pub stop_timeout: Option<Duration>,
    /// Leave dependents alone, also those with `restart: true`.
    pub no_deps: bool,
}

/// How `kill` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KillPolicy {
    /// The services that were named; empty means the whole project.
    pub targets: Vec<ServiceName>,
    pub signal: String,
    /// Also containers of services that the file does not have any more.
    pub remove_orphans: bool,
}

/// How `rm` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemovePolicy {
    /// The services that were named; empty means the whole project.
    pub targets: Vec<ServiceName>,
    /// Also those that run: they are stopped first.
    pub stop: bool,
    pub force: bool,
    /// Take anonymous volumes along.
    pub volumes: bool,
}

/// What it means that an image cannot be pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailedPull {
    #[default]
    Fails,
    /// The service's image can be built instead.
    Builds,
    Tolerated,
}

/// How `pull` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullOrder {
    /// The services that were named: they are told when nothing is pulled for them.
    pub targets: Vec<ServiceName>,
    /// Overrides every service's own policy.
    pub policy: Option<PullPolicy>,
    pub ignore_buildable: bool,
    pub ignore_failures: bool,
}

/// How `push` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushOrder {
    /// The services that were named: they are told when nothing is pushed for them.
    pub targets: Vec<ServiceName>,
    pub ignore_failures: bool,
}

/// Services, and those whose images theirs are built upon, as far as only Dockerfiles tell.
pub type Foundations = BTreeMap<ServiceName, BTreeSet<ServiceName>>;

/// How `build` goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildOrder {
    pub foundations: Foundations,
    /// Images that have a name in the file go to their registries then.
    pub push: bool,
}
