//! What a project is: plain data in the long form, as it stands after loading.
//!
//! The order of the fields, and what is left out when empty, follow docker compose's own types: the JSON text of a
//! service is what its configuration hash is made of, so that both tools agree on it.

mod build;
mod bytes;
mod dependency;
mod deploy;
mod develop;
mod duration;
mod env_file;
mod grant;
mod hash;
mod health;
mod hosts;
pub mod json;
pub mod labels;
mod mount;
mod names;
mod network;
mod port;
mod project;
mod ready;
mod service;
mod ssh;
pub mod tree;
mod ulimit;
mod volume;

pub use build::Build;
pub use bytes::Bytes;
pub use dependency::{Condition, Dependency};
pub use deploy::{
    Deploy, DeviceRequest, DiscreteResource, GenericResource, Placement, PlacementPreference, Resource, Resources,
    RestartPolicy, UpdateConfig,
};
pub use develop::{Develop, Trigger};
pub use duration::Duration;
pub use env_file::EnvFile;
pub use grant::{FileMode, Grant, GrantSource};
pub use hash::{network_hash, service_hash, volume_hash};
pub use health::HealthCheck;
pub use mount::{BindOptions, ImageOptions, Mount, TmpfsOptions, VolumeOptions};
pub use names::ServiceName;
pub use network::{Endpoint, Ipam, IpamPool, Network};
pub use port::Port;
pub use project::{Extensions, ModelResource, Project};
pub use ready::{Ready, Sign, Wrong};
pub use service::{
    Blkio, CredentialSpec, DeviceMapping, Hook, Logging, Provider, Service, ServiceModel, ThrottleDevice, WeightDevice,
};
pub use ulimit::Ulimit;
pub use volume::Volume;
