//! Security options.

use std::path::PathBuf;

use crate::engine::ContainerSpec;
use crate::model::{Project, Service, ServiceName};

use super::super::PlanError;

/// Fills the options in, and returns the seccomp profiles that have yet to be read, each with its place in the list.
pub fn fill(
    spec: &mut ContainerSpec,
    project: &Project,
    name: &ServiceName,
    service: &Service,
) -> Result<Vec<(usize, PathBuf)>, PlanError> {
    let mut profiles = Vec::new();
    for option in &service.security_opt {
        if option == "systempaths=unconfined" {
            spec.masked_paths = Some(Vec::new());
            spec.read_only_paths = Some(Vec::new());
            continue;
        }
        match option.split_once('=').or_else(|| option.split_once(':')) {
            Some(("seccomp", file)) if !matches!(file, "unconfined" | "builtin") => {
                profiles.push((spec.security_options.len(), project.working_dir.join(file)));
            }
            None if option != "no-new-privileges" => {
                let message = format!("invalid security-opt: {option:?}");
                return Err(PlanError::of_service(name, "security_opt", message).help("write it as NAME=VALUE"));
            }
            _ => {}
        }
        spec.security_options.push(option.clone());
    }
    Ok(profiles)
}
