//! `convoke cp`

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use futures_util::StreamExt;
use tokio_util::io::ReaderStream;

use crate::engine::{Container, State};
use crate::plan::Labelled;
use crate::run::copy::{
    CopyOptions, TransferError, archive_from_container, archive_to_container, from_container, to_container,
};

use super::context::Context;
use super::inside::{Index, Inside, pour};
use super::outcome::{Failure, Status};
use super::settings::ProgressKind;

/// Copy files between this machine and the containers of a service
#[derive(Args, Clone, Debug, Default)]
#[command(
    override_usage = "convoke cp [OPTIONS] SERVICE:PATH PATH\n       convoke cp [OPTIONS] PATH SERVICE:PATH",
    after_help = "Examples:\n  convoke cp web:/var/log/nginx logs      a folder out of the first container\n  \
                  convoke cp ./site/. web:/srv            what is in a folder, into every container\n  \
                  convoke cp web:/etc - | tar t           an archive to another program"
)]
pub struct Arguments {
    /// What is copied: SERVICE:PATH, a path of this machine, or - for an archive from standard input
    #[arg(value_name = "FROM", allow_hyphen_values = true)]
    from: String,

    /// Where it goes: SERVICE:PATH, a path of this machine, or - for an archive to standard output
    #[arg(value_name = "TO", allow_hyphen_values = true)]
    to: String,

    #[command(flatten)]
    index: Index,

    /// Also into containers that `run` made
    #[arg(long)]
    all: bool,

    /// Keep owners on the way out; on the way in, everything belongs to the container's own user
    #[arg(short, long)]
    archive: bool,

    /// Copy what a link leads to, and not the link
    #[arg(short = 'L', long)]
    follow_link: bool,
}

/// One end of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End<'e> {
    Stream,
    Host(&'e str),
    Inside { service: &'e str, path: &'e str },
}

impl<'e> End<'e> {
    /// A colon stands after a service, unless a path is in front of it: `./a:b` and `/a:b` are paths.
    fn of(text: &'e str) -> Self {
        match text.split_once(':') {
            _ if text == "-" => Self::Stream,
            Some((service, path)) if !service.is_empty() && !service.contains('/') && !service.starts_with('.') => {
                Self::Inside { service, path }
            }
            _ => Self::Host(text),
        }
    }
}

pub async fn cp(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    match (End::of(&arguments.from), End::of(&arguments.to)) {
        (End::Inside { .. }, End::Inside { .. }) => {
            Err(Failure::with_help("copying between services is not supported", "copy to this machine in between"))
        }
        (End::Inside { service, path }, to) => arguments.out(service, path, to, context).await,
        (from, End::Inside { service, path }) => arguments.into(from, service, path, context).await,
        _ => Err(Failure::with_help(
            "one of the two has to be in a container",
            "write it as SERVICE:PATH, for example web:/etc/hosts",
        )),
    }
}

impl Arguments {
    fn options(&self) -> CopyOptions {
        CopyOptions { archive: self.archive, follow_link: self.follow_link }
    }

    async fn out(&self, service: &str, path: &str, to: End<'_>, context: &Context<'_>) -> Result<Status, Failure> {
        let inside = Inside::of(service, context).await?;
        let container = inside.any(&self.index, context)?;
        let (engine, id) = (&inside.engine, &container.id);
        if context.globals.dry_run {
            writeln!(io::stdout().lock(), "container {}: copy {path} to {}", container.name, self.to)?;
            return Ok(Status::SUCCESS);
        }
        match to {
            End::Host(target) => {
                from_container(engine, id, path, target, self.options()).await.map_err(refused)?;
                self.told(&format!("{}:{path}", container.name), target, context)
            }
            _ if context.settings.terminal.stdout => Err(Failure::with_help(
                "an archive is nothing to look at",
                format!("pipe it on: convoke cp {service}:{path} - | tar t"),
            )),
            _ => {
                let archive = archive_from_container(engine, id, path, self.options()).await.map_err(refused)?;
                pour(archive, &mut tokio::io::stdout()).await
            }
        }
    }

    async fn into(&self, from: End<'_>, service: &str, path: &str, context: &Context<'_>) -> Result<Status, Failure> {
        let inside = Inside::of(service, context).await?;
        let targets = self.targets(&inside, context)?;
        if context.globals.dry_run {
            for container in &targets {
                writeln!(io::stdout().lock(), "container {}: copy {} to {path}", container.name, self.from)?;
            }
            return Ok(Status::SUCCESS);
        }
        let stdin = match from {
            End::Stream => Some(spooled().await?),
            _ => None,
        };
        for container in targets {
            match (from, &stdin) {
                (End::Host(source), _) => {
                    to_container(&inside.engine, &container.id, source, path, self.options()).await.map_err(refused)?;
                }
                (_, Some(spool)) => {
                    let file = tokio::fs::File::open(spool.path()).await?;
                    let archive = ReaderStream::new(file).boxed();
                    let sent = archive_to_container(&inside.engine, &container.id, archive, path, self.options());
                    sent.await.map_err(refused)?;
                }
                _ => {}
            }
            self.told(&self.from, &format!("{}:{path}", container.name), context)?;
        }
        Ok(Status::SUCCESS)
    }

    /// The containers that something is copied into: every replica, unless one is named.
    fn targets<'i>(&self, inside: &'i Inside, context: &Context<'_>) -> Result<Vec<&'i Container>, Failure> {
        let first = inside.any(&self.index, context)?;
        if self.index.index > 0 {
            return Ok(vec![first]);
        }
        let wanted = |container: &&Container| container.is_replica() || self.all && container.state != State::Removing;
        let all: Vec<_> = inside.containers.iter().filter(wanted).collect();
        Ok(if all.is_empty() { vec![first] } else { all })
    }

    fn told(&self, from: &str, to: &str, context: &Context<'_>) -> Result<Status, Failure> {
        if context.settings.progress != ProgressKind::Quiet {
            writeln!(io::stderr().lock(), "{from} copied to {to}")?;
        }
        Ok(Status::SUCCESS)
    }
}

/// Standard input in a file that goes away: several containers may want to read it.
async fn spooled() -> Result<Spool, Failure> {
    let spool = Spool::new()?;
    let mut file = tokio::fs::File::create(spool.path()).await?;
    tokio::io::copy(&mut tokio::io::stdin(), &mut file).await?;
    tokio::io::AsyncWriteExt::flush(&mut file).await?;
    Ok(spool)
}

struct Spool(std::path::PathBuf);

impl Spool {
    /// A file that nobody else can open.
    fn new() -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = std::env::temp_dir().join(format!("convoke-cp-{}", std::process::id()));
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // Somebody may have tidied up before.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn refused(error: TransferError) -> Failure {
    match error {
        TransferError::Engine(error) => error.into(),
        TransferError::Refused(message) => Failure::plain(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_apart() {
        let inside = |service, path| End::Inside { service, path };
        let table = [
            ("web:/etc/hosts", inside("web", "/etc/hosts")),
            ("web:a:b", inside("web", "a:b")),
            ("-", End::Stream),
            ("./a:b", End::Host("./a:b")),
            ("/a:b", End::Host("/a:b")),
            ("a/b:c", End::Host("a/b:c")),
            (":x", End::Host(":x")),
            ("plain", End::Host("plain")),
        ];
        for (text, expected) in table {
            assert_eq!(End::of(text), expected, "{text}");
        }
    }
}
