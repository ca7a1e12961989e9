//! A small shop: every service of it is a subcommand of this one program.

mod http;
mod services;
mod signal;

use std::env;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

fn main() -> ExitCode {
    signal::stop_when_asked();
    let role = env::args().nth(1).unwrap_or_default();
    let outcome = match role.as_str() {
        "store" => services::store().and_then(|store| serve(&role, move |request| store.answer(request))),
        "catalog" => serve(&role, services::catalog),
        "orders" => serve(&role, services::orders),
        "gateway" => serve(&role, services::gateway),
        "migrate" => services::migrate(),
        "probe" => probe(),
        _ => Err("usage: shop store|catalog|orders|gateway|migrate|probe".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Answers requests until the program is stopped.
fn serve(role: &str, answer: impl Fn(&http::Request) -> http::Response + Send + Sync + 'static) -> Result<(), String> {
    let address = listen_address()?;
    let listener = TcpListener::bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))?;
    println!("{role} is open on {address}");
    http::serve(&listener, answer)
}

/// Asks the service in this container how it is: what its healthcheck runs.
fn probe() -> Result<(), String> {
    let address = format!("127.0.0.1:{}", listen_address()?.port());
    match http::call(&address, "GET", "/health", "")? {
        response if response.status == 200 => Ok(()),
        response => Err(format!("{address} answered {}", response.status)),
    }
}

fn listen_address() -> Result<SocketAddr, String> {
    let text = env::var("LISTEN").unwrap_or_else(|_| "0.0.0.0:8000".to_owned());
    text.parse().map_err(|_| format!("LISTEN is no address with a port: {text}"))
}
