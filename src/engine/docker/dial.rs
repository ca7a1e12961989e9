//! Opens connections to an engine: a socket, TCP, TLS, or `docker system dial-stdio` over ssh.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tower_service::Service;

use super::address::Address;
use super::ssh::Tunnel;
use super::tls::Tls;

/// Knows how to open one more connection to the engine.
#[derive(Clone)]
pub(super) struct Dialer(Arc<Route>);

enum Route {
    Socket(Box<Path>),
    Tcp { host: String, port: u16, tls: Option<Tls> },
    Ssh(Tunnel),
}

impl Dialer {
    pub(super) fn new(address: &Address, tls: Option<Tls>) -> Self {
        Self(Arc::new(match address {
            Address::Unix(path) => Route::Socket(path.as_path().into()),
            Address::Tcp { host, port } => Route::Tcp { host: host.clone(), port: *port, tls },
            Address::Ssh { .. } => Route::Ssh(Tunnel::new(address)),
        }))
    }

    /// What goes into the Host header: a proxy in front of the engine may look at it.
    pub(super) fn host(&self) -> String {
        match &*self.0 {
            Route::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Route::Tcp { host, port, .. } => format!("{host}:{port}"),
            _ => "docker".into(),
        }
    }

    pub(super) async fn open(self) -> io::Result<Link> {
        Ok(Link(match &*self.0 {
            Route::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Route::Tcp { host, port, tls } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                match tls {
                    None => Box::new(stream),
                    Some(tls) => tls.wrap(host, stream).await?,
                }
            }
            Route::Ssh(tunnel) => Box::new(tunnel.open().await?),
        }))
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<Link>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<Link>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { dialer.open().await.map(TokioIo::new) })
    }
}

/// Anything that bytes go through in both directions.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One open connection.
pub(super) struct Link(Box<dyn Duplex>);

#[cfg(test)]
impl Link {
    pub(super) fn over(stream: impl Duplex + 'static) -> Self {
        Self(Box::new(stream))
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
