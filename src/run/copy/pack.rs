//! A file or a folder of the host → a tar archive, written while it is read by somebody else.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

/// So many pieces may wait for the reader.
const AHEAD: usize = 8;
const PIECE: usize = 64 * 1024;

/// The archive of what lies at a path, under another name. Links inside are kept as links.
pub fn pack(path: PathBuf, name: PathBuf) -> BoxStream<'static, io::Result<Bytes>> {
    streamed(move |pipe| write(&path, &name, pipe))
}

/// What somebody writes, while it is written.
pub fn streamed(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> BoxStream<'static, io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut pipe = io::BufWriter::with_capacity(PIECE, Pipe(sender.clone()));
        if let Err(error) = write(&mut pipe).and_then(|()| pipe.flush()) {
            // Nobody may be there to hear it.
            let _ = sender.blocking_send(Err(error));
        }
    });
    stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) }).boxed()
}

fn write(path: &Path, name: &Path, to: &mut dyn Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    archive.follow_symlinks(false);
    archive.sparse(false);
    add(&mut archive, path, name)?;
    archive.finish()
}

fn add(archive: &mut tar::Builder<&mut dyn Write>, path: &Path, name: &Path) -> io::Result<()> {
    let told = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let kind = fs::symlink_metadata(path).map_err(told)?.file_type();
    if is_special(kind) {
        return Ok(());
    }
    archive.append_path_with_name(path, name).map_err(told)?;
    if !kind.is_dir() {
        return Ok(());
    }
    let mut children: Vec<_> = fs::read_dir(path).and_then(Iterator::collect).map_err(told)?;
    children.sort_by_key(fs::DirEntry::file_name);
    children.iter().try_for_each(|child| add(archive, &child.path(), &name.join(child.file_name())))
}

/// Sockets have no content that could be copied.
fn is_special(kind: fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_socket()
}

struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
