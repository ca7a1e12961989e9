//! `docker buildx bake`, run as a child process: `BuildKit` with all that it can.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::engine::{Engine, ImageId};

use super::bakefile::Bakefile;
use super::output::Output;
use super::trace::Trace;
use super::{BuildError, BuildRequest, Builder};

/// The oldest buildx that takes what we tell it.
pub const OLDEST: (u32, u32) = (0, 17);

/// Builds with `docker buildx bake`.
pub struct Bake<'e> {
    pub engine: &'e dyn Engine,
    pub proxies: BTreeMap<String, String>,
    /// What the child has beside the environment that it inherits: which engine, which builder.
    pub environment: BTreeMap<String, String>,
    /// Asked for, and nothing that `BuildKit` has.
    pub memory: i64,
}

/// Asks buildx for its version; `None` when there is none.
pub async fn version() -> Option<(u32, u32)> {
    let mut asking = Command::new("docker");
    asking.args(["buildx", "version"]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = asking.output().await.ok().filter(|output| output.status.success())?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// What `docker buildx bake` is given for some images, one that is built upon another after it.
///
/// # Errors
/// When an image cannot be built from what its service says.
pub fn definition(
    requests: &[BuildRequest<'_>],
    proxies: &BTreeMap<String, String>,
) -> Result<serde_json::Value, BuildError> {
    Ok(Bakefile::of_all(requests, proxies)?.definition)
}

/// Lets buildx look at the Dockerfiles of some images, which writes what it finds where we would; nothing is built.
/// `None` where a signal ended it.
///
/// # Errors
/// When an image cannot be built from what its service says, and when there is no buildx.
pub async fn check(
    requests: &[BuildRequest<'_>],
    proxies: &BTreeMap<String, String>,
    environment: &BTreeMap<String, String>,
) -> Result<Option<i32>, BuildError> {
    let Some(first) = requests.first() else { return Ok(Some(0)) };
    let file = Bakefile::of_all(requests, proxies)?;
    let mut command = Command::new("docker");
    command.args(["buildx", "bake", "--file", "-", "--check"]);
    prepare(&mut command, first, &file, environment);
    let told = |error: std::io::Error| first.error(format!("docker buildx: {error}"));
    let mut child = command.stdin(Stdio::piped()).spawn().map_err(told)?;
    give(child.stdin.take(), &file.definition.to_string()).await.map_err(told)?;
    Ok(child.wait().await.map_err(told)?.code())
}

fn prepare(command: &mut Command, request: &BuildRequest<'_>, file: &Bakefile, environment: &BTreeMap<String, String>) {
    for allowed in &file.allowed {
        command.args(["--allow", allowed]);
    }
    command.current_dir(&request.project.working_dir).envs(environment).envs(&file.environment).kill_on_drop(true);
}

/// The first word that looks like a version: `v0.17.1`, `0.29.1+ds1`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.strip_prefix('v').unwrap_or(word).split('.');
        let major = numbers.next()?.parse().ok()?;
        Some((major, numbers.next()?.parse().ok()?))
    })
}

#[async_trait(?Send)]
impl Builder for Bake<'_> {
    async fn build(&self, request: &BuildRequest<'_>, tell: &dyn Fn(String)) -> Result<Option<ImageId>, BuildError> {
        let file = Bakefile::of(request, &self.proxies)?;
        for warning in &file.warnings {
            tell(warning.clone());
        }
        if self.memory != 0 {
            tell("--memory is left out: BuildKit has no such limit".to_owned());
        }
        let mut child =
            self.command(request, &file).spawn().map_err(|error| request.error(format!("docker buildx: {error}")))?;
        let output = Output::new(tell);
        let trace = RefCell::new(Trace::default());
        let status = converse(&mut child, file.definition.to_string(), &trace, &output).await;
        let status = status.map_err(|error| request.error(format!("docker buildx: {error}")))?;
        if status.success() {
            return match request.image_of(self.engine).await {
                Err(_) if request.is_for_several() => Ok(None),
                image => image.map(Some),
            };
        }
        let message = match trace.borrow().error() {
            Some(error) => output.explain(error),
            None => output.explain(&format!("docker buildx bake ended with {status}")),
        };
        Err(request.error(message))
    }
}

impl Bake<'_> {
    fn command(&self, request: &BuildRequest<'_>, file: &Bakefile) -> Command {
        let mut command = Command::new("docker");
        command.args(["buildx", "bake", "--file", "-", "--progress", "rawjson"]);
        prepare(&mut command, request, file, &self.environment);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Gives the child its definition and hands its progress on until it ends.
async fn converse(
    child: &mut Child,
    definition: String,
    trace: &RefCell<Trace>,
    output: &Output<'_>,
) -> std::io::Result<ExitStatus> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    tokio::try_join!(give(stdin, &definition), progress(stdout, trace, output), progress(stderr, trace, output))?;
    child.wait().await
}

async fn give(stdin: Option<ChildStdin>, definition: &str) -> std::io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    match stdin.write_all(definition.as_bytes()).await {
        // A child that ended early says why by itself.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

async fn progress<R: AsyncRead + Unpin>(
    stream: Option<R>,
    trace: &RefCell<Trace>,
    output: &Output<'_>,
) -> std::io::Result<()> {
    let Some(stream) = stream else { return Ok(()) };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await? > 0 {
        for told in trace.borrow_mut().read(String::from_utf8_lossy(&line).trim_end()) {
            output.line(&told);
        }
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_as_packagers_write_them() {
        let table = [
            ("github.com/docker/buildx v0.17.1 257815a6fbaee88976808020bf04274388275ae8", Some((0, 17))),
            ("github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4", Some((0, 29))),
            ("github.com/docker/buildx v1.0.0-rc1 abc", Some((1, 0))),
            ("nothing", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_version(text), expected, "{text}");
        }
    }
}
