//! Paths as text: absolute, clean, short for reading, or not on this machine at all.

use std::path::{Component, Path, PathBuf};

/// The path as seen from a directory, without `.` and `..`. An absolute one stays where it is.
pub fn absolute(directory: &Path, path: impl AsRef<Path>) -> PathBuf {
    clean(&directory.join(path))
}

/// Like [`absolute`], but `-`, standard input, stays `-`, and so does what lies on another machine.
pub(super) fn absolute_file(directory: &Path, file: &str) -> PathBuf {
    if file == "-" || is_remote(file) { PathBuf::from(file) } else { absolute(directory, file) }
}

/// The same path without `.`, without `name/..` and without doubled slashes; `.` when nothing is left. Symbolic links
/// are not looked at.
pub fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match cleaned.components().next_back() {
                Some(Component::Normal(_)) => {
                    cleaned.pop();
                }
                Some(Component::RootDir) => {}
                _ => cleaned.push(".."),
            },
            other => cleaned.push(other),
        }
    }
    if cleaned.as_os_str().is_empty() { PathBuf::from(".") } else { cleaned }
}

/// The way from a directory to a path; both are absolute and clean.
pub fn relative(directory: &Path, path: &Path) -> PathBuf {
    let (mut from, mut to) = (directory.components().peekable(), path.components().peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let way: PathBuf = from.map(|_| Component::ParentDir).chain(to).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

/// The path as a person wants to read it: relative to where they stand, unless it lies elsewhere.
pub fn shown(path: &Path, current_dir: &Path) -> PathBuf {
    match path.strip_prefix(current_dir) {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.to_owned(),
        _ => path.to_owned(),
    }
}

/// Whether a compose file is named that lies in a git repository or in a registry.
pub fn is_remote(reference: &str) -> bool {
    const SCHEMES: &[&str] = &["oci://", "git://", "ssh://", "git@", "github.com/"];
    if SCHEMES.iter().any(|scheme| reference.starts_with(scheme)) {
        return true;
    }
    let address = reference.split(['#', '?']).next().unwrap_or(reference);
    (reference.starts_with("https://") || reference.starts_with("http://")) && address.ends_with(".git")
}

/// The path with a leading `~` replaced by the home directory, where there is one.
pub(super) fn expand_home(path: &Path, home: Option<&String>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Path::new(home).join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_without_looking_at_the_disk() {
        for (path, expected) in [
            ("/a/b/../c", "/a/c"),
            ("/../a", "/a"),
            ("./a//b/.", "a/b"),
            ("a/..", "."),
            ("../../a/../b", "../../b"),
            ("", "."),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(expected), "{path}");
        }
        assert_eq!(absolute(Path::new("/work"), "../x/./y"), Path::new("/x/y"));
        assert_eq!(absolute(Path::new("/work"), "/y"), Path::new("/y"));
        assert_eq!(absolute_file(Path::new("/work"), "-"), Path::new("-"));
    }

    #[test]
    fn the_way_between_two_places() {
        for (from, to, expected) in
            [("/a/b", "/a/b/c", "c"), ("/a/b", "/a", ".."), ("/a/b", "/a/c/d", "../c/d"), ("/a", "/a", ".")]
        {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(expected), "{from} {to}");
        }
    }

    #[test]
    fn remote_references_are_told_from_paths() {
        for reference in [
            "oci://host/app:1",
            "git@host:a/b.git",
            "https://host/a.git#main:sub",
            "github.com/a/b",
            "ssh://git@host/a",
        ] {
            assert!(is_remote(reference), "{reference}");
        }
        for reference in ["compose.yaml", "/github.com/a", "https://host/compose.yaml", "gitlab/x.yaml"] {
            assert!(!is_remote(reference), "{reference}");
        }
    }

    #[test]
    fn a_path_is_shown_from_where_the_person_stands() {
        let here = Path::new("/home/me/app");
        assert_eq!(shown(Path::new("/home/me/app/sub/compose.yaml"), here), Path::new("sub/compose.yaml"));
        assert_eq!(shown(Path::new("/home/me/other/compose.yaml"), here), Path::new("/home/me/other/compose.yaml"));
        assert_eq!(shown(here, here), here);
    }
}
