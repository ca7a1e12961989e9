//! A request to build something, for tests.

use crate::model::{Build, Project, ServiceName};

use super::BuildRequest;

pub struct Sample {
    pub project: Project,
    pub service: ServiceName,
    pub build: Build,
    pub platform: String,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            project: Project { name: "shop".into(), working_dir: "/project".into(), ..Project::default() },
            service: "web".into(),
            build: Build { context: "/project/app".into(), ..Build::default() },
            platform: String::new(),
        }
    }
}

impl Sample {
    pub fn request(&self) -> BuildRequest<'_> {
        BuildRequest {
            project: &self.project,
            service: &self.service,
            build: &self.build,
            image: "shop-web",
            platform: &self.platform,
            no_cache: false,
            pull: false,
            push: false,
        }
    }
}
