//! Finding an engine, agreeing on a version, and what is said when that does not work out.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use convoke::engine::docker::{DockerEngine, connect};
use convoke::engine::{ApiVersion, ContainerId, Engine, EngineError, ErrorKind, EventRequest, Filters};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

const PING: &str = "HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nOstype: linux\r\nServer: Docker/27.1.0 (linux)\r\nContent-Length: 2\r\n\r\nOK";

/// An engine that gives each request the next answer and keeps what it was asked; after the last it hangs up.
async fn engine(socket: &Path, answers: Vec<String>) -> tokio::task::JoinHandle<Vec<String>> {
    let listener = UnixListener::bind(socket).expect("a socket");
    tokio::spawn(async move {
        let (mut asked, mut answers) = (Vec::new(), answers.into_iter());
        'connections: loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            loop {
                let mut bytes = vec![0; 16 * 1024];
                let length = stream.read(&mut bytes).await.unwrap_or(0);
                if length == 0 {
                    continue 'connections;
                }
                asked.push(String::from_utf8_lossy(&bytes[..length]).lines().next().unwrap_or_default().to_owned());
                let Some(answer) = answers.next() else { return asked };
                stream.write_all(answer.as_bytes()).await.expect("answered");
                if answers.len() == 0 {
                    return asked;
                }
            }
        }
    })
}

/// An engine that answers the first question and no other.
async fn silent_engine(socket: &Path) -> tokio::task::JoinHandle<()> {
    let listener = UnixListener::bind(socket).expect("a socket");
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            if open.is_empty() {
                let mut bytes = vec![0; 16 * 1024];
                assert_ne!(stream.read(&mut bytes).await.expect("a question"), 0);
                stream.write_all(PING.as_bytes()).await.expect("answered");
            }
            open.push(stream);
        }
    })
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_told_every_ten_seconds_and_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("engine.sock");
    let served = silent_engine(&socket).await;
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = std::sync::Arc::clone(&told);
    let engine = connected(&socket, &[]).await.expect("connected").on_hesitation(Box::new(move |asked, elapsed| {
        keep.lock().expect("a list").push(format!("{asked} {}", elapsed.as_secs()));
    }));
    tokio::time::pause();
    let error = engine.networks(&Filters::default()).await.expect_err("no answer");
    assert_eq!(
        (error.kind, error.to_string().as_str()),
        (ErrorKind::Unreachable, "list networks: no answer within 120 seconds")
    );
    let said = std::mem::take(&mut *told.lock().expect("a list"));
    assert_eq!((said.len(), said[0].as_str(), said[10].as_str()), (11, "list networks 10", "list networks 110"));
    engine.hush(true);
    engine.networks(&Filters::default()).await.expect_err("no answer");
    assert!(told.lock().expect("a list").is_empty());
    served.abort();
}

/// An engine that takes its time for everything but the first question.
async fn slow_engine(socket: &Path, time: Duration) -> tokio::task::JoinHandle<()> {
    let listener = UnixListener::bind(socket).expect("a socket");
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                let mut bytes = vec![0; 16 * 1024];
                while let Ok(length @ 1..) = stream.read(&mut bytes).await {
                    let answer = if bytes[..length].starts_with(b"GET /_ping") {
                        PING
                    } else {
                        tokio::time::sleep(time).await;
                        "HTTP/1.1 204 No Content\r\n\r\n"
                    };
                    stream.write_all(answer.as_bytes()).await.expect("answered");
                }
            });
        }
    })
}

#[tokio::test]
async fn a_stop_may_take_as_long_as_its_grace() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("engine.sock");
    let served = slow_engine(&socket, Duration::from_secs(30 * 60)).await;
    let engine = connected(&socket, &[]).await.expect("connected");
    tokio::time::pause();
    let (id, grace) = (ContainerId::new("abc"), Some(Duration::from_secs(30 * 60)));
    engine.stop_container(&id, grace).await.expect("stopped after half an hour");
    engine.restart_container(&id, grace).await.expect("restarted after half an hour");
    served.abort();
}

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn connected(socket: &Path, more: &[(&str, &str)]) -> Result<DockerEngine, EngineError> {
    let mut environment = variables(more);
    environment.insert("DOCKER_HOST".into(), format!("unix://{}", socket.display()));
    connect(&environment, None).await
}

fn json(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn one_question_is_enough_and_the_version_is_in_every_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("docker.sock");
    let no_content = "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
    let server = engine(&socket, vec![PING.into(), json("[]"), no_content, json("{}")]).await;
    let engine = connected(&socket, &[]).await.expect("connected");
    let about = engine.about();
    assert_eq!((about.product.as_str(), about.version.as_str()), ("Docker", "27.1.0"));
    assert_eq!(about.api, ApiVersion::new(1, 47));
    engine.containers(&Filters::default()).await.expect("a list");
    // One request by the client library, one of our own.
    engine.start_container(&ContainerId::new("abc")).await.expect("started");
    engine.volumes(&Filters::label("a", "b c")).await.expect("a list");
    let asked = server.await.expect("done");
    assert_eq!(
        asked,
        [
            "GET /_ping HTTP/1.1",
            "GET /v1.47/containers/json?all=1 HTTP/1.1",
            "POST /v1.47/containers/abc/start HTTP/1.1",
            "GET /v1.47/volumes?filters=%7B%22label%22%3A%5B%22a%3Db%20c%22%5D%7D HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn the_version_is_the_newest_that_both_speak_or_the_one_that_is_asked_for() {
    let ping = |version: &str| PING.replace("1.47", version);
    let cases = [
        ("1.41", "", Ok(ApiVersion::new(1, 41))),
        ("1.51", "", Ok(ApiVersion::new(1, 51))),
        ("1.60", "", Ok(ApiVersion::new(1, 51))),
        ("1.47", "1.43", Ok(ApiVersion::new(1, 43))),
        ("1.47", "v1.43", Ok(ApiVersion::new(1, 43))),
        ("1.40", "", Err("needed")),
        ("1.47", "1.48", Err("DOCKER_API_VERSION asks for 1.48; possible are 1.41 to 1.47")),
        ("1.47", "new", Err("`new`")),
        ("", "", Err("no container engine")),
    ];
    for (number, (spoken, pinned, expected)) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("docker.sock");
        let _server = engine(&socket, vec![ping(spoken)]).await;
        let outcome = connected(&socket, &[("DOCKER_API_VERSION", pinned)]).await;
        match expected {
            Ok(version) => assert_eq!(outcome.expect("connected").about().api, version, "case {number}"),
            Err(words) => {
                let error = outcome.expect_err("refused");
                assert!(error.message.contains(words), "case {number}: {error}");
                assert!(matches!(error.kind, ErrorKind::Unsupported | ErrorKind::Invalid), "case {number}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_engine_that_goes_away_in_the_middle_is_unreachable() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("docker.sock");
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{".to_owned();
    let _server = engine(&socket, vec![PING.into(), half]).await;
    let docker = connected(&socket, &[]).await.expect("connected");
    let error = docker.containers(&Filters::default()).await.expect_err("cut");
    assert_eq!((error.kind, error.action.as_str()), (ErrorKind::Unreachable, "list containers"));
    // A question is asked again when its answer broke off: what is told is how the last try ended.
    assert!(error.message.contains("Connection refused"), "{error}");
    let error = docker.networks(&Filters::default()).await.expect_err("gone");
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn a_stream_that_breaks_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("docker.sock");
    let event = "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"a\"},\"timeNano\":5}\n";
    let chunk = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{event}\r\n", event.len());
    let _server = engine(&socket, vec![PING.into(), chunk]).await;
    let docker = connected(&socket, &[]).await.expect("connected");
    let events: Vec<_> = docker.events(&EventRequest::default()).collect().await;
    assert_eq!(events[0].as_ref().expect("told").action, "start");
    assert_eq!(events[1].as_ref().expect_err("broken").kind, ErrorKind::Unreachable);
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn a_named_engine_that_is_not_there_is_told_with_who_named_it() {
    let error = connected(Path::new("/nowhere/docker.sock"), &[]).await.expect_err("absent");
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert_eq!(error.action, "connect to the engine at unix:///nowhere/docker.sock");
    assert!(error.message.contains("No such file"), "{error}");
    assert!(error.help.expect("help").contains("DOCKER_HOST"));
}

#[tokio::test]
async fn a_named_engine_must_make_sense() {
    for (name, value, words) in
        [("DOCKER_HOST", "ftp://x", "unknown scheme"), ("DOCKER_CONTEXT", "nowhere", "no context `nowhere`")]
    {
        let home = tempfile::tempdir().expect("a folder");
        let error = connect(&variables(&[(name, value)]), Some(home.path())).await.expect_err("nonsense");
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.message.contains(words) && error.help.is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn a_context_leads_to_its_engine() {
    let home = tempfile::tempdir().expect("a folder");
    let socket = home.path().join("lab.sock");
    let _server = engine(&socket, vec![PING.into()]).await;
    // sha256 of `lab`
    let digest = "a51146d38077ff992eba84cf1d5e9b249073503eb74868699016153b031a38f7";
    let meta = home.path().join(".docker/contexts/meta").join(digest);
    std::fs::create_dir_all(&meta).expect("made");
    let text = format!(r#"{{"Name":"lab","Endpoints":{{"docker":{{"Host":"unix://{}"}}}}}}"#, socket.display());
    std::fs::write(meta.join("meta.json"), text).expect("written");
    std::fs::write(home.path().join(".docker/config.json"), r#"{"currentContext":"lab"}"#).expect("written");
    let engine = connect(&BTreeMap::new(), Some(home.path())).await.expect("connected");
    assert_eq!(engine.about().address, format!("unix://{}", socket.display()));
    let error =
        connect(&variables(&[("DOCKER_HOST", "unix:///nowhere")]), Some(home.path())).await.expect_err("absent");
    assert!(error.action.contains("unix:///nowhere"), "DOCKER_HOST comes first: {error}");
}
