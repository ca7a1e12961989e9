//! The Docker Engine API, spoken through bollard, which lives here and nowhere else.
//!
//! The client library makes the requests it can make; where it would lose something (the time of logs with its fraction,
//! a hardware address, fields and words that it does not know) the request is made here, over the same connections.

mod address;
mod answers;
mod connect;
mod containers;
mod context;
mod credentials;
mod dial;
mod error;
mod exec;
mod fault;
mod files;
mod images;
mod networks;
mod patience;
mod pieces;
mod pour;
mod sample;
mod sight;
mod ssh;
mod streams;
mod talk;
mod tls;
mod transfer;
mod translate;
mod translate_mount;
mod volumes;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bytes::Bytes;
use futures_util::stream::BoxStream;

pub use address::Address;
pub use connect::connect;
pub use patience::Hesitation;
pub use pour::rest_where_it_pours;

use super::{
    About, AttachRequest, BuildOutput, ChangedPath, CommitSpec, Container, ContainerDetails, ContainerId,
    ContainerSpec, Created, EndpointSpec, Engine, EngineError, EngineEvent, EventRequest, ExecId, ExecOutcome,
    ExecSpec, Filters, Image, ImageBuild, ImageDetails, ImageId, ImageLayer, ImagePull, LogChunk, LogRequest, Network,
    NetworkId, NetworkSpec, PathStat, Processes, PullProgress, Removal, Talk, Upload, Usage, Volume, VolumeSpec,
    Window,
};
use error::translate;
use wire::Wire;

/// A connection to a Docker-compatible engine.
pub struct DockerEngine {
    about: About,
    docker: Docker,
    wire: Wire,
    logins: credentials::Logins,
    patience: patience::Patience,
}

impl DockerEngine {
    /// Every login that we have, in the form of Docker's own file, for whom the socket is handed to.
    pub async fn login_file(&self) -> String {
        self.logins.as_file().await
    }
}

impl std::fmt::Debug for DockerEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DockerEngine").field("about", &self.about).finish_non_exhaustive()
    }
}

#[async_trait]
impl Engine for DockerEngine {
    fn about(&self) -> &About {
        &self.about
    }

    async fn containers(&self, filters: &Filters) -> Result<Vec<Container>, EngineError> {
        self.answer("list containers", self.list_containers(filters)).await
    }

    async fn inspect_container(&self, id: &ContainerId) -> Result<ContainerDetails, EngineError> {
        self.answer(&format!("inspect container {}", id.short()), self.container_details(id)).await
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<Created, EngineError> {
        self.make_container(spec).await
    }

    async fn start_container(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.start(id).await
    }

    async fn stop_container(&self, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
        self.stop(id, grace).await
    }

    async fn restart_container(&self, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
        self.restart(id, grace).await
    }

    async fn kill_container(&self, id: &ContainerId, signal: &str) -> Result<(), EngineError> {
        self.kill(id, signal).await
    }

    async fn pause_container(&self, id: &ContainerId) -> Result<(), EngineError> {
        let done = self.docker.pause_container(id.as_str()).await;
        done.map_err(|error| translate(&format!("pause container {}", id.short()), error))
    }

    async fn unpause_container(&self, id: &ContainerId) -> Result<(), EngineError> {
        let done = self.docker.unpause_container(id.as_str()).await;
        done.map_err(|error| translate(&format!("unpause container {}", id.short()), error))
    }

    async fn rename_container(&self, id: &ContainerId, name: &str) -> Result<(), EngineError> {
        self.rename(id, name).await
    }

    async fn remove_container(&self, id: &ContainerId, removal: Removal) -> Result<(), EngineError> {
        self.delete_container(id, removal).await
    }

    async fn upload(&self, id: &ContainerId, upload: Upload) -> Result<(), EngineError> {
        self.unpack(id, upload).await
    }

    fn download(&self, id: &ContainerId, path: &str) -> BoxStream<'static, Result<Bytes, EngineError>> {
        self.pack(id, path)
    }

    async fn path_stat(&self, id: &ContainerId, path: &str) -> Result<PathStat, EngineError> {
        self.stat(id, path).await
    }

    fn export(&self, id: &ContainerId) -> BoxStream<'static, Result<Bytes, EngineError>> {
        self.pack_everything(id)
    }

    async fn commit(&self, id: &ContainerId, spec: &CommitSpec) -> Result<ImageId, EngineError> {
        self.make_image(id, spec).await
    }

    async fn exec(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecOutcome, EngineError> {
        self.run_command(id, spec).await
    }

    async fn create_exec(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecId, EngineError> {
        self.make_exec(id, spec).await
    }

    async fn talk_with_exec(&self, exec: &ExecId, spec: &ExecSpec) -> Result<Talk, EngineError> {
        self.join_exec(exec, spec).await
    }

    async fn start_exec(&self, exec: &ExecId) -> Result<(), EngineError> {
        self.begin_exec(exec).await
    }

    async fn resize_exec(&self, exec: &ExecId, window: Window) -> Result<(), EngineError> {
        self.resize(&format!("/exec/{exec}"), window).await
    }

    async fn exec_ended(&self, exec: &ExecId) -> Result<Option<i64>, EngineError> {
        self.end_of_exec(exec).await
    }

    async fn talk_with_container(&self, id: &ContainerId, request: &AttachRequest) -> Result<Talk, EngineError> {
        self.join_container(id, request).await
    }

    async fn resize_container(&self, id: &ContainerId, window: Window) -> Result<(), EngineError> {
        self.resize(&format!("/containers/{id}"), window).await
    }

    fn logs(&self, id: &ContainerId, request: &LogRequest) -> BoxStream<'static, Result<LogChunk, EngineError>> {
        self.follow_logs(id, request)
    }

    fn events(&self, request: &EventRequest) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        self.follow_events(request)
    }

    async fn wait_container(&self, id: &ContainerId) -> Result<i64, EngineError> {
        self.wait_for_end(id).await
    }

    async fn processes(&self, id: &ContainerId) -> Result<Processes, EngineError> {
        self.list_processes(id).await
    }

    fn usage(&self, id: &ContainerId, follow: bool) -> BoxStream<'static, Result<Usage, EngineError>> {
        self.follow_usage(id, follow)
    }

    async fn changes(&self, id: &ContainerId) -> Result<Vec<ChangedPath>, EngineError> {
        self.list_changes(id).await
    }

    fn routes(&self) -> Vec<String> {
        networks::routes(&self.about.address)
    }

    async fn networks(&self, filters: &Filters) -> Result<Vec<Network>, EngineError> {
        self.answer("list networks", self.list_networks(filters)).await
    }

    async fn inspect_network(&self, name: &str) -> Result<serde_json::Value, EngineError> {
        self.raw_network(name).await
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<NetworkId, EngineError> {
        self.make_network(spec).await
    }

    async fn remove_network(&self, id: &NetworkId) -> Result<(), EngineError> {
        self.delete_network(id).await
    }

    async fn connect_network(
        &self,
        network: &str,
        container: &ContainerId,
        endpoint: &EndpointSpec,
    ) -> Result<(), EngineError> {
        self.connect(network, container, endpoint).await
    }

    async fn disconnect_network(&self, network: &str, container: &ContainerId, force: bool) -> Result<(), EngineError> {
        self.disconnect(network, container, force).await
    }

    async fn volumes(&self, filters: &Filters) -> Result<Vec<Volume>, EngineError> {
        self.answer("list volumes", self.list_volumes(filters)).await
    }

    async fn inspect_volume(&self, name: &str) -> Result<serde_json::Value, EngineError> {
        self.raw_volume(name).await
    }

    async fn create_volume(&self, spec: &VolumeSpec) -> Result<(), EngineError> {
        self.make_volume(spec).await
    }

    async fn remove_volume(&self, name: &str, force: bool) -> Result<(), EngineError> {
        self.delete_volume(name, force).await
    }

    async fn images(&self) -> Result<Vec<Image>, EngineError> {
        self.answer("list images", self.list_images()).await
    }

    async fn image_history(&self, name: &str) -> Result<Vec<ImageLayer>, EngineError> {
        self.layers(name).await
    }

    async fn inspect_image(&self, name: &str) -> Result<ImageDetails, EngineError> {
        self.answer(&format!("inspect image {name}"), self.image_details(name)).await
    }

    async fn image_digest(&self, name: &str) -> Result<String, EngineError> {
        self.answer(&format!("resolve image {name}"), self.registry_digest(name)).await
    }

    fn pull_image(&self, pull: &ImagePull) -> BoxStream<'static, Result<PullProgress, EngineError>> {
        self.pull(pull)
    }

    fn push_image(&self, image: &str) -> BoxStream<'static, Result<PullProgress, EngineError>> {
        self.push(image)
    }

    fn build_image(&self, build: &ImageBuild) -> BoxStream<'static, Result<BuildOutput, EngineError>> {
        self.build(build)
    }

    async fn tag_image(&self, image: &str, name: &str) -> Result<(), EngineError> {
        self.tag(image, name).await
    }

    async fn remove_image(&self, name: &str, force: bool) -> Result<(), EngineError> {
        self.delete_image(name, force).await
    }
}
