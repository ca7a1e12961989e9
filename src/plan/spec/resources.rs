//! Limits, devices and other resources; the deploy section's numbers go over the service's own.

use crate::engine::{ContainerSpec, DeviceRequestSpec, DeviceSpec, ResourceSpec, UlimitSpec};
use crate::model::{Blkio, DeviceRequest, Resource, Service, ThrottleDevice, Ulimit};

pub fn fill(spec: &mut ContainerSpec, service: &Service) {
    let mut resources = own(service);
    if let Some(blkio) = &service.blkio_config {
        block_devices(&mut resources, blkio);
    }
    if let Some(deploy) = &service.deploy {
        limits(&mut resources, deploy.resources.limits.as_ref());
        reservations(&mut resources, deploy.resources.reservations.as_ref());
    }
    devices(&mut resources, service);
    resources.ulimits = service.ulimits.iter().map(|(name, limit)| ulimit(name, limit)).collect();
    spec.resources = resources;
}

fn own(service: &Service) -> ResourceSpec {
    let swappiness = service.mem_swappiness.0;
    ResourceSpec {
        cgroup_parent: service.cgroup_parent.clone(),
        cpu_count: service.cpu_count,
        cpu_percent: whole(service.cpu_percent * 100.0),
        cpu_period: service.cpu_period,
        cpu_quota: service.cpu_quota,
        cpu_realtime_period: service.cpu_rt_period,
        cpu_realtime_runtime: service.cpu_rt_runtime,
        cpu_shares: service.cpu_shares,
        cpuset_cpus: service.cpuset.clone(),
        nano_cpus: whole(service.cpus * 1e9),
        memory: service.mem_limit.0,
        memory_reservation: service.mem_reservation.0,
        memory_swap: service.memswap_limit.0,
        memory_swappiness: (swappiness != 0).then_some(swappiness),
        oom_kill_disable: Some(service.oom_kill_disable),
        pids_limit: (service.pids_limit != 0).then_some(service.pids_limit),
        device_cgroup_rules: service.device_cgroup_rules.clone(),
        ..ResourceSpec::default()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction is cut as docker compose cuts it; the cast saturates"
)]
fn whole(number: f32) -> i64 {
    number as i64
}

fn block_devices(resources: &mut ResourceSpec, blkio: &Blkio) {
    let rates = |devices: &[ThrottleDevice]| {
        devices.iter().map(|device| (device.path.clone(), device.rate.0)).collect::<Vec<_>>()
    };
    resources.blkio_weight = blkio.weight;
    resources.blkio_weight_device =
        blkio.weight_device.iter().map(|device| (device.path.clone(), device.weight)).collect();
    resources.blkio_read_bps = rates(&blkio.device_read_bps);
    resources.blkio_read_iops = rates(&blkio.device_read_iops);
    resources.blkio_write_bps = rates(&blkio.device_write_bps);
    resources.blkio_write_iops = rates(&blkio.device_write_iops);
}

fn limits(resources: &mut ResourceSpec, limits: Option<&Resource>) {
    let Some(limits) = limits else { return };
    if limits.memory.0 != 0 {
        resources.memory = limits.memory.0;
    }
    if limits.cpus != 0.0 {
        resources.nano_cpus = whole(limits.cpus * 1e9);
    }
    if limits.pids > 0 {
        resources.pids_limit = Some(limits.pids);
    }
}

fn reservations(resources: &mut ResourceSpec, reservations: Option<&Resource>) {
    let Some(reservations) = reservations else { return };
    if reservations.memory.0 != 0 {
        resources.memory_reservation = reservations.memory.0;
    }
    resources.device_requests.extend(reservations.devices.iter().map(device_request));
}

fn device_request(request: &DeviceRequest) -> DeviceRequestSpec {
    DeviceRequestSpec {
        driver: request.driver.clone(),
        count: request.count,
        device_ids: request.device_ids.clone(),
        capabilities: vec![request.capabilities.clone()],
        options: request.options.clone(),
    }
}

/// Device nodes, devices by their CDI names, and `gpus`.
fn devices(resources: &mut ResourceSpec, service: &Service) {
    let (by_name, nodes): (Vec<_>, Vec<_>) =
        service.devices.iter().partition(|device| device.source == device.target && is_cdi_name(&device.source));
    resources.devices.extend(nodes.into_iter().map(|device| DeviceSpec {
        host_path: device.source.clone(),
        container_path: device.target.clone(),
        permissions: device.permissions.clone(),
    }));
    if !by_name.is_empty() {
        resources.device_requests.push(DeviceRequestSpec {
            driver: "cdi".into(),
            device_ids: by_name.into_iter().map(|device| device.source.clone()).collect(),
            ..DeviceRequestSpec::default()
        });
    }
    for gpu in &service.gpus {
        let mut request = device_request(gpu);
        request.capabilities[0].push("gpu".into());
        resources.device_requests.push(request);
    }
}

/// `vendor.com/class=device`
fn is_cdi_name(name: &str) -> bool {
    let part = |text: &str, inner: &[char]| {
        text.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && text.ends_with(|letter: char| letter.is_ascii_alphanumeric())
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || inner.contains(&letter))
    };
    let Some((kind, device)) = name.split_once('=') else { return false };
    let Some((vendor, class)) = kind.split_once('/') else { return false };
    let device_ends = device.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && device.ends_with(|letter: char| letter.is_ascii_alphanumeric());
    part(vendor, &['_', '-', '.']) && part(class, &['_', '-', '.']) && device_ends
}

/// A number of its own beats the one for both.
pub fn ulimit(name: &str, limit: &Ulimit) -> UlimitSpec {
    let or_single = |own: i64| if own == 0 { limit.single } else { own };
    UlimitSpec { name: name.to_owned(), soft: or_single(limit.soft), hard: or_single(limit.hard) }
}
