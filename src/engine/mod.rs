//! The container engine, as convoke needs it: one port, with a real house (`docker`) and one in memory behind it.
//!
//! The engine knows containers, networks, volumes and images. It knows no services and no projects.

pub mod docker;
mod error;
mod files;
mod image;
pub mod memory;
mod network;
mod sight;
mod stream;
mod talk;
mod types;

pub use error::{EngineError, ErrorKind};
pub use files::*;
pub use image::*;
pub use network::*;
pub use sight::*;
pub use stream::*;
pub use talk::*;
pub use types::*;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

/// A container engine. Each method is one thing that the engine does; none of them decides anything.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What answers, and the API version that both sides speak. Known from connecting: costs no call.
    fn about(&self) -> &About;

    /// Every container that all the filters match, running or not.
    async fn containers(&self, filters: &Filters) -> Result<Vec<Container>, EngineError>;
    async fn inspect_container(&self, id: &ContainerId) -> Result<ContainerDetails, EngineError>;
    /// Creates a container on all its networks, or none: where the engine cannot take all networks at once and a later
    /// one fails, the container is removed again.
    async fn create_container(&self, spec: &ContainerSpec) -> Result<Created, EngineError>;
    async fn start_container(&self, id: &ContainerId) -> Result<(), EngineError>;
    /// Stops a container; `None` leaves the grace period to the container's own setting.
    async fn stop_container(&self, id: &ContainerId, grace: Option<std::time::Duration>) -> Result<(), EngineError>;
    async fn restart_container(&self, id: &ContainerId, grace: Option<std::time::Duration>) -> Result<(), EngineError>;
    async fn kill_container(&self, id: &ContainerId, signal: &str) -> Result<(), EngineError>;
    async fn pause_container(&self, id: &ContainerId) -> Result<(), EngineError>;
    async fn unpause_container(&self, id: &ContainerId) -> Result<(), EngineError>;
    async fn rename_container(&self, id: &ContainerId, name: &str) -> Result<(), EngineError>;
    async fn remove_container(&self, id: &ContainerId, removal: Removal) -> Result<(), EngineError>;
    /// Unpacks a tar archive below a folder of the container.
    async fn upload(&self, id: &ContainerId, upload: Upload) -> Result<(), EngineError>;
    /// What lies at a path of a container, as a tar archive whose names begin with the path's last part.
    fn download(&self, id: &ContainerId, path: &str) -> BoxStream<'static, Result<Bytes, EngineError>>;
    async fn path_stat(&self, id: &ContainerId, path: &str) -> Result<PathStat, EngineError>;
    /// Everything that a container sees as its file system, without its volumes, as a tar archive.
    fn export(&self, id: &ContainerId) -> BoxStream<'static, Result<Bytes, EngineError>>;
    /// Makes an image of a container as it is now.
    async fn commit(&self, id: &ContainerId, spec: &CommitSpec) -> Result<ImageId, EngineError>;
    /// Runs a command inside a running container and returns what it printed and how it ended.
    async fn exec(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecOutcome, EngineError>;
    /// Makes a command that is to run inside a running container.
    async fn create_exec(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecId, EngineError>;
    /// Starts it and stays with it; `spec` is what it was made from.
    async fn talk_with_exec(&self, exec: &ExecId, spec: &ExecSpec) -> Result<Talk, EngineError>;
    /// Starts it and leaves it alone.
    async fn start_exec(&self, exec: &ExecId) -> Result<(), EngineError>;
    async fn resize_exec(&self, exec: &ExecId, window: Window) -> Result<(), EngineError>;
    /// Its exit code; `None` while it runs.
    async fn exec_ended(&self, exec: &ExecId) -> Result<Option<i64>, EngineError>;
    /// Joins the streams of a container's own process from now on. One that is not started yet is waited for.
    async fn talk_with_container(&self, id: &ContainerId, request: &AttachRequest) -> Result<Talk, EngineError>;
    async fn resize_container(&self, id: &ContainerId, window: Window) -> Result<(), EngineError>;
    /// The output of a container as it was written: chunks, not lines.
    fn logs(&self, id: &ContainerId, request: &LogRequest) -> BoxStream<'static, Result<LogChunk, EngineError>>;
    /// What happens on the engine from now on (or from `since`), until the stream is dropped. The engine is asked when
    /// the stream is first polled. A container's `die` may be told before a list shows its end: the exit code is in the
    /// event, and an inspection knows it too.
    fn events(&self, request: &EventRequest) -> BoxStream<'static, Result<EngineEvent, EngineError>>;

    /// Waits until a container does not run, and tells its exit code; of one that was never started, 0.
    async fn wait_container(&self, id: &ContainerId) -> Result<i64, EngineError>;
    /// What runs inside a container that runs, with the numbers that the engine's host has for it.
    async fn processes(&self, id: &ContainerId) -> Result<Processes, EngineError>;
    /// What a container uses: once, or about every second for as long as it runs.
    fn usage(&self, id: &ContainerId, follow: bool) -> BoxStream<'static, Result<Usage, EngineError>>;
    /// Which paths differ from the image that the container was made from.
    async fn changes(&self, id: &ContainerId) -> Result<Vec<ChangedPath>, EngineError>;

    /// The IPv4 ranges that this machine has ways to, where the engine is on it: `10.0.0.0/8`. Costs no call.
    fn routes(&self) -> Vec<String> {
        Vec::new()
    }

    async fn networks(&self, filters: &Filters) -> Result<Vec<Network>, EngineError>;
    /// The engine's whole answer about one, by name or id.
    async fn inspect_network(&self, name: &str) -> Result<serde_json::Value, EngineError>;
    async fn create_network(&self, spec: &NetworkSpec) -> Result<NetworkId, EngineError>;
    async fn remove_network(&self, id: &NetworkId) -> Result<(), EngineError>;
    async fn connect_network(
        &self,
        network: &str,
        container: &ContainerId,
        endpoint: &EndpointSpec,
    ) -> Result<(), EngineError>;
    async fn disconnect_network(&self, network: &str, container: &ContainerId, force: bool) -> Result<(), EngineError>;

    async fn volumes(&self, filters: &Filters) -> Result<Vec<Volume>, EngineError>;
    /// The engine's whole answer about one.
    async fn inspect_volume(&self, name: &str) -> Result<serde_json::Value, EngineError>;
    async fn create_volume(&self, spec: &VolumeSpec) -> Result<(), EngineError>;
    async fn remove_volume(&self, name: &str, force: bool) -> Result<(), EngineError>;

    /// Every image that the engine holds.
    async fn images(&self) -> Result<Vec<Image>, EngineError>;
    /// The layers of an image, the last one first.
    async fn image_history(&self, name: &str) -> Result<Vec<ImageLayer>, EngineError>;
    async fn inspect_image(&self, name: &str) -> Result<ImageDetails, EngineError>;
    /// The digest that an image's registry has for its name at the moment: `sha256:…`. Nothing is pulled.
    async fn image_digest(&self, name: &str) -> Result<String, EngineError>;
    /// Pulls an image; the stream ends when it is there, or with an error. Credentials come from Docker's own files.
    fn pull_image(&self, pull: &ImagePull) -> BoxStream<'static, Result<PullProgress, EngineError>>;
    /// Pushes an image under its name; the stream ends when the registry has it, or with an error.
    fn push_image(&self, image: &str) -> BoxStream<'static, Result<PullProgress, EngineError>>;
    /// Builds an image with the engine's own builder; yields what the builder prints.
    fn build_image(&self, build: &ImageBuild) -> BoxStream<'static, Result<BuildOutput, EngineError>>;
    async fn tag_image(&self, image: &str, name: &str) -> Result<(), EngineError>;
    async fn remove_image(&self, name: &str, force: bool) -> Result<(), EngineError>;
}
