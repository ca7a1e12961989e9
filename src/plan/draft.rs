//! A container to be created, where what only earlier steps can tell is still open.

use crate::engine::{ContainerSpec, ImageId, MountPoint};
use crate::model::{Service, ServiceName};

use super::{ContainerRef, StepId};

/// The image of a container: known by now, or the result of a pull or build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageRef {
    Known(ImageId),
    From(StepId),
}

/// A container's specification and what is filled in right before it is created.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub service: ServiceName,
    pub number: u32,
    /// Complete but for the open parts below.
    pub spec: ContainerSpec,
    pub image: ImageRef,
    /// Containers whose namespaces it joins; their ids go into the specification and the configuration hash.
    pub network_of: Option<ContainerRef>,
    pub ipc_of: Option<ContainerRef>,
    pub pid_of: Option<ContainerRef>,
    /// Containers whose volumes it mounts, each with its mode (`ro`, `rw` or empty).
    pub volumes_of: Vec<(ContainerRef, String)>,
    /// What the configuration hash is made of, when open parts go into it; else the label is already set.
    pub hash_of: Option<Box<Service>>,
    /// Anonymous volumes of the container that it replaces: mounted again where the image still declares them.
    pub inherited: Vec<MountPoint>,
}
