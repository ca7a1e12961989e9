//! One command at a time changes a project: the others wait for their turn, and are told whose it is.
//!
//! The turn is a lock on a file, which ends with the process that has it, however it ends. It holds for the commands of
//! one user on one machine; whoever comes from elsewhere meets an engine that refuses to do a thing twice.

use std::cell::RefCell;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::settings::{Environment, variable};

/// How often whoever waits is told for whom.
const REMINDER: Duration = Duration::from_secs(10);

/// The turn of this process, if it has it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Turn(Rc<RefCell<Option<File>>>);

impl Turn {
    /// Waits until nobody else changes the project. Where no lock can be had, nobody waits.
    ///
    /// # Errors
    /// When nobody can be told about the wait any more.
    pub async fn take(
        &self,
        environment: &Environment,
        engine: &str,
        project: &str,
        tell: impl Fn(String) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.0.borrow().is_some() {
            return Ok(());
        }
        let path = match folder(environment) {
            Ok(folder) => folder.join(name(engine, project)),
            Err(error) => {
                tracing::debug!(%error, "no folder for locks");
                return Ok(());
            }
        };
        match wait(&path, project, tell).await {
            Ok(file) => *self.0.borrow_mut() = Some(file),
            Err(Trouble::Untold(error)) => return Err(error),
            Err(Trouble::Unlocked(error)) => tracing::debug!(%error, path = %path.display(), "no lock"),
        }
        Ok(())
    }

    /// Lets the next one go on.
    pub fn give_up(&self) {
        self.0.borrow_mut().take();
    }
}

enum Trouble {
    /// There is no lock to be had.
    Unlocked(io::Error),
    Untold(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unlocked(error)
    }
}

async fn wait(path: &Path, project: &str, tell: impl Fn(String) -> io::Result<()>) -> Result<File, Trouble> {
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(error.into()),
        Err(TryLockError::WouldBlock) => {
            let waiting = file.try_clone()?;
            let mut turn = tokio::task::spawn_blocking(move || waiting.lock());
            loop {
                tell(format!("waiting for {}, at work on project {project}", holder(path))).map_err(Trouble::Untold)?;
                if let Ok(taken) = tokio::time::timeout(REMINDER, &mut turn).await {
                    taken.map_err(io::Error::other)??;
                    break;
                }
            }
        }
    }
    sign(&mut file)?;
    Ok(file)
}

/// Whoever comes next wants to know who is there.
fn sign(file: &mut File) -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "convoke {} (process {})", words.join(" "), std::process::id())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Makes sure that no other convoke of this user watches a project, as long as what it returns is kept. Where no lock can be
/// had, nobody is kept from it.
///
/// # Errors
/// Who watches it already.
pub fn alone(environment: &Environment, engine: &str, project: &str) -> Result<Option<File>, String> {
    let opened = folder(environment).and_then(|folder| {
        let path = folder.join(format!("watch-{}", name(engine, project)));
        open(&path).map(|file| (path, file))
    });
    let Ok((path, mut file)) = opened else { return Ok(None) };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let who = holder(&path);
            Err(format!("cannot take exclusive lock for project \"{project}\": {who} is still running"))
        }
        locked => Ok((locked.is_ok() && sign(&mut file).is_ok()).then_some(file)),
    }
}

fn holder(path: &Path) -> String {
    let mut text = String::new();
    // Who has just taken it may not have written it down yet.
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    if read.is_err() || text.is_empty() { "another convoke".to_owned() } else { text }
}

/// This user's folder for locks.
fn folder(environment: &Environment) -> io::Result<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let folder = match variable(environment, "XDG_RUNTIME_DIR").map(Path::new).filter(|folder| folder.is_dir()) {
        Some(runtime) => runtime.join("convoke"),
        None => std::env::temp_dir().join(format!("convoke-{user}")),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != user {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} is not ours", folder.display())));
    }
    Ok(folder)
}

/// One file for each project on each engine. A socket counts as the same under all its names.
fn name(engine: &str, project: &str) -> String {
    let socket = engine.strip_prefix("unix://").and_then(|path| fs::canonicalize(path).ok());
    let engine = socket.map_or_else(|| engine.to_owned(), |path| format!("unix://{}", path.display()));
    let digest = hex::encode(Sha256::digest(engine.as_bytes()));
    format!("{project}-{}.lock", &digest[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(folder: &Path) -> Environment {
        Environment::from([("XDG_RUNTIME_DIR".to_owned(), folder.display().to_string())])
    }

    #[tokio::test]
    async fn one_at_a_time_and_the_other_knows_for_whom_it_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = environment(folder.path());
        let (first, second, elsewhere) = (Turn::default(), Turn::default(), Turn::default());
        let silent = |text: String| -> io::Result<()> { panic!("nobody waits: {text}") };
        first.take(&environment, "tcp://a:1", "shop", silent).await.expect("taken");
        first.take(&environment, "tcp://a:1", "shop", silent).await.expect("taken once, and that is enough");
        elsewhere.take(&environment, "tcp://b:1", "shop", silent).await.expect("another engine, another project");
        let told = RefCell::new(Vec::new());
        let tell = |text: String| {
            told.borrow_mut().push(text);
            first.give_up();
            Ok(())
        };
        second.take(&environment, "tcp://a:1", "shop", tell).await.expect("taken at last");
        let told = told.into_inner();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(&format!("(process {})", std::process::id())), "{told:?}");
        assert!(told[0].ends_with("at work on project shop"), "{told:?}");
    }

    #[tokio::test]
    async fn where_there_is_no_place_for_locks_nobody_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("convoke"), "no folder").expect("a file in the way");
        let turn = Turn::default();
        turn.take(&environment(folder.path()), "tcp://a:1", "shop", |_| Ok(())).await.expect("no lock, no error");
        assert!(turn.0.borrow().is_none());
    }

    #[test]
    fn one_watches_a_project_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = environment(folder.path());
        let first = alone(&environment, "tcp://a:1", "shop").expect("nobody else").expect("a lock");
        let refused = alone(&environment, "tcp://a:1", "shop").expect_err("somebody does");
        assert!(refused.starts_with("cannot take exclusive lock for project \"shop\": convoke "), "{refused}");
        assert!(refused.ends_with(&format!("(process {}) is still running", std::process::id())), "{refused}");
        assert!(alone(&environment, "tcp://b:1", "shop").expect("elsewhere").is_some());
        drop(first);
        assert!(alone(&environment, "tcp://a:1", "shop").expect("nobody any more").is_some());
    }

    #[test]
    fn projects_and_engines_have_files_of_their_own() {
        let names = [name("tcp://a:1", "shop"), name("tcp://a:2", "shop"), name("tcp://a:1", "bank")];
        assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2], "{names:?}");
        assert!(names[0].starts_with("shop-"), "{names:?}");
    }
}
