//! Containers of the project that no service of the file accounts for.

use crate::engine::Container;
use crate::model::{Project, labels};

use super::planner::Planner;
use super::{Labelled, Reason};

/// What is to be said and done about a container that no service accounts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orphan {
    /// Its service is not in the file any more.
    Service,
    /// A `run` that is over.
    OneOff,
    /// Made from other files in another folder under the same project name.
    Foreign,
}

impl Orphan {
    /// `None` for a container that is none.
    pub fn of(project: &Project, container: &Container) -> Option<Self> {
        if container.is_one_off() {
            return container.is_spent_one_off().then_some(Self::OneOff);
        }
        let service = container.service();
        if project.services.contains_key(service) || project.disabled_services.contains_key(service) {
            return None;
        }
        let folder = container.labels.get(labels::WORKING_DIR).map_or("", String::as_str);
        let ours = project.working_dir.to_string_lossy();
        let is_foreign = !folder.is_empty() && !ours.is_empty() && folder != ours;
        Some(if is_foreign { Self::Foreign } else { Self::Service })
    }

    pub fn reason(self) -> Reason {
        match self {
            Self::OneOff => Reason::OneOffLeftOver,
            Self::Service | Self::Foreign => Reason::Orphan,
        }
    }
}

/// The sentence that people know from docker compose.
pub(super) fn orphan_warning(names: &[&str]) -> String {
    format!(
        "Found orphan containers ([{}]) for this project. If you removed or renamed this service in your compose file, \
         you can run this command with the --remove-orphans flag to clean it up.",
        names.join(" ")
    )
}

/// What to know of containers that another folder's files made under the same project name.
pub(super) fn foreign_warning(project: &Project, foreign: &[&Container]) -> Option<String> {
    let first = foreign.first()?;
    let names: Vec<_> = foreign.iter().map(|container| container.name.as_str()).collect();
    let folder = first.labels.get(labels::WORKING_DIR).map_or("", String::as_str);
    Some(format!(
        "Found containers ([{}]) that another project of the same name {:?} made, in {folder}; they are left alone. \
         Give one of the two projects another name (-p, or `name:` in the file).",
        names.join(" "),
        project.name
    ))
}

impl Planner<'_> {
    pub fn settle_orphans(&mut self) {
        let mut named = Vec::new();
        let mut foreign = Vec::new();
        for container in &self.observed.containers {
            match Orphan::of(self.project, container) {
                None => {}
                Some(Orphan::Foreign) => foreign.push(container),
                Some(orphan) if self.policy.remove_orphans => {
                    self.retire(container, orphan.reason(), []);
                }
                Some(_) => named.push(container.name.as_str()),
            }
        }
        if self.policy.ignore_orphans {
            return;
        }
        if !named.is_empty() {
            self.warn(orphan_warning(&named));
        }
        if let Some(warning) = foreign_warning(self.project, &foreign) {
            self.warn(warning);
        }
    }
}
