//! `use_api_socket`: the engine's socket and its logins, handed to a service as docker compose hands them.

use crate::model::{Grant, GrantSource, Mount, Project};

const SOCKET: &str = "/var/run/docker.sock";
/// The config that holds the logins. No file can declare one of this name.
const LOGINS: &str = "#apisocket";
const FOLDER: &str = "/run/secrets/docker";

/// Whether a service asks for the engine's socket.
pub fn wants_api_socket(project: &Project) -> bool {
    project.services.values().any(|service| service.use_api_socket)
}

/// Gives the services that ask for it the socket, and the logins in the form of Docker's own file.
pub fn give_api_socket(project: &mut Project, logins: &str) {
    project.configs.insert(LOGINS.into(), GrantSource { content: logins.into(), ..GrantSource::default() });
    for service in project.services.values_mut().filter(|service| service.use_api_socket) {
        service.volumes.push(Mount {
            kind: "bind".into(),
            source: SOCKET.into(),
            target: SOCKET.into(),
            ..Mount::default()
        });
        // Whoever sets the variable keeps logins of their own.
        service.environment.entry("DOCKER_CONFIG".into()).or_insert_with(|| Some(FOLDER.into()));
        let target = format!("{FOLDER}/config.json");
        service.configs.push(Grant { source: LOGINS.into(), target, ..Grant::default() });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Service, service_hash};

    #[test]
    fn the_hash_is_that_of_docker_compose() {
        let service: Service = serde_json::from_value(json!({
            "image": "plan-bb", "command": ["sleep", "1000"], "use_api_socket": true, "networks": {"default": null},
        }))
        .expect("a service");
        let mut project = Project { services: [("a".into(), service.into())].into(), ..Project::default() };
        assert!(wants_api_socket(&project));
        give_api_socket(&mut project, "{}");
        let service = &project.services["a"];
        assert_eq!(service.environment["DOCKER_CONFIG"].as_deref(), Some("/run/secrets/docker"));
        assert_eq!(service_hash(service), "fab6096c634e3f0e79acdb3e0a15d91eafc4ff883bde9b27c8503a2e1d386ebd");
    }
}
