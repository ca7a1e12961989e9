//! Mounts in the engine's long form.

use bollard::models::{
    Mount, MountBindOptions, MountImageOptions, MountTmpfsOptions, MountType, MountVolumeOptions,
    MountVolumeOptionsDriverConfig,
};

use super::translate::{map, text, word};
use crate::engine::{ApiVersion, MountSpec};

/// # Errors
/// In words, when a value is none that engines know.
pub(super) fn mount_body(mount: &MountSpec, api: ApiVersion) -> Result<Mount, String> {
    let kind = word::<MountType>("a mount's type", &mount.kind)?;
    Ok(Mount {
        target: Some(mount.target.clone()),
        source: text(&mount.source),
        typ: kind,
        read_only: mount.read_only.then_some(true),
        consistency: text(&mount.consistency),
        bind_options: if kind == Some(MountType::BIND) { bind_options(mount, api)? } else { None },
        volume_options: (kind == Some(MountType::VOLUME)).then(|| volume_options(mount)),
        image_options: (kind == Some(MountType::IMAGE)).then(|| MountImageOptions { subpath: text(&mount.subpath) }),
        tmpfs_options: (kind == Some(MountType::TMPFS)).then(|| MountTmpfsOptions {
            size_bytes: (mount.tmpfs_size != 0).then_some(mount.tmpfs_size),
            mode: (mount.tmpfs_mode != 0).then_some(i64::from(mount.tmpfs_mode)),
            options: None,
        }),
    })
}

fn bind_options(mount: &MountSpec, api: ApiVersion) -> Result<Option<MountBindOptions>, String> {
    let recursive_options = api >= ApiVersion::new(1, 44);
    let flag = |set: bool| set.then_some(true);
    let options = MountBindOptions {
        propagation: word("a bind's propagation", &mount.propagation)?,
        non_recursive: flag(mount.non_recursive),
        create_mountpoint: flag(mount.create_mountpoint),
        read_only_non_recursive: flag(mount.read_only_non_recursive && recursive_options),
        read_only_force_recursive: flag(mount.read_only_force_recursive && recursive_options),
    };
    Ok((options != MountBindOptions::default()).then_some(options))
}

fn volume_options(mount: &MountSpec) -> MountVolumeOptions {
    let driver = !mount.driver.is_empty() || !mount.driver_options.is_empty();
    MountVolumeOptions {
        no_copy: mount.no_copy.then_some(true),
        labels: map(&mount.labels),
        driver_config: driver
            .then(|| MountVolumeOptionsDriverConfig { name: text(&mount.driver), options: map(&mount.driver_options) }),
        subpath: text(&mount.subpath),
    }
}
