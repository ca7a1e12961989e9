//! What of a folder stays at home: the language of `.dockerignore`, as the engine itself reads it. Pure.

use regex::Regex;

/// A file of patterns. Later ones win; `!` takes back in what earlier ones left out.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// Without `!`, without a leading or trailing slash.
    text: String,
    is_exception: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Exact,
    /// `name**`
    Prefix(String),
    /// `**name`, `**/name`
    Suffix(String),
    Regex(Regex),
}

/// Which patterns match a folder: they match everything below it as well.
pub type Matches = Vec<bool>;

impl Ignore {
    /// Reads patterns, one a line; `#` at the beginning of a line makes it a comment.
    ///
    /// # Errors
    /// A sentence about the pattern that cannot be understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().filter(|line| !line.starts_with('#'));
        let mut patterns = Vec::new();
        for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
            let (is_exception, rest) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            if rest.is_empty() {
                return Err(format!("pattern {line:?} takes nothing back in"));
            }
            patterns.push(Pattern::new(&clean(rest), is_exception)?);
        }
        Ok(Self { patterns })
    }

    /// Takes a file back in if it was left out.
    ///
    /// # Errors
    /// When the name cannot be used as a pattern.
    pub fn keep(&mut self, path: &str) -> Result<(), String> {
        if self.matches(path) {
            self.patterns.push(Pattern::new(&escaped(path), true)?);
        }
        Ok(())
    }

    /// Whether a path is left out, when nothing is known about its parents.
    pub fn matches(&self, path: &str) -> bool {
        let mut parents = Matches::new();
        for (end, _) in path.match_indices('/') {
            parents = self.judge(&path[..end], &parents).1;
        }
        self.judge(path, &parents).0
    }

    /// Whether a path is left out, and which patterns match it, given those that match its parent (none at the top).
    pub fn judge(&self, path: &str, parent: &[bool]) -> (bool, Matches) {
        let mut is_out = false;
        let mut matches = Vec::with_capacity(self.patterns.len());
        for (index, pattern) in self.patterns.iter().enumerate() {
            let is_match = parent.get(index).copied().unwrap_or(false)
                || (pattern.is_exception == is_out && pattern.matches(path));
            matches.push(is_match);
            if is_match {
                is_out = !pattern.is_exception;
            }
        }
        (is_out, matches)
    }

    /// Whether something below a folder that is left out may have been taken back in.
    pub fn may_keep_below(&self, folder: &str) -> bool {
        let below = format!("{folder}/");
        self.patterns.iter().any(|pattern| pattern.is_exception && format!("{}/", pattern.text).starts_with(&below))
    }
}

impl Pattern {
    fn new(text: &str, is_exception: bool) -> Result<Self, String> {
        let kind = kind(text).ok_or_else(|| format!("pattern {text:?} cannot be understood"))?;
        Ok(Self { text: text.to_owned(), is_exception, kind })
    }

    fn matches(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Exact => path == self.text,
            Kind::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Kind::Suffix(suffix) => {
                path.ends_with(suffix.as_str()) || suffix.strip_prefix('/').is_some_and(|name| path == name)
            }
            Kind::Regex(regex) => regex.is_match(path),
        }
    }
}

/// The same path without `.`, `..`, doubled and outer slashes.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if path.starts_with('/') && parts.is_empty() => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A pattern that only matches this very path.
fn escaped(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

fn kind(text: &str) -> Option<Kind> {
    let is_plain = |text: &str| !text.contains(['*', '?', '[', ']', '\\']);
    if is_plain(text) {
        return Some(Kind::Exact);
    }
    if let Some(rest) = text.strip_prefix("**").filter(|rest| is_plain(rest)) {
        return Some(Kind::Suffix(rest.to_owned()));
    }
    if let Some(rest) = text.strip_suffix("**").filter(|rest| is_plain(rest)) {
        return Some(Kind::Prefix(rest.to_owned()));
    }
    Regex::new(&expression(text)?).ok().map(Kind::Regex)
}

/// The regular expression for a pattern; `None` when a bracket or an escape is left open.
fn expression(text: &str) -> Option<String> {
    let mut expression = String::from("^");
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                rest.next_if_eq(&'/');
                expression.push_str(if rest.peek().is_none() { ".*" } else { "(.*/)?" });
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '\\' => expression.push_str(&regex::escape(&rest.next()?.to_string())),
            '[' => class(&mut rest, &mut expression)?,
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push('$');
    Some(expression)
}

/// A set of characters, up to its closing bracket.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, expression: &mut String) -> Option<()> {
    expression.push('[');
    if rest.next_if_eq(&'^').is_some() {
        expression.push('^');
    }
    loop {
        match rest.next()? {
            ']' => break,
            '-' => expression.push('-'),
            '\\' => expression.push_str(&regex::escape(&rest.next()?.to_string())),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push(']');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_what_they_leave_out() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("foo", &["foo", "foo/bar"], &["bar/foo", "foobar"]),
            ("/foo", &["foo"], &["bar/foo"]),
            ("./foo/", &["foo", "foo/x"], &["x/foo"]),
            ("foo/../bar", &["bar"], &["foo"]),
            ("*.md", &["a.md"], &["docs/a.md", "a.mdx"]),
            ("*/*.md", &["docs/a.md"], &["a.md", "x/docs/a.md"]),
            ("**/*.md", &["a.md", "docs/a.md", "x/y/a.md"], &["a.mdx"]),
            ("**/temp", &["temp", "a/temp", "a/b/temp/c"], &["atemp", "a/xtemp"]),
            ("**temp", &["temp", "atemp", "a/xtemp"], &["tempx"]),
            ("temp**", &["temp", "tempx", "temp/a/b"], &["a/temp"]),
            ("a/**", &["a/b", "a/b/c"], &["b", "ab"]),
            ("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/zz", "z"]),
            ("**", &["a", "a/b"], &[]),
            ("*", &["a", "a/b", ".git"], &[]),
            ("temp?", &["temp1", "tempa/x"], &["temp", "temp12"]),
            ("[a-c]x", &["ax", "cx"], &["dx", "x"]),
            ("[^a]x", &["bx"], &["ax"]),
            (r"a\*b", &["a*b"], &["axb"]),
            ("a.b+(c)", &["a.b+(c)"], &["axb+(c)"]),
            ("# no comment\nfoo", &["foo"], &["# no comment"]),
            (" foo ", &["foo"], &["bar"]),
            ("\u{feff}foo", &["foo"], &["bar"]),
            ("é*", &["été"], &["ete"]),
        ];
        for (text, out, kept) in table {
            let ignore = Ignore::parse(text).expect("patterns");
            for path in *out {
                assert!(ignore.matches(path), "{text:?} leaves {path} out");
            }
            for path in *kept {
                assert!(!ignore.matches(path), "{text:?} keeps {path}");
            }
        }
    }

    #[test]
    fn exceptions_take_back_in_and_order_decides() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("*\n!a", &["b"], &["a", "a/b"]),
            ("docs\n!docs/README.md", &["docs", "docs/a"], &["docs/README.md"]),
            ("*.md\n!README*.md\nREADME-secret.md", &["a.md", "README-secret.md"], &["README.md"]),
            ("*.md\nREADME-secret.md\n!README*.md", &["a.md"], &["README-secret.md"]),
            ("!a\na", &["a"], &[]),
            ("**\n!**/keep", &["a", "a/b"], &["keep", "a/keep"]),
        ];
        for (text, out, kept) in table {
            let ignore = Ignore::parse(text).expect("patterns");
            for path in *out {
                assert!(ignore.matches(path), "{text:?} leaves {path} out");
            }
            for path in *kept {
                assert!(!ignore.matches(path), "{text:?} keeps {path}");
            }
        }
    }

    #[test]
    fn folders_are_entered_only_for_what_is_taken_back_in_by_name() {
        let ignore = Ignore::parse("docs\nbuild\n!docs/api/README.md\n!**/keep").expect("patterns");
        assert!(ignore.may_keep_below("docs"));
        assert!(ignore.may_keep_below("docs/api"));
        assert!(!ignore.may_keep_below("build"));
        assert!(!ignore.may_keep_below("doc"));
    }

    #[test]
    fn what_the_builder_needs_is_kept() {
        let mut ignore = Ignore::parse("*").expect("patterns");
        ignore.keep("docker/[x].Dockerfile").expect("a name");
        assert!(!ignore.matches("docker/[x].Dockerfile"));
        assert!(ignore.matches("docker/x.Dockerfile"));
    }

    #[test]
    fn patterns_that_cannot_be_understood_are_refused() {
        for text in ["[a", "!", "a\\", "! "] {
            assert!(Ignore::parse(text).is_err(), "{text:?}");
        }
    }
}
