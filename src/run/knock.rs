//! Knocks at a container's port: whether somebody takes connections, and what a request is answered with.
//!
//! The one window from here to networks other than the engine's own connection: images without a shell cannot be asked
//! from inside.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::Empty;
use hyper::client::conn::http1::handshake;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::Sign;

use super::door::Door;

/// A porter that finds nobody inside hangs up within this time.
const PORTER: Duration = Duration::from_millis(150);

/// Tries one door once.
///
/// # Errors
/// In words, why there is nobody to be spoken to yet.
pub(super) async fn knock(door: &Door, sign: &Sign, limit: Duration) -> Result<(), String> {
    let tried = timeout(limit, async {
        let mut stream = TcpStream::connect((door.host.as_str(), door.port)).await.map_err(|error| plain(&error))?;
        match sign {
            Sign::Http { path, status, .. } => request(stream, door, path, *status).await,
            Sign::Tcp { .. } | Sign::Log { .. } if door.has_porter => stays(&mut stream).await,
            Sign::Tcp { .. } | Sign::Log { .. } => Ok(()),
        }
    });
    let tried = tried.await.unwrap_or_else(|_| Err(format!("no answer within {} ms", limit.as_millis())));
    tried.map_err(|why| format!("{door}: {why}"))
}

/// Whether a connection is still there after a moment.
async fn stays(stream: &mut TcpStream) -> Result<(), String> {
    match timeout(PORTER, stream.read(&mut [0])).await {
        Ok(Ok(0)) => Err("it hangs up at once".to_owned()),
        Ok(Err(error)) => Err(plain(&error)),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

async fn request(stream: TcpStream, door: &Door, path: &str, wanted: Option<u16>) -> Result<(), String> {
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let request = Request::get(path)
        .header(header::HOST, door.to_string())
        .header(header::USER_AGENT, concat!("convoke/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answered = std::pin::pin!(sender.send_request(request));
    // The connection may be over before its answer is looked at.
    let answer = match select(answered, std::pin::pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, answered)) => answered.await,
    };
    let status = answer.map_err(|error| error.to_string())?.status();
    match wanted {
        Some(wanted) if status.as_u16() != wanted => Err(format!("GET {path} is answered with {status}, not {wanted}")),
        None if status >= StatusCode::BAD_REQUEST => Err(format!("GET {path} is answered with {status}")),
        _ => Ok(()),
    }
}

/// The system's words without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn http(path: &str, status: Option<u16>) -> Sign {
        Sign::Http { port: 80, path: path.into(), status }
    }

    /// A server on this machine that answers every request so; nothing is to hang up at once.
    async fn server(answer: &'static str) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                if !answer.is_empty() {
                    let mut bytes = [0; 4096];
                    // Who only connects says nothing.
                    let length = stream.read(&mut bytes).await.unwrap_or(0);
                    let asked = String::from_utf8_lossy(&bytes[..length]).into_owned();
                    let answer = if asked.starts_with("GET /health ") { answer } else { "HTTP/1.1 404 No\r\n\r\n" };
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        });
        Door { host: "127.0.0.1".into(), port, has_porter: true }
    }

    #[tokio::test]
    async fn an_answer_counts_by_its_status() {
        let table = [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None, Ok(())),
            ("HTTP/1.0 204 No Content\r\n\r\n", None, Ok(())),
            ("HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n", None, Ok(())),
            ("HTTP/1.1 503 Busy\r\n\r\n", None, Err("GET /health is answered with 503 Service Unavailable")),
            ("HTTP/1.1 503 Busy\r\n\r\n", Some(503), Ok(())),
            ("HTTP/1.1 200 OK\r\n\r\n", Some(204), Err("GET /health is answered with 200 OK, not 204")),
        ];
        for (answer, status, expected) in table {
            let door = server(answer).await;
            let seen = knock(&door, &http("/health", status), LIMIT).await;
            assert_eq!(seen, expected.map_err(|why| format!("{door}: {why}")), "{answer}");
        }
        let door = server("HTTP/1.1 200 OK\r\n\r\n").await;
        assert!(knock(&door, &http("/other", None), LIMIT).await.expect_err("404").ends_with("404 Not Found"));
    }

    #[tokio::test]
    async fn a_porter_who_hangs_up_is_nobody() {
        let open = server("HTTP/1.1 200 OK\r\n\r\n").await;
        let tcp = Sign::Tcp { port: 80 };
        assert_eq!(knock(&open, &tcp, LIMIT).await, Ok(()));
        let porter = server("").await;
        let why = knock(&porter, &tcp, LIMIT).await.expect_err("nobody inside");
        assert_eq!(why, format!("{porter}: it hangs up at once"));
        assert!(knock(&porter, &http("/health", None), LIMIT).await.is_err());
        let inside = Door { has_porter: false, ..porter };
        assert_eq!(knock(&inside, &tcp, LIMIT).await, Ok(()), "a server may do that");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let closed = Door { host: "127.0.0.1".into(), port, has_porter: false };
        assert_eq!(knock(&closed, &tcp, LIMIT).await, Err(format!("{closed}: connection refused")));
    }
}
