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
            "repeat" => {
                std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).expect("copied");
            }
            "window" => {
                print!("ready ");
                std::io::stdout().flush().expect("flushed");
                std::io::stdin().read_line(&mut String::new()).expect("a line");
                let (columns, rows) = window();
                println!("{columns} {rows}");
            }
            "exit" => std::process::exit(next().parse().expect("a number")),
            "forever" => loop {
                std::thread::park();
            },
            other => panic!("unknown word {other}"),
        }
    }
}

/// How large the terminal is that standard input comes from.
fn window() -> (u16, u16) {
    const ASK: u64 = 0x5413;
    let mut size = [0u16; 4];
    // SAFETY: the C library's function, asked for TIOCGWINSZ, fills in four numbers of 16 bits.
    assert_eq!(unsafe { ioctl(0, ASK, size.as_mut_ptr()) }, 0, "no terminal");
    (size[1], size[0])
}

unsafe extern "C" {
    fn ioctl(file: i32, request: u64, ...) -> i32;
}
