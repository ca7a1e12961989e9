//! The keys that leave a container: how they are written, and how they are found in what is typed.

/// Docker's own: ctrl-p, then ctrl-q.
pub const USUAL: &str = "ctrl-p,ctrl-q";

/// Reads keys as Docker writes them: `ctrl-p,ctrl-q`, `ctrl-@,a`, `DEL`.
///
/// # Errors
/// A sentence about the first key that is none.
pub fn parse(text: &str) -> Result<Vec<u8>, String> {
    text.split(',').map(key).collect()
}

fn key(name: &str) -> Result<u8, String> {
    let wrong = || format!("unknown key {name:?}: a key is one letter, ctrl- and one letter, or DEL");
    if name == "DEL" {
        return Ok(127);
    }
    let (letter, control) = match name.strip_prefix("ctrl-") {
        Some(letter) => (letter, true),
        None => (name, false),
    };
    match (letter.as_bytes(), control) {
        ([letter], false) if letter.is_ascii() => Ok(*letter),
        ([letter @ (b'a'..=b'z' | b'@' | b'[' | b'\\' | b']' | b'^' | b'_')], true) => Ok(letter & 0x1f),
        _ => Err(wrong()),
    }
}

/// Finds a sequence of keys in what is typed, and keeps back what may be its beginning.
#[derive(Clone, Debug)]
pub struct Watch {
    keys: Vec<u8>,
    /// So many of them were typed one after the other.
    met: usize,
}

/// What became of some typed letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// What goes on to the process.
    pub bytes: Vec<u8>,
    /// Whether the sequence is complete; what was typed after it is lost.
    pub left: bool,
}

impl Watch {
    pub fn new(keys: Vec<u8>) -> Self {
        Self { keys, met: 0 }
    }

    pub fn pass(&mut self, typed: &[u8]) -> Typed {
        let mut bytes = Vec::with_capacity(typed.len());
        for &byte in typed {
            if self.keys.get(self.met) != Some(&byte) {
                bytes.extend_from_slice(&self.keys[..std::mem::take(&mut self.met)]);
            }
            if self.keys.get(self.met) == Some(&byte) {
                self.met += 1;
                if self.met == self.keys.len() {
                    return Typed { bytes, left: true };
                }
            } else {
                bytes.push(byte);
            }
        }
        Typed { bytes, left: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_docker_writes_them() {
        let table: [(&str, Option<&[u8]>); 9] = [
            (USUAL, Some(&[16, 17])),
            ("a", Some(b"a")),
            ("ctrl-a,a,B", Some(&[1, b'a', b'B'])),
            ("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", Some(&[0, 27, 28, 29, 30, 31])),
            ("DEL", Some(&[127])),
            ("", None),
            ("ctrl-", None),
            ("ctrl-A", None),
            ("shift-a", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_keys_leave_and_everything_else_goes_through() {
        // Bars stand between what comes in one piece.
        let table = [
            ("ls\r", "ls\r", false),
            ("\x10\x11", "", true),
            ("x\x10|\x11 lost", "x", true),
            ("\x10|x", "\x10x", false),
            ("\x10\x10\x11", "\x10", true),
            ("\x10", "", false),
            ("\x11\x10\x10x", "\x11\x10\x10x", false),
        ];
        for (reads, expected, left) in table {
            let mut watch = Watch::new(vec![16, 17]);
            let mut passed = Vec::new();
            let mut is_over = false;
            for read in reads.split('|') {
                let typed = watch.pass(read.as_bytes());
                passed.extend(typed.bytes);
                is_over |= typed.left;
            }
            assert_eq!((passed.as_slice(), is_over), (expected.as_bytes(), left), "{reads:?}");
        }
    }

    #[test]
    fn without_keys_nothing_leaves() {
        let typed = Watch::new(Vec::new()).pass(b"\x10\x11");
        assert_eq!(typed, Typed { bytes: b"\x10\x11".to_vec(), left: false });
    }
}
