//! The labels by which the parts of a project are found again, the same that docker compose writes.

pub const PROJECT: &str = "com.docker.compose.project";
pub const SERVICE: &str = "com.docker.compose.service";
pub const VERSION: &str = "com.docker.compose.version";
pub const CONFIG_HASH: &str = "com.docker.compose.config-hash";
/// Counts replicas from 1; one-off containers have none.
pub const CONTAINER_NUMBER: &str = "com.docker.compose.container-number";
/// `True` or `False`.
pub const ONE_OFF: &str = "com.docker.compose.oneoff";
pub const SLUG: &str = "com.docker.compose.slug";
pub const WORKING_DIR: &str = "com.docker.compose.project.working_dir";
pub const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
pub const ENVIRONMENT_FILE: &str = "com.docker.compose.project.environment_file";
/// `db:service_healthy:false`, joined with commas.
pub const DEPENDS_ON: &str = "com.docker.compose.depends_on";
/// The image that the container was made from.
pub const IMAGE: &str = "com.docker.compose.image";
pub const IMAGE_VOLUME_DIGEST: &str = "com.docker.compose.image-volume-digest";
/// On a recreated container: what it replaces.
pub const REPLACE: &str = "com.docker.compose.replace";
/// A network's key in the file.
pub const NETWORK: &str = "com.docker.compose.network";
/// A volume's key in the file.
pub const VOLUME: &str = "com.docker.compose.volume";
/// `classic` on what the engine's own builder made.
pub const IMAGE_BUILDER: &str = "com.docker.compose.image.builder";
/// `pre_start` on containers of such hooks.
pub const HOOK: &str = "com.docker.compose.hook";

/// Whether a label is one of those that we or docker compose write, and none of the user's own.
pub fn is_ours(label: &str) -> bool {
    label.starts_with("com.docker.compose.") || label.starts_with("convoke.")
}
