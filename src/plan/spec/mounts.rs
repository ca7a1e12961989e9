//! What is mounted: which mounts go to the engine in its short form, which need the long one.

use crate::engine::{ApiVersion, ContainerSpec, MountSpec};
use crate::model::{BindOptions, Mount, Service, ServiceName, VolumeOptions};

use super::super::PlanError;
use super::{Context, grants};

const IMAGE_MOUNTS_SINCE: ApiVersion = ApiVersion::new(1, 48);

pub fn fill(
    spec: &mut ContainerSpec,
    context: &Context<'_>,
    name: &ServiceName,
    service: &Service,
) -> Result<(), PlanError> {
    for entry in &service.tmpfs {
        let (path, options) = entry.split_once(':').unwrap_or((entry, ""));
        spec.tmpfs.insert(path.to_owned(), options.to_owned());
    }
    for mount in &service.volumes {
        if mount.kind == "image" && context.api < IMAGE_MOUNTS_SINCE {
            let message = format!(
                "volume with type=image requires Docker Engine 28 or later (this one speaks API {})",
                context.api
            );
            return Err(PlanError::of_service(name, "volumes", message));
        }
        let source = engine_source(context, mount);
        if is_short(mount) {
            spec.binds.push(short_form(&source, mount));
        } else {
            spec.mounts.push(long_form(source, mount));
        }
    }
    let hidden = |target: &str| service.volumes.iter().any(|mount| mount.target == target);
    let granted = grants::mounts(context.project, service).into_iter().filter(|mount| !hidden(&mount.target));
    spec.mounts.extend(granted);
    Ok(())
}

/// Where the service mounts volumes without a name.
pub fn anonymous_targets(service: &Service) -> impl Iterator<Item = &str> {
    let anonymous = service.volumes.iter().filter(|mount| mount.kind == "volume" && mount.source.is_empty());
    anonymous.map(|mount| mount.target.as_str())
}

/// The name that the engine knows a volume by, or the path as it is.
fn engine_source(context: &Context<'_>, mount: &Mount) -> String {
    let declared = (mount.kind == "volume").then(|| context.project.volumes.get(&mount.source)).flatten();
    declared.map_or_else(|| mount.source.clone(), |volume| volume.name.clone())
}

/// Whether `source:target:options` says it all. Only so does the engine create a missing folder on the host.
fn is_short(mount: &Mount) -> bool {
    match mount.kind.as_str() {
        "bind" => mount.bind.as_ref().is_none_or(|bind| {
            let plain = bind.propagation.is_empty() || !bind.selinux.is_empty();
            bind.create_host_path && plain && bind.recursive.is_empty()
        }),
        "volume" => {
            let plain =
                |options: &VolumeOptions| options.labels.is_empty() && options.subpath.is_empty() && !options.nocopy;
            !mount.source.is_empty() && mount.volume.as_ref().is_none_or(plain)
        }
        _ => false,
    }
}

fn short_form(source: &str, mount: &Mount) -> String {
    let bind = mount.bind.as_ref();
    let words = bind.map(|bind| [bind.selinux.as_str(), bind.propagation.as_str()]).unwrap_or_default();
    let access = if mount.read_only { "ro" } else { "rw" };
    let options: Vec<_> = [access].into_iter().chain(words.into_iter().filter(|word| !word.is_empty())).collect();
    format!("{source}:{}:{}", mount.target, options.join(","))
}

/// Only the options of its own kind count.
fn long_form(source: String, mount: &Mount) -> MountSpec {
    let mut spec = MountSpec {
        kind: mount.kind.clone(),
        source,
        target: mount.target.clone(),
        read_only: mount.read_only,
        consistency: mount.consistency.clone(),
        ..MountSpec::default()
    };
    match mount.kind.as_str() {
        "bind" => bind_options(&mut spec, mount.bind.as_ref()),
        "volume" => {
            if let Some(volume) = &mount.volume {
                spec.no_copy = volume.nocopy;
                spec.subpath.clone_from(&volume.subpath);
                spec.labels.clone_from(&volume.labels);
            }
        }
        "tmpfs" => {
            if let Some(tmpfs) = &mount.tmpfs {
                spec.tmpfs_size = tmpfs.size.0;
                spec.tmpfs_mode = tmpfs.mode;
            }
        }
        "image" => {
            if let Some(image) = &mount.image {
                spec.subpath.clone_from(&image.subpath);
            }
        }
        _ => {}
    }
    spec
}

fn bind_options(spec: &mut MountSpec, bind: Option<&BindOptions>) {
    let Some(bind) = bind else { return };
    spec.propagation.clone_from(&bind.propagation);
    spec.create_mountpoint = bind.create_host_path;
    match bind.recursive.as_str() {
        "disabled" => spec.non_recursive = true,
        "writable" => spec.read_only_non_recursive = true,
        "readonly" => spec.read_only_force_recursive = true,
        _ => {}
    }
}
