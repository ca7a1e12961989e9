//! The service that a container of a `pre_start` hook is made from: its own, but for what the hook says and what only the
//! real one is to have.

use crate::model::{HealthCheck, Hook, Service};

/// `image` is what the service runs. Volumes come from a replica, so that the hook finds them all.
pub fn hook_service(service: &Service, image: &str, hook: &Hook) -> Service {
    let own = |own: &str, other: &str| if own.is_empty() { other.to_owned() } else { own.to_owned() };
    let mut environment = service.environment.clone();
    environment.extend(hook.environment.clone());
    Service {
        image: own(&hook.image, image),
        build: None,
        command: hook.command.clone(),
        entrypoint: None,
        environment,
        user: own(&hook.user, &service.user),
        working_dir: own(&hook.working_dir, &service.working_dir),
        privileged: hook.privileged || service.privileged,
        container_name: String::new(),
        // Nobody waits for its health, and its image's own check is of no use to a job.
        healthcheck: Some(Box::new(HealthCheck { disable: true, ..HealthCheck::default() })),
        ports: Vec::new(),
        restart: String::new(),
        deploy: service.deploy.clone().map(|mut deploy| {
            deploy.restart_policy = None;
            deploy
        }),
        volumes: Vec::new(),
        volumes_from: Vec::new(),
        ..service.clone()
    }
}
