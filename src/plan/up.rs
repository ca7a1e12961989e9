//! The plan of `up` and `create`: from what is there to what the file says.

use crate::model::{Project, Service, ServiceName};

use super::planner::Planner;
use super::{Observed, Plan, PlanError, UpPolicy};

/// Every step that leads from the observed state to the project, and none when they agree.
///
/// # Errors
/// All that makes it impossible: missing externals and images, names in use, what the engine cannot do.
pub fn up(project: &Project, observed: &Observed, policy: &UpPolicy) -> Result<Plan, Vec<PlanError>> {
    let mut planner = Planner::new(project, observed, policy).map_err(|error| vec![error])?;
    planner.check_container_names();
    planner.check_unsupported();
    planner.find_networks();
    planner.find_volumes();
    planner.source_images();
    planner.bring_up();
    planner.retire_networks();
    planner.settle();
    if planner.errors.is_empty() { Ok(planner.plan) } else { Err(planner.errors) }
}

impl<'p> Planner<'p> {
    /// The steps for the services in their order, with all that these need.
    pub fn bring_up(&mut self) {
        self.decide();
        self.settle_orphans();
        self.make_networks();
        self.make_volumes();
        self.remove_spent_hooks();
        for (name, service) in self.services() {
            self.make(name, service);
            self.launch(name, service);
        }
    }

    /// No two services may have one container name.
    pub fn check_container_names(&mut self) {
        let mut owners: std::collections::HashMap<String, &ServiceName> = std::collections::HashMap::new();
        for (name, service) in &self.project.services {
            if service.container_name.is_empty() {
                continue;
            }
            if let Some(first) = owners.insert(service.container_name.clone(), name) {
                let container = &service.container_name;
                let message =
                    format!("service {name}: container name {container:?} is already in use by service {first}");
                self.errors.push(PlanError::of_service(name, "container_name", message));
            }
        }
    }

    /// What a service may ask for and this version cannot do, said before anything is done.
    pub fn check_unsupported(&mut self) {
        for (name, service) in self.services() {
            for (key, asked) in unsupported(service) {
                if asked {
                    let message = format!("service {name}: {key} is not supported yet");
                    self.errors.push(PlanError::of_service(name, key, message));
                }
            }
        }
    }
}

fn unsupported(service: &Service) -> [(&'static str, bool); 2] {
    [("provider", service.provider.is_some()), ("models", !service.models.is_empty())]
}
