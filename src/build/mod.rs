//! Images from source.

use async_trait::async_trait;

use crate::engine::ImageId;
use crate::model::{Build, Project, ServiceName};

#[derive(Clone, Debug, thiserror::Error)]
#[error("build of {service}: {message}")]
pub struct BuildError {
    pub service: ServiceName,
    pub message: String,
    pub help: Option<String>,
}

/// One image to build.
#[derive(Clone, Copy, Debug)]
pub struct BuildRequest<'p> {
    pub project: &'p Project,
    pub service: &'p ServiceName,
    pub build: &'p Build,
    /// The name that the result gets, before `build.tags`.
    pub image: &'p str,
    pub platform: &'p str,
    pub no_cache: bool,
    pub pull: bool,
}

/// Somebody who can build images.
#[async_trait(?Send)]
pub trait Builder {
    /// Builds one image; `tell` gets the builder's output line by line.
    async fn build(&self, request: &BuildRequest<'_>, tell: &dyn Fn(String)) -> Result<ImageId, BuildError>;
}
