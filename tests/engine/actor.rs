//! The only program in the containers of these tests: does what its arguments say, one after the other.

use std::io::Write;

fn main() {
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_default();
        match word.as_str() {
            "out" => println!("{}", next()),
            "err" => eprintln!("{}", next()),
            "part" => {
                print!("{}", next());
                std::io::stdout().flush().expect("flushed");
            }
            "env" => {
                let name = next();
                println!("{}", std::env::var(name).unwrap_or_default());
            }
            "cat" => print!("{}", std::fs::read_to_string(next()).expect("a file")),
            "write" => {
                let path = next();
                std::fs::write(path, next()).expect("written");
            }
            "exit" => std::process::exit(next().parse().expect("a number")),
            "forever" => loop {
                std::thread::park();
            },
            other => panic!("unknown word {other}"),
        }
    }
}
