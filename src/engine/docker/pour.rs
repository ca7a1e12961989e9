//! Answers that pour: much output, in chunks of a line each. They are read straight off a connection of their own, as much
//! at a time as has arrived; the client library would hand on each chunk from one task to another.

use std::cell::Cell;
use std::io;
use std::thread;
use std::time::Duration;

use bollard::errors::Error;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::dial::Link;

/// How much is read at a time at most.
const READ: usize = 16 * 1024;
/// The longest head, and the longest refusal, that is listened to.
const HEAD: usize = 64 * 1024;

/// How long a thread rests that would be woken again at once. What the kernel keeps for the engine takes longer to fill.
const REST: Duration = Duration::from_micros(300);
/// So many reads come before the first rest, as whoever waits for a short answer is not kept waiting.
const PROMPT: u64 = 16;

thread_local! {
    static PACE: Cell<Pace> = const { Cell::new(Pace { reads: 0, rested: 0 }) };
}

/// How often a thread has read something that pours, and how often it had when it rested last.
#[derive(Clone, Copy, Debug)]
struct Pace {
    reads: u64,
    rested: u64,
}

impl Pace {
    fn is_to_rest(self) -> bool {
        self.reads > PROMPT && self.reads > self.rested
    }
}

/// To be called by a thread that is about to wait for whatever comes next. Whoever reads faster than the engine writes is
/// woken for every line, which costs both of them: where something pours, more is let gather first.
pub fn rest_where_it_pours() {
    let pace = PACE.get();
    if pace.is_to_rest() {
        thread::sleep(REST);
        PACE.set(Pace { rested: pace.reads, ..pace });
    }
}

fn count_read() {
    let pace = PACE.get();
    PACE.set(Pace { reads: pace.reads + 1, ..pace });
}

/// An answer whose body is yet to come.
pub(super) struct Pour {
    pub status: u16,
    pub content_type: String,
    link: Link,
    arrived: BytesMut,
    extent: Extent,
}

/// Where a body ends.
#[derive(Debug)]
enum Extent {
    /// It comes in chunks: so many bytes are left of the one under way.
    Chunk(u64),
    /// Behind a chunk.
    BetweenChunks,
    /// Behind the last one.
    Over,
    /// After so many bytes.
    Bytes(u64),
    /// When the connection is closed.
    Closed,
}

impl Pour {
    /// Asks for something: `path` with its query.
    pub async fn open(mut link: Link, host: &str, path: &str) -> Result<Self, Error> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        link.write_all(request.as_bytes()).await?;
        link.flush().await?;
        let mut arrived = BytesMut::new();
        loop {
            if link.read_buf(&mut arrived).await? == 0 {
                return Err(broken_off().into());
            }
            if let Some((length, status, content_type, extent)) = head(&arrived)? {
                arrived.advance(length);
                return Ok(Self { status, content_type, link, arrived, extent });
            }
            if arrived.len() > HEAD {
                return Err(malformed("the head of an answer does not end").into());
            }
        }
    }

    /// The body as it arrives.
    pub fn body(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + Unpin {
        Box::pin(stream::unfold(Some(self), |pour| async {
            let mut pour = pour?;
            match pour.next().await {
                Ok(bytes) if bytes.is_empty() => None,
                Ok(bytes) => Some((Ok(bytes), Some(pour))),
                Err(error) => Some((Err(error.into()), None)),
            }
        }))
    }

    /// The beginning of the body, which is a refusal.
    pub async fn refusal(mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        while text.len() < HEAD {
            let more = self.next().await?;
            if more.is_empty() {
                break;
            }
            text.extend_from_slice(&more);
        }
        Ok(text)
    }

    /// What has arrived of the body; nothing at its end.
    async fn next(&mut self) -> io::Result<Bytes> {
        loop {
            let body = self.extent.take(&mut self.arrived)?;
            if !body.is_empty() || self.extent.is_over() {
                return Ok(body);
            }
            self.arrived.reserve(READ);
            let length = self.link.read_buf(&mut self.arrived).await?;
            count_read();
            if length == 0 {
                return if matches!(self.extent, Extent::Closed) { Ok(Bytes::new()) } else { Err(broken_off()) };
            }
        }
    }
}

/// An answer's head, once all of it has arrived: how long it is, and what it says.
fn head(arrived: &[u8]) -> io::Result<Option<(usize, u16, String, Extent)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(arrived).map_err(malformed)? else { return Ok(None) };
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map_or("", |header| std::str::from_utf8(header.value).unwrap_or_default().trim())
    };
    let is_chunked = value("Transfer-Encoding").to_ascii_lowercase().ends_with("chunked");
    let extent = match value("Content-Length") {
        _ if is_chunked => Extent::BetweenChunks,
        "" => Extent::Closed,
        number => Extent::Bytes(number.parse().map_err(malformed)?),
    };
    Ok(Some((length, response.code.unwrap_or_default(), value("Content-Type").to_owned(), extent)))
}

impl Extent {
    fn is_over(&self) -> bool {
        matches!(self, Self::Over | Self::Bytes(0))
    }

    /// Takes what belongs to the body off what has arrived.
    fn take(&mut self, arrived: &mut BytesMut) -> io::Result<Bytes> {
        match self {
            Self::Over => Ok(Bytes::new()),
            Self::Closed => Ok(arrived.split().freeze()),
            Self::Bytes(left) => {
                let body = arrived.split_to(at_most(*left, arrived.len()));
                *left -= body.len() as u64;
                Ok(body.freeze())
            }
            Self::Chunk(_) | Self::BetweenChunks => self.take_chunks(arrived),
        }
    }

    fn take_chunks(&mut self, arrived: &mut BytesMut) -> io::Result<Bytes> {
        let mut body = BytesMut::with_capacity(arrived.len());
        let mut rest = &arrived[..];
        loop {
            match self {
                Self::Chunk(left) => {
                    let (taken, behind) = rest.split_at(at_most(*left, rest.len()));
                    body.extend_from_slice(taken);
                    *left -= taken.len() as u64;
                    rest = behind;
                    if *left > 0 {
                        break;
                    }
                    // Its line end is all of it that is left.
                    let Some((end, behind)) = rest.split_at_checked(2) else { break };
                    if end != b"\r\n" {
                        return Err(malformed("a chunk does not end where it should"));
                    }
                    rest = behind;
                    *self = Self::BetweenChunks;
                }
                _ => match httparse::parse_chunk_size(rest) {
                    Ok(httparse::Status::Complete((_, 0))) => {
                        *self = Self::Over;
                        break;
                    }
                    Ok(httparse::Status::Complete((width, length))) => {
                        rest = &rest[width..];
                        *self = Self::Chunk(length);
                    }
                    Ok(httparse::Status::Partial) => break,
                    Err(_) => return Err(malformed("a chunk has no length")),
                },
            }
        }
        let left = rest.len();
        arrived.advance(arrived.len() - left);
        Ok(body.freeze())
    }
}

fn at_most(left: u64, arrived: usize) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(arrived)
}

fn broken_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the engine closed the connection in the middle of its answer")
}

fn malformed(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use proptest::prelude::*;

    use super::*;

    /// What comes of an answer that arrives in pieces of this width: its status and its body, or what is wrong with it.
    fn poured(answer: &[u8], width: usize) -> Result<(u16, String), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let (ours, mut theirs) = tokio::io::duplex(width);
            let told = async {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    theirs.read_buf(&mut request).await.expect("a request");
                }
                // Whoever has heard enough hangs up.
                let _ = theirs.write_all(answer).await;
                drop(theirs);
            };
            let heard = async {
                let pour = Pour::open(Link::over(ours), "docker", "/logs").await?;
                let status = pour.status;
                let body: Vec<Bytes> = pour.body().try_collect().await?;
                Ok::<_, Error>((status, String::from_utf8(body.concat()).expect("text")))
            };
            let (heard, ()) = tokio::join!(heard, told);
            heard.map_err(|error| super::super::error::translate("read", error).message)
        })
    }

    #[test]
    fn bodies_end_where_the_head_says() {
        const BROKEN: &str = "the engine closed the connection in the middle of its answer";
        type Heard = Result<(u16, &'static str), &'static str>;
        let table: &[(&str, Heard)] = &[
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", Ok((200, "abc"))),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n", Ok((200, ""))),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc and more", Ok((200, "abc"))),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Ok((404, ""))),
            ("HTTP/1.0 200 OK\r\n\r\nto the end", Ok((200, "to the end"))),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Err(BROKEN)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na", Err(BROKEN)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", Err(BROKEN)),
            ("HTTP/1.1 200 OK\r\nTransfer", Err(BROKEN)),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
                Err("a chunk does not end where it should"),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabc\n\r\n", Err("a chunk has no length")),
        ];
        for (answer, expected) in table {
            let expected = expected.map(|(status, body)| (status, body.to_owned())).map_err(str::to_owned);
            for width in [1, 7, 4096] {
                assert_eq!(poured(answer.as_bytes(), width), expected, "{answer:?}, {width} at a time");
            }
        }
    }

    #[test]
    fn a_rest_comes_only_after_more_was_read_and_never_for_a_short_answer() {
        let table = [(0, 0, false), (PROMPT, 0, false), (PROMPT + 1, 0, true), (100, 100, false), (101, 100, true)];
        for (reads, rested, expected) in table {
            assert_eq!(Pace { reads, rested }.is_to_rest(), expected, "{reads} reads, {rested} at the last rest");
        }
    }

    proptest! {
        #[test]
        fn chunks_may_be_cut_anywhere(chunks in proptest::collection::vec("[a-z\r\n]{1,60}", 0..12), width in 1_usize..80) {
            let mut answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
            for chunk in &chunks {
                answer.push_str(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
            }
            answer.push_str("0\r\n\r\n");
            prop_assert_eq!(poured(answer.as_bytes(), width), Ok((200, chunks.concat())));
        }
    }
}
