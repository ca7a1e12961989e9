//! Security options.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::engine::ContainerSpec;
use crate::model::{Project, Service, ServiceName};

use super::super::PlanError;

/// The kernel's names of capabilities, sorted, each once: engines keep them as they are sent.
pub fn capabilities(names: &[String]) -> Vec<String> {
    let full = |name: &String| {
        let name = name.to_ascii_uppercase();
        if name == "ALL" || name.starts_with("CAP_") { name } else { format!("CAP_{name}") }
    };
    names.iter().map(full).collect::<BTreeSet<_>>().into_iter().collect()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_sent_by_their_full_names() {
        let table = [
            (&["NET_ADMIN", "SYS_TIME"][..], &["CAP_NET_ADMIN", "CAP_SYS_TIME"][..]),
            (&["sys_time", "CAP_CHOWN", "chown"], &["CAP_CHOWN", "CAP_SYS_TIME"]),
            (&["all"], &["ALL"]),
            (&[], &[]),
        ];
        for (written, sent) in table {
            let written: Vec<String> = written.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(capabilities(&written), sent);
        }
    }
}
