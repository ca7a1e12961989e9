//! The labels by which everything is found again, and the networks and volumes that carry them.

use std::collections::BTreeMap;

use crate::engine::{IpamPoolSpec, Labels, NetworkSpec, VolumeSpec};
use crate::model::{Network, Project, Service, ServiceName, Volume, labels};

use super::Purpose;
use crate::model::{network_hash, volume_hash};

/// Our own: each value of the configuration as a short digest, so that a later change can be named.
pub const CONVOKE_CONFIG: &str = "convoke.config";

/// The labels of a container, without the configuration hash and the image.
pub fn container_labels(project: &Project, name: &ServiceName, service: &Service, purpose: Purpose<'_>) -> Labels {
    let mut all = service.labels.clone();
    all.extend(common(project));
    let paths =
        |paths: &[std::path::PathBuf]| paths.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>().join(",");
    let mut set = |label: &str, value: String| all.insert(label.to_owned(), value);
    set(labels::SERVICE, name.to_string());
    set(labels::WORKING_DIR, project.working_dir.to_string_lossy().into_owned());
    set(labels::CONFIG_FILES, paths(&project.compose_files));
    if !project.env_files.is_empty() {
        set(labels::ENVIRONMENT_FILE, paths(&project.env_files));
    }
    set(labels::DEPENDS_ON, depends_on(service));
    match purpose {
        Purpose::Replica(number) => {
            set(labels::ONE_OFF, "False".into());
            set(labels::CONTAINER_NUMBER, number.to_string());
        }
        Purpose::Hook(_) => {
            set(labels::HOOK, "pre_start".into());
        }
        Purpose::OneOff(one_off) => {
            set(labels::ONE_OFF, "True".into());
            set(labels::SLUG, one_off.slug.to_owned());
        }
    }
    all
}

/// `db:service_healthy:false,cache:service_started:true`
fn depends_on(service: &Service) -> String {
    let one = |(name, dependency): (&ServiceName, &crate::model::Dependency)| {
        format!("{name}:{}:{}", dependency.condition.as_str(), dependency.restart)
    };
    service.depends_on.iter().map(one).collect::<Vec<_>>().join(",")
}

/// What is on everything of a project.
fn common(project: &Project) -> Labels {
    BTreeMap::from([
        (labels::PROJECT.to_owned(), project.name.clone()),
        (labels::VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ])
}

/// A network of the project, under its key in the file.
pub fn network_spec(project: &Project, key: &str, network: &Network) -> NetworkSpec {
    let mut all = network.labels.clone();
    all.extend(common(project));
    all.insert(labels::NETWORK.into(), key.into());
    all.insert(labels::CONFIG_HASH.into(), network_hash(network));
    let pool = |pool: &crate::model::IpamPool| IpamPoolSpec {
        subnet: pool.subnet.clone(),
        ip_range: pool.ip_range.clone(),
        gateway: pool.gateway.clone(),
        auxiliary_addresses: pool.aux_addresses.clone(),
    };
    NetworkSpec {
        name: network.name.clone(),
        driver: network.driver.clone(),
        driver_options: network.driver_opts.clone(),
        internal: network.internal,
        attachable: network.attachable,
        enable_ipv4: network.enable_ipv4,
        enable_ipv6: network.enable_ipv6,
        labels: all,
        ipam_driver: network.ipam.driver.clone(),
        ipam_options: network.ipam.options.clone(),
        ipam_pools: network.ipam.config.iter().map(pool).collect(),
    }
}

/// A volume of the project, under its key in the file.
pub fn volume_spec(project: &Project, key: &str, volume: &Volume) -> VolumeSpec {
    let mut all = volume.labels.clone();
    all.extend(common(project));
    all.insert(labels::VOLUME.into(), key.into());
    all.insert(labels::CONFIG_HASH.into(), volume_hash(volume));
    VolumeSpec {
        name: volume.name.clone(),
        driver: volume.driver.clone(),
        driver_options: volume.driver_opts.clone(),
        labels: all,
    }
}
