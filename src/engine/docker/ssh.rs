//! An engine behind ssh: each connection is one `ssh … docker system dial-stdio`.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::address::Address;

/// So many ssh clients log in at the same time: servers turn more than ten away (`MaxStartups`).
const LOGINS_AT_ONCE: usize = 6;

/// Opens connections through ssh.
pub(super) struct Tunnel {
    arguments: Vec<String>,
    logins: Arc<Semaphore>,
}

impl Tunnel {
    pub(super) fn new(address: &Address) -> Self {
        Self { arguments: arguments(address), logins: Arc::new(Semaphore::new(LOGINS_AT_ONCE)) }
    }

    pub(super) async fn open(&self) -> io::Result<Conversation> {
        let login = Arc::clone(&self.logins).acquire_owned().await.map_err(io::Error::other)?;
        let mut child = Command::new("ssh")
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us to answer: the connection is still needed to stop things. Outside the terminal's group
            // nothing can be asked, hence the batch mode.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("ssh cannot be run: {error}")))?;
        let (Some(input), Some(output), Some(mut errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("ssh has no pipes"));
        };
        let complaint = tokio::spawn(async move {
            let mut text = Vec::new();
            // What was read before an error is still worth telling.
            let _ = errors.read_to_end(&mut text).await;
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        Ok(Conversation { _child: child, input: Some(input), output, login: Some(login), complaint })
    }
}

/// The command line after `ssh`.
fn arguments(address: &Address) -> Vec<String> {
    let Address::Ssh { user, host, port, socket } = address else { return Vec::new() };
    let mut words: Vec<String> = ["-o", "ConnectTimeout=30", "-o", "BatchMode=yes", "-T"].map(Into::into).into();
    if let Some(user) = user {
        words.extend(["-l".into(), user.clone()]);
    }
    if let Some(port) = port {
        words.extend(["-p".into(), port.to_string()]);
    }
    words.extend(["--".into(), host.clone(), "docker".into()]);
    if let Some(socket) = socket {
        // The other side's shell reads the words again.
        words.extend(["--host".into(), format!("'unix://{}'", socket.replace('\'', r"'\''"))]);
    }
    words.extend(["system".into(), "dial-stdio".into()]);
    words
}

/// One running ssh, as a stream of bytes.
pub(super) struct Conversation {
    _child: Child,
    /// Gone once our side is closed.
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Held until the first byte arrives: then the login is over.
    login: Option<OwnedSemaphorePermit>,
    complaint: JoinHandle<String>,
}

impl AsyncRead for Conversation {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.output).poll_read(cx, into))?;
        if into.filled().len() > before {
            self.login = None;
        } else if self.login.is_some() {
            // It ended without a word from the engine: ssh itself knows why.
            let why = ready!(Pin::new(&mut self.complaint).poll(cx)).unwrap_or_default();
            self.login = None;
            let why = if why.is_empty() { "it ended without a word".to_owned() } else { why };
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::NotConnected, format!("ssh: {why}"))));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Conversation {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Closing the pipe is what tells the other side.
        self.input = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_of_ssh() {
        let words = |text| Address::parse(text, false).map(|address| arguments(&address).join(" "));
        assert_eq!(
            words("ssh://me@there:2222/run/docker.sock").as_deref(),
            Ok(
                "-o ConnectTimeout=30 -o BatchMode=yes -T -l me -p 2222 -- there docker --host 'unix:///run/docker.sock' system dial-stdio"
            )
        );
        assert_eq!(
            words("ssh://there").as_deref(),
            Ok("-o ConnectTimeout=30 -o BatchMode=yes -T -- there docker system dial-stdio")
        );
    }
}
