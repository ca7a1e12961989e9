//! Images from source.

mod bake;
mod bakefile;
mod choice;
mod classic;
mod context;
mod foundations;
mod ignore;
mod inputs;
mod output;
#[cfg(test)]
mod testing;
mod trace;

use async_trait::async_trait;

use crate::engine::{Engine, ImageId};
use crate::model::{Build, Project, ServiceName};
use crate::plan::spec;

pub use bake::{check, definition};
pub use choice::{Surroundings, choose};
pub use classic::left_out;
pub use foundations::foundations;
pub use ignore::{Ignore, Matches};

#[derive(Clone, Debug, thiserror::Error)]
#[error("build of {service}: {message}")]
pub struct BuildError {
    pub service: ServiceName,
    pub message: String,
    pub help: Option<String>,
}

impl BuildError {
    #[must_use]
    fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
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
    /// The builder pushes the result.
    pub push: bool,
}

impl<'p> BuildRequest<'p> {
    /// What a service of a project says about the image that is to get this name; `None` if it is not built.
    pub fn of(project: &'p Project, service: Option<&ServiceName>, image: &'p str) -> Option<Self> {
        let (service, found) = project.services.get_key_value(service?)?;
        let (build, platform) = (found.build.as_ref()?, spec::platform(project, found));
        Some(Self { project, service, build, image, platform, no_cache: build.no_cache, pull: build.pull, push: false })
    }

    fn error(&self, message: impl Into<String>) -> BuildError {
        BuildError { service: self.service.clone(), message: message.into(), help: None }
    }

    /// Whether the image is one of several platforms.
    fn is_for_several(&self) -> bool {
        self.platform.is_empty() && self.build.platforms.len() > 1
    }

    /// The image that has the request's name now.
    async fn image_of(&self, engine: &dyn Engine) -> Result<ImageId, BuildError> {
        let image = engine.inspect_image(self.image).await;
        image.map(|image| image.id).map_err(|error| self.error(error.to_string()))
    }
}

/// Somebody who can build images.
#[async_trait(?Send)]
pub trait Builder {
    /// Builds one image; `tell` gets the builder's output line by line. `None` for an image that is not on the engine: one
    /// for several platforms may have stayed with its builder, or gone to a registry.
    async fn build(&self, request: &BuildRequest<'_>, tell: &dyn Fn(String)) -> Result<Option<ImageId>, BuildError>;
}
