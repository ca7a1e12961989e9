//! Command lines to words, as docker compose splits them: quotes and backslashes, but no variables.

/// Splits a command line. It ends at an unquoted `;`, `&`, `|`, `<` or `>`.
///
/// # Errors
/// A quote, backquote, parenthesis or backslash that lacks its counterpart.
pub(super) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut splitter = Splitter::default();
    for character in line.chars() {
        if splitter.take(character)? == Next::Stop {
            break;
        }
    }
    splitter.finish()
}

#[derive(PartialEq, Eq)]
enum Next {
    More,
    Stop,
}

#[derive(Default)]
struct Splitter {
    words: Vec<String>,
    word: String,
    /// Whether there is a word, be it an empty one in quotes.
    started: bool,
    escaped: bool,
    single: bool,
    double: bool,
    back: bool,
    dollar: bool,
}

impl Splitter {
    fn quoted(&self) -> bool {
        self.single || self.double || self.back || self.dollar
    }

    fn take(&mut self, character: char) -> Result<Next, &'static str> {
        if self.escaped {
            self.escaped = false;
            self.push(character);
            return Ok(Next::More);
        }
        match character {
            '\\' if !self.single => self.escaped = true,
            '\\' => self.word.push(character),
            ' ' | '\t' | '\r' | '\n' if self.quoted() => self.word.push(character),
            ' ' | '\t' | '\r' | '\n' => self.end(),
            '"' if !self.single && !self.dollar => {
                self.started |= self.double;
                self.double = !self.double;
            }
            '\'' if !self.double && !self.dollar => {
                self.started |= self.single;
                self.single = !self.single;
            }
            ';' | '&' | '|' | '<' | '>' if !self.quoted() => {
                // `2>file`: the number belongs to the redirection, not to the words.
                if character == '>' && self.word.starts_with(|first: char| first.is_ascii_digit()) {
                    self.started = false;
                }
                return Ok(Next::Stop);
            }
            '(' if !self.single && !self.double && !self.back => {
                if self.dollar || !self.word.ends_with('$') {
                    return Err("a parenthesis needs quotes");
                }
                self.dollar = true;
                self.word.push(character);
            }
            _ => {
                if character == '`' && !self.single && !self.double && !self.dollar {
                    self.back = !self.back;
                } else if character == ')' && !self.single && !self.double && !self.back {
                    self.dollar = !self.dollar;
                }
                self.push(character);
            }
        }
        Ok(Next::More)
    }

    fn push(&mut self, character: char) {
        self.started = true;
        self.word.push(character);
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.started) {
            self.words.push(std::mem::take(&mut self.word));
        }
    }

    fn finish(mut self) -> Result<Vec<String>, &'static str> {
        self.end();
        match () {
            () if self.escaped => Err("it ends with a backslash"),
            () if self.single || self.double => Err("a quote is not closed"),
            () if self.back => Err("a backquote is not closed"),
            () if self.dollar => Err("a parenthesis is not closed"),
            () => Ok(self.words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_line_is_split_as_docker_compose_splits_it() {
        for (line, words) in [
            (r#"echo "a b" 'c d' e\ f"#, &["echo", "a b", "c d", "e f"][..]),
            ("sh -c 'echo hi; ls'", &["sh", "-c", "echo hi; ls"]),
            ("echo a;ls", &["echo", "a"]),
            ("echo a | cat", &["echo", "a"]),
            ("echo a&&b", &["echo", "a"]),
            ("echo `date`", &["echo", "`date`"]),
            ("echo $(date)", &["echo", "$(date)"]),
            ("echo 'it''s'", &["echo", "its"]),
            (r#"echo "a\"b""#, &["echo", r#"a"b"#]),
            ("a  b\tc\nd", &["a", "b", "c", "d"]),
            ("echo a #c", &["echo", "a", "#c"]),
            (r"echo \n", &["echo", "n"]),
            ("", &[]),
            (r#"echo "" ''"#, &["echo", "", ""]),
            ("echo {a,b}", &["echo", "{a,b}"]),
            ("2>x y", &[]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn what_is_left_open_is_refused() {
        for line in ["echo 'unclosed", "a\\", "echo \"x", "echo `date", "echo $(date", "echo )", "echo (x)"] {
            assert!(split(line).is_err(), "{line}");
        }
    }
}
