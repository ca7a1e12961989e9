//! Requests to one engine: the API version goes into every path, and connections are kept for the next call.

use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bollard::BollardRequest;
use bollard::errors::Error;
use bytes::Bytes;
use futures_util::Stream;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Method, Request, Response, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

use super::dial::Dialer;
use super::error::innermost;
use super::fault;
use super::pour::Pour;
use crate::engine::ApiVersion;

/// A request's body: whole, or streamed.
pub(super) type Body =
    Either<Full<Bytes>, StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, io::Error>> + Send>>>>;

/// The way to one engine. Cloning it shares its connections.
#[derive(Clone)]
pub(super) struct Wire {
    client: Client<Dialer, Body>,
    dialer: Dialer,
    /// `http://host`, for the Host header.
    origin: Arc<str>,
    /// `/v1.41`; empty before a version is agreed on.
    prefix: Arc<str>,
}

/// The query part of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(String);

impl Query {
    pub(super) fn add(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        escape(&mut self.0, name);
        self.0.push('=');
        escape(&mut self.0, value);
        self
    }

    /// Leaves an empty value out.
    pub(super) fn add_some(self, name: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.add(name, value) }
    }

    pub(super) fn flag(self, name: &str, value: bool) -> Self {
        if value { self.add(name, "1") } else { self }
    }

    pub(super) fn filters(self, filters: &crate::engine::Filters) -> Self {
        if filters.0.is_empty() { self } else { self.json("filters", &filters.0) }
    }

    pub(super) fn json<T: serde::Serialize>(self, name: &str, value: &T) -> Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.add(name, &text)
    }
}

/// Percent-encodes all but the characters that mean themselves everywhere in an address.
pub(super) fn escape(into: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => into.push(char::from(byte)),
            _ => {
                // Writing to a String cannot go wrong.
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Either::Left(Full::new(bytes.into()))
}

pub(super) fn streamed(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    use futures_util::TryStreamExt;
    Either::Right(StreamBody::new(Box::pin(stream.map_ok(Frame::data))))
}

impl Wire {
    pub(super) fn new(dialer: Dialer) -> Self {
        let origin = format!("http://{}", dialer.host());
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IDLE).build(dialer.clone());
        Self { client, dialer, origin: origin.into(), prefix: "".into() }
    }

    /// The same connections, speaking this version.
    pub(super) fn speaking(&self, api: ApiVersion) -> Self {
        Self { prefix: format!("/v{api}").into(), ..self.clone() }
    }

    /// Sends a request that the client library made.
    pub(super) fn forward(
        &self,
        mut request: BollardRequest,
    ) -> impl Future<Output = Result<Response<Incoming>, Error>> + Send + use<> {
        let versioned = self.versioned(request.uri());
        let client = self.client.clone();
        async move {
            *request.uri_mut() = versioned?;
            let method = request.method().clone();
            fault::survive(&method, client.request(request)).await.map_err(unreachable)
        }
    }

    /// The library has no version in its paths; should a later one have it, it is left alone.
    fn versioned(&self, uri: &Uri) -> Result<Uri, Error> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let prefix = if path.starts_with("/v1.") { "" } else { &*self.prefix };
        Ok(format!("{}{prefix}{path}", self.origin).parse::<Uri>()?)
    }

    /// Sends a request of our own; an error status is an error.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        query: &Query,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Result<Response<Incoming>, Error> {
        let mut request =
            Request::builder().method(&method).uri(format!("{}{}{path}{}", self.origin, self.prefix, query.0));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.client.request(request.body(body)?);
        let response = fault::survive(&method, answer).await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() || status.is_informational() || status.as_u16() == 304 {
            return Ok(response);
        }
        let bytes = response.into_body().collect().await?.to_bytes();
        Err(refused(status.as_u16(), &bytes))
    }

    /// Asks for an answer that is much, on a connection of its own; an error status is an error.
    pub(super) async fn pour(&self, path: &str, query: &Query) -> Result<Pour, Error> {
        let link = self.dialer.clone().open().await.map_err(|error| unreached(&error))?;
        let path = format!("{}{path}{}", self.prefix, query.0);
        let pour = Pour::open(link, &self.dialer.host(), &path).await?;
        match pour.status {
            200..300 => Ok(pour),
            status => Err(refused(status, &pour.refusal().await?)),
        }
    }

    pub(super) async fn get(&self, path: &str, query: &Query) -> Result<Response<Incoming>, Error> {
        self.send(Method::GET, path, query, &[], full(Bytes::new())).await
    }

    /// A question that changes nothing: it is asked again when the engine only stumbles.
    pub(super) async fn get_json<T: DeserializeOwned>(&self, path: &str, query: &Query) -> Result<T, Error> {
        for pause in PAUSES {
            match self.read(path, query).await {
                Err(error) if is_passing(&error) => {
                    tracing::debug!(%error, path, "asking again");
                    tokio::time::sleep(pause).await;
                }
                answer => return answer,
            }
        }
        self.read(path, query).await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str, query: &Query) -> Result<T, Error> {
        read_json(self.get(path, query).await?).await
    }

    pub(super) async fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Query,
        body: &impl serde::Serialize,
    ) -> Result<T, Error> {
        let headers = [(header::CONTENT_TYPE.as_str(), "application/json")];
        let body = full(serde_json::to_vec(body)?);
        read_json(self.send(Method::POST, path, query, &headers, body).await?).await
    }
}

/// How many connections are kept for the next call: each takes memory, also after a moment of a hundred calls at once.
const IDLE: usize = 32;

/// Between attempts: an engine that restarts is back within a second or two.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1000)];

/// Whether the same question may well be answered a moment later.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::DockerResponseServerError { status_code, .. } => matches!(status_code, 500 | 502..=504),
        Error::IOError { .. } | Error::HyperResponseError { .. } => true,
        _ => false,
    }
}

pub(super) async fn read_json<T: DeserializeOwned>(response: Response<Incoming>) -> Result<T, Error> {
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes)?)
}

/// The engine's words: in JSON, or, from a proxy in between, as they are.
fn message_of(bytes: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Refusal {
        #[serde(default)]
        message: String,
    }
    match serde_json::from_slice::<Refusal>(bytes) {
        Ok(refusal) if !refusal.message.is_empty() => refusal.message,
        _ => String::from_utf8_lossy(bytes).trim().to_owned(),
    }
}

fn refused(status_code: u16, body: &[u8]) -> Error {
    Error::DockerResponseServerError { status_code, message: message_of(body) }
}

fn unreachable(error: hyper_util::client::legacy::Error) -> Error {
    unreached(&error)
}

fn unreached(error: &(dyn std::error::Error + 'static)) -> Error {
    io::Error::new(io::ErrorKind::NotConnected, innermost(error)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_escaped_and_empty_values_left_out() {
        let query = Query::default().add("name", "a b/ü").add_some("platform", "").flag("all", true).flag("v", false);
        assert_eq!(query.0, "?name=a%20b%2F%C3%BC&all=1");
    }

    #[test]
    fn a_refusal_is_read_from_json_or_taken_as_it_is() {
        assert_eq!(message_of(br#"{"message":"no such thing"}"#), "no such thing");
        assert_eq!(message_of(br#"{"cause":"x","message":"y","response":500}"#), "y");
        assert_eq!(message_of(b"bad gateway\n"), "bad gateway");
    }
}
