//! As much of HTTP/1.1 as a shop needs: one request a connection, bodies with a length.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_HEAD: u64 = 16 * 1024;
const LONGEST_BODY: u64 = 1024 * 1024;

pub struct Request {
    pub method: String,
    pub path: String,
    pub body: String,
}

pub struct Response {
    pub status: u16,
    pub body: String,
}

impl Response {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into() }
    }
}

/// Answers every connection in a thread of its own, and logs what was asked for, except by health checks.
pub fn serve(
    listener: &TcpListener,
    answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> Result<(), String> {
    let answer = Arc::new(answer);
    for connection in listener.incoming() {
        let connection = connection.map_err(|error| format!("cannot accept: {error}"))?;
        let answer = Arc::clone(&answer);
        thread::spawn(move || {
            if let Err(error) = converse(&connection, &*answer) {
                eprintln!("connection lost: {error}");
            }
        });
    }
    Ok(())
}

fn converse(connection: &TcpStream, answer: &dyn Fn(&Request) -> Response) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let began = Instant::now();
    let (first, body) = read_message(connection)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let request = Request { method, path, body };
    let response = answer(&request);
    if request.path != "/health" {
        println!("{} {} {} in {:?}", request.method, request.path, response.status, began.elapsed());
    }
    let reason = if response.status < 400 { "OK" } else { "Refused" };
    let first = format!("HTTP/1.1 {} {reason}", response.status);
    write_message(connection, &first, "", &response.body)
}

/// Sends one request to `host:port` and returns the whole answer.
pub fn call(address: &str, method: &str, path: &str, body: &str) -> Result<Response, String> {
    let exchange = || {
        let connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        write_message(&connection, &format!("{method} {path} HTTP/1.1"), &format!("host: {address}\r\n"), body)?;
        read_message(&connection)
    };
    let (first, body) = exchange().map_err(|error| format!("{method} {address}{path}: {error}"))?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Response { status: status.ok_or_else(|| format!("{address} does not speak HTTP: {first}"))?, body })
}

/// The first line and the body.
fn read_message(connection: &TcpStream) -> io::Result<(String, String)> {
    let mut head = BufReader::new(connection).take(LONGEST_HEAD);
    let mut first = String::new();
    head.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        }
    }
    if length > LONGEST_BODY {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut body = String::new();
    head.into_inner().take(length).read_to_string(&mut body)?;
    Ok((first.trim_end().to_owned(), body))
}

fn write_message(mut connection: &TcpStream, first: &str, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!("{first}\r\n{headers}content-type: text/plain; charset=utf-8\r\n");
    let rest = format!("content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    connection.write_all((head + &rest).as_bytes())
}
