//! The program inside the containers of the end-to-end tests: it does what its words say, one after the other.
//!
//! `actor say hello write /data/a text serve 8000` says hello, writes a file, and serves HTTP until it is stopped.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::process;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    stop_when_asked();
    if env::args().next().is_some_and(|name| name == "rm" || name.ends_with("/rm")) {
        return remove();
    }
    let mut words = env::args().skip(1);
    while let Some(deed) = words.next() {
        if let Err(error) = act(&deed, &mut words) {
            eprintln!("{deed}: {error}");
            process::exit(70);
        }
    }
}

/// `rm -rf -- PATH…`, for an image that has nothing else.
fn remove() {
    for path in env::args().skip(1).filter(|word| !word.starts_with('-')) {
        // What is not there is gone.
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
}

fn act(deed: &str, words: &mut impl Iterator<Item = String>) -> Result<(), String> {
    let mut word = || words.next().ok_or_else(|| "a word is missing".to_owned());
    match deed {
        "say" => println!("{}", word()?),
        "say-long" => println!("{}", "aä€😀".repeat(usize::try_from(number(&word()?)?).map_err(told)? / 10)),
        "murmur" => {
            print!("{}", word()?);
            io::stdout().flush().map_err(told)?;
        }
        "complain" => eprintln!("{}", word()?),
        "lines" => (1..=number(&word()?)?).for_each(line),
        "drip" => (1..=number(&word()?)?).for_each(|number| {
            line(number);
            thread::sleep(Duration::from_millis(5));
        }),
        "pace" => pace(number(&word()?)?, number(&word()?)?),
        "count" => count(&word()?, number(&word()?)?)?,
        "repeat" => drop(io::copy(&mut io::stdin(), &mut io::stdout()).map_err(told)?),
        "ask" => {
            print!("{} ", word()?);
            io::stdout().flush().map_err(told)?;
            io::stdin().read_line(&mut String::new()).map_err(told)?;
        }
        "window" => println!("{}", window()),
        "await-window" => {
            let wanted = word()?;
            while window() != wanted {
                thread::sleep(Duration::from_millis(5));
            }
            println!("{wanted}");
        }
        "identity" => println!("{}", fs::metadata("/proc/self").map_err(told)?.uid()),
        "folder" => println!("{}", env::current_dir().map_err(told)?.display()),
        "environment" => env::vars().for_each(|(name, value)| println!("{name}={value}")),
        "write" => fs::write(word()?, word()?).map_err(told)?,
        "show" => println!("{}", fs::read_to_string(word()?).map_err(told)?.trim_end()),
        "await-file" => {
            let path = word()?;
            while !fs::exists(&path).map_err(told)? {
                thread::sleep(Duration::from_millis(50));
            }
        }
        "sleep" => thread::sleep(Duration::from_millis(number(&word()?)?)),
        "serve" => serve(port(&word()?)?)?,
        "reach" => drop(TcpStream::connect(("127.0.0.1", port(&word()?)?)).map_err(told)?),
        "succeed-at-try" => succeed_at_try(number(&word()?)?, &word()?)?,
        "deaf" => be_deaf(),
        "hoard" => hoard(),
        "stay" => loop {
            thread::park();
        },
        "exit" => process::exit(i32::from(u8::try_from(number(&word()?)?).map_err(told)?)),
        _ => return Err("no such deed".to_owned()),
    }
    Ok(())
}

/// A numbered line, odd ones to standard output and even ones to standard error.
fn line(number: u64) {
    if number % 2 == 1 { println!("line {number}") } else { eprintln!("line {number}") }
}

/// Numbered lines, so many a second: some at a time, as programs write when they have something to do.
fn pace(count: u64, a_second: u64) {
    const PAUSE: Duration = Duration::from_millis(20);
    let began = Instant::now();
    for number in 1..=count {
        line(number);
        let ahead = Duration::from_micros(number * 1_000_000 / a_second).saturating_sub(began.elapsed());
        if ahead >= PAUSE {
            thread::sleep(ahead);
        }
    }
}

/// Counts up to a number, one line each, and goes on where it was in an earlier life: the file holds a byte for each line.
/// Breaks off with an error after a few thousand lines, as if by accident.
fn count(file: &str, last: u64) -> Result<(), String> {
    let mut told_so_far = OpenOptions::new().create(true).append(true).open(file).map_err(told)?;
    let first = told_so_far.metadata().map_err(told)?.len() + 1;
    let age = SystemTime::now().duration_since(UNIX_EPOCH).map_err(told)?;
    let breaks_off = first + 2000 + u64::from(age.subsec_micros()) % 2000;
    for number in first..=last {
        told_so_far.write_all(b".").map_err(told)?;
        line(number);
        if number == breaks_off && number < last {
            process::exit(1);
        }
    }
    Ok(())
}

/// Answers every request with the variables of the environment.
fn serve(port: u16) -> Result<(), String> {
    let listener = TcpListener::bind(("0.0.0.0", port)).map_err(told)?;
    println!("serving");
    for connection in listener.incoming() {
        let mut connection = connection.map_err(told)?;
        let variables: String = env::vars().map(|(name, value)| format!("{name}={value}\n")).collect();
        let answer =
            connection.read(&mut [0; 4096]).and_then(|_| write!(connection, "HTTP/1.0 200 OK\r\n\r\n{variables}"));
        if let Err(error) = answer {
            eprintln!("connection lost: {error}");
        }
    }
    Ok(())
}

/// How large the terminal is that is read from; says so where there is none.
fn window() -> String {
    const ASK: u64 = 0x5413;
    let mut size = [0u16; 4];
    // SAFETY: the C library's function, which fills in four numbers of 16 bits for TIOCGWINSZ.
    let asked = unsafe { ioctl(0, ASK, size.as_mut_ptr()) };
    if asked == 0 { format!("{}x{}", size[1], size[0]) } else { "no terminal".to_owned() }
}

/// For health checks: fails until it is tried for that many times, as counted in the file.
fn succeed_at_try(wanted: u64, file: &str) -> Result<(), String> {
    let mut tries = OpenOptions::new().create(true).read(true).append(true).open(file).map_err(told)?;
    tries.write_all(b".").map_err(told)?;
    let tried = fs::metadata(file).map_err(told)?.len();
    if tried < wanted {
        process::exit(1)
    }
    Ok(())
}

/// Takes memory until there is none.
fn hoard() {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        // Memory counts once it is written to.
        taken.push(vec![1; 1 << 20]);
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word} is no number"))
}

fn port(word: &str) -> Result<u16, String> {
    word.parse().map_err(|_| format!("{word} is no port"))
}

fn told(error: impl ToString) -> String {
    error.to_string()
}

/// The kernel delivers SIGTERM to the first process of a container only when that process has a handler for it.
fn stop_when_asked() {
    for signal_number in [INTERRUPT, TERMINATE] {
        // SAFETY: the C library's function with its own signature; the handler only calls `_exit`, which is allowed there.
        unsafe { signal(signal_number, leave as *const () as usize) };
    }
}

/// Stops listening to SIGTERM: only SIGKILL ends the container from here on.
fn be_deaf() {
    const IGNORE: usize = 1;
    // SAFETY: as above; 1 is the C library's SIG_IGN.
    unsafe { signal(TERMINATE, IGNORE) };
}

const INTERRUPT: i32 = 2;
const TERMINATE: i32 = 15;

extern "C" fn leave(_number: i32) {
    // SAFETY: `_exit` takes any status and never returns.
    unsafe { _exit(0) }
}

unsafe extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
    fn ioctl(file: i32, request: u64, ...) -> i32;
    fn _exit(status: i32) -> !;
}
