//! Cuts an answer that never ends into pieces: lines of JSON, or frames of output.

use bollard::errors::Error;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream;
use futures_util::{Stream, StreamExt};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;

use crate::engine::{LogChunk, Stream as Output};

/// Takes whole pieces off the front of what has arrived.
pub(super) trait Cutter: Send + 'static {
    type Piece: Send;

    /// The next piece; `None` when more has to arrive first. At the end, what is left over is a piece too.
    fn cut(&mut self, arrived: &mut BytesMut, at_end: bool) -> Option<Result<Self::Piece, Error>>;
}

/// The pieces of an answer's body, until it ends or breaks.
pub(super) fn pieces<C: Cutter>(
    response: Response<Incoming>,
    cutter: C,
) -> impl Stream<Item = Result<C::Piece, Error>> + Send {
    cut(response.into_body().into_data_stream(), cutter)
}

/// The pieces of what arrives, until it ends or breaks.
pub(super) fn cut<C: Cutter, E: Into<Error>>(
    source: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
    cutter: C,
) -> impl Stream<Item = Result<C::Piece, Error>> + Send {
    let state = Some((source, BytesMut::new(), cutter, false));
    stream::unfold(state, |state| async move {
        let (mut source, mut arrived, mut cutter, mut at_end) = state?;
        loop {
            if let Some(piece) = cutter.cut(&mut arrived, at_end) {
                return Some((piece, Some((source, arrived, cutter, at_end))));
            }
            if at_end {
                return None;
            }
            match source.next().await {
                None => at_end = true,
                Some(Ok(bytes)) if arrived.is_empty() => arrived = bytes.into(),
                Some(Ok(bytes)) => arrived.extend_from_slice(&bytes),
                Some(Err(error)) => return Some((Err(error.into()), None)),
            }
        }
    })
}

/// Lines, without their ends; empty ones are left out.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// So many bytes have been looked through already.
    seen: usize,
}

impl Cutter for Lines {
    type Piece = Bytes;

    fn cut(&mut self, arrived: &mut BytesMut, at_end: bool) -> Option<Result<Bytes, Error>> {
        loop {
            let line = match arrived[self.seen..].iter().position(|byte| *byte == b'\n') {
                Some(at) => {
                    let line = arrived.split_to(self.seen + at);
                    arrived.advance(1);
                    line
                }
                None if at_end => arrived.split(),
                None => {
                    self.seen = arrived.len();
                    return None;
                }
            };
            self.seen = 0;
            let blank = line.iter().all(u8::is_ascii_whitespace);
            if !blank {
                return Some(Ok(line.freeze()));
            }
            if arrived.is_empty() {
                return None;
            }
        }
    }
}

/// How a container's output travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Frames with a header of eight bytes: stream, three zeros, length.
    Framed,
    /// A terminal's output: no frames, no streams.
    Raw,
    /// The same while somebody looks on, who waits for no line to end.
    Live,
    /// Older engines do not say: the first bytes do.
    Unknown,
}

impl Format {
    /// Engines from 1.42 on tell it by the content's type; before, one type stood for both.
    pub(super) fn of(content_type: &str) -> Self {
        match content_type {
            "application/vnd.docker.multiplexed-stream" => Self::Framed,
            _ => Self::Unknown,
        }
    }

    fn guess(arrived: &[u8]) -> Option<Self> {
        let header = |(index, byte): (usize, &u8)| if index == 0 { *byte <= 3 } else { *byte == 0 };
        let start = &arrived[..arrived.len().min(4)];
        if !start.iter().enumerate().all(header) {
            return Some(Self::Raw);
        }
        (start.len() == 4).then_some(Self::Framed)
    }
}

const HEADER: usize = 8;

/// Puts the frames of a container's output back onto their streams. One frame is one chunk: with timestamps, each begins
/// with one. A terminal's output is cut into lines, which are what its log is made of.
#[derive(Debug)]
pub(super) struct Frames {
    format: Format,
    lines: Lines,
}

impl Frames {
    pub(super) fn new(format: Format) -> Self {
        Self { format, lines: Lines::default() }
    }

    fn frame(arrived: &mut BytesMut, at_end: bool) -> Option<Result<LogChunk, Error>> {
        loop {
            if arrived.len() < HEADER {
                return None;
            }
            let length = u32::from_be_bytes([arrived[4], arrived[5], arrived[6], arrived[7]]) as usize;
            let whole = arrived.len() - HEADER >= length;
            if !whole && !at_end {
                arrived.reserve((length + HEADER).min(1 << 20).saturating_sub(arrived.len()));
                return None;
            }
            let stream = arrived[0];
            arrived.advance(HEADER);
            let length = length.min(arrived.len());
            let bytes = arrived.split_to(length).freeze();
            match stream {
                3 => {
                    return Some(Err(Error::DockerStreamError { error: String::from_utf8_lossy(&bytes).into_owned() }));
                }
                _ if bytes.is_empty() => {}
                2 => return Some(Ok(LogChunk { stream: Output::Stderr, bytes })),
                _ => return Some(Ok(LogChunk { stream: Output::Stdout, bytes })),
            }
        }
    }

    fn line(&mut self, arrived: &mut BytesMut, at_end: bool) -> Option<Result<LogChunk, Error>> {
        let end = arrived[self.lines.seen..].iter().position(|byte| *byte == b'\n');
        let length = match end {
            Some(at) => self.lines.seen + at + 1,
            None if at_end && !arrived.is_empty() => arrived.len(),
            None => {
                self.lines.seen = arrived.len();
                return None;
            }
        };
        self.lines.seen = 0;
        Some(Ok(LogChunk { stream: Output::Stdout, bytes: arrived.split_to(length).freeze() }))
    }
}

impl Cutter for Frames {
    type Piece = LogChunk;

    fn cut(&mut self, arrived: &mut BytesMut, at_end: bool) -> Option<Result<LogChunk, Error>> {
        if self.format == Format::Unknown && !arrived.is_empty() {
            let guess = Format::guess(arrived);
            self.format = guess.unwrap_or(if at_end { Format::Raw } else { Format::Unknown });
        }
        match self.format {
            Format::Unknown => None,
            Format::Framed => Self::frame(arrived, at_end),
            Format::Raw => self.line(arrived, at_end),
            Format::Live if arrived.is_empty() => None,
            Format::Live => Some(Ok(LogChunk { stream: Output::Stdout, bytes: arrived.split().freeze() })),
        }
    }
}
