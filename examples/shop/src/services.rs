//! What each service of the shop does. They know each other by the addresses in their environment.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::http::{self, Request, Response};

const FIRST_ITEMS: &[&str] = &["tea\t3.50", "teapot\t24.00", "biscuits\t2.20"];

/// Tables of lines on disk, one file a table.
pub struct Store {
    folder: PathBuf,
    writing: Mutex<()>,
}

pub fn store() -> Result<Store, String> {
    let folder = PathBuf::from(env::var("DATA").unwrap_or_else(|_| "/data".to_owned()));
    fs::create_dir_all(&folder).map_err(|error| format!("cannot use {}: {error}", folder.display()))?;
    println!("keeping tables in {}", folder.display());
    Ok(Store { folder, writing: Mutex::new(()) })
}

impl Store {
    pub fn answer(&self, request: &Request) -> Response {
        let table = request.path.strip_prefix("/tables/").filter(|name| name.chars().all(char::is_alphanumeric));
        match (request.method.as_str(), request.path.as_str(), table) {
            ("GET", "/health", _) => Response::new(200, "well\n"),
            ("GET", _, Some(table)) => match self.lines(table) {
                Ok(lines) => Response::new(200, lines),
                Err(error) => Response::new(500, format!("cannot read it: {error}\n")),
            },
            ("POST", _, Some(table)) => match self.append(table, &request.body) {
                Ok(()) => Response::new(201, "kept\n"),
                Err(error) => Response::new(500, format!("cannot keep it: {error}\n")),
            },
            _ => not_here(request),
        }
    }

    /// Nothing was ever put into a table that is not there.
    fn lines(&self, table: &str) -> io::Result<String> {
        match fs::read_to_string(self.folder.join(table)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            outcome => outcome,
        }
    }

    /// The lines are on disk when this returns.
    fn append(&self, table: &str, lines: &str) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file: File = OpenOptions::new().create(true).append(true).open(self.folder.join(table))?;
        file.write_all(format!("{}\n", lines.trim_end()).as_bytes())?;
        file.sync_all()
    }
}

/// Puts the first items on the shelf, once.
pub fn migrate() -> Result<(), String> {
    let store = neighbour("STORE")?;
    let items = http::call(&store, "GET", "/tables/items", "")?;
    if !items.body.is_empty() {
        println!("{} items are on the shelf already", items.body.lines().count());
        return Ok(());
    }
    let response = http::call(&store, "POST", "/tables/items", &FIRST_ITEMS.join("\n"))?;
    if response.status != 201 {
        return Err(format!("the store answered {}: {}", response.status, response.body.trim_end()));
    }
    println!("put {} items on the shelf", FIRST_ITEMS.len());
    Ok(())
}

pub fn catalog(request: &Request) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/health") => Response::new(200, "well\n"),
        ("GET", "/items") => pass_on("STORE", "GET", "/tables/items", ""),
        _ => not_here(request),
    }
}

/// An order is the name of an item in the body of a POST.
pub fn orders(request: &Request) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/health") => Response::new(200, "well\n"),
        ("GET", "/orders") => pass_on("STORE", "GET", "/tables/orders", ""),
        ("POST", "/orders") => order(request.body.trim()),
        _ => not_here(request),
    }
}

fn order(item: &str) -> Response {
    let items = pass_on("CATALOG", "GET", "/items", "");
    if items.status != 200 {
        return items;
    }
    if !items.body.lines().any(|line| line.split('\t').next() == Some(item)) {
        return Response::new(404, format!("we do not sell {item:?}\n"));
    }
    match pass_on("STORE", "POST", "/tables/orders", item) {
        response if response.status == 201 => Response::new(201, format!("one {item}, on its way\n")),
        response => response,
    }
}

pub fn gateway(request: &Request) -> Response {
    let (method, path) = (request.method.as_str(), request.path.as_str());
    match (method, path) {
        ("GET", "/health") => Response::new(200, "well\n"),
        ("GET", "/") => Response::new(200, "The shop is open: GET /items, GET /orders, POST /orders\n"),
        (_, "/items") => pass_on("CATALOG", method, path, &request.body),
        (_, "/orders") => pass_on("ORDERS", method, path, &request.body),
        _ => not_here(request),
    }
}

/// Asks a neighbour and gives its answer as ours; one that cannot be reached is a 502.
fn pass_on(name: &str, method: &str, path: &str, body: &str) -> Response {
    neighbour(name).and_then(|address| http::call(&address, method, path, body)).unwrap_or_else(|message| {
        eprintln!("{message}");
        Response::new(502, format!("{message}\n"))
    })
}

fn neighbour(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: it holds the address of a neighbour, as host:port"))
}

fn not_here(request: &Request) -> Response {
    Response::new(404, format!("no {} {} here\n", request.method, request.path))
}
