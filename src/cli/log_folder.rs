//! `--log-dir`: what containers write, kept in files beside being shown.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::render::records::Records;

use super::outcome::Failure;

/// The file in which the lines of all containers stand in the order in which they came, as JSON objects.
const MERGED: &str = "all.ndjson";

/// A folder with one file for each container and one for all. Each line is written at once, so that nothing is missing
/// whatever becomes of convoke; what stands in the files already stays.
#[derive(Debug)]
pub struct LogFolder {
    folder: PathBuf,
    records: Records,
    merged: File,
    containers: HashMap<String, File>,
}

impl LogFolder {
    /// # Errors
    /// When the folder or a file in it cannot be made.
    pub fn open(folder: &Path, records: Records) -> Result<Self, Failure> {
        let open = || {
            fs::create_dir_all(folder)?;
            append(&folder.join(MERGED))
        };
        let merged = open().map_err(|error| {
            Failure::with_help(
                format!("logs cannot be kept in {}: {error}", folder.display()),
                "name a folder that can be written to: --log-dir DIR",
            )
        })?;
        Ok(Self { folder: folder.to_owned(), records, merged, containers: HashMap::new() })
    }

    /// Writes what belongs into the files.
    ///
    /// # Errors
    /// When a file does not take it.
    pub fn keep(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Log(line) => {
                self.container(&line.label)?.write_all(&[&line.text, b"\n".as_slice()].concat())?;
                self.merged.write_all((self.records.line(line) + "\n").as_bytes())
            }
            Event::Life(life) => self.merged.write_all((self.records.life(life) + "\n").as_bytes()),
            _ => Ok(()),
        }
    }

    fn container(&mut self, label: &str) -> io::Result<&mut File> {
        if !self.containers.contains_key(label) {
            // What a hook prints has the label `web-1 ->`.
            let name = label.replace([' ', '>', '/'], "");
            self.containers.insert(label.to_owned(), append(&self.folder.join(name + ".log"))?);
        }
        self.containers.get_mut(label).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;
    use crate::event::LogLine;

    #[test]
    fn each_line_stands_in_its_container_s_file_and_among_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/logs");
        for text in ["first", "second"] {
            let mut kept = LogFolder::open(&path, Records { project: "shop".into() }).expect("a log folder");
            kept.keep(&Event::Log(LogLine::of("web-1", Stream::Stdout, text))).expect("it takes it");
            kept.keep(&Event::Log(LogLine::of("db-1 ->", Stream::Stderr, text))).expect("it takes it");
        }
        let read = |name: &str| fs::read_to_string(path.join(name)).expect("a file");
        assert_eq!(read("web-1.log"), "first\nsecond\n");
        assert_eq!(read("db-1-.log"), "first\nsecond\n");
        assert_eq!(read(MERGED).lines().count(), 4);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_mistake_that_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(LogFolder::open(&file.path().join("logs"), Records::default()).is_err());
    }
}
