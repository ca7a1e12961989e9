//! How the engine is told to look after a container's health.

use std::time::Duration;

use crate::engine::{ApiVersion, ContainerSpec, HealthSpec};
use crate::model::{HealthCheck, Ready, Service, ServiceName};

use super::super::PlanError;

const START_INTERVAL_SINCE: ApiVersion = ApiVersion::new(1, 44);

/// What a service says of when it is ready, as loading has found it to make sense.
pub fn ready(service: &Service) -> Option<Ready> {
    Ready::of(service).and_then(Result::ok)
}

pub fn fill(
    spec: &mut ContainerSpec,
    api: ApiVersion,
    name: &ServiceName,
    service: &Service,
    warnings: &mut Vec<String>,
) -> Result<(), PlanError> {
    let Some(check) = &service.healthcheck else { return Ok(()) };
    let mut health = of(check);
    if health.start_interval.is_some() {
        if check.start_period.is_none_or(|period| period.nanoseconds == 0) {
            let message = "healthcheck.start_interval requires healthcheck.start_period to be set";
            return Err(PlanError::of_service(name, "healthcheck", message));
        }
        if api < START_INTERVAL_SINCE {
            health.start_interval = None;
            warnings.push(format!(
                "service {name}: this engine (API {api}) does not know healthcheck.start_interval; \
                 it checks every `interval` from the start (Docker Engine 25 and later do)"
            ));
        }
    }
    spec.health_check = Some(health);
    Ok(())
}

/// The check that the service itself declares; `None` leaves it to the image.
pub fn health_check(service: &Service) -> Option<HealthSpec> {
    service.healthcheck.as_deref().map(of)
}

fn of(check: &HealthCheck) -> HealthSpec {
    let length = |duration: crate::model::Duration| -> Duration { duration.to_std() };
    HealthSpec {
        test: if check.disable { vec!["NONE".into()] } else { check.test.clone() },
        interval: check.interval.map(length),
        timeout: check.timeout.map(length),
        start_period: check.start_period.map(length),
        start_interval: check.start_interval.map(length),
        retries: check.retries.map(|retries| i64::try_from(retries).unwrap_or(i64::MAX)),
    }
}
