//! The engine's port, kept in memory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::time::sleep;

use super::world::{Outcome, refusal};
use super::{Call, MemoryEngine, Shared, sight, streams, talk};
use crate::engine::{
    About, AttachRequest, BuildOutput, ChangedPath, CommitSpec, Container, ContainerDetails, ContainerId,
    ContainerSpec, Created, EndpointSpec, Engine, EngineError, EngineEvent, ErrorKind, EventRequest, ExecId,
    ExecOutcome, ExecSpec, Filters, Image, ImageBuild, ImageDetails, ImageId, ImageLayer, ImagePull, LogChunk,
    LogRequest, Network, NetworkId, NetworkSpec, PathStat, Processes, PullProgress, Removal, Talk, Upload, Usage,
    Volume, VolumeSpec, Window,
};

impl Shared {
    /// Notes a request, takes its time, and fails if it is to fail.
    pub(super) async fn enter(&self, method: &'static str, subject: &str) -> Outcome<()> {
        let (delay, failure) = self.journal().note(Call { method, subject: subject.to_owned() });
        if !delay.is_zero() {
            sleep(delay).await;
        }
        failure.map_or(Ok(()), Err)
    }

    /// A container's name, for the journal; the id when there is none.
    pub(super) fn name_of(&self, id: &ContainerId) -> String {
        self.world().container(id.as_str()).map_or_else(|_| id.0.clone(), |it| it.spec.name.clone())
    }
}

/// Fills in what was being done.
pub(super) fn doing<T>(action: impl FnOnce() -> String, outcome: Outcome<T>) -> Outcome<T> {
    outcome.map_err(|error| if error.action.is_empty() { EngineError { action: action(), ..error } } else { error })
}

impl MemoryEngine {
    /// A request about a container.
    async fn on(&self, method: &'static str, id: &ContainerId) -> Outcome<()> {
        self.shared.enter(method, &self.shared.name_of(id)).await
    }
}

#[async_trait]
impl Engine for MemoryEngine {
    fn about(&self) -> &About {
        &self.about
    }

    async fn containers(&self, filters: &Filters) -> Result<Vec<Container>, EngineError> {
        self.shared.enter("containers", "").await?;
        Ok(self.shared.world().list_containers(filters))
    }

    async fn inspect_container(&self, id: &ContainerId) -> Result<ContainerDetails, EngineError> {
        self.on("inspect_container", id).await?;
        doing(|| format!("inspect container {}", id.short()), self.shared.world().container_details(id.as_str()))
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<Created, EngineError> {
        self.shared.enter("create_container", &spec.name).await?;
        let created = self.shared.change(|world| world.create_container(spec));
        doing(|| format!("create container {}", spec.name), created)
    }

    async fn start_container(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.on("start_container", id).await?;
        doing(|| format!("start container {}", id.short()), self.begin(id))
    }

    async fn stop_container(&self, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
        self.on("stop_container", id).await?;
        doing(|| format!("stop container {}", id.short()), self.see_off(id, grace).await)
    }

    async fn restart_container(&self, id: &ContainerId, grace: Option<Duration>) -> Result<(), EngineError> {
        self.on("restart_container", id).await?;
        let stopped = self.see_off(id, grace).await;
        let begun = stopped.and_then(|()| self.begin(id));
        doing(|| format!("restart container {}", id.short()), begun)?;
        self.shared.change(|world| world.tell_of(id.as_str(), "restart", &[]));
        Ok(())
    }

    async fn kill_container(&self, id: &ContainerId, signal: &str) -> Result<(), EngineError> {
        self.on("kill_container", id).await?;
        doing(|| format!("kill container {}", id.short()), self.take_signal(id, signal))
    }

    async fn pause_container(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.on("pause_container", id).await?;
        let paused = self.shared.change(|world| world.hold_container(id.as_str(), true));
        doing(|| format!("pause container {}", id.short()), paused)
    }

    async fn unpause_container(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.on("unpause_container", id).await?;
        let unpaused = self.shared.change(|world| world.hold_container(id.as_str(), false));
        doing(|| format!("unpause container {}", id.short()), unpaused)
    }

    async fn rename_container(&self, id: &ContainerId, name: &str) -> Result<(), EngineError> {
        self.on("rename_container", id).await?;
        let renamed = self.shared.change(|world| world.rename_container(id.as_str(), name));
        doing(|| format!("rename container {} to {name}", id.short()), renamed)
    }

    async fn remove_container(&self, id: &ContainerId, removal: Removal) -> Result<(), EngineError> {
        self.on("remove_container", id).await?;
        let removed = self.shared.change(|world| world.remove_container(id.as_str(), removal));
        doing(|| format!("remove container {}", id.short()), removed)
    }

    async fn upload(&self, id: &ContainerId, upload: Upload) -> Result<(), EngineError> {
        self.on("upload", id).await?;
        let Upload { folder, mut archive, .. } = upload;
        let action = || format!("put files into {folder} of container {}", id.short());
        let mut bytes = Vec::new();
        while let Some(read) = archive.next().await {
            let read = read.map_err(|error| refusal(ErrorKind::Invalid, error.to_string()));
            bytes.extend_from_slice(&doing(action, read)?);
        }
        let put = self.shared.change(|world| {
            let known_file = world.path_stat(id.as_str(), &folder).is_ok();
            let occupant = world.container_mut(id.as_str())?;
            let mounted = |mount: &crate::engine::MountPoint| mount.destination.starts_with(&folder);
            if folder != "/" && !known_file && !occupant.mounts.iter().any(mounted) {
                let message = format!("Could not find the file {folder} in container {id}");
                return Err(refusal(ErrorKind::NotFound, message));
            }
            if occupant.spec.read_only && folder == "/" {
                return Err(refusal(ErrorKind::Internal, "container rootfs is marked read-only"));
            }
            occupant.uploads.push((folder.clone(), Bytes::from(bytes)));
            Ok(())
        });
        doing(action, put)
    }

    fn download(&self, id: &ContainerId, path: &str) -> BoxStream<'static, Result<Bytes, EngineError>> {
        let (shared, id, path) = (Arc::clone(&self.shared), id.clone(), path.to_owned());
        let packed = async move {
            shared.enter("download", &shared.name_of(&id)).await?;
            doing(|| format!("read {path} of container {}", id.short()), shared.world().pack(id.as_str(), &path))
        };
        stream::once(packed).boxed()
    }

    async fn path_stat(&self, id: &ContainerId, path: &str) -> Result<PathStat, EngineError> {
        self.on("path_stat", id).await?;
        let stat = self.shared.world().path_stat(id.as_str(), path);
        doing(|| format!("look at {path} of container {}", id.short()), stat)
    }

    fn export(&self, id: &ContainerId) -> BoxStream<'static, Result<Bytes, EngineError>> {
        let (shared, id) = (Arc::clone(&self.shared), id.clone());
        let packed = async move {
            shared.enter("export", &shared.name_of(&id)).await?;
            doing(|| format!("export container {}", id.short()), shared.world().pack_everything(id.as_str()))
        };
        stream::once(packed).boxed()
    }

    async fn commit(&self, id: &ContainerId, spec: &CommitSpec) -> Result<ImageId, EngineError> {
        self.on("commit", id).await?;
        let made = self.shared.change(|world| world.commit(id.as_str(), spec));
        doing(|| format!("make an image of container {}", id.short()), made)
    }

    async fn exec(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecOutcome, EngineError> {
        self.on("exec", id).await?;
        doing(|| format!("run `{}` in container {}", spec.command.join(" "), id.short()), self.answer(id, spec))
    }

    async fn create_exec(&self, id: &ContainerId, spec: &ExecSpec) -> Result<ExecId, EngineError> {
        self.on("create_exec", id).await?;
        let made = self.shared.change(|world| world.create_exec(id.as_str(), spec));
        doing(|| format!("run `{}` in container {}", spec.command.join(" "), id.short()), made.map(ExecId))
    }

    async fn talk_with_exec(&self, exec: &ExecId, _: &ExecSpec) -> Result<Talk, EngineError> {
        self.shared.enter("talk_with_exec", exec.short()).await?;
        doing(|| "run a command".into(), self.shared.change(|world| world.start_exec(exec.as_str())))?;
        Ok(talk::with_exec(&self.shared, exec))
    }

    async fn start_exec(&self, exec: &ExecId) -> Result<(), EngineError> {
        self.shared.enter("start_exec", exec.short()).await?;
        let begun = self.shared.change(|world| {
            world.start_exec(exec.as_str())?;
            world.end_exec_input(exec.as_str());
            Ok(())
        });
        doing(|| "run a command".into(), begun)
    }

    async fn resize_exec(&self, exec: &ExecId, _: Window) -> Result<(), EngineError> {
        self.shared.enter("resize_exec", exec.short()).await?;
        doing(|| "resize the terminal".into(), self.shared.world().exec(exec.as_str()).map(|_| ()))
    }

    async fn exec_ended(&self, exec: &ExecId) -> Result<Option<i64>, EngineError> {
        self.shared.enter("exec_ended", exec.short()).await?;
        doing(|| "ask how a command ended".into(), self.shared.world().exec(exec.as_str()).map(|it| it.exit))
    }

    async fn talk_with_container(&self, id: &ContainerId, _: &AttachRequest) -> Result<Talk, EngineError> {
        self.on("talk_with_container", id).await?;
        doing(|| format!("attach to container {}", id.short()), talk::with_container(&self.shared, id))
    }

    async fn resize_container(&self, id: &ContainerId, window: Window) -> Result<(), EngineError> {
        self.on("resize_container", id).await?;
        let resized = self.shared.change(|world| {
            let occupant = world.container_mut(id.as_str())?;
            if !occupant.is_up() {
                let message = format!("Container {} is not running", occupant.id);
                return Err(refusal(ErrorKind::Conflict, message));
            }
            occupant.window = Some(window);
            Ok(())
        });
        doing(|| "resize the terminal".into(), resized)
    }

    fn logs(&self, id: &ContainerId, request: &LogRequest) -> BoxStream<'static, Result<LogChunk, EngineError>> {
        let (shared, id, request) = (Arc::clone(&self.shared), id.clone(), request.clone());
        let opened = async move {
            let entered = shared.enter("logs", &shared.name_of(&id)).await;
            let chunks = match entered {
                Ok(()) => streams::logs(shared, id.0.clone(), request),
                Err(error) => stream::iter([Err(error)]).boxed(),
            };
            chunks.map(move |chunk| doing(|| format!("read logs of container {}", id.short()), chunk))
        };
        opened.flatten_stream().boxed()
    }

    fn events(&self, request: &EventRequest) -> BoxStream<'static, Result<EngineEvent, EngineError>> {
        let (shared, request) = (Arc::clone(&self.shared), request.clone());
        let opened = async move {
            match shared.enter("events", "").await {
                Ok(()) => streams::events(shared, request),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        opened.flatten_stream().boxed()
    }

    async fn wait_container(&self, id: &ContainerId) -> Result<i64, EngineError> {
        self.on("wait_container", id).await?;
        let ended = sight::end(Arc::clone(&self.shared), id.as_str()).await;
        doing(|| format!("wait for container {}", id.short()), ended)
    }

    async fn processes(&self, id: &ContainerId) -> Result<Processes, EngineError> {
        self.on("processes", id).await?;
        doing(|| format!("list processes of container {}", id.short()), self.shared.world().processes(id.as_str()))
    }

    fn usage(&self, id: &ContainerId, follow: bool) -> BoxStream<'static, Result<Usage, EngineError>> {
        sight::usage(Arc::clone(&self.shared), id.clone(), follow)
    }

    async fn changes(&self, id: &ContainerId) -> Result<Vec<ChangedPath>, EngineError> {
        self.on("changes", id).await?;
        doing(|| format!("list changes in container {}", id.short()), self.shared.world().changed_paths(id.as_str()))
    }

    async fn networks(&self, filters: &Filters) -> Result<Vec<Network>, EngineError> {
        self.shared.enter("networks", "").await?;
        Ok(self.shared.world().list_networks(filters))
    }

    async fn inspect_network(&self, name: &str) -> Result<serde_json::Value, EngineError> {
        self.shared.enter("inspect_network", name).await?;
        doing(|| format!("inspect network {name}"), self.shared.world().raw_network(name))
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<NetworkId, EngineError> {
        self.shared.enter("create_network", &spec.name).await?;
        let created = self.shared.change(|world| world.create_network(spec));
        doing(|| format!("create network {}", spec.name), created)
    }

    async fn remove_network(&self, id: &NetworkId) -> Result<(), EngineError> {
        let name = self.shared.world().network(id.as_str()).map_or_else(|_| id.0.clone(), |it| it.spec.name.clone());
        self.shared.enter("remove_network", &name).await?;
        let removed = self.shared.change(|world| world.remove_network(id.as_str()));
        doing(|| format!("remove network {}", id.short()), removed)
    }

    async fn connect_network(
        &self,
        network: &str,
        container: &ContainerId,
        endpoint: &EndpointSpec,
    ) -> Result<(), EngineError> {
        self.on("connect_network", container).await?;
        let connected = self.shared.change(|world| world.connect(network, container.as_str(), endpoint));
        doing(|| format!("connect container {} to network {network}", container.short()), connected)
    }

    async fn disconnect_network(&self, network: &str, container: &ContainerId, _: bool) -> Result<(), EngineError> {
        self.on("disconnect_network", container).await?;
        let left = self.shared.change(|world| world.disconnect(network, container.as_str()));
        doing(|| format!("disconnect container {} from network {network}", container.short()), left)
    }

    async fn volumes(&self, filters: &Filters) -> Result<Vec<Volume>, EngineError> {
        self.shared.enter("volumes", "").await?;
        Ok(self.shared.world().list_volumes(filters))
    }

    async fn inspect_volume(&self, name: &str) -> Result<serde_json::Value, EngineError> {
        self.shared.enter("inspect_volume", name).await?;
        doing(|| format!("inspect volume {name}"), self.shared.world().raw_volume(name))
    }

    async fn create_volume(&self, spec: &VolumeSpec) -> Result<(), EngineError> {
        self.shared.enter("create_volume", &spec.name).await?;
        let created = self.shared.change(|world| world.create_volume(spec));
        doing(|| format!("create volume {}", spec.name), created)
    }

    async fn remove_volume(&self, name: &str, force: bool) -> Result<(), EngineError> {
        self.shared.enter("remove_volume", name).await?;
        let removed = self.shared.change(|world| world.remove_volume(name, force));
        doing(|| format!("remove volume {name}"), removed)
    }

    async fn images(&self) -> Result<Vec<Image>, EngineError> {
        self.shared.enter("images", "").await?;
        Ok(self.shared.world().list_images())
    }

    async fn image_history(&self, name: &str) -> Result<Vec<ImageLayer>, EngineError> {
        self.shared.enter("image_history", name).await?;
        doing(|| format!("list layers of image {name}"), self.shared.world().layers(name))
    }

    async fn inspect_image(&self, name: &str) -> Result<ImageDetails, EngineError> {
        self.shared.enter("inspect_image", name).await?;
        doing(|| format!("inspect image {name}"), self.shared.world().image_details(name))
    }

    async fn image_digest(&self, name: &str) -> Result<String, EngineError> {
        self.shared.enter("image_digest", name).await?;
        doing(|| format!("resolve image {name}"), self.shared.world().registry_digest(name))
    }

    fn pull_image(&self, pull: &ImagePull) -> BoxStream<'static, Result<PullProgress, EngineError>> {
        let (shared, image) = (Arc::clone(&self.shared), pull.image.clone());
        let pulled = async move {
            let entered = shared.enter("pull_image", &image).await;
            let pulled = entered.and_then(|()| shared.change(|world| world.pull_image(&image)));
            let told = doing(|| format!("pull image {image}"), pulled)
                .map(|id| PullProgress { status: format!("Digest: {id}"), ..Default::default() });
            stream::iter([told])
        };
        pulled.flatten_stream().boxed()
    }

    fn push_image(&self, image: &str) -> BoxStream<'static, Result<PullProgress, EngineError>> {
        let (shared, image) = (Arc::clone(&self.shared), image.to_owned());
        let pushed = async move {
            shared.enter("push_image", &image).await?;
            let pushed = doing(|| format!("push image {image}"), shared.change(|world| world.push_image(&image)))?;
            Ok(PullProgress { status: format!("digest: {pushed}"), ..Default::default() })
        };
        stream::once(pushed).boxed()
    }

    fn build_image(&self, build: &ImageBuild) -> BoxStream<'static, Result<BuildOutput, EngineError>> {
        let (shared, build) = (Arc::clone(&self.shared), build.clone());
        let built = async move {
            let name = build.tags.first().cloned().unwrap_or_default();
            let told = match shared.enter("build_image", &name).await {
                Ok(()) => {
                    let id = shared.change(|world| world.build_image(&build));
                    vec![Ok(BuildOutput::Text("Step 1/1 : FROM scratch\n".into())), Ok(BuildOutput::Image(id))]
                }
                Err(error) => vec![Err(error)],
            };
            stream::iter(told)
        };
        built.flatten_stream().boxed()
    }

    async fn tag_image(&self, image: &str, name: &str) -> Result<(), EngineError> {
        self.shared.enter("tag_image", name).await?;
        let tagged = self.shared.change(|world| world.tag_image(image, name));
        doing(|| format!("tag image {image} as {name}"), tagged)
    }

    async fn remove_image(&self, name: &str, force: bool) -> Result<(), EngineError> {
        self.shared.enter("remove_image", name).await?;
        let removed = self.shared.change(|world| world.remove_image(name, force));
        doing(|| format!("remove image {name}"), removed)
    }
}
